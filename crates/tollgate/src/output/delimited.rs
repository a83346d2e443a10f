//! CSV out: exact values, safe to open in a spreadsheet.

use super::{Kind, Sheet};
use std::io::{self, Write};

/// Writes a header and the rows; the total is left out, because whoever reads CSV adds up.
pub(super) fn write(sheet: &Sheet, out: &mut impl Write) -> io::Result<()> {
    let columns: Vec<_> = sheet
        .columns
        .iter()
        .filter(|column| column.kind != Kind::Share)
        .collect();
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(columns.iter().map(|column| column.title.as_str()))?;
    for row in &sheet.rows {
        writer.write_record(columns.iter().map(|column| match column.kind {
            Kind::Text => defused(row.exact(column)),
            Kind::Number | Kind::Share => row.exact(column),
        }))?;
    }
    writer.flush()
}

/// A text that a spreadsheet would run as a formula gets an apostrophe in front, which makes it text again.
fn defused(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text
    }
}
