//! Strict JSON: bytes in; a wire type, or what is wrong and where, out.
//!
//! Repeated keys, unknown fields and deep nesting are refused, numbers keep the text that was sent. Not here: what the
//! fields mean (the core judges that), and the fast path of event bodies ([`crate::wire::event`]), which uses the same wire
//! types and comes here only to say what is wrong.
//!
//! Invariant: nothing here recurses on the input; [`NESTING_MAX`] is checked before anything that does.

mod depth;
mod reader;
mod refusal;
mod scalar;

pub(crate) use depth::depth;
pub(crate) use reader::Reader;
pub(crate) use refusal::Refusal;
pub(crate) use scalar::{Number, Scalar, Text, Whole};

use crate::problem::{Code, Problem};
use serde::Deserialize;
use serde_json::value::RawValue;
use tollgate_core::flaw::Flaw;

/// Deepest nesting of a body: no honest request comes near it, and every parser below can recurse this far.
pub(crate) const NESTING_MAX: usize = 64;

/// The text of a body, without a byte order mark.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let line = bytes.iter().take(at).filter(|b| **b == b'\n').count() + 1;
        let detail = format!("the body is not UTF-8 at byte {at} (line {line}); JSON is always UTF-8");
        Problem::new(Code::InvalidJson, detail)
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Checks that a text is one JSON value, not nested too deeply.
pub(crate) fn well_formed(text: &str) -> Result<&str, Problem> {
    if text.trim_ascii().is_empty() {
        return Err(Problem::new(Code::InvalidJson, "the body is empty; send JSON"));
    }
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    shallow(raw.get())?;
    Ok(raw.get())
}

/// Refuses a text that is nested too deeply.
pub(crate) fn shallow(text: &str) -> Result<(), Problem> {
    if depth(text) > NESTING_MAX {
        Err(too_deep())
    } else {
        Ok(())
    }
}

/// The problem of a body that is nested too deeply.
pub(crate) fn too_deep() -> Problem {
    Problem::new(
        Code::TooDeep,
        format!("the body nests more than {NESTING_MAX} levels; flatten it"),
    )
}

/// The problem of a text that is no JSON.
pub(crate) fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Code::InvalidJson, format!("the body is not JSON: {error}"))
}

/// Reads well-formed text as a wire type.
pub(crate) fn read<'de, T: Deserialize<'de>>(well_formed: &'de str) -> Result<T, Flaw> {
    T::deserialize(Reader::new(well_formed)).map_err(Into::into)
}

/// Parses the body of a request as a wire type.
pub(crate) fn parse<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Problem> {
    let text = well_formed(text(bytes)?)?;
    read(text).map_err(|flaw| Problem::invalid(vec![flaw]))
}

/// A well-formed object without the fields of these names; anything else as it is, repeated keys included.
pub(crate) fn without(well_formed: &str, names: &[&str]) -> String {
    let Ok(fields) = reader::fields(well_formed) else {
        return well_formed.to_owned();
    };
    let kept = fields.iter().filter(|(name, _)| !names.contains(&name.as_ref()));
    let written: Vec<String> = kept
        .map(|(name, raw)| format!("{}:{}", serde_json::Value::from(name.as_ref()), raw.get()))
        .collect();
    format!("{{{}}}", written.join(","))
}
