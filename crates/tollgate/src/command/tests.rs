use super::CommandLine;
use clap::{Command, CommandFactory, Parser};
use expect_test::expect_file;

#[test]
fn the_command_line_is_consistent() {
    CommandLine::command().debug_assert();
}

#[test]
fn what_the_contract_writes_can_be_typed() {
    let lines = [
        "track -",
        "track events.json -o json",
        "track api-request /users --method GET --status 200",
        "track storage --bytes 5368709120 --hours 24",
        "track bandwidth --bytes 524288000 --direction egress",
        "track compute --cpu-seconds 3600",
        "track database-query SELECT --duration-ms 45",
        "track function sendEmail --duration-ms 120 --memory-mb 256",
        "import csv f.csv --category c --map a=A,timestamp=T --set k=v --id-prefix p",
        "usage --last 7d --group-by model --bucket day -o md",
        "cost --from 2026-01-01 --to 2026-02-01",
        "top model --limit 5",
        "events get evt_0",
        "events void evt_0",
        "events list --user u1 --limit 3 -o ndjson",
        "categories list",
        "prices create price.json",
        "prices update prc_0 --effective-until 2026-01-01T00:00:00Z",
        "keys create --name ci --role ingest --organization acme",
        "keys delete key_0",
        "organizations get acme",
        "verify -o json",
        "doctor",
        "config show",
        "completions zsh",
        "--url http://127.0.0.1:1 --api-key tg_k usage",
        "usage --url http://127.0.0.1:1 --config f.toml",
    ];
    for line in lines {
        let parsed = CommandLine::try_parse_from(std::iter::once("tollgate").chain(line.split(' ')));
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let lines = [
        "",
        "track events.json storage --bytes 1 --hours 1",
        "import csv f.csv --map a=A",
        "import csv f.csv --category c",
        "usage --last 7d --from 2026-01-01",
        "usage --filter provider",
        "completions powershell",
        "verify -o xml",
    ];
    for line in lines {
        let words = std::iter::once("tollgate").chain(line.split_whitespace());
        let error = CommandLine::try_parse_from(words).expect_err(line);
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

/// The page for users is made from the help; `UPDATE_EXPECT=1 cargo test` writes it anew.
#[test]
fn the_page_of_every_command_is_up_to_date() {
    let mut page = "# Command line\n\n`tollgate COMMAND --help` says the same for one command.\n".to_owned();
    describe(CommandLine::command().term_width(100), "", &mut page);
    expect_file!["../../../../docs/command-line.md"].assert_eq(&page);
}

fn describe(mut command: Command, above: &str, page: &mut String) {
    command.build();
    let name = format!("{above} {}", command.get_name()).trim().to_owned();
    let runs = !command.has_subcommands() || command.get_positionals().next().is_some();
    if runs || above.is_empty() {
        // Where the server is can be said with every command; once is enough.
        let connection = |argument: &clap::Arg| argument.get_help_heading() == Some("Connection");
        let shown = command.clone().mut_args(|argument| {
            let hidden = !above.is_empty() && connection(&argument);
            argument.hide(hidden)
        });
        let help = brief(shown);
        page.push_str(&format!("\n## {name}\n\n```text\n{help}\n```\n"));
    }
    for inner in command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
    {
        describe(inner.clone(), &name, page);
    }
}

/// One line an option, and the examples of the long help.
fn brief(mut command: Command) -> String {
    if let Some(examples) = command.get_after_long_help().cloned() {
        command = command.after_help(examples);
    }
    let help = command.render_help().to_string();
    let lines: Vec<&str> = help.trim().lines().map(str::trim_end).collect();
    lines.join("\n")
}
