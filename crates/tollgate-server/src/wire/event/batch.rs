//! From a body to drafts: the items that can be read, and what is wrong with those that cannot.
//!
//! The good path parses a body in one pass straight into drafts. Only when that fails is the body cut into items, so that
//! each bad one is refused with a pointer and the others are still recorded. A body is refused as a whole when it is
//! no JSON, or nests too deeply.

use super::cloud::{CloudEvent, Envelope};
use super::item::EventItem;
use super::{Form, cloud};
use crate::json::{self, NESTING_MAX, Object, depth};
use crate::problem::{Code, Problem};
use axum::http::HeaderMap;
use serde::de::{DeserializeSeed, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;
use tollgate_core::event::Draft;
use tollgate_core::flaw::{Flaw, FlawCode};

/// Bytes of a refused item's id that are shown back.
const SHOWN_ID_BYTES_MAX: usize = 256;

/// What a body held, in order.
#[derive(Debug, Default)]
pub(crate) struct Batch<'a> {
    /// The items that could be read.
    pub(crate) drafts: Vec<Draft<'a>>,
    /// What stood around and between them.
    pub(crate) origin: Origin<'a>,
}

/// Where the drafts of a batch came from: what an answer needs to speak of the body rather than of drafts.
#[derive(Debug, Default)]
pub(crate) struct Origin<'a> {
    /// Where the fields of each draft stood, when that is not where an event has them.
    pub(super) envelopes: Vec<Envelope<'a>>,
    /// The items that could not be read, by rising index.
    pub(super) refused: Vec<Refused>,
}

/// An item that is no event.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Its place in the body.
    pub(super) index: usize,
    /// Its id, where that much can be read.
    pub(super) id: Option<String>,
    /// What is wrong with it.
    pub(super) flaws: Vec<Flaw>,
}

/// A way of writing an event.
pub(super) trait Item<'a>: Deserialize<'a> {
    /// Levels of nesting around an item's metadata, in the item.
    const LEVELS: usize;

    /// The draft, and where its fields stood when that is not where an event has them.
    fn split(self) -> (Draft<'a>, Option<Envelope<'a>>);
}

impl<'a> Item<'a> for Object<EventItem<'a>> {
    const LEVELS: usize = 1;

    fn split(self) -> (Draft<'a>, Option<Envelope<'a>>) {
        (self.0.into_draft(), None)
    }
}

impl<'a> Item<'a> for CloudEvent<'a> {
    const LEVELS: usize = 2;

    fn split(self) -> (Draft<'a>, Option<Envelope<'a>>) {
        let (draft, envelope) = self.into_draft();
        (draft, Some(envelope))
    }
}

impl<'a> Batch<'a> {
    /// Reads a body of at most `events_max` events.
    pub(crate) fn parse(
        form: Form,
        headers: &HeaderMap,
        text: &'a str,
        events_max: usize,
    ) -> Result<Self, Problem> {
        let first = text.trim_ascii_start().as_bytes().first();
        match (form, first) {
            (Form::Lines, _) => Self::lines(text, events_max),
            (Form::CloudBinary, _) => cloud::binary(headers, text),
            (_, None) => Err(Problem::new(
                Code::InvalidJson,
                "the body is empty; send an event",
            )),
            (Form::Json, Some(b'[')) => Self::array::<Object<EventItem<'a>>>(text, events_max),
            (Form::Json, Some(b'{')) => Self::single::<Object<EventItem<'a>>>(text),
            (Form::Cloud, Some(b'{')) => Self::single::<CloudEvent<'a>>(text),
            (Form::CloudBatch, Some(b'[')) => Self::array::<CloudEvent<'a>>(text, events_max),
            (form, _) => Err(unfit(form, text)),
        }
    }

    /// How many events the body held.
    pub(crate) fn len(&self) -> usize {
        self.drafts.len() + self.origin.refused.len()
    }

