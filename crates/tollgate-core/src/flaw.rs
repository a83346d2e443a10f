//! Flaws: what is wrong with an input, where, and what would be right.
//!
//! A refusal is a value: validation gives all flaws of an input at once. Not here: how a flaw travels (the server's problems).

use std::fmt;

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// JSON pointer (RFC 6901) to the field, relative to the item: `/measures/input_tokens`.
    pub pointer: String,
    /// The kind of flaw, stable for programs.
    pub code: FlawCode,
    /// A sentence for people that names the thing and the remedy.
    pub detail: String,
}

impl Flaw {
    /// Makes a flaw.
    pub fn at(pointer: impl Into<String>, code: FlawCode, detail: impl fmt::Display) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.to_string(),
        }
    }
}

/// A JSON pointer of these parts, with `~` and `/` escaped.
pub fn pointer(parts: &[&str]) -> String {
    let mut pointer = String::new();
    for part in parts {
        pointer.push('/');
        pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
    }
    pointer
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// The kinds of flaw.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FlawCode {
            $($(#[$doc])* $name,)*
        }

        impl FlawCode {
            /// Every code, for documentation and tests.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The code as it stands in answers.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

codes! {
    /// A required field is absent.
    Missing = "missing_field",
    /// A field that the contract does not have.
    Unknown = "unknown_field",
    /// A text that is not JSON.
    Json = "invalid_json",
    /// A field of the wrong JSON type.
    Type = "wrong_type",
    /// A text that is empty, too long or has characters that are not allowed.
    Text = "invalid_text",
    /// A number that is no decimal, or has too many digits.
    Number = "invalid_number",
    /// A number outside the accepted range.
    Range = "out_of_range",
    /// A time that cannot be read.
    Time = "invalid_time",
    /// A time outside the accepted window.
    TimeWindow = "time_not_accepted",
    /// A category that does not exist.
    UnknownCategory = "unknown_category",
    /// A measure that the category does not have.
    UnknownMeasure = "unknown_measure",
    /// `quantity` on a category without a primary measure.
    NoPrimary = "no_primary_measure",
    /// The same thing given twice.
    Repeated = "repeated",
    /// A name that is reserved.
    Reserved = "reserved_name",
    /// More items than allowed.
    TooMany = "too_many",
    /// Nested too deeply.
    TooDeep = "too_deep",
    /// Larger than allowed.
    TooLarge = "too_large",
    /// An organization that the key does not belong to.
    WrongOrganization = "wrong_organization",
    /// A time zone that does not exist.
    UnknownZone = "unknown_zone",
    /// A combination of fields that cannot be.
    Combination = "invalid_combination",
    /// A value that is none of those allowed.
    NotAllowed = "not_allowed",
    /// A price that ties with another.
    Tie = "price_tie",
}
