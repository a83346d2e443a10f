//! CloudEvents 1.0: structured (and batch), and binary with its attributes in headers.
//!
//! `type` is the category, `subject` the user unless the data names one, `time` the timestamp, `data` the remaining fields of an
//! event; every other attribute is a dimension.

use super::batch::{Batch, Item};
use super::item::{DATA_FIELDS, Fields};
use crate::json::{self, Scalar, Text};
use crate::problem::Problem;
use axum::http::HeaderMap;
use serde::de::{DeserializeSeed, Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;
use tollgate_core::event::Draft;
use tollgate_core::flaw::{Flaw, FlawCode, pointer};

/// The version of the specification that is spoken.
const SPEC_VERSION: &str = "1.0";
const HEADER_PREFIX: &str = "ce-";

/// The structured way of writing an event.
pub(super) struct CloudEvent;

/// Where the fields of a draft stood in its CloudEvent.
#[derive(Debug, Default)]
pub(crate) struct Envelope<'a> {
    is_binary: bool,
    user_is_subject: bool,
    timestamp_is_time: bool,
    extensions: SmallVec<[Cow<'a, str>; 4]>,
}

impl Item for CloudEvent {
    const LEVELS: usize = 2;

    fn read<'a, D: Deserializer<'a>>(
        draft: &mut Draft<'a>,
        deserializer: D,
    ) -> Result<Option<Envelope<'a>>, D::Error> {
        let attributes = Attributes {
            draft,
            has_version: false,
            subject: None,
            time: None,
            extensions: Pairs::new(),
        };
        deserializer.deserialize_map(attributes).map(Some)
    }
}

type Pairs<'a> = SmallVec<[(Cow<'a, str>, Cow<'a, str>); 4]>;

/// Gathers the attributes of one CloudEvent into a draft.
struct Attributes<'d, 'a> {
    draft: &'d mut Draft<'a>,
    has_version: bool,
    subject: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    extensions: Pairs<'a>,
}

impl<'d, 'a> Attributes<'d, 'a> {
    /// Sets the attribute of this name, or says that it is given twice.
    fn set<E: Error>(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) -> Result<(), E> {
        let attribute = match name.as_ref() {
            "id" => &mut self.draft.id,
            "source" => &mut self.draft.source,
            "type" => &mut self.draft.category,
            "subject" => &mut self.subject,
            "time" => &mut self.time,
            _ => {
                self.extensions.push((name, value));
                return Ok(());
            }
        };
        match attribute.replace(value) {
            None => Ok(()),
            Some(_) => Err(E::duplicate_field("attribute")),
        }
    }

    /// Puts the attributes where an event has them, once all are there and nothing is said twice.
    fn finish<E: Error>(self) -> Result<Envelope<'a>, E> {
        let draft = self.draft;
        let required = [
            ("specversion", self.has_version),
            ("id", draft.id.is_some()),
            ("source", draft.source.is_some()),
            ("type", draft.category.is_some()),
        ];
        if let Some((absent, _)) = required.into_iter().find(|(_, present)| !present) {
            return Err(E::missing_field(absent));
        }
        if self.time.is_some() && draft.timestamp.is_some() {
            return Err(E::custom("has a time and its data a timestamp; send one of them"));
        }
        let envelope = Envelope {
            is_binary: false,
            user_is_subject: draft.user.is_none() && self.subject.is_some(),
            timestamp_is_time: self.time.is_some(),
            extensions: self.extensions.iter().map(|(name, _)| name.clone()).collect(),
        };
        draft.user = draft.user.take().or(self.subject);
        draft.timestamp = draft.timestamp.take().or(self.time);
        draft.dimensions.extend(self.extensions);
        Ok(envelope)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Attributes<'_, 'a> {
    type Value = Envelope<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Envelope<'a>, A::Error> {
        let mut has_data = false;
        while let Some(Text(name)) = map.next_key()? {
            match name.as_ref() {
                "specversion" => self.has_version = map.next_value::<SpecVersion>().map(|_| true)?,
                "datacontenttype" => _ = map.next_value::<Option<JsonMedia>>()?,
                "dataschema" => _ = map.next_value::<Option<Text<'_>>>()?,
                "data_base64" => _ = map.next_value::<Option<NoBase64>>()?,
                "data" if has_data => return Err(A::Error::duplicate_field("data")),
                "data" => {
                    has_data = true;
                    map.next_value_seed(Remaining(self.draft))?;
                }
                "id" | "source" | "type" | "subject" | "time" => {
                    if let Some(Text(value)) = map.next_value()? {
                        self.set(name, value)?;
                    }
                }
                // An attribute that is null is one that is not set.
                _ => {
                    if let Some(Scalar(value)) = map.next_value()? {
                        self.set(name, value)?;
                    }
                }
            }
        }
        self.finish()
    }
}

