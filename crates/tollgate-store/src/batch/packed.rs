//! Packed columns: whole numbers in as few bytes as their range takes.
//!
//! A value is `least + offset × 10^places`; offsets have the same width and stand in byte planes (all lowest bytes,
//! then all second bytes, …), because the high planes are then nearly constant and compress to nothing. Places matter
//! because amounts are kept in nano-units and are mostly whole.

use super::Damage;
use serde::{Deserialize, Serialize};

/// A column of whole numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Packed {
    rows: u32,
    least: i128,
    places: u8,
    width: u8,
    #[serde(with = "plain_bytes")]
    planes: Vec<u8>,
}

/// Widest offset whose arithmetic is done in 64 bits.
const NARROW: u8 = 8;
/// Most places that are divided out: 10¹⁸ is the last power of ten in 63 bits.
const PLACES_MAX: u8 = 18;

impl Packed {
    /// Packs codes of texts.
    pub(crate) fn codes(values: &[u32]) -> Self {
        let most = values.iter().copied().max().unwrap_or(0);
        let least = values.iter().copied().min().unwrap_or(0);
        let width = bytes_of(u64::from(most - least));
        Self {
            rows: values.len() as u32,
            least: least.into(),
            places: 0,
            width,
            planes: planes(values, width, |value, plane| {
                ((value - least) >> (8 * plane)) as u8
            }),
        }
    }

    /// Packs counts or instants.
    pub(crate) fn integers(values: &[i64]) -> Self {
        let (least, most) = bounds(values.iter().copied());
        let offsets = values
            .iter()
            .map(|value| value.wrapping_sub(least) as u64)
            .collect();
        Self::narrow(least.into(), most.wrapping_sub(least) as u64, offsets)
    }

    /// Packs amounts.
    pub(crate) fn amounts(values: &[i128]) -> Self {
        let (least, most) = bounds(values.iter().copied());
        let range = most.wrapping_sub(least) as u128;
        if let Ok(range) = u64::try_from(range) {
            let offsets = values
                .iter()
                .map(|value| value.wrapping_sub(least) as u64)
                .collect();
            return Self::narrow(least, range, offsets);
        }
        let width = bytes_of((range >> 64) as u64) + NARROW;
        let byte = |value: i128, plane| (value.wrapping_sub(least) as u128 >> (8 * plane)) as u8;
        Self {
            rows: values.len() as u32,
            least,
            places: 0,
            width,
            planes: planes(values, width, byte),
        }
    }

    fn narrow(least: i128, range: u64, mut offsets: Vec<u64>) -> Self {
        let places = if range == 0 { 0 } else { divide_out(&mut offsets) };
        let width = bytes_of(range / 10_u64.pow(places.into()));
        Self {
            rows: offsets.len() as u32,
            least,
            places,
            width,
            planes: planes(&offsets, width, |offset, plane| (offset >> (8 * plane)) as u8),
        }
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.rows as usize
    }

    /// Bytes it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.planes.len()
    }

    /// Checks what reading relies on; to be called on what was decoded, before anything else.
    pub(crate) fn check(&self, rows: usize) -> Result<(), Damage> {
        let planes = usize::from(self.width).checked_mul(self.len());
        let fits =
            self.width <= 16 && self.places <= PLACES_MAX && (self.places == 0 || self.width <= NARROW);
        if fits && self.len() == rows && planes == Some(self.planes.len()) {
            Ok(())
        } else {
            Err(Damage("a column has not the length that it should have"))
        }
    }

    /// The value of one row; zero beyond the end.
    pub(crate) fn value(&self, row: usize) -> i128 {
        let rows = self.len();
        if row >= rows {
            return 0;
        }
        let bytes = self.planes.iter().skip(row).step_by(rows.max(1));
        let offset = bytes.enumerate().fold(0_u128, |offset, (plane, byte)| {
            offset | u128::from(*byte) << (8 * plane)
        });
        self.least
            .wrapping_add((offset as i128).wrapping_mul(self.step()))
    }

    /// All values, as codes.
    pub(crate) fn to_codes(&self) -> Result<Vec<u32>, Damage> {
        self.all(|value| u32::try_from(value).map_err(|_| Damage("a code does not fit")))
    }

    /// All values, as counts or instants.
    pub(crate) fn to_integers(&self) -> Result<Vec<i64>, Damage> {
        self.all(|value| i64::try_from(value).map_err(|_| Damage("a count does not fit")))
    }

    /// All values, as amounts.
    pub(crate) fn to_amounts(&self) -> Result<Vec<i128>, Damage> {
        self.all(Ok)
    }

    fn all<T: Clone>(&self, convert: impl Fn(i128) -> Result<T, Damage>) -> Result<Vec<T>, Damage> {
        if self.width == 0 {
            return Ok(vec![convert(self.least)?; self.len()]);
        }
        if self.width > NARROW {
            return (0..self.len()).map(|row| convert(self.value(row))).collect();
        }
        let mut offsets = vec![0_u64; self.len()];
        for (plane, bytes) in self.planes.chunks_exact(self.len().max(1)).enumerate() {
            offsets
                .iter_mut()
                .zip(bytes)
                .for_each(|(offset, byte)| *offset |= u64::from(*byte) << (8 * plane));
        }
        let step = self.step();
        offsets
            .into_iter()
            .map(|offset| convert(self.least.wrapping_add(i128::from(offset) * step)))
            .collect()
    }

    fn step(&self) -> i128 {
        10_i128.pow(self.places.into())
    }
}