    fn single<T: Item<'a>>(text: &'a str) -> Result<Self, Problem> {
        let mut batch = Self::default();
        match serde_json::from_str::<T>(text) {
            Ok(item) => batch.push(item, 0)?,
            Err(_) => batch.push_or_refuse::<T>(json::well_formed(text)?)?,
        }
        Ok(batch)
    }

    fn array<T: Item<'a>>(text: &'a str, events_max: usize) -> Result<Self, Problem> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let mut batch = Self::default();
        let fill = Fill {
            batch: &mut batch,
            events_max,
            item: PhantomData::<T>,
        };
        match fill
            .deserialize(&mut parser)
            .and_then(|filled| parser.end().map(|()| filled))
        {
            Ok(filled) => filled.map(|()| batch),
            Err(_) => Self::array_with_refusals::<T>(text, events_max),
        }
    }

    /// The slow path: cuts the body into items first, so that a bad one takes no other with it.
    fn array_with_refusals<T: Item<'a>>(text: &'a str, events_max: usize) -> Result<Self, Problem> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let items = parser
            .deserialize_seq(Cut { events_max })
            .and_then(|items| parser.end().map(|()| items))
            .map_err(|error| json::malformed(&error))??;
        json::shallow(text)?;
        let mut batch = Self::default();
        for raw in items {
            batch.push_or_refuse::<T>(raw.get())?;
        }
        Ok(batch)
    }

    fn lines(text: &'a str, events_max: usize) -> Result<Self, Problem> {
        let mut batch = Self::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            if batch.len() == events_max {
                return Err(too_many(events_max));
            }
            match serde_json::from_str::<Object<EventItem<'a>>>(line) {
                Ok(item) => batch.push(item, 0)?,
                Err(error) => {
                    json::shallow(line)?;
                    match serde_json::from_str::<&RawValue>(line) {
                        Ok(raw) => batch.push_or_refuse::<Object<EventItem<'a>>>(raw.get())?,
                        Err(_) => {
                            let what = error.to_string();
                            let what = what.split(" at line ").next().unwrap_or_default();
                            let detail = format!(
                                "line {} column {} is not JSON: {what}",
                                number + 1,
                                error.column()
                            );
                            batch.refuse(None, vec![Flaw::at("", FlawCode::Json, detail)]);
                        }
                    }
                }
            }
        }
        Ok(batch)
    }

    fn push<T: Item<'a>>(&mut self, item: T, levels: usize) -> Result<(), Problem> {
        let (draft, envelope) = item.split();
        // Metadata is the only part of an item whose depth its type does not bound.
        if let Some(metadata) = &draft.metadata
            && depth(metadata) + T::LEVELS + levels > NESTING_MAX
        {
            return Err(json::too_deep());
        }
        self.drafts.push(draft);
        self.origin.envelopes.extend(envelope);
        Ok(())
    }

    fn push_or_refuse<T: Item<'a>>(&mut self, well_formed: &'a str) -> Result<(), Problem> {
        if let Ok(item) = serde_json::from_str::<T>(well_formed) {
            return self.push(item, 0);
        }
        match json::read::<T>(well_formed) {
            Ok(item) => self.push(item, 0)?,
            Err(flaw) => self.refuse(shown_id(well_formed), vec![flaw]),
        }
        Ok(())
    }

    pub(super) fn refuse(&mut self, id: Option<String>, flaws: Vec<Flaw>) {
        let index = self.len();
        self.origin.refused.push(Refused { index, id, flaws });
    }
}

/// Fills a batch from an array in one pass.
struct Fill<'b, 'a, T> {
    batch: &'b mut Batch<'a>,
    events_max: usize,
    item: PhantomData<T>,
}

impl<'a, T: Item<'a>> DeserializeSeed<'a> for Fill<'_, 'a, T> {
    type Value = Result<(), Problem>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'a, T: Item<'a>> Visitor<'a> for Fill<'_, 'a, T> {
    type Value = Result<(), Problem>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut result = Ok(());
        while result.is_ok() && self.batch.drafts.len() < self.events_max {
            match items.next_element::<T>()? {
                Some(item) => result = self.batch.push(item, 1),
                None => return Ok(result),
            }
        }
        let rest = count_rest(&mut items)?;
        Ok(result.and(if rest == 0 {
            Ok(())
        } else {
            Err(too_many(self.events_max))
        }))
    }
}

/// Cuts an array into the texts of its items.
struct Cut {
    events_max: usize,
}

impl<'a> Visitor<'a> for Cut {
    type Value = Result<Vec<&'a RawValue>, Problem>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while texts.len() < self.events_max {
            match items.next_element()? {
                Some(item) => texts.push(item),
                None => return Ok(Ok(texts)),
            }
        }
        let rest = count_rest(&mut items)?;
        Ok(if rest == 0 {
            Ok(texts)
        } else {
            Err(too_many(self.events_max))
        })
    }
}

/// Reads what is left of an array without keeping it: a parser must reach the end to find the end right.
fn count_rest<'a, A: SeqAccess<'a>>(items: &mut A) -> Result<usize, A::Error> {
    let mut count = 0;
    while items.next_element::<IgnoredAny>()?.is_some() {
        count += 1;
    }
    Ok(count)
}

fn too_many(events_max: usize) -> Problem {
    Problem::new(
        Code::TooManyEvents,
        format!("a request has at most {events_max} events; send several requests"),
    )
}

fn unfit(form: Form, text: &str) -> Problem {
    if let Err(problem) = json::well_formed(text) {
        return problem;
    }
    let wanted = match form {
        Form::Cloud => {
            "one CloudEvent, which is an object; an array has content-type application/cloudevents-batch+json"
        }
        Form::CloudBatch => {
            "an array of CloudEvents; a single one has content-type application/cloudevents+json"
        }
        _ => "an event, which is an object, or an array of events",
    };
    Problem::new(Code::InvalidBody, format!("send {wanted}"))
}

fn shown_id(well_formed: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        id: Option<String>,
    }

    let named: Named = serde_json::from_str(well_formed).ok()?;
    named.id.filter(|id| id.len() <= SHOWN_ID_BYTES_MAX)
}
