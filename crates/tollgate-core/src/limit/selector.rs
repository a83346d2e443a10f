//! Selectors: which categories a limit counts.

use crate::text::CategoryName;
use smol_str::SmolStr;
use std::fmt;

/// A category (`ai.completion`), a family of them (`ai.*`), or all (`*`).
///
/// Of two selectors one holds the other or they are apart, which is what lets [`super::LimitBook`] count how many
/// limits can meet in one request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector {
    text: SmolStr,
    /// What a family's names begin with, the dot included.
    prefix: Option<usize>,
}

/// The text is no selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name a category (ai.completion), a family (ai.*) or all (*)")]
pub struct SelectorError;

impl Selector {
    /// Parses a selector.
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let family = text.strip_suffix(".*");
        let named = family.unwrap_or(text);
        if text != "*" && CategoryName::parse(named).is_err() {
            return Err(SelectorError);
        }
        let prefix = match (text, family) {
            ("*", _) => Some(0),
            (_, Some(family)) => Some(family.len().saturating_add(1)),
            _ => None,
        };
        Ok(Self {
            text: text.into(),
            prefix,
        })
    }

    /// Whether a category is selected.
    pub fn admits(&self, category: &str) -> bool {
        match self.prefix {
            Some(length) => category.as_bytes().starts_with(self.stem(length).as_bytes()),
            None => category == self.text,
        }
    }

    /// Whether some category could be selected by both.
    pub fn meets(&self, other: &Self) -> bool {
        match (self.prefix, other.prefix) {
            (Some(a), Some(b)) => {
                let (a, b) = (self.stem(a), other.stem(b));
                a.starts_with(b) || b.starts_with(a)
            }
            (_, None) => self.admits(&other.text),
            (None, _) => other.admits(&self.text),
        }
    }

    /// The selector as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn stem(&self, length: usize) -> &str {
        self.text.get(..length).unwrap_or_default()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(text: &str) -> Selector {
        Selector::parse(text).unwrap()
    }

    #[test]
    fn a_selector_names_a_category_a_family_or_all() {
        let check = |text: &str, fits: &[&str], fits_not: &[&str]| {
            fits.iter()
                .for_each(|c| assert!(selector(text).admits(c), "{text} {c}"));
            fits_not
                .iter()
                .for_each(|c| assert!(!selector(text).admits(c), "{text} {c}"));
        };
        check("*", &["ai", "ai.completion"], &[]);
        check("ai.*", &["ai.x", "ai.x.y"], &["ai", "aix.y", "xai.x"]);
        check("ai.x", &["ai.x"], &["ai.x.y", "ai"]);
        for text in ["", "a*", "*.x", "ai.", "ai.*.x", "AI.*", "**", ".*"] {
            assert_eq!(Selector::parse(text), Err(SelectorError), "{text}");
        }
    }

    #[test]
    fn selectors_meet_when_some_category_fits_both() {
        let check = |a: &str, b: &str, meet: bool| {
            assert_eq!(selector(a).meets(&selector(b)), meet, "{a} {b}");
            assert_eq!(selector(b).meets(&selector(a)), meet, "{b} {a}");
        };
        check("*", "ai.x", true);
        check("ai.*", "ai.x", true);
        check("ai.*", "ai.x.*", true);
        check("ai.*", "ai", false);
        check("ai.x.*", "ai.y.*", false);
        check("ai.x", "ai.x", true);
        check("ai.x", "ai.y", false);
    }
}
