//! Tables for people: numbers aligned right, a bar for each row's share, and no line too many.

use super::{Column, Kind, Row, Sheet, Style, harmless, record};
use comfy_table::{Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement};
use comfy_table::{LineStyle, Table, Width, presets};
use std::io::{self, Write};

/// Cells of the longest bar.
const BAR_CELLS: usize = 16;
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Columns that the rule under the heading takes where nothing says how wide the page is.
const RULE_CELLS_MAX: usize = 100;
/// Cells that a word of the first column, by which rows are told apart, is given without a break: an id of 36 and some more.
const NAME_CELLS_MAX: usize = 48;
/// The same for words of other columns.
const WORD_CELLS_MAX: usize = 24;
/// Cells around the text of a column.
const PADDING_CELLS: usize = 2;

/// What a table shows: its columns, and the texts of its rows and of the line that closes it.
pub(super) struct Grid<'s> {
    pub(super) columns: Vec<&'s Column>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) closing: Option<Vec<String>>,
}

/// Writes the rows and the total as a table; row by row where their columns do not fit beside each other.
pub(super) fn write(sheet: &Sheet, style: Style, out: &mut impl Write) -> io::Result<()> {
    if sheet.rows.is_empty() {
        return writeln!(out, "nothing found");
    }
    let mut grid = Grid::of(sheet);
    if let Some(width) = style.width {
        // What is drawn goes first: it says nothing that the numbers do not.
        if !grid.fits(width) && grid.columns.last().is_some_and(|last| last.kind == Kind::Share) {
            grid.drop_last();
        }
        if !grid.fits(width) {
            return record::write(&grid, style, out);
        }
    }
    grid.align_points();
    let mut table = blank(style);
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(bold(
        &grid.columns,
        grid.columns.iter().map(|column| column.title.clone()),
    ));
    for row in &grid.rows {
        let cells = grid.columns.iter().zip(row);
        table.add_row(cells.map(|(column, text)| cell(column, text.clone())));
    }
    if let Some(closing) = &grid.closing {
        table.add_row(bold(&grid.columns, closing.iter().cloned()));
    }
    for (column, least) in table.column_iter_mut().zip(grid.least_widths()) {
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
    }
    let rule_cells = style.width.map_or(RULE_CELLS_MAX, usize::from);
    for line in table.trim_fmt().lines() {
        match line.starts_with('─') {
            true => writeln!(out, "{}", line.chars().take(rule_cells).collect::<String>())?,
            false => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}

/// A table without anything in it, as wide as the page.
pub(super) fn blank(style: Style) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(match style.width {
        Some(_) => ContentArrangement::Dynamic,
        None => ContentArrangement::Disabled,
    });
    if let Some(width) = style.width {
        table.set_width(width);
    }
    match (style.terminal, style.colour) {
        (_, true) => table.enforce_styling(),
        (false, false) => table.force_no_tty(),
        (true, false) => &mut table,
    };
    table
}

fn bold(columns: &[&Column], texts: impl Iterator<Item = String>) -> Vec<Cell> {
    let cells = columns.iter().zip(texts);
    cells
        .map(|(column, text)| cell(column, text).add_attribute(Attribute::Bold))
        .collect()
}

impl<'s> Grid<'s> {
    fn of(sheet: &'s Sheet) -> Self {
        let total = sheet.total.as_ref();
        let is_shown = |(at, column): &(usize, &Column)| {
            *at == 0 || column.kind != Kind::Text || sheet.rows.iter().any(|row| !row.cell(column).is_empty())
        };
        let columns: Vec<&Column> = sheet
            .columns
            .iter()
            .enumerate()
            .filter(is_shown)
            .map(|(_, column)| column)
            .collect();
        let texts = |row| columns.iter().map(|column| text(column, row, total)).collect();
        Self {
            rows: sheet.rows.iter().map(texts).collect(),
            closing: total
                .filter(|_| sheet.rows.len() > 1)
                .map(|total| closing(&columns, total)),
            columns,
        }
    }

    fn lines(&self) -> impl Iterator<Item = &Vec<String>> {
        self.rows.iter().chain(&self.closing)
    }

    fn drop_last(&mut self) {
        self.columns.pop();
        for line in self.rows.iter_mut().chain(&mut self.closing) {
            line.truncate(self.columns.len());
        }
    }

    fn fits(&self, width: u16) -> bool {
        // A blank stands between two columns.
        let cells: usize = self.least_widths().map(|least| usize::from(least) + 1).sum();
        cells <= usize::from(width) + 1
    }

    /// The cells that each column takes at least: words are not broken, numbers and drawings not at all.
    fn least_widths(&self) -> impl Iterator<Item = u16> {
        self.columns.iter().enumerate().map(|(at, column)| {
            let texts = self.lines().map(|line| line[at].as_str());
            let texts = texts.chain([column.title.as_str()]);
            let word_cells_max = if at == 0 { NAME_CELLS_MAX } else { WORD_CELLS_MAX };
            let cells = |text: &str| match column.kind {
                Kind::Text => longest_word(text).min(word_cells_max),
                Kind::Number | Kind::Share => text.chars().count(),
            };
            let least = texts.map(cells).max().unwrap_or(0) + PADDING_CELLS;
            u16::try_from(least).unwrap_or(u16::MAX)
        })
    }

    fn align_points(&mut self) {
        let numbers = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.kind == Kind::Number);
        for at in numbers.map(|(at, _)| at).collect::<Vec<_>>() {
            let cells = self
                .rows
                .iter_mut()
                .chain(&mut self.closing)
                .map(|line| &mut line[at]);
            align_points(&mut cells.collect::<Vec<_>>());
        }
    }
}

