//! Seals: a section's bytes with its format, its compression and its checksum.
//!
//! Layout: format (1 byte), compression (1 byte), length of the plain bytes (4 bytes, little-endian), body, CRC-32 of
//! all before it (4 bytes, little-endian).

use super::Damage;
use serde::Serialize;
use std::borrow::Cow;
use std::cell::RefCell;
use zstd::bulk::{Compressor, Decompressor};

const FORMAT: u8 = 1;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const LEAD_BYTES: usize = 6;
const CRC_BYTES: usize = 4;
/// Below this, compressing costs more time than the bytes are worth.
const COMPRESS_FROM_BYTES: usize = 128;
/// Longest plain section: SQLite's own bound on a row is 10⁹ bytes; a commit carries some 8 MB and one oversized request.
const SECTION_BYTES_MAX: usize = 512 * 1024 * 1024;
const LEVEL: i32 = 1;

thread_local! {
    // A context is half a megabyte of tables: made once per thread and not once per section.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Seals a section; `compress` is off where bytes are random.
pub(crate) fn seal(plain: &[u8], compress: bool) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(plain.len() + LEAD_BYTES + CRC_BYTES);
    let body = if compress && plain.len() >= COMPRESS_FROM_BYTES {
        compressed(plain)
    } else {
        None
    };
    sealed.extend([FORMAT, if body.is_some() { ZSTD } else { PLAIN }]);
    sealed.extend((plain.len() as u32).to_le_bytes());
    sealed.extend_from_slice(body.as_deref().unwrap_or(plain));
    let crc = crc32fast::hash(&sealed);
    sealed.extend(crc.to_le_bytes());
    sealed
}

/// The plain bytes of a value, which will be about this many: a buffer that grows copies all that is in it each time.
pub(crate) fn plain<T: Serialize>(value: &T, bytes: usize) -> Vec<u8> {
    postcard::to_extend(value, Vec::with_capacity(bytes)).expect("writing to memory does not fail")
}

/// Opens a section: the plain bytes, and the checksum that it was sealed with.
pub(crate) fn open(sealed: &[u8]) -> Result<(Cow<'_, [u8]>, u32), Damage> {
    let (rest, crc) = sealed
        .split_last_chunk::<CRC_BYTES>()
        .ok_or(Damage("a section is cut off"))?;
    let crc = u32::from_le_bytes(*crc);
    if crc32fast::hash(rest) != crc {
        return Err(Damage("a section's checksum does not match"));
    }
    let (lead, body) = rest
        .split_first_chunk::<LEAD_BYTES>()
        .ok_or(Damage("a section is cut off"))?;
    let [format, compression, length @ ..] = *lead;
    let length = u32::from_le_bytes(length) as usize;
    if length > SECTION_BYTES_MAX {
        return Err(Damage("a section is too long"));
    }
    match (format, compression) {
        (FORMAT, PLAIN) if body.len() == length => Ok((Cow::Borrowed(body), crc)),
        (FORMAT, ZSTD) => decompressed(body, length).map(|plain| (Cow::Owned(plain), crc)),
        _ => Err(Damage("a section has a format that this version does not know")),
    }
}

/// The checksum that a sealed section ends with.
pub(crate) fn crc_of(sealed: &[u8]) -> u32 {
    sealed
        .last_chunk::<CRC_BYTES>()
        .map_or(0, |crc| u32::from_le_bytes(*crc))
}

fn compressed(plain: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Compressor::new(LEVEL).ok();
        }
        // What does not compress, or cannot be compressed for lack of memory, is kept plain.
        let body = slot.as_mut()?.compress(plain).ok()?;
        (body.len() < plain.len()).then_some(body)
    })
}

fn decompressed(body: &[u8], length: usize) -> Result<Vec<u8>, Damage> {
    let broken = Damage("a section does not decompress");
    DECOMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Some(Decompressor::new().map_err(|_| broken)?);
        }
        let plain = slot
            .as_mut()
            .ok_or(broken)?
            .decompress(body, length)
            .map_err(|_| broken)?;
        if plain.len() == length {
            Ok(plain)
        } else {
            Err(broken)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_or_missing_byte_is_noticed_wherever_it_is() {
        for plain in [&b""[..], &[7; 100], &[b'x'; 5_000]] {
            let sealed = seal(plain, true);
            assert_eq!(open(&sealed).unwrap(), (Cow::Borrowed(plain), crc_of(&sealed)));
            for place in 0..sealed.len() {
                let mut flipped = sealed.clone();
                flipped[place] ^= 1 << (place % 8);
                assert!(
                    open(&flipped).is_err(),
                    "byte {place} of {} flipped",
                    sealed.len()
                );
                assert!(
                    open(&sealed[..place]).is_err(),
                    "cut to {place} of {}",
                    sealed.len()
                );
            }
        }
    }
}
