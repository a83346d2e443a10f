//! CloudEvents 1.0: structured (and batch), and binary with its attributes in headers.
//!
//! `type` is the category, `subject` the user unless the data names one, `time` the timestamp, `data` the remaining fields of an
//! event; every other attribute is a dimension.

use super::batch::Batch;
use super::item::{Amounts, EventItem, Pairs, Values};
use crate::json::{self, Number, Object, Scalar, Text};
use crate::problem::Problem;
use axum::http::HeaderMap;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use tollgate_core::event::Draft;
use tollgate_core::flaw::{Flaw, FlawCode, pointer};
use utoipa::ToSchema;

/// The version of the specification that is spoken.
const SPEC_VERSION: &str = "1.0";
const HEADER_PREFIX: &str = "ce-";

/// A CloudEvent in structured form.
#[derive(Debug, Default)]
pub(crate) struct CloudEvent<'a> {
    id: Option<Text<'a>>,
    source: Option<Text<'a>>,
    category: Option<Text<'a>>,
    subject: Option<Text<'a>>,
    time: Option<Text<'a>>,
    data: Option<Object<CloudFields<'a>>>,
    extensions: Pairs<'a>,
}

/// A CloudEvent 1.0 in structured form. Every further attribute (letters and digits) is a dimension.
#[derive(Debug, ToSchema)]
#[allow(
    dead_code,
    reason = "describes in the API document what CloudEvent reads; extension attributes have no fixed fields"
)]
#[schema(as = CloudEvent, example = json!({
    "specversion": "1.0", "id": "req-1", "source": "ide", "type": "ai.completion", "subject": "u1",
    "time": "2026-01-30T16:45:23Z", "provider": "openai", "model": "gpt-4o",
    "data": {"organization": "acme", "team": "core", "measures": {"input_tokens": 812, "output_tokens": 220}}
}))]
pub(crate) struct CloudBody {
    /// `1.0`.
    specversion: String,
    /// The caller's id.
    id: String,
    /// Where the event comes from.
    source: String,
    /// What was used: the name of a category.
    r#type: String,
    /// The user, unless the data names one.
    subject: Option<String>,
    /// When; now when absent.
    #[schema(format = DateTime)]
    time: Option<String>,
    /// A JSON media type.
    datacontenttype: Option<String>,
    /// Taken and not looked at.
    dataschema: Option<String>,
    /// The remaining fields of the event.
    data: Option<CloudFields<'static>>,
}

/// The fields of an event that have no attribute of their own.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CloudEventFields)]
pub(crate) struct CloudFields<'a> {
    /// Who pays.
    #[serde(borrow)]
    #[schema(value_type = Option<String>)]
    organization: Option<Text<'a>>,
    /// Which team used it.
    #[schema(value_type = Option<String>)]
    team: Option<Text<'a>>,
    /// For which project.
    #[schema(value_type = Option<String>)]
    project: Option<Text<'a>>,
    /// Which person or machine used it; the event's `subject` when absent.
    #[schema(value_type = Option<String>)]
    user: Option<Text<'a>>,
    /// When, for an event without `time`.
    #[schema(value_type = Option<String>, format = DateTime)]
    timestamp: Option<Text<'a>>,
    /// How much, by measure.
    #[schema(value_type = Option<std::collections::BTreeMap<String, crate::wire::Decimal>>)]
    measures: Option<Amounts<'a>>,
    /// Shorthand for the category's primary measure.
    #[schema(value_type = Option<crate::wire::Decimal>)]
    quantity: Option<Number<'a>>,
    /// Further keys with values, beside the event's extension attributes.
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    dimensions: Option<Values<'a>>,
    /// Any JSON up to 16 KiB.
    #[schema(value_type = Option<Object>)]
    metadata: Option<&'a RawValue>,
    /// The cost where the caller knows it better.
    #[schema(value_type = Option<crate::wire::Decimal>)]
    cost: Option<Number<'a>>,
}

/// Where the fields of a draft stood in its CloudEvent.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    is_binary: bool,
    user_is_subject: bool,
    timestamp_is_time: bool,
    extensions: SmallVec<[Cow<'a, str>; 4]>,
}