fn longest_word(text: &str) -> usize {
    text.split_whitespace()
        .map(|word| word.chars().count())
        .max()
        .unwrap_or(0)
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
fn closing(columns: &[&Column], total: &Row) -> Vec<String> {
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
fn align_points(cells: &mut [&mut String]) {
    let behind = |text: &str| text.len() - text.find('.').unwrap_or(text.len());
    let is_decimal = |text: &str| text.ends_with(|last: char| last.is_ascii_digit());
    let decimals = cells.iter().filter(|text| is_decimal(text));
    let widest = decimals.map(|text| behind(text)).max().unwrap_or(0);
    for text in cells.iter_mut().filter(|text| is_decimal(text)) {
        text.push_str(&" ".repeat(widest - behind(text)));
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
    use expect_test::{Expect, expect};

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

    const PRICES: &str = r#"{"data": [
        {"id": "prc_0018c67ad0ba87089ef6eff07310ad43", "category": "ai.completion", "match": {"model": "gpt-4.1-nano-2025-04-14"},
         "components": "cache_read_tokens 0.025 per million, input_tokens 0.1 per million, output_tokens 0.4 per million"},
        {"id": "prc_00bc31ce3d8b8e9a8f7793d9f33cc64b", "category": "ai.completion", "match": {"model": "m"}, "until": null,
         "components": "input_tokens 15 per million"}]}"#;

    fn check_width(width: Option<u16>, want: Expect) {
        let columns = ["id", "category", "match", "until", "components"];
        let columns = columns.map(|name| Column::text(name, &format!("/{name}")));
        let sheet = Sheet::of_list(PRICES.to_owned(), "data", columns.to_vec()).unwrap();
        let mut shown = Vec::new();
        write(
            &sheet,
            Style {
                width,
                ..Style::PLAIN
            },
            &mut shown,
        )
        .unwrap();
        let shown = String::from_utf8(shown).unwrap();
        let widest = shown.lines().map(|line| line.chars().count()).max();
        assert!(
            width.is_none_or(|width| widest <= Some(usize::from(width))),
            "{shown}"
        );
        want.assert_eq(&shown);
    }

    #[test]
    fn ids_stay_whole_however_narrow_the_terminal() {
        check_width(
            Some(80),
            expect![[r#"
                 id          prc_0018c67ad0ba87089ef6eff07310ad43
                 category    ai.completion
                 match       model=gpt-4.1-nano-2025-04-14
                 components  cache_read_tokens 0.025 per million, input_tokens 0.1 per million,
                             output_tokens 0.4 per million

                 id          prc_00bc31ce3d8b8e9a8f7793d9f33cc64b
                 category    ai.completion
                 match       model=m
                 components  input_tokens 15 per million
            "#]],
        );
        check_width(
            Some(120),
            expect![[r#"
             id                                     category        match                           components
            ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
             prc_0018c67ad0ba87089ef6eff07310ad43   ai.completion   model=gpt-4.1-nano-2025-04-14   cache_read_tokens 0.025 per
                                                                                                    million, input_tokens 0.1 per
                                                                                                    million, output_tokens 0.4 per
                                                                                                    million
             prc_00bc31ce3d8b8e9a8f7793d9f33cc64b   ai.completion   model=m                         input_tokens 15 per million
        "#]],
        );
    }

    #[test]
    fn what_is_piped_is_a_line_a_row_and_padded_no_further_than_its_text() {
        check_width(
            None,
            expect![[r#"
             id                                     category        match                           components
            ────────────────────────────────────────────────────────────────────────────────────────────────────
             prc_0018c67ad0ba87089ef6eff07310ad43   ai.completion   model=gpt-4.1-nano-2025-04-14   cache_read_tokens 0.025 per million, input_tokens 0.1 per million, output_tokens 0.4 per million
             prc_00bc31ce3d8b8e9a8f7793d9f33cc64b   ai.completion   model=m                         input_tokens 15 per million
        "#]],
        );
    }

    #[test]
    fn a_drawing_makes_way_for_numbers() {
        let answer = r#"{"rows": [{"user": "someone", "cost": "1234567.123456"}, {"user": "b", "cost": "1"}],
            "total": {"cost": "1234568.123456"}}"#;
        let columns = vec![
            Column::text("user", "/user"),
            Column::number("cost", "/cost"),
            Column::share("/cost"),
        ];
        let sheet = Sheet::of_list(answer.to_owned(), "rows", columns).unwrap();
        let mut shown = Vec::new();
        let style = Style {
            width: Some(40),
            ..Style::PLAIN
        };
        write(&sheet, style, &mut shown).unwrap();
        expect![[r#"
             user                  cost
            ────────────────────────────
             someone   1,234,567.123456
             b                 1
             total     1,234,568.123456
        "#]]
        .assert_eq(&String::from_utf8(shown).unwrap());
    }
}
