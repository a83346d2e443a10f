//! Bounded text: the names and values that events, prices and queries are made of.
//!
//! [`Label`] is a value somebody else chose (a user id, a model name); [`Key`] names a measure or a dimension;
//! [`CategoryName`] is a dotted name. All are cheap to clone.

use smol_str::SmolStr;
use std::fmt;

/// Longest label: a URL or a long model name fits, a prompt does not.
pub const LABEL_BYTES_MAX: usize = 256;
/// Longest measure or dimension name.
pub const KEY_BYTES_MAX: usize = 64;
/// Longest category name.
pub const CATEGORY_BYTES_MAX: usize = 128;

/// Why a text is not a name or value of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text is longer than its kind allows.
    #[error("is longer than {0} bytes")]
    TooLong(usize),
    /// The text has a character its kind does not allow.
    #[error("has a character that is not allowed; use {0}")]
    Character(&'static str),
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// Parses the text, or says what is wrong with it.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                $check(text)?;
                Ok(Self(SmolStr::new(text)))
            }

            /// Takes text that this crate made itself and that is of this kind by construction.
            #[allow(dead_code, reason = "not every kind of text is made here")]
            pub(crate) fn trusted(text: impl Into<SmolStr>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text in its shared form.
            pub fn as_smol(&self) -> &SmolStr {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = SmolStr::deserialize(deserializer)?;
                $check(&text).map_err(serde::de::Error::custom)?;
                Ok(Self(text))
            }
        }
    };
}

text!(
    /// A value somebody else chose: a scope's id, a dimension's value, a request id.
    Label,
    check_label
);
text!(
    /// The name of a measure or a dimension: `input_tokens`, `provider`.
    Key,
    check_key
);
text!(
    /// The dotted name of a category: `ai.completion`.
    CategoryName,
    check_category
);

impl Key {
    /// The measure that every event has: how many requests it stands for.
    pub fn requests() -> Self {
        Self(SmolStr::new_static("requests"))
    }
}

fn check_length(text: &str, bytes_max: usize) -> Result<(), TextError> {
    match text.len() {
        0 => Err(TextError::Empty),
        length if length > bytes_max => Err(TextError::TooLong(bytes_max)),
        _ => Ok(()),
    }
}

fn check_label(text: &str) -> Result<(), TextError> {
    check_length(text, LABEL_BYTES_MAX)?;
    // ASCII first: nearly every label is, and this runs a dozen times per event.
    let clean = if text.is_ascii() {
        text.bytes().all(|b| (b' '..0x7f).contains(&b))
    } else {
        !text.chars().any(char::is_control)
    };
    if clean {
        Ok(())
    } else {
        Err(TextError::Character("printable characters"))
    }
}

fn check_key(text: &str) -> Result<(), TextError> {
    check_length(text, KEY_BYTES_MAX)?;
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let clean = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    if starts_well && clean {
        Ok(())
    } else {
        Err(TextError::Character(
            "ASCII letters, digits, '_', '.' and '-', beginning with a letter",
        ))
    }
}

fn check_category(text: &str) -> Result<(), TextError> {
    check_length(text, CATEGORY_BYTES_MAX)?;
    let good = text.split('.').all(|part| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
    });
    if good {
        Ok(())
    } else {
        Err(TextError::Character(
            "lower-case words joined by dots, such as ai.completion",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_printable_and_bounded() {
        assert!(Label::parse("gpt-4o (2024)").is_ok());
        assert!(Label::parse("Zoë/数").is_ok());
        assert_eq!(Label::parse(""), Err(TextError::Empty));
        assert!(matches!(Label::parse("a\nb"), Err(TextError::Character(_))));
        assert!(matches!(Label::parse("a\u{85}b"), Err(TextError::Character(_))));
        assert_eq!(Label::parse(&"x".repeat(257)), Err(TextError::TooLong(256)));
    }

    #[test]
    fn keys_begin_with_a_letter() {
        assert!(Key::parse("gen_ai.usage-x").is_ok());
        for bad in ["1a", "a b", "ä", "a/b", ""] {
            assert!(Key::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn categories_are_lower_case_words_joined_by_dots() {
        assert!(CategoryName::parse("ai.completion").is_ok());
        assert!(CategoryName::parse("storage.gb_hours").is_ok());
        for bad in ["", ".", "ai.", ".ai", "ai..x", "AI.completion", "ai.*", "1.2"] {
            assert!(CategoryName::parse(bad).is_err(), "{bad}");
        }
    }
}
