//! Why a JSON value is not of a wire type: the error of [`super::Reader`], with its place.

use serde::de::{Error, Expected, Unexpected};
use std::fmt;
use tollgate_core::flaw::{Flaw, FlawCode, pointer};
use tollgate_core::nearest::nearest;

/// What was refused; its place is known once the error has passed the reader it came from.
#[derive(Debug)]
pub(crate) struct Refusal {
    pointer: Option<String>,
    /// The field below the place that the fault is about: one that is not there, or should not be.
    field: Option<String>,
    code: FlawCode,
    detail: String,
}

impl Refusal {
    pub(super) fn new(code: FlawCode, detail: impl fmt::Display) -> Self {
        Self {
            pointer: None,
            field: None,
            code,
            detail: detail.to_string(),
        }
    }

    fn about(self, field: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..self
        }
    }

    /// Whether the refusal names the field below its place that it is about.
    pub(super) fn names_field(&self) -> bool {
        self.field.is_some()
    }

    /// Gives the refusal its place, unless a deeper reader has.
    pub(super) fn at(mut self, place: impl FnOnce() -> String) -> Self {
        if self.pointer.is_none() {
            let below = self.field.as_ref().map(|field| pointer(&[field]));
            self.pointer = Some(place() + &below.unwrap_or_default());
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
            None if expected.is_empty() => "there are none here".to_owned(),
            None => format!("the fields are {}", expected.join(", ")),
        };
        Self::new(FlawCode::Unknown, format!("no such field; {hint}")).about(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(FlawCode::Missing, "is required").about(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(FlawCode::Repeated, "is given twice").about(field)
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
