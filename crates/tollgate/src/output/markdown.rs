//! Markdown out: a table to paste into an issue or a report.

use super::{Kind, Sheet, grouped};
use std::io::{self, Write};

/// Writes the rows and the total as a table.
pub(super) fn write(sheet: &Sheet, out: &mut impl Write) -> io::Result<()> {
    let columns: Vec<_> = sheet
        .columns
        .iter()
        .filter(|column| column.kind != Kind::Share)
        .collect();
    let titles = columns.iter().map(|column| escaped(&column.title));
    writeln!(out, "| {} |", titles.collect::<Vec<_>>().join(" | "))?;
    let rules = columns.iter().map(|column| {
        if column.kind == Kind::Number {
            "---:"
        } else {
            "---"
        }
    });
    writeln!(out, "| {} |", rules.collect::<Vec<_>>().join(" | "))?;
    for row in &sheet.rows {
        let cells = columns.iter().map(|column| match column.kind {
            Kind::Number => grouped(&row.cell(column)),
            Kind::Text | Kind::Share => escaped(&row.cell(column)),
        });
        writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "))?;
    }
    let Some(total) = &sheet.total else { return Ok(()) };
    let cells = columns
        .iter()
        .enumerate()
        .map(|(at, column)| match (column.kind, at) {
            (Kind::Number, _) => format!("**{}**", grouped(&total.cell(column))),
            (_, 0) => "**total**".to_owned(),
            _ => String::new(),
        });
    writeln!(out, "| {} |", cells.collect::<Vec<_>>().join(" | "))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace(['\n', '\r'], " ")
}
