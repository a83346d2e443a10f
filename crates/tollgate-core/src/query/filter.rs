//! Filters: which texts of a field a query admits.
//!
//! A filter is decided once per text of a frame's dictionary. An absent field equals nothing: `ne` and `not_in` admit
//! it, `eq`, `in` and `matches` do not, whatever the pattern.

use super::field::Field;
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// One condition on a field; a query's filters must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The field looked at.
    pub field: Field,
    /// What is asked of it.
    pub test: Test,
}

/// What a filter asks of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Is one of these: `eq`, `in`.
    OneOf(BTreeSet<SmolStr>),
    /// Is absent or none of these: `ne`, `not_in`.
    NoneOf(BTreeSet<SmolStr>),
    /// Fits the pattern.
    Matches(Glob),
    /// Is there, or is not.
    Exists(bool),
}

impl Filter {
    /// The condition that a field is this text.
    pub fn is(field: Field, text: impl Into<SmolStr>) -> Self {
        Self {
            field,
            test: Test::OneOf(BTreeSet::from([text.into()])),
        }
    }

    /// Whether a field with this text, or without any, passes.
    pub fn admits(&self, text: Option<&str>) -> bool {
        match (&self.test, text) {
            (Test::OneOf(texts), Some(text)) => texts.contains(text),
            (Test::OneOf(_) | Test::Matches(_), None) => false,
            (Test::NoneOf(texts), Some(text)) => !texts.contains(text),
            (Test::NoneOf(_), None) => true,
            (Test::Matches(glob), Some(text)) => glob.matches(text),
            (Test::Exists(wanted), text) => text.is_some() == *wanted,
        }
    }
}

/// A pattern in which `*` stands for any text, dots and nothing included: `ai.*` fits `ai.x` and `ai.x.y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(SmolStr);

impl Glob {
    /// Makes the pattern.
    pub fn new(pattern: &str) -> Self {
        Self(pattern.into())
    }

    /// Whether a text fits, in time linear in the text for each `*`.
    pub fn matches(&self, text: &str) -> bool {
        let mut pieces = self.0.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        let Some(last) = pieces.next_back() else {
            return rest.is_empty();
        };
        // The leftmost place of each middle piece leaves the most room for those after it.
        for piece in pieces {
            let Some((_, after)) = rest.split_once(piece) else {
                return false;
            };
            rest = after;
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, fits: &[&str], fits_not: &[&str]) {
        let glob = Glob::new(pattern);
        for text in fits {
            assert!(glob.matches(text), "{pattern} should fit {text}");
        }
        for text in fits_not {
            assert!(!glob.matches(text), "{pattern} should not fit {text}");
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        check("*", &["a", "a.b", ""], &[]);
        check("ai.*", &["ai.x", "ai.x.y", "ai."], &["ai", "xai.x", "a"]);
        check("*.x", &["ai.x", ".x", "a.x.x"], &["ai.y", "x"]);
        check(
            "a*b*c",
            &["abc", "aXbYc", "abbc", "abcbc"],
            &["ab", "acb", "abcd"],
        );
        check("a**b", &["ab", "axb"], &["a", "ba"]);
        check("ab*ba", &["abba", "abxba"], &["aba", "ab"]);
        check("plain", &["plain"], &["plainer", "plai", ""]);
        check("数*", &["数据"], &["据"]);
    }

    #[test]
    fn an_absent_field_is_only_admitted_by_what_denies() {
        let texts = BTreeSet::from([SmolStr::new("a")]);
        for (test, absent, a, b) in [
            (Test::OneOf(texts.clone()), false, true, false),
            (Test::NoneOf(texts), true, false, true),
            (Test::Matches(Glob::new("*")), false, true, true),
            (Test::Exists(true), false, true, true),
            (Test::Exists(false), true, false, false),
        ] {
            let filter = Filter {
                field: Field::Category,
                test,
            };
            assert_eq!(filter.admits(None), absent, "{filter:?}");
            assert_eq!(filter.admits(Some("a")), a, "{filter:?}");
            assert_eq!(filter.admits(Some("b")), b, "{filter:?}");
        }
    }
}
