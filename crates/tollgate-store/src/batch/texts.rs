//! Lists of texts as one run of bytes with their lengths.

use super::{Damage, Packed};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Texts one after another, as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Texts {
    run: String,
    lengths: Packed,
}

/// Texts one after another, as they are collected, and as they are kept when they are read seldom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    run: String,
    lengths: Vec<u32>,
}

/// Bytes of a common id: a UUID as text.
const ID_BYTES: usize = 36;

impl Run {
    /// Room for this many ids.
    pub(crate) fn with_capacity(ids: usize) -> Self {
        Self {
            run: String::with_capacity(ids * ID_BYTES),
            lengths: Vec::with_capacity(ids),
        }
    }

    /// Adds a text.
    pub(crate) fn push(&mut self, text: &str) {
        self.run.push_str(text);
        self.lengths.push(text.len() as u32);
    }

    /// Packs the texts.
    pub(crate) fn pack(&self) -> Texts {
        Texts {
            run: self.run.clone(),
            lengths: Packed::codes(&self.lengths),
        }
    }

    /// The texts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.run.as_str();
        self.lengths.iter().map_while(move |length| {
            let (text, after) = rest.split_at_checked(*length as usize)?;
            rest = after;
            Some(text)
        })
    }

    /// The number of texts.
    pub(crate) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Bytes of all texts.
    pub(crate) fn bytes(&self) -> usize {
        self.run.len()
    }
}

impl Texts {
    /// Packs texts.
    pub(crate) fn pack<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut run = Run::default();
        texts.for_each(|text| run.push(text));
        run.pack()
    }

    /// The texts again, still as one run.
    pub(crate) fn to_run(&self) -> Result<Run, Damage> {
        let run = Run {
            run: self.run.clone(),
            lengths: self.lengths()?,
        };
        if run.iter().count() == run.len() {
            Ok(run)
        } else {
            Err(Damage("a text is cut off"))
        }
    }

    /// The texts again.
    pub(crate) fn unpack(&self) -> Result<Vec<SmolStr>, Damage> {
        Ok(self.to_run()?.iter().map(SmolStr::new).collect())
    }

    fn lengths(&self) -> Result<Vec<u32>, Damage> {
        let count = self.lengths.len();
        // Only the text that stands for "absent" is empty, so a list cannot claim many more texts than it has bytes.
        if count > self.run.len() + 1 {
            return Err(Damage("a list of texts is longer than its bytes"));
        }
        self.lengths.check(count)?;
        let lengths = self.lengths.to_codes()?;
        let total: u64 = lengths.iter().map(|length| u64::from(*length)).sum();
        if total == self.run.len() as u64 {
            Ok(lengths)
        } else {
            Err(Damage("a list of texts has not the bytes of its texts"))
        }
    }
}
