//! Rows one below the other, a line for each field: for tables that are wider than the page.

use super::table::{Grid, blank};
use super::{Kind, Style};
use comfy_table::{Attribute, Cell, ColumnConstraint};
use std::io::{self, Write};

/// Writes each row as a block of its fields, and the total as the last; what is empty or drawn is left out.
pub(super) fn write(grid: &Grid<'_>, style: Style, out: &mut impl Write) -> io::Result<()> {
    let mut table = blank(style);
    for (number, line) in grid.rows.iter().chain(&grid.closing).enumerate() {
        if number > 0 {
            table.add_row(["", ""]);
        }
        for (column, text) in grid.columns.iter().zip(line) {
            if text.is_empty() || column.kind == Kind::Share {
                continue;
            }
            let title = Cell::new(&column.title).add_attribute(Attribute::Bold);
            table.add_row([title, Cell::new(text)]);
        }
    }
    if let Some(titles) = table.column_mut(0) {
        titles.set_constraint(ColumnConstraint::ContentWidth);
        titles.set_padding((0, 1));
    }
    writeln!(out, "{}", table.trim_fmt())
}
