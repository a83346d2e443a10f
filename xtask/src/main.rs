//! Automation of the repository that is more than a line of shell.
//!
//! `cargo run -p xtask -- tidy` checks the rules of the house that no compiler and no lint knows. What the product does has no
//! place here, and this crate depends on no other of the workspace.

mod function;
mod span;
mod test_code;
mod tidy;
mod token;
mod tree;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

const USAGE: &str = "usage: cargo run -p xtask -- tidy [--list]

  tidy         check the repository's rules; exits 1 and names each place where one is broken
  tidy --list  print the rules
";

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut out = std::io::stdout().lock();
    match arguments[..] {
        ["tidy"] => {
            let tree = tree::Tree::read(root())?;
            let findings = tidy::findings(&tree);
            for finding in &findings {
                writeln!(out, "{finding}")?;
            }
            writeln!(
                out,
                "tidy: {} files, {} findings",
                tree.files().count(),
                findings.len()
            )?;
            Ok(if findings.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        ["tidy", "--list"] => {
            write!(out, "{}", tidy::list())?;
            Ok(ExitCode::SUCCESS)
        }
        [] | ["help" | "--help" | "-h"] => {
            write!(out, "{USAGE}")?;
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("there is no task '{}'\n{USAGE}", arguments.join(" ")),
    }
}

/// The root of the repository this program was built in.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate stands in a folder of the repository")
}
