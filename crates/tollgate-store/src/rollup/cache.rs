//! The cache of opened parts, bounded by the bytes that they take.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tollgate_core::frame::Frame;

/// Opened parts by number. A part never changes and its number is never used again, so nothing here is ever stale.
#[derive(Debug)]
pub(crate) struct PartCache {
    kept: Mutex<Kept>,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Kept {
    parts: HashMap<i64, Entry>,
    bytes: usize,
    turn: u64,
}

#[derive(Debug)]
struct Entry {
    cells: Arc<Frame>,
    bytes: usize,
    used: u64,
}

impl PartCache {
    /// An empty cache that keeps at most about this many bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            kept: Mutex::default(),
            bytes_max,
        }
    }

    /// The part of this number, opened now if it is not kept.
    pub(crate) fn part<E>(
        &self,
        part: i64,
        open: impl FnOnce() -> Result<Frame, E>,
    ) -> Result<Arc<Frame>, E> {
        if let Some(cells) = self.kept().find(part) {
            return Ok(cells);
        }
        // Opened outside the lock: two readers may both open a part, which costs time but nothing else.
        let cells = Arc::new(open()?);
        self.kept().keep(part, &cells, self.bytes_max);
        Ok(cells)
    }

    /// Forgets parts that were taken into others.
    pub(crate) fn forget(&self, parts: &[i64]) {
        let mut kept = self.kept();
        for part in parts {
            if let Some(entry) = kept.parts.remove(part) {
                kept.bytes -= entry.bytes;
            }
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        // Every change leaves the table whole, so a panic elsewhere under the lock is no reason to stop reading.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn find(&mut self, part: i64) -> Option<Arc<Frame>> {
        self.turn += 1;
        let entry = self.parts.get_mut(&part)?;
        entry.used = self.turn;
        Some(entry.cells.clone())
    }

    fn keep(&mut self, part: i64, cells: &Arc<Frame>, bytes_max: usize) {
        let bytes = bytes(cells);
        if bytes > bytes_max {
            return;
        }
        let entry = Entry {
            cells: cells.clone(),
            bytes,
            used: self.turn,
        };
        if let Some(old) = self.parts.insert(part, entry) {
            self.bytes -= old.bytes;
        }
        self.bytes += bytes;
        if self.bytes > bytes_max {
            self.drop_half(bytes_max / 2);
        }
    }

    /// Drops the longest unused ones until at most `bytes_max` are left; half at a time, so that the sort is paid seldom.
    fn drop_half(&mut self, bytes_max: usize) {
        let mut parts: Vec<(u64, i64)> = self
            .parts
            .iter()
            .map(|(part, entry)| (entry.used, *part))
            .collect();
        parts.sort_unstable();
        for (_, part) in parts {
            if self.bytes <= bytes_max {
                return;
            }
            if let Some(entry) = self.parts.remove(&part) {
                self.bytes -= entry.bytes;
            }
        }
    }
}

/// Bytes that a frame of cells takes, nearly.
fn bytes(cells: &Frame) -> usize {
    let codes = 4 + usize::from(!cells.user.is_empty()) + cells.dimensions.len();
    let row = codes * size_of::<u32>()
        + 3 * size_of::<i64>()
        + (2 + cells.measures.len()) * size_of::<i128>()
        + cells.measures.len() * size_of::<i64>();
    cells.rows() * row + cells.texts.len() * size_of::<smol_str::SmolStr>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(rows: usize) -> Frame {
        Frame {
            at: vec![0; rows],
            ..Frame::default()
        }
    }

    #[test]
    fn a_full_cache_lets_go_of_what_was_unused_longest() {
        let row = bytes(&cells(1));
        let cache = PartCache::new(10 * row);
        let mut opened = Vec::new();
        let mut read = |part: i64, rows: usize| {
            cache.part::<()>(part, || {
                opened.push(part);
                Ok(cells(rows))
            })
        };
        for (part, rows) in [(1, 4), (2, 4), (1, 4), (3, 4), (1, 4), (2, 4), (9, 11), (9, 11)] {
            assert_eq!(read(part, rows).unwrap().rows(), rows);
        }
        assert_eq!(opened, [1, 2, 3, 1, 2, 9, 9]);
        assert!(cache.kept().bytes <= 10 * row);
        cache.forget(&[1, 2, 3]);
        assert_eq!(cache.kept().bytes, 0);
    }
}
