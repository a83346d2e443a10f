//! How the process ends: exit codes, and the error a person reads.
//!
//! Not here: where a message is decided. Each command says what went wrong and what would be right; this prints it.

use crate::output::say_labelled;
use clap::builder::styling::AnsiColor;
use std::fmt;

/// The exit codes of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Ok,
    /// It did not work, for a reason no other code names.
    Failure,
    /// The command, its configuration or its input is wrong.
    Usage,
    /// The named thing does not exist.
    NotFound,
    /// The key is missing, unknown or lacks the right.
    Forbidden,
    /// A limit refused it.
    Denied,
    /// It contradicts what is recorded already.
    Conflict,
    /// No server answers, or it cannot serve now.
    Unavailable,
    /// `verify` found a difference.
    Mismatch,
    /// What a command that was run exited with.
    Other(u8),
}

impl Exit {
    /// The code for an HTTP status that is no success.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            400 | 413 | 415 | 422 => Self::Usage,
            401 | 403 => Self::Forbidden,
            404 => Self::NotFound,
            409 | 412 => Self::Conflict,
            429 => Self::Denied,
            502..=504 | 507 => Self::Unavailable,
            _ => Self::Failure,
        }
    }
}

impl Exit {
    /// The code, as it is documented.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Forbidden => 4,
            Self::Denied => 5,
            Self::Conflict => 6,
            Self::Unavailable => 7,
            Self::Mismatch => 8,
            Self::Other(code) => code,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error with its exit code, the fields it concerns and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the process exits with.
    pub(crate) exit: Exit,
    /// What went wrong, in one line.
    pub(crate) message: String,
    /// One line for each part that is wrong.
    pub(crate) details: Vec<String>,
    /// What to do next.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// Makes a failure that has only a message.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            details: Vec::new(),
            hint: None,
        }
    }

    /// Makes a failure for wrong arguments or wrong input.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Adds the parts that are wrong.
    pub(crate) fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// Adds what to do next.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for detail in &self.details {
            write!(f, "\n  {detail}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

/// Writes an error to stderr and answers what to exit with.
pub(crate) fn report(error: &anyhow::Error) -> Exit {
    if is_broken_pipe(error) {
        // The reader has seen enough (`| head`): nothing is wrong.
        return Exit::Ok;
    }
    match error.downcast_ref::<Failure>() {
        Some(failure) => {
            say_labelled("error", AnsiColor::Red, &failure.to_string());
            if let Some(hint) = &failure.hint {
                say_labelled("hint", AnsiColor::Cyan, hint);
            }
            failure.exit
        }
        None => {
            say_labelled("error", AnsiColor::Red, &format!("{error:#}"));
            Exit::Failure
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_status_has_the_documented_exit_code() {
        let table = [
            (400, 2),
            (422, 2),
            (413, 2),
            (401, 4),
            (403, 4),
            (404, 3),
            (409, 6),
            (412, 6),
            (429, 5),
            (503, 7),
            (507, 7),
            (500, 1),
        ];
        for (status, code) in table {
            assert_eq!(Exit::of_status(status).code(), code, "{status}");
        }
    }
}
