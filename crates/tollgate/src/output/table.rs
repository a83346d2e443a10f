//! Tables for people: numbers aligned right, a bar for each row's share, and no line too many.

use super::{Column, Kind, Row, Sheet, Style, harmless};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, LineStyle, Table, presets};
use std::io::{self, Write};

/// Cells of the longest bar.
const BAR_CELLS: usize = 16;
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Writes the rows and the total as a table.
pub(super) fn write(sheet: &Sheet, style: Style, out: &mut impl Write) -> io::Result<()> {
    if sheet.rows.is_empty() {
        return writeln!(out, "nothing found");
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    match (style.terminal, style.colour) {
        (_, true) => table.enforce_styling(),
        (false, false) => table.force_no_tty(),
        (true, false) => &mut table,
    };
    let bold = |line: Vec<String>| {
        let cells = sheet.columns.iter().zip(line);
        cells
            .map(|(column, text)| cell(column, text).add_attribute(Attribute::Bold))
            .collect::<Vec<_>>()
    };
    table.set_header(bold(
        sheet.columns.iter().map(|column| column.title.clone()).collect(),
    ));
    let total = sheet.total.as_ref();
    let mut lines: Vec<Vec<String>> = sheet
        .rows
        .iter()
        .map(|row| {
            sheet
                .columns
                .iter()
                .map(|column| text(column, row, total))
                .collect()
        })
        .collect();
    lines.extend(
        total
            .filter(|_| sheet.rows.len() > 1)
            .map(|total| closing(&sheet.columns, total)),
    );
    for (at, _) in sheet
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.kind == Kind::Number)
    {
        align_points(&mut lines, at);
    }
    let closing = lines.split_off(sheet.rows.len());
    for line in lines {
        table.add_row(
            sheet
                .columns
                .iter()
                .zip(line)
                .map(|(column, text)| cell(column, text)),
        );
    }
    for line in closing {
        table.add_row(bold(line));
    }
    writeln!(out, "{}", table.trim_fmt())
}

fn text(column: &Column, row: &Row, total: Option<&Row>) -> String {
    let text = row.cell(column);
    match column.kind {
        Kind::Text => harmless(&text).into_owned(),
        Kind::Number => grouped(&text),
        Kind::Share => share(&text, &total.map(|total| total.cell(column)).unwrap_or_default()),
    }
}

/// The line under the rows: the totals of the numbers.
fn closing(columns: &[Column], total: &Row) -> Vec<String> {
    let texts = columns
        .iter()
        .enumerate()
        .map(|(at, column)| match (column.kind, at) {
            (Kind::Number, _) => grouped(&total.cell(column)),
            (_, 0) => "total".to_owned(),
            _ => String::new(),
        });
    texts.collect()
}

/// Fills the decimals of a column up with blanks, so that their points stand under each other.
fn align_points(lines: &mut [Vec<String>], column: usize) {
    let behind = |text: &str| text.len() - text.find('.').unwrap_or(text.len());
    let is_decimal = |text: &str| text.ends_with(|last: char| last.is_ascii_digit());
    let cells = lines
        .iter()
        .map(|line| &line[column])
        .filter(|text| is_decimal(text));
    let widest = cells.map(|text| behind(text)).max().unwrap_or(0);
    for line in lines {
        let text = &mut line[column];
        if is_decimal(text) {
            text.push_str(&" ".repeat(widest - behind(text)));
        }
    }
}

fn cell(column: &Column, text: String) -> Cell {
    let alignment = if column.kind == Kind::Number {
        CellAlignment::Right
    } else {
        CellAlignment::Left
    };
    let cell = Cell::new_owned(text).set_alignment(alignment);
    if column.kind == Kind::Share {
        cell.fg(Color::Cyan)
    } else {
        cell
    }
}

/// A decimal with its whole digits in groups of three.
pub(crate) fn grouped(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = rest
        .split_once('.')
        .map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return harmless(number).into_owned();
    }
    let mut text = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    fraction.map_or(text.clone(), |fraction| format!("{text}.{fraction}"))
}

/// A bar and a percentage. Floating point is good enough: it is a drawing, no amount.
fn share(part: &str, whole: &str) -> String {
    let (Ok(part), Ok(whole)) = (part.parse::<f64>(), whole.parse::<f64>()) else {
        return String::new();
    };
    if whole <= 0.0 || part < 0.0 {
        return String::new();
    }
    let share = (part / whole).min(1.0);
    let eighths = (share * (BAR_CELLS * EIGHTHS.len()) as f64).round() as usize;
    let bar = "█".repeat(eighths / EIGHTHS.len()) + EIGHTHS[eighths % EIGHTHS.len()];
    format!("{bar:<BAR_CELLS$} {:>5.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_digits_are_grouped_and_fractions_kept() {
        let table = [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-1234567.125000", "-1,234,567.125000"),
            ("47.608895", "47.608895"),
            ("", ""),
            ("n/a", "n/a"),
        ];
        for (number, shown) in table {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn a_share_is_drawn_to_the_eighth_of_a_cell() {
        assert_eq!(share("1", "1"), "████████████████ 100.0 %");
        assert_eq!(share("1", "32"), "▌                  3.1 %");
        assert_eq!(share("0", "5"), "                   0.0 %");
        assert_eq!(share("5", "0"), "");
        assert_eq!(share("", "5"), "");
    }
}