/// Reads the data of a CloudEvent into a draft; none at all is as good as an empty object.
struct Remaining<'d, 'a>(&'d mut Draft<'a>);

impl<'de: 'a, 'a> DeserializeSeed<'de> for Remaining<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Remaining<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let fields = Fields {
            draft: self.0,
            known: DATA_FIELDS,
        };
        fields.deserialize(deserializer)
    }
}

struct SpecVersion;
struct JsonMedia;
struct NoBase64;

impl<'de> Deserialize<'de> for SpecVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(version) = Text::deserialize(deserializer)?;
        if version == SPEC_VERSION {
            return Ok(Self);
        }
        Err(D::Error::invalid_value(
            Unexpected::Str(&version),
            &"\"1.0\", the version that is spoken here",
        ))
    }
}

impl<'de> Deserialize<'de> for JsonMedia {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(media) = Text::deserialize(deserializer)?;
        let kind = media
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        if kind.ends_with("/json") || kind.ends_with("+json") {
            return Ok(Self);
        }
        Err(D::Error::invalid_value(
            Unexpected::Str(&media),
            &"application/json; data is an object here",
        ))
    }
}

impl<'de> Deserialize<'de> for NoBase64 {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("is not taken; send data as JSON"))
    }
}

/// Reads a binary CloudEvent: attributes from headers, data from the body.
pub(super) fn read_binary<'a>(
    headers: &HeaderMap,
    text: &'a str,
    batch: &mut Batch<'a>,
) -> Result<(), Problem> {
    let mut draft = Draft::default();
    let data = match text.trim_ascii() {
        "" => "null",
        text => json::well_formed(text)?,
    };
    let read = Remaining(&mut draft)
        .deserialize(json::Reader::new(data))
        .map_err(Flaw::from);
    match read.and_then(|()| attributes(headers, &mut draft)) {
        Ok(envelope) => batch.keep(
            draft,
            Some(Envelope {
                is_binary: true,
                ..envelope
            }),
            1,
        ),
        Err(flaw) => {
            let id = headers.get("ce-id").and_then(|id| decoded(id.as_bytes()));
            batch.refuse(id, vec![flaw]);
        }
    }
    Ok(())
}

fn attributes<'a>(headers: &HeaderMap, draft: &mut Draft<'a>) -> Result<Envelope<'a>, Flaw> {
    let mut event = Attributes {
        draft,
        has_version: true,
        subject: None,
        time: None,
        extensions: Pairs::new(),
    };
    for (header, value) in headers {
        let Some(name) = header.as_str().strip_prefix(HEADER_PREFIX) else {
            continue;
        };
        let at = |code, detail: &str| Flaw::at(header.as_str(), code, detail);
        let value = decoded(value.as_bytes()).ok_or_else(|| {
            at(
                FlawCode::Text,
                "is not UTF-8, percent-encoded where it is not ASCII",
            )
        })?;
        match name {
            "specversion" if value == SPEC_VERSION => {}
            "specversion" => {
                return Err(at(
                    FlawCode::NotAllowed,
                    "expected 1.0, the version that is spoken here",
                ));
            }
            "dataschema" => {}
            _ => event
                .set::<serde::de::value::Error>(Cow::Owned(name.to_owned()), Cow::Owned(value))
                .map_err(|_| at(FlawCode::Repeated, "is given twice"))?,
        }
    }
    let required = [
        ("ce-id", &event.draft.id),
        ("ce-source", &event.draft.source),
        ("ce-type", &event.draft.category),
    ];
    if let Some((absent, _)) = required.into_iter().find(|(_, value)| value.is_none()) {
        return Err(Flaw::at(absent, FlawCode::Missing, "is required of a CloudEvent"));
    }
    event
        .finish()
        .map_err(|error: serde::de::value::Error| Flaw::at("ce-time", FlawCode::Repeated, error))
}

/// The text of a header: quotes and percent signs taken away, as the HTTP binding of CloudEvents says.
fn decoded(value: &[u8]) -> Option<String> {
    let value = value
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""))
        .unwrap_or(value);
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.iter().copied();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

impl Envelope<'_> {
    /// Where the field stands in the CloudEvent that stands here in the event.
    pub(super) fn place(&self, at: &str) -> String {
        let attribute = match at {
            "/id" => Some("id"),
            "/source" => Some("source"),
            "/category" => Some("type"),
            "/user" if self.user_is_subject => Some("subject"),
            "/timestamp" if self.timestamp_is_time => Some("time"),
            _ => self
                .extensions
                .iter()
                .map(AsRef::as_ref)
                .find(|name| at == pointer(&["dimensions", name])),
        };
        match attribute {
            Some(name) if self.is_binary => format!("{HEADER_PREFIX}{name}"),
            Some(name) => pointer(&[name]),
            None if self.is_binary => at.to_owned(),
            None => format!("/data{at}"),
        }
    }
}
