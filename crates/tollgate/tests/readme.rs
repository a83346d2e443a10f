//! The examples of README.md, run as they stand there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod machine;

use machine::Machine;
use std::process::Command;

const README: &str = include_str!("../../../README.md");
/// What ends one example's output and begins the next one's.
const BETWEEN: &str = "--- next example ---";

/// The code blocks of a language in the section that shows what one does first.
fn blocks(language: &str) -> Vec<&'static str> {
    let (_, section) = README.split_once("## Start").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let opening = format!("```{language}\n");
    section
        .split(opening.as_str())
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .collect()
}

/// Whether a text is what a page shows, where `…` stands for whatever differs from time to time.
fn fits(shown: &str, text: &str) -> bool {
    let mut rest = text;
    for (index, piece) in shown.trim().split('…').enumerate() {
        match rest.find(piece) {
            Some(0) => rest = &rest[piece.len()..],
            Some(at) if index > 0 => rest = &rest[at + piece.len()..],
            _ => return false,
        }
    }
    rest.trim().is_empty()
}

#[test]
fn the_examples_of_the_readme_work_as_they_stand() {
    let machine = Machine::new();
    let release = machine.path("target/release");
    std::fs::create_dir_all(&release).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tollgate"), release.join("tollgate")).unwrap();
    let data = machine.path("data/demo").display().to_string();
    let server = machine.serve(&["--data", &data]);
    let examples: Vec<&str> = blocks("sh")
        .into_iter()
        .filter(|block| !block.starts_with("make "))
        .collect();
    let script = examples
        .join(&format!("\necho '{BETWEEN}'\n"))
        .replace("http://127.0.0.1:8787", &server.url);
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(machine.path(""))
        .env_clear()
        .env("HOME", machine.path(""))
        .env("PATH", "/usr/bin:/bin")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(output.status.success(), "{script}\n{out}\n{err}");
    let answers: Vec<&str> = out.split(BETWEEN).map(str::trim).collect();
    assert_eq!(answers.len(), 4, "{out}");
    let shown = blocks("json");
    assert!(
        fits(shown[0], answers[1]),
        "README shows\n{}\nand the server says\n{}",
        shown[0],
        answers[1]
    );
    let usage: serde_json::Value = serde_json::from_str(answers[2]).unwrap();
    assert_eq!(usage["total"]["cost"], "0.00423");
    assert!(answers[3].contains("bandwidth.transfer"), "{}", answers[3]);
}
