//! CloudEvents 1.0: structured (and batch), and binary with its attributes in headers.
//!
//! `type` is the category, `subject` the user unless the data names one, `time` the timestamp, `data` the remaining fields of an
//! event; every other attribute is a dimension.

use super::batch::{Batch, Item};
use super::item::{self, DATA_FIELDS, FLAWS_MAX, Fields};
use super::origin::add_elsewhere;
use crate::json::{self, Reader, Scalar, Text};
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
const TWO_TIMES: &str = "has a time and its data a timestamp; send one of them";

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
        deserializer.deserialize_map(Attributes::of(draft)).map(Some)
    }

    fn read_apart<'a>(draft: &mut Draft<'a>, item: Reader<'a, '_>) -> (Option<Envelope<'a>>, Vec<Flaw>) {
        let mut event = Attributes::of(draft);
        let mut deeper = Vec::new();
        let mut flaws = item.each_field(FLAWS_MAX, |name, value| {
            if name == "data" && value.is_object() {
                deeper.extend(item::read_apart(event.draft, DATA_FIELDS, value));
                return Ok(());
            }
            event.read(name.clone(), value)
        });
        flaws.extend(deeper);
        let absent = event
            .absent()
            .map(|name| Flaw::at(pointer(&[name]), FlawCode::Missing, "is required"));
        add_elsewhere(&mut flaws, absent);
        if event.has_two_times() {
            flaws.push(Flaw::at("", FlawCode::NotAllowed, TWO_TIMES));
        }
        (Some(event.settle()), flaws)
    }
}

type Pairs<'a> = SmallVec<[(Cow<'a, str>, Cow<'a, str>); 4]>;

/// Gathers the attributes of one CloudEvent into a draft.
struct Attributes<'d, 'a> {
    draft: &'d mut Draft<'a>,
    has_version: bool,
    has_data: bool,
    subject: Option<Cow<'a, str>>,
    time: Option<Cow<'a, str>>,
    extensions: Pairs<'a>,
}

impl<'d, 'a> Attributes<'d, 'a> {
    fn of(draft: &'d mut Draft<'a>) -> Self {
        Self {
            draft,
            has_version: false,
            has_data: false,
            subject: None,
            time: None,
            extensions: Pairs::new(),
        }
    }

    /// Reads the attribute of this name, or the data.
    fn read<'de: 'a, D: Deserializer<'de>>(&mut self, name: Cow<'a, str>, value: D) -> Result<(), D::Error> {
        match name.as_ref() {
            "specversion" => self.has_version = SpecVersion::deserialize(value).map(|_| true)?,
            "datacontenttype" => _ = Option::<JsonMedia>::deserialize(value)?,
            "dataschema" => _ = Option::<Text<'_>>::deserialize(value)?,
            "data_base64" => _ = Option::<NoBase64>::deserialize(value)?,
            "data" if self.has_data => return Err(D::Error::duplicate_field("data")),
            "data" => {
                self.has_data = true;
                Remaining(self.draft).deserialize(value)?;
            }
            "id" | "source" | "type" | "subject" | "time" => {
                if let Some(Text(value)) = Option::deserialize(value)? {
                    self.set(name, value)?;
                }
            }
            // An attribute that is null is one that is not set.
            _ => {
                if let Some(Scalar(value)) = Option::deserialize(value)? {
                    self.set(name, value)?;
                }
            }
        }
        Ok(())
    }

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

    /// The attributes that every CloudEvent has and this one has not.
    fn absent(&self) -> impl Iterator<Item = &'static str> {
        let required = [
            ("specversion", self.has_version),
            ("id", self.draft.id.is_some()),
            ("source", self.draft.source.is_some()),
            ("type", self.draft.category.is_some()),
        ];
        required
            .into_iter()
            .filter_map(|(name, present)| (!present).then_some(name))
    }

    fn has_two_times(&self) -> bool {
        self.time.is_some() && self.draft.timestamp.is_some()
    }

    /// Puts the attributes where an event has them, once all are there and nothing is said twice.
    fn finish<E: Error>(self) -> Result<Envelope<'a>, E> {
        if let Some(absent) = self.absent().next() {
            return Err(E::missing_field(absent));
        }
        if self.has_two_times() {
            return Err(E::custom(TWO_TIMES));
        }
        Ok(self.settle())
    }

    /// Puts the attributes where an event has them.
    fn settle(self) -> Envelope<'a> {
        let draft = self.draft;
        let envelope = Envelope {
            is_binary: false,
            user_is_subject: draft.user.is_none() && self.subject.is_some(),
            timestamp_is_time: self.time.is_some(),
            extensions: self.extensions.iter().map(|(name, _)| name.clone()).collect(),
        };
        draft.user = draft.user.take().or(self.subject);
        draft.timestamp = draft.timestamp.take().or(self.time);
        draft.dimensions.extend(self.extensions);
        envelope
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Attributes<'_, 'a> {
    type Value = Envelope<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Envelope<'a>, A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            map.next_value_seed(Attribute(&mut self, name))?;
        }
        self.finish()
    }
}

/// Reads the value of one attribute.
struct Attribute<'e, 'd, 'a>(&'e mut Attributes<'d, 'a>, Cow<'a, str>);

impl<'de: 'a, 'a> DeserializeSeed<'de> for Attribute<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        self.0.read(self.1, value)
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
    let read = Remaining(&mut draft).deserialize(Reader::new(data));
    let mut flaws = Vec::new();
    if read.is_err() {
        draft = Draft::default();
        flaws = item::read_apart(&mut draft, DATA_FIELDS, Reader::new(data));
    }
    let envelope = attributes(headers, &mut draft).map(|envelope| Envelope {
        is_binary: true,
        ..envelope
    });
    let readable = match envelope {
        Ok(envelope) if flaws.is_empty() => {
            batch.keep(draft, Some(envelope), 1);
            return Ok(());
        }
        Ok(envelope) => Some((draft, Some(envelope))),
        Err(flaw) => {
            flaws.push(flaw);
            None
        }
    };
    let id = headers.get("ce-id").and_then(|id| decoded(id.as_bytes()));
    batch.refuse(id, flaws, readable);
    Ok(())
}

fn attributes<'a>(headers: &HeaderMap, draft: &mut Draft<'a>) -> Result<Envelope<'a>, Flaw> {
    let mut event = Attributes {
        has_version: true,
        ..Attributes::of(draft)
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