impl<'a> CloudEvent<'a> {
    pub(super) fn into_draft(self) -> (Draft<'a>, Envelope<'a>) {
        let data = self.data.map(|data| data.0).unwrap_or_default();
        let mut envelope = Envelope {
            is_binary: false,
            user_is_subject: data.user.is_none() && self.subject.is_some(),
            timestamp_is_time: self.time.is_some(),
            extensions: SmallVec::new(),
        };
        let mut dimensions = data.dimensions.map(|values| values.0).unwrap_or_default();
        for (name, value) in self.extensions {
            envelope.extensions.push(name.clone());
            dimensions.push((name, value));
        }
        let item = EventItem {
            id: self.id,
            source: self.source,
            category: self.category,
            organization: data.organization,
            team: data.team,
            project: data.project,
            user: data.user.or(self.subject),
            timestamp: self.time.or(data.timestamp),
            measures: data.measures,
            quantity: data.quantity,
            dimensions: Some(Values(dimensions)),
            metadata: data.metadata,
            cost: data.cost,
        };
        (item.into_draft(), envelope)
    }

    /// Sets the attribute of this name, or says that it is given twice.
    fn set<E: Error>(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) -> Result<(), E> {
        let attribute = match name.as_ref() {
            "id" => &mut self.id,
            "source" => &mut self.source,
            "type" => &mut self.category,
            "subject" => &mut self.subject,
            "time" => &mut self.time,
            _ => {
                self.extensions.push((name, value));
                return Ok(());
            }
        };
        match attribute.replace(Text(value)) {
            None => Ok(()),
            Some(_) => Err(E::duplicate_field("attribute")),
        }
    }

    /// Checks that what every CloudEvent has is there, and nothing is said twice.
    fn check<E: Error>(self, has_version: bool) -> Result<Self, E> {
        let required = [
            ("specversion", has_version),
            ("id", self.id.is_some()),
            ("source", self.source.is_some()),
            ("type", self.category.is_some()),
        ];
        if let Some((absent, _)) = required.into_iter().find(|(_, present)| !present) {
            return Err(E::missing_field(absent));
        }
        if self.time.is_some() && self.data.as_ref().is_some_and(|data| data.0.timestamp.is_some()) {
            return Err(E::custom("has a time and its data a timestamp; send one of them"));
        }
        Ok(self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for CloudEvent<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Attributes<'a>(PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for Attributes<'a> {
            type Value = CloudEvent<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CloudEvent<'a>, A::Error> {
                let mut event = CloudEvent::default();
                let mut has_version = false;
                while let Some(Text(name)) = map.next_key()? {
                    match name.as_ref() {
                        "specversion" => has_version = map.next_value::<SpecVersion>().map(|_| true)?,
                        "datacontenttype" => _ = map.next_value::<Option<JsonMedia>>()?,
                        "dataschema" => _ = map.next_value::<Option<Text<'_>>>()?,
                        "data_base64" => _ = map.next_value::<Option<NoBase64>>()?,
                        "data" if event.data.is_some() => return Err(A::Error::duplicate_field("data")),
                        "data" => event.data = map.next_value()?,
                        "id" | "source" | "type" | "subject" | "time" => {
                            if let Some(Text(value)) = map.next_value()? {
                                event.set(name, value)?;
                            }
                        }
                        // An attribute that is null is one that is not set.
                        _ => {
                            if let Some(Scalar(value)) = map.next_value()? {
                                event.set(name, value)?;
                            }
                        }
                    }
                }
                event.check(has_version)
            }
        }

        deserializer.deserialize_map(Attributes(PhantomData))
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
pub(super) fn binary<'a>(headers: &HeaderMap, text: &'a str) -> Result<Batch<'a>, Problem> {
    let mut batch = Batch::default();
    let id = headers.get("ce-id").and_then(|id| decoded(id.as_bytes()));
    let data = if text.trim_ascii().is_empty() {
        None
    } else {
        let text = json::well_formed(text)?;
        match json::read::<Option<Object<CloudFields<'a>>>>(text) {
            Ok(data) => data,
            Err(flaw) => {
                batch.refuse(id, vec![flaw]);
                return Ok(batch);
            }
        }
    };
    match attributes(headers, data) {
        Ok(event) => {
            let (draft, envelope) = event.into_draft();
            batch.drafts.push(draft);
            batch.origin.envelopes.push(Envelope {
                is_binary: true,
                ..envelope
            });
        }
        Err(flaw) => batch.refuse(id, vec![flaw]),
    }
    Ok(batch)
}

fn attributes<'a>(
    headers: &HeaderMap,
    data: Option<Object<CloudFields<'a>>>,
) -> Result<CloudEvent<'a>, Flaw> {
    let mut event = CloudEvent {
        data,
        ..CloudEvent::default()
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
        ("ce-id", &event.id),
        ("ce-source", &event.source),
        ("ce-type", &event.category),
    ];
    if let Some((absent, _)) = required.into_iter().find(|(_, value)| value.is_none()) {
        return Err(Flaw::at(absent, FlawCode::Missing, "is required of a CloudEvent"));
    }
    event
        .check(true)
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
