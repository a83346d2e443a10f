//! Why a JSON value is not of a wire type: the error of [`super::Reader`], with its place.

use serde::de::{Error, Expected, Unexpected};
use std::fmt;
use tollgate_core::flaw::{Flaw, FlawCode};
use tollgate_core::nearest::nearest;

/// What was refused; its place is known once the error has passed the reader it came from.
#[derive(Debug)]
pub(crate) struct Refusal {
    pointer: Option<String>,
    /// The field below the place, where the fault is that it is not there.
    absent: Option<&'static str>,
    code: FlawCode,
    detail: String,
}

impl Refusal {
    pub(super) fn new(code: FlawCode, detail: impl fmt::Display) -> Self {
        Self {
            pointer: None,
            absent: None,
            code,
            detail: detail.to_string(),
        }
    }

    /// Gives the refusal its place, unless a deeper reader has.
    pub(super) fn at(mut self, place: impl FnOnce() -> String) -> Self {
        if self.pointer.is_none() {
            let mut pointer = place();
            if let Some(field) = self.absent {
                pointer.push('/');
                pointer.push_str(field);
            }
            self.pointer = Some(pointer);
        }
        self
    }
}

impl From<Refusal> for Flaw {
    fn from(refusal: Refusal) -> Self {
        Flaw::at(refusal.pointer.unwrap_or_default(), refusal.code, refusal.detail)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Refusal {}

impl Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(FlawCode::NotAllowed, message)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(
            FlawCode::Type,
            format!("is {}; expected {}", kind(found), wanted(expected)),
        )
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let code = match found {
            Unexpected::Str(_) => FlawCode::NotAllowed,
            _ => FlawCode::Range,
        };
        Self::new(code, format!("expected {}", wanted(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let shown: String = variant.chars().take(64).collect();
        Self::new(
            FlawCode::NotAllowed,
            format!("{shown:?} is none of {}", expected.join(", ")),
        )
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let hint = match nearest(field, expected.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the fields are {}", expected.join(", ")),
        };
        Self::new(FlawCode::Unknown, format!("no such field; {hint}"))
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            absent: Some(field),
            ..Self::new(FlawCode::Missing, "is required")
        }
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self::new(FlawCode::Repeated, "is given twice")
    }
}

fn kind(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::Bytes(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "an array",
        _ => "an object",
    }
}

/// What was expected, in the words of JSON rather than Rust.
fn wanted(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        "u64" | "u32" | "u16" | "usize" => "a whole number".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        _ => text,
    }
}