fn bounds<T: Copy + Ord + Default>(values: impl Iterator<Item = T>) -> (T, T) {
    let mut values = values.into_iter();
    let Some(first) = values.next() else {
        return Default::default();
    };
    values.fold((first, first), |(least, most), value| {
        (least.min(value), most.max(value))
    })
}

/// The lowest bytes of all values, then all second bytes, and so on.
fn planes<T: Copy>(values: &[T], width: u8, byte: impl Fn(T, u8) -> u8) -> Vec<u8> {
    let mut planes = Vec::with_capacity(values.len() * usize::from(width));
    for plane in 0..width {
        planes.extend(values.iter().map(|value| byte(*value, plane)));
    }
    planes
}

fn bytes_of(most: u64) -> u8 {
    ((u64::BITS - most.leading_zeros()).div_ceil(8)) as u8
}

/// Divides by the largest power of ten that divides all, and says which.
fn divide_out(offsets: &mut [u64]) -> u8 {
    // Powers are constants, so that each division is a multiplication.
    macro_rules! first_of {
        ($($places:literal),*) => {$(
            const {
                assert!($places <= PLACES_MAX);
            }
            if offsets.iter().all(|offset| offset % const { 10_u64.pow($places) } == 0) {
                offsets.iter_mut().for_each(|offset| *offset /= const { 10_u64.pow($places) });
                return $places;
            }
        )*};
    }
    first_of!(18, 15, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1);
    0
}

/// Bytes as one run; a `Vec<u8>` would else be written and read byte by byte.
pub(crate) mod plain_bytes {
    use serde::de::{Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(values: &[i128], width: u8, places: u8) {
        let packed = Packed::amounts(values);
        packed.check(values.len()).unwrap();
        assert_eq!((packed.width, packed.places), (width, places), "{values:?}");
        assert_eq!(packed.to_amounts().unwrap(), values);
    }

    #[test]
    fn a_column_takes_the_bytes_that_its_range_needs() {
        check(&[], 0, 0);
        check(&[7_000_000_000; 3], 0, 0);
        check(&[-5, 250], 1, 0);
        check(&[0, 255_000_000_000, 7_000_000_000], 1, 9);
        check(&[i128::from(u64::MAX), 0], 8, 0);
        check(&[i128::MIN, i128::MAX, 0], 16, 0);
        check(&[10_i128.pow(18), 0], 1, 18);
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(values in prop::collection::vec(any::<i128>(), 0..20), shift in 0..127_u32) {
            let values: Vec<i128> = values.into_iter().map(|value| value >> shift).collect();
            let packed = Packed::amounts(&values);
            prop_assert!(packed.check(values.len()).is_ok());
            prop_assert_eq!(packed.to_amounts().unwrap(), values.clone());
            for (row, value) in values.iter().enumerate() {
                prop_assert_eq!(packed.value(row), *value);
            }
            let integers: Vec<i64> = values.iter().map(|value| *value as i64).collect();
            prop_assert_eq!(Packed::integers(&integers).to_integers().unwrap(), integers);
            let codes: Vec<u32> = values.iter().map(|value| *value as u32).collect();
            prop_assert_eq!(Packed::codes(&codes).to_codes().unwrap(), codes);
        }
    }
}
