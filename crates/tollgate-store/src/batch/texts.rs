//! Lists of texts as one run of bytes with their lengths.

use super::{Damage, Packed};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Texts one after another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Texts {
    run: String,
    lengths: Packed,
}

impl Texts {
    /// Packs texts.
    pub(crate) fn pack<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut run = String::new();
        let lengths: Vec<u32> = texts
            .map(|text| {
                run.push_str(text);
                text.len() as u32
            })
            .collect();
        Self {
            run,
            lengths: Packed::codes(&lengths),
        }
    }

    /// The texts again.
    pub(crate) fn unpack(&self) -> Result<Vec<SmolStr>, Damage> {
        // Only the text that stands for "absent" is empty, so a list cannot claim many more texts than it has bytes.
        if self.len() > self.run.len() + 1 {
            return Err(Damage("a list of texts is longer than its bytes"));
        }
        self.lengths.check(self.len())?;
        let mut rest = self.run.as_str();
        let texts = self.lengths.to_codes()?.into_iter().map(|length| {
            let (text, after) = rest
                .split_at_checked(length as usize)
                .ok_or(Damage("a text is cut off"))?;
            rest = after;
            Ok(SmolStr::new(text))
        });
        let texts = texts.collect::<Result<Vec<_>, Damage>>()?;
        if rest.is_empty() {
            Ok(texts)
        } else {
            Err(Damage("a list of texts has more bytes than texts"))
        }
    }

    /// The number of texts.
    pub(crate) fn len(&self) -> usize {
        self.lengths.len()
    }
}
