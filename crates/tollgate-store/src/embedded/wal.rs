//! The write-ahead log, looked at before SQLite opens the database.
//!
//! SQLite ends its log at the first frame whose checksum does not match: right for a log that a power cut has torn, wrong
//! for one that was damaged later, where it silently drops every commit from there on. Here the frames behind a bad one
//! are looked at too. A commit is synced before the next one begins, so a good frame of a later commit proves that the bad
//! frame was once good: damage. Without such a frame it is a torn tail, or damage to the very last commit; which of the two
//! [`super::marker`] knows.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// The log is damaged in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogDamage {
    /// Where the first bad frame begins.
    pub(crate) at: u64,
}

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The magic number of a log; the lowest bit says that its checksums read words big-endian.
const MAGIC: u32 = 0x377f_0682;

type Sum = (u32, u32);

/// Reads the log at `path`, if there is one, and looks for damage in its middle.
pub(crate) fn damage(path: &Path) -> io::Result<Option<LogDamage>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut log = BufReader::with_capacity(1 << 20, file);
    let mut header = [0; HEADER_BYTES];
    if !fill(&mut log, &mut header)? {
        return Ok(None);
    }
    match Header::read(&header) {
        Some(header) => scan(&mut log, &header),
        // A header is synced before the first frame is written behind it, so one that is all zero stands before nothing.
        None if header == [0; HEADER_BYTES] => Ok(None),
        None if fill(&mut log, &mut [0; FRAME_HEADER_BYTES])? => Ok(Some(LogDamage { at: 0 })),
        None => Ok(None),
    }
}

struct Header {
    page_bytes: usize,
    salts: [u32; 2],
    sum: Sum,
    big_endian: bool,
}

impl Header {
    fn read(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let [magic, _, page_bytes, _, salt_1, salt_2, sum_1, sum_2] = words(bytes);
        let big_endian = magic & 1 == 1;
        let sum = checksum((0, 0), &bytes[..24], big_endian);
        let sound =
            magic & !1 == MAGIC && page_bytes.is_power_of_two() && (512..=65_536).contains(&page_bytes);
        (sound && sum == (sum_1, sum_2)).then_some(Self {
            page_bytes: page_bytes as usize,
            salts: [salt_1, salt_2],
            sum,
            big_endian,
        })
    }
}

fn scan(log: &mut impl Read, header: &Header) -> io::Result<Option<LogDamage>> {
    let mut frame = vec![0; FRAME_HEADER_BYTES + header.page_bytes];
    let mut before = header.sum;
    let mut at = HEADER_BYTES as u64;
    let mut bad = None;
    // Whether a commit has ended at or behind the bad frame, so that a good frame after it belongs to a later one.
    let mut ended = false;
    while fill(log, &mut frame)? {
        let (lead, page) = frame.split_at(FRAME_HEADER_BYTES);
        let [_, size_after_commit, salt_1, salt_2, sum_1, sum_2] = words(lead);
        let sum = checksum(
            checksum(before, &lead[..8], header.big_endian),
            page,
            header.big_endian,
        );
        let ours = [salt_1, salt_2] == header.salts;
        let good = ours && sum == (sum_1, sum_2);
        match bad {
            None if !good => bad = Some(LogDamage { at }),
            Some(damage) if good && ended => return Ok(Some(damage)),
            _ => {}
        }
        ended |= bad.is_some() && ours && size_after_commit != 0;
        // Behind a bad frame the chain is taken up again from the sum that the frame itself names.
        before = (sum_1, sum_2);
        at += frame.len() as u64;
    }
    Ok(None)
}

fn fill(log: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn words<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut words = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|word| u32::from_be_bytes(*word));
    std::array::from_fn(|_| words.next().unwrap_or_default())
}

/// SQLite's checksum of a run of eight-byte pairs.
fn checksum(before: Sum, bytes: &[u8], big_endian: bool) -> Sum {
    let word = |bytes: [u8; 4]| {
        if big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    };
    bytes
        .as_chunks::<8>()
        .0
        .iter()
        .fold(before, |(mut one, mut two), pair| {
            let [a, b, c, d, e, f, g, h] = *pair;
            one = one.wrapping_add(word([a, b, c, d])).wrapping_add(two);
            two = two.wrapping_add(word([e, f, g, h])).wrapping_add(one);
            (one, two)
        })
}
