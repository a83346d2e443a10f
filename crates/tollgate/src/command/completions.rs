//! `tollgate completions`: scripts that complete the command line.

use super::CommandLine;
use crate::failure::Exit;
use crate::output::print;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};

/// `tollgate completions`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example: tollgate completions bash > ~/.local/share/bash-completion/completions/tollgate"
)]
pub(crate) struct Completions {
    #[arg(value_enum)]
    shell: Completed,
}

/// The shells that are tested; the library knows more.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Completed {
    Bash,
    Zsh,
    Fish,
}

impl Completions {
    /// Prints the script.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let shell = match self.shell {
            Completed::Bash => Shell::Bash,
            Completed::Zsh => Shell::Zsh,
            Completed::Fish => Shell::Fish,
        };
        let mut script = Vec::new();
        generate(shell, &mut CommandLine::command(), "tollgate", &mut script);
        print(&String::from_utf8(script)?)?;
        Ok(Exit::Ok)
    }
}
