//! Columns that only some rows have a value in.

use super::{Damage, Packed};
use serde::{Deserialize, Serialize};

/// Values with the rows that have them, in row order; `rows` is `None` when every row has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sparse<T> {
    rows: Option<Vec<u32>>,
    values: Vec<T>,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self {
            rows: None,
            values: Vec::new(),
        }
    }
}

impl<T: Copy> Sparse<T> {
    /// An empty column with room for this many values.
    pub(crate) fn with_capacity(values: usize) -> Self {
        Self {
            rows: None,
            values: Vec::with_capacity(values),
        }
    }

    /// Adds the value of a row; rows come in order.
    pub(crate) fn push(&mut self, row: usize, value: T) {
        if self.rows.is_none() && self.values.len() != row {
            self.rows = Some((0..self.values.len() as u32).collect());
        }
        if let Some(rows) = &mut self.rows {
            rows.push(row as u32);
        }
        self.values.push(value);
    }

    /// Names the rows after the last push: those without a value at the end count too.
    pub(crate) fn finish(&mut self, rows: usize) {
        if self.rows.is_none() && self.values.len() != rows {
            self.rows = Some((0..self.values.len() as u32).collect());
        }
    }

    /// The values with their rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, T)> {
        let row = |place: usize| {
            self.rows
                .as_ref()
                .map_or(place, |rows| rows.get(place).map_or(place, |row| *row as usize))
        };
        self.values
            .iter()
            .enumerate()
            .map(move |(place, value)| (row(place), *value))
    }

    /// The value of one row.
    pub(crate) fn value(&self, row: usize) -> Option<T> {
        let place = match &self.rows {
            None => row,
            Some(rows) => rows.binary_search(&(row as u32)).ok()?,
        };
        self.values.get(place).copied()
    }

    /// Whether every one of `rows` rows has a value.
    pub(crate) fn is_full(&self, rows: usize) -> bool {
        self.rows.is_none() && self.values.len() == rows
    }

    /// Reads values of rows that only go up.
    pub(crate) fn cursor(&self) -> Cursor<'_, T> {
        Cursor { of: self, place: 0 }
    }

    /// A value for each of `rows` rows.
    pub(crate) fn dense(&self, rows: usize, absent: T) -> Vec<T> {
        if self.is_full(rows) {
            return self.values.clone();
        }
        let mut dense = vec![absent; rows];
        for (row, value) in self.iter() {
            if let Some(slot) = dense.get_mut(row) {
                *slot = value;
            }
        }
        dense
    }

    /// The values alone, in row order.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    fn pack(&self, values: Packed) -> PackedSparse {
        let gaps = self.rows.as_ref().map(|rows| {
            let before = std::iter::once(0).chain(rows.iter().map(|row| row + 1));
            Packed::codes(
                &rows
                    .iter()
                    .zip(before)
                    .map(|(row, before)| row - before)
                    .collect::<Vec<_>>(),
            )
        });
        PackedSparse { gaps, values }
    }
}

impl Sparse<u32> {
    pub(crate) fn to_packed(&self) -> PackedSparse {
        self.pack(Packed::codes(&self.values))
    }
}

impl Sparse<i128> {
    pub(crate) fn to_packed(&self) -> PackedSparse {
        self.pack(Packed::amounts(&self.values))
    }
}

/// A place in a [`Sparse`] that only moves on, in leaps: near rows cost a step, far ones a search.
#[derive(Debug)]
pub(crate) struct Cursor<'s, T> {
    of: &'s Sparse<T>,
    place: usize,
}

/// How far a cursor walks before it searches.
const WALK_MAX: usize = 16;

impl<T: Copy> Cursor<'_, T> {
    /// The value of a row that is not before the last one asked for.
    pub(crate) fn value(&mut self, row: usize) -> Option<T> {
        let Some(rows) = &self.of.rows else {
            return self.of.values.get(row).copied();
        };
        let rest = rows.get(self.place..).unwrap_or_default();
        let near = rest
            .iter()
            .take(WALK_MAX)
            .take_while(|known| (**known as usize) < row)
            .count();
        self.place += if near < WALK_MAX {
            near
        } else {
            rest.partition_point(|known| (*known as usize) < row)
        };
        let found = rows.get(self.place).is_some_and(|known| *known as usize == row);
        if found {
            self.of.values.get(self.place).copied()
        } else {
            None
        }
    }
}

/// A [`Sparse`] as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PackedSparse {
    /// For each value, how many rows without one come before it.
    gaps: Option<Packed>,
    values: Packed,
}

impl PackedSparse {
    /// The column as codes, in a batch of `rows` rows.
    pub(crate) fn codes(&self, rows: usize) -> Result<Sparse<u32>, Damage> {
        Ok(Sparse {
            rows: self.rows(rows)?,
            values: self.values.to_codes()?,
        })
    }

    /// The column as amounts, in a batch of `rows` rows.
    pub(crate) fn amounts(&self, rows: usize) -> Result<Sparse<i128>, Damage> {
        Ok(Sparse {
            rows: self.rows(rows)?,
            values: self.values.to_amounts()?,
        })
    }

    fn rows(&self, rows: usize) -> Result<Option<Vec<u32>>, Damage> {
        let Some(gaps) = &self.gaps else {
            self.values.check(rows)?;
            return Ok(None);
        };
        let outside = Damage("a value stands in a row that is not there");
        if gaps.len() > rows {
            return Err(outside);
        }
        gaps.check(gaps.len())?;
        self.values.check(gaps.len())?;
        let mut next = 0_u32;
        let places = gaps.to_codes()?.into_iter().map(|gap| {
            let row = next.checked_add(gap).ok_or(outside)?;
            next = row.checked_add(1).ok_or(outside)?;
            Ok(row)
        });
        let places = places.collect::<Result<Vec<_>, Damage>>()?;
        if next as usize <= rows {
            Ok(Some(places))
        } else {
            Err(outside)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[Option<u32>]) {
        let mut sparse = Sparse::default();
        for (row, value) in values.iter().enumerate() {
            value.iter().for_each(|value| sparse.push(row, *value));
        }
        sparse.finish(values.len());
        let back = sparse.to_packed().codes(values.len()).unwrap();
        assert_eq!(back, sparse, "{values:?}");
        let dense: Vec<u32> = values.iter().map(|value| value.unwrap_or(99)).collect();
        assert_eq!(back.dense(values.len(), 99), dense);
        let mut cursor = back.cursor();
        for (row, value) in values.iter().enumerate() {
            assert_eq!(back.value(row), *value, "{values:?} {row}");
            assert_eq!(cursor.value(row), *value, "{values:?} {row}");
        }
    }

    #[test]
    fn a_cursor_leaps_over_rows_that_nobody_asks_for() {
        let mut sparse = Sparse::default();
        (1..1_000).for_each(|row| sparse.push(row * 2, row));
        let mut cursor = sparse.cursor();
        for (row, value) in [
            (0, None),
            (2, Some(1)),
            (3, None),
            (1_000, Some(500)),
            (1_001, None),
            (1_998, Some(999)),
            (5_000, None),
        ] {
            assert_eq!(cursor.value(row), value, "{row}");
        }
    }

    #[test]
    fn values_stay_in_their_rows() {
        check(&[]);
        check(&[None]);
        check(&[Some(1), Some(2)]);
        check(&[Some(1), None]);
        check(&[None, Some(2)]);
        check(&[None, None, Some(3), None, Some(4), Some(5), None]);
        check(
            &(0..200)
                .map(|row| (row % 7 == 3).then_some(row))
                .collect::<Vec<_>>(),
        );
    }
}
