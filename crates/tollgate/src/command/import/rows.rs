//! The rows of a file, a batch at a time.

use super::mapping::{Mapping, Plan};
use crate::delivery::Portion;
use anyhow::Context;
use csv::{ErrorKind, Reader, StringRecord};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Rows of a file that is open, with its header read.
pub(super) struct Rows {
    reader: Reader<Box<dyn Read + Send>>,
    plan: Plan,
    columns: usize,
    bytes: Option<u64>,
    row: u64,
}

impl Rows {
    /// Opens a file and finds the mapped columns in its header.
    pub(super) fn open(path: &Path, mapping: Mapping) -> anyhow::Result<Self> {
        let (source, bytes): (Box<dyn Read + Send>, _) = if path == Path::new("-") {
            (Box::new(std::io::stdin()), None)
        } else {
            let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
            let bytes = file.metadata().ok().map(|about| about.len());
            (Box::new(file), bytes)
        };
        // Flexible, so that a row with too few columns is one refused row and not the end of the file.
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
        let header = reader.headers().context("the header row cannot be read")?.clone();
        Ok(Self {
            columns: header.len(),
            plan: mapping.resolve(&header)?,
            reader,
            bytes,
            row: 0,
        })
    }

    /// Size of the file, where it has one.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// The file in portions of at most so many events, each with the bytes of the file read until then.
    pub(super) fn portions(mut self, events: usize) -> impl Iterator<Item = anyhow::Result<(Portion, u64)>> {
        std::iter::from_fn(move || self.portion(events).transpose())
    }

    fn portion(&mut self, events: usize) -> anyhow::Result<Option<(Portion, u64)>> {
        let mut portion = Portion::default();
        let mut record = StringRecord::new();
        while !portion.is_full(events) {
            let read = self.reader.read_record(&mut record);
            if matches!(read, Ok(false)) {
                break;
            }
            self.row += 1;
            portion.add(self.row, self.event(read, &record)?);
        }
        let bytes = self.reader.position().byte();
        Ok((!portion.is_empty()).then_some((portion, bytes)))
    }

    /// The event of a row, or what is wrong with the row; an error ends the import.
    fn event(
        &self,
        read: csv::Result<bool>,
        record: &StringRecord,
    ) -> anyhow::Result<Result<String, String>> {
        match read {
            Err(error) if matches!(error.kind(), ErrorKind::Utf8 { .. }) => {
                Ok(Err("it is not UTF-8".to_owned()))
            }
            Err(error) => Err(error).with_context(|| format!("row {} cannot be read", self.row)),
            Ok(_) if record.len() != self.columns => Ok(Err(format!(
                "it has {} columns, the header has {}",
                record.len(),
                self.columns
            ))),
            Ok(_) => Ok(self.plan.event(self.row, record)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn portions(file: &[u8], events: usize) -> Vec<Portion> {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        written.write_all(file).unwrap();
        let mapping = Mapping::new("c", &["n=n".parse().unwrap()], &[]).unwrap();
        let rows = Rows::open(written.path(), mapping).unwrap();
        rows.portions(events).map(|portion| portion.unwrap().0).collect()
    }

    #[test]
    fn every_row_is_an_event_or_is_refused() {
        let all = portions(b"n,m\n1,x\n2\n3,\xff\n\n4,\"two\nlines\"\n", 10);
        let [portion] = all.as_slice() else {
            panic!("{all:?}")
        };
        let refused: Vec<String> = portion
            .refused
            .iter()
            .map(|receipt| format!("{} {}", receipt.position, receipt.problem.as_deref().unwrap()))
            .collect();
        assert_eq!(
            refused,
            ["2 it has 1 columns, the header has 2", "3 it is not UTF-8"]
        );
        assert_eq!(portion.batch.positions(), [1, 4]);
    }

    #[test]
    fn a_file_is_cut_into_portions() {
        let all = portions(b"n\n1\n2\n3\n4\n5\n", 2);
        let positions: Vec<Vec<u64>> = all.iter().map(|portion| portion.batch.positions()).collect();
        assert_eq!(positions, [vec![1, 2], vec![3, 4], vec![5]]);
        assert!(portions(b"n\n", 2).is_empty());
    }
}
