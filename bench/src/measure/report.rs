//! The table that is printed and the JSON that is written.

use super::Spread;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

/// One line of the table: a figure, its anchor, and what it should reach.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// The figure's id in the quality page, `P1`.
    pub(crate) id: &'static str,
    /// What was measured, with its sizes.
    pub(crate) what: String,
    /// The unit of `product` and `anchor`.
    pub(crate) unit: &'static str,
    /// What Tollgate reached.
    pub(crate) product: Spread,
    /// What the anchor is, and what it reached.
    pub(crate) anchor: Option<(&'static str, Spread)>,
    /// Product over anchor, round by round.
    pub(crate) ratio: Option<Spread>,
    /// What must be reached, and whether it is.
    pub(crate) must: (&'static str, bool),
    /// What else was seen.
    pub(crate) notes: Vec<String>,
}

/// All lines of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Processors, memory and the like, in general words.
    pub(crate) machine: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    /// The table, for people.
    pub(crate) fn table(&self) -> String {
        let header = ["", "work", "median", "min – max", "anchor", "ratio", "must"].map(str::to_owned);
        let rows: Vec<[String; 7]> = std::iter::once(header)
            .chain(self.rows.iter().map(cells))
            .collect();
        let width = |column: usize| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: [usize; 7] = std::array::from_fn(width);
        let mut text = String::new();
        for row in &rows {
            for (cell, width) in row.iter().zip(widths) {
                let _ = write!(text, "{cell:<width$}  ");
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        for note in self
            .rows
            .iter()
            .flat_map(|row| row.notes.iter().map(move |note| (row.id, note)))
        {
            let _ = writeln!(text, "{}: {}", note.0, note.1);
        }
        for line in &self.machine {
            let _ = writeln!(text, "machine: {line}");
        }
        text
    }

    /// Writes one file for each figure and returns the folder.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        for row in &self.rows {
            let rows: Vec<&Row> = self.rows.iter().filter(|other| other.id == row.id).collect();
            let page = serde_json::json!({"machine": self.machine, "rows": rows});
            std::fs::write(folder.join(format!("{}.json", row.id)), format!("{page:#}\n"))?;
        }
        Ok(())
    }
}

fn cells(row: &Row) -> [String; 7] {
    let anchor = row.anchor.as_ref().map_or_else(String::new, |(name, spread)| {
        format!(
            "{name}: {} ({} – {})",
            number(spread.median),
            number(spread.min),
            number(spread.max)
        )
    });
    let ratio = row.ratio.map_or_else(String::new, |ratio| {
        format!("{:.2} ({:.2} – {:.2})", ratio.median, ratio.min, ratio.max)
    });
    let must = format!(
        "{}: {}",
        row.must.0,
        if row.must.1 { "reached" } else { "MISSED" }
    );
    let spread = format!("{} – {}", number(row.product.min), number(row.product.max));
    let median = format!("{} {}", number(row.product.median), row.unit);
    [
        row.id.to_owned(),
        row.what.clone(),
        median,
        spread,
        anchor,
        ratio,
        must,
    ]
}

/// Three digits that mean something, thousands apart.
fn number(value: f64) -> String {
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut spaced = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            spaced.push(' ');
        }
        spaced.push(digit);
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        let table = [
            (0.347, "0.35"),
            (99.0, "99.00"),
            (812.4, "812"),
            (1_234_567.0, "1 234 567"),
        ];
        for (value, text) in table {
            assert_eq!(number(value), text);
        }
    }
}
