//! Ids of events: UUIDs as their sixteen bytes, any others as text.
//!
//! Most callers send UUIDs. As text each has 20 characters that say nothing and 32 that say half as much as they could, and
//! no compressor finds that out for less time than it takes to read them as numbers.

use super::Damage;
use super::packed::plain_bytes;
use super::texts::{Run, Texts};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The ids of a batch, as they are stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Ids {
    /// As they are.
    Texts(Texts),
    /// All of them are UUIDs in the usual spelling: their first bytes, then all second bytes, and so on. The bytes of
    /// the time come first and hardly differ.
    Uuids(#[serde(with = "plain_bytes")] Vec<u8>),
}

const BYTES: usize = 16;

impl Ids {
    /// Packs ids.
    pub(crate) fn pack(ids: &Run) -> Self {
        let mut uuids = Vec::with_capacity(ids.len());
        for id in ids.iter() {
            match parse(id) {
                Some(uuid) => uuids.push(uuid),
                None => return Self::Texts(ids.pack()),
            }
        }
        let planes = (0..BYTES).flat_map(|plane| uuids.iter().map(move |uuid: &[u8; BYTES]| uuid[plane]));
        Self::Uuids(planes.collect())
    }

    /// The ids again.
    pub(crate) fn unpack(&self) -> Result<Run, Damage> {
        let planes = match self {
            Self::Texts(texts) => return texts.to_run(),
            Self::Uuids(planes) => planes,
        };
        let count = planes.len() / BYTES;
        if count * BYTES != planes.len() {
            return Err(Damage("an id is cut off"));
        }
        let mut run = Run::with_capacity(count);
        for row in 0..count {
            let mut bytes = [0; BYTES];
            for (byte, plane) in bytes.iter_mut().zip(planes.chunks_exact(count)) {
                *byte = plane[row];
            }
            run.push(
                Uuid::from_bytes(bytes)
                    .hyphenated()
                    .encode_lower(&mut Uuid::encode_buffer()),
            );
        }
        Ok(run)
    }
}

/// The bytes of a UUID in lower case with hyphens; any other spelling would not come back as it was.
fn parse(id: &str) -> Option<[u8; BYTES]> {
    let uuid = Uuid::try_parse(id).ok()?;
    let is_usual = uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == id;
    is_usual.then(|| uuid.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ids: &[&str], is_packed: bool) {
        let mut run = Run::default();
        ids.iter().for_each(|id| run.push(id));
        let packed = Ids::pack(&run);
        assert_eq!(matches!(packed, Ids::Uuids(_)), is_packed, "{ids:?}");
        assert_eq!(packed.unpack().unwrap(), run);
    }

    #[test]
    fn ids_come_back_as_they_were_spelled() {
        let uuid = "0198f3a2-5b1c-7d4e-8f90-a1b2c3d4e5f6";
        check(
            &[
                uuid,
                "00000000-0000-0000-0000-000000000000",
                "ffffffff-ffff-ffff-ffff-ffffffffffff",
            ],
            true,
        );
        check(&[], true);
        check(&[uuid, "req-1"], false);
        check(&[&uuid.to_uppercase()], false);
        check(&[&uuid.replace('-', "_")], false);
        check(&["0198f3a25-b1c-7d4e-8f90-a1b2c3d4e5f6"], false);
        check(&["0198f3a2-5b1c-7d4e-8f90-a1b2c3d4e5fg"], false);
    }
}
