//! What goes to stdout and stderr: data on the one, everything said about it on the other.
//!
//! Not here: what a command shows. It makes a [`Sheet`]; the formats below print it.

mod delimited;
mod json;
mod markdown;
mod record;
mod sheet;
mod table;

pub(crate) use json::indented;
pub(crate) use sheet::{Column, Kind, Row, Sheet};
pub(crate) use table::grouped;

use clap::builder::styling::AnsiColor;
use clap::{Args, ValueEnum};
use comfy_table::Table;
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns for people
    Table,
    /// The server's answer
    Json,
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
    /// A Markdown table
    Md,
}

/// The flag that chooses a format.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Output {
    /// How to print the answer
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(crate) output: Format,
}

impl Output {
    /// Prints a sheet on stdout.
    pub(crate) fn print(self, sheet: &Sheet) -> io::Result<()> {
        let mut out = io::stdout().lock();
        render(sheet, self.output, Style::of_stdout(), &mut out)?;
        out.flush()
    }
}

/// Writes a sheet in a format.
pub(crate) fn render(sheet: &Sheet, format: Format, style: Style, out: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Table => table::write(sheet, style, out),
        Format::Json => writeln!(out, "{}", indented(&sheet.answer)),
        Format::Ndjson => json::write_lines(sheet, out),
        Format::Csv => delimited::write(sheet, out),
        Format::Md => markdown::write(sheet, out),
    }
}

/// Writes text on stdout as it is.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Says a line on stderr.
pub(crate) fn say(line: &str) {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(anstream::stderr(), "{}", harmless(line));
}

/// Says a line on stderr after a coloured label.
pub(crate) fn say_labelled(label: &str, colour: AnsiColor, line: &str) {
    let style = colour.on_default().bold();
    let _ = writeln!(anstream::stderr(), "{style}{label}:{style:#} {}", harmless(line));
}

/// The text without control characters: names in it were chosen by others and must not steer the terminal.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    if text.contains(steers) {
        text.replace(steers, "\u{fffd}").into()
    } else {
        text.into()
    }
}

/// Whether a table may use colour and must fit a width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) terminal: bool,
    pub(crate) colour: bool,
    /// Columns of the terminal; nothing where lines may be as long as they get.
    pub(crate) width: Option<u16>,
}

impl Style {
    /// No colour, as wide as it gets.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self {
        terminal: false,
        colour: false,
        width: None,
    };

    fn of_stdout() -> Self {
        let terminal = io::stdout().is_terminal();
        let choice = anstream::AutoStream::choice(&io::stdout());
        Self {
            terminal,
            colour: terminal && choice != anstream::ColorChoice::Never,
            width: Table::new().width().filter(|_| terminal),
        }
    }
}
