//! From a body to drafts: the items that can be read, and what is wrong with those that cannot.
//!
//! The good path parses a body in one pass straight into drafts. Only when that fails is the body cut into items, so that
//! each bad one is refused with a pointer and the others are still recorded. A body is refused as a whole when it is
//! no JSON, or nests too deeply.

use super::cloud::{CloudEvent, Envelope};
use super::item::{self, FIELDS, Fields};
use super::origin::{Origin, Readable, Refused};
use super::{Form, cloud};
use crate::json::{self, NESTING_MAX, Reader, depth};
use crate::problem::{Code, Problem};
use axum::http::HeaderMap;
use serde::de::{DeserializeSeed, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;
use tollgate_core::event::Draft;
use tollgate_core::flaw::{Flaw, FlawCode};

/// Bytes of a small event: what is set aside for drafts is at most a small multiple of the body.
const EVENT_BYTES_USUAL: usize = 160;
/// Bytes of a refused item's id that are shown back.
const SHOWN_ID_BYTES_MAX: usize = 256;

/// What a body held, in order.
#[derive(Debug, Default)]
pub(crate) struct Batch<'a> {
    /// The items that could be read.
    pub(crate) drafts: Vec<Draft<'a>>,
    /// What stood around and between them.
    pub(crate) origin: Origin<'a>,
    is_too_deep: bool,
}

/// A way of writing an event.
pub(super) trait Item {
    /// Levels of nesting around an item's metadata, in the item.
    const LEVELS: usize;

    /// Reads an item into a draft; says where its fields stood when that is not where an event has them.
    fn read<'a, D: Deserializer<'a>>(
        draft: &mut Draft<'a>,
        deserializer: D,
    ) -> Result<Option<Envelope<'a>>, D::Error>;

    /// Reads what can be read of an item, and says what is wrong with the rest.
    fn read_apart<'a>(draft: &mut Draft<'a>, item: Reader<'a, '_>) -> (Option<Envelope<'a>>, Vec<Flaw>);
}

/// Our own way.
struct Own;

impl Item for Own {
    const LEVELS: usize = 1;

    fn read<'a, D: Deserializer<'a>>(
        draft: &mut Draft<'a>,
        deserializer: D,
    ) -> Result<Option<Envelope<'a>>, D::Error> {
        let known = FIELDS;
        Fields { draft, known }.deserialize(deserializer).map(|()| None)
    }

    fn read_apart<'a>(draft: &mut Draft<'a>, item: Reader<'a, '_>) -> (Option<Envelope<'a>>, Vec<Flaw>) {
        (None, item::read_apart(draft, FIELDS, item))
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
        let mut batch = Self::default();
        match (form, text.trim_ascii_start().as_bytes().first()) {
            (Form::Lines, _) => batch.add_lines(text, events_max)?,
            (Form::CloudBinary, _) => cloud::read_binary(headers, text, &mut batch)?,
            (_, None) => {
                return Err(Problem::new(
                    Code::InvalidJson,
                    "the body is empty; send an event",
                ));
            }
            (Form::Json, Some(b'[')) => batch.add_array::<Own>(text, events_max)?,
            (Form::Json, Some(b'{')) => batch.add_single::<Own>(text)?,
            (Form::Cloud, Some(b'{')) => batch.add_single::<CloudEvent>(text)?,
            (Form::CloudBatch, Some(b'[')) => batch.add_array::<CloudEvent>(text, events_max)?,
            (form, _) => return Err(unfit(form, text)),
        }
        if batch.is_too_deep {
            Err(json::too_deep())
        } else {
            Ok(batch)
        }
    }

    /// Reads a body of exactly one event.
    pub(crate) fn parse_one(text: &'a str) -> Result<Self, Problem> {
        if text.trim_ascii_start().starts_with('[') {
            json::well_formed(text)?;
            return Err(Problem::new(
                Code::InvalidBody,
                "send one event, which is an object",
            ));
        }
        Self::parse(Form::Json, &HeaderMap::new(), text, 1)
    }

    /// How many events the body held.
    fn len(&self) -> usize {
        self.drafts.len() + self.origin.refused.len()
    }

    fn add_single<T: Item>(&mut self, text: &'a str) -> Result<(), Problem> {
        match self.add_text::<T>(text, 0) {
            Ok(()) => Ok(()),
            Err(_) => {
                self.add_or_refuse::<T>(json::well_formed(text)?, 0);
                Ok(())
            }
        }
    }

    fn add_array<T: Item>(&mut self, text: &'a str, events_max: usize) -> Result<(), Problem> {
        self.drafts
            .reserve(events_max.min(text.len() / EVENT_BYTES_USUAL));
        let mut parser = serde_json::Deserializer::from_str(text);
        let fill = Fill {
            batch: self,
            events_max,
            item: PhantomData::<T>,
        };
        match fill
            .deserialize(&mut parser)
            .and_then(|filled| parser.end().map(|()| filled))
        {
            Ok(filled) => filled,
            Err(_) => {
                *self = Self::default();
                self.add_array_with_refusals::<T>(text, events_max)
            }
        }
    }

    /// The slow path: cuts the body into items first, so that a bad one takes no other with it.
    fn add_array_with_refusals<T: Item>(&mut self, text: &'a str, events_max: usize) -> Result<(), Problem> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let items = parser
            .deserialize_seq(Cut { events_max })
            .and_then(|items| parser.end().map(|()| items))
            .map_err(|error| json::malformed(&error))??;
        json::shallow(text)?;
        for raw in items {
            self.add_or_refuse::<T>(raw.get(), 1);
        }
        Ok(())
    }

    fn add_lines(&mut self, text: &'a str, events_max: usize) -> Result<(), Problem> {
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            if self.len() == events_max {
                return Err(too_many(events_max));
            }
            let Err(error) = self.add_text::<Own>(line, 0) else {
                continue;
            };
            json::shallow(line)?;
            match serde_json::from_str::<&RawValue>(line) {
                Ok(raw) => self.add_or_refuse::<Own>(raw.get(), 0),
                Err(_) => {
                    let what = error.to_string();
                    let what = what.split(" at line ").next().unwrap_or_default();
                    let detail = format!(
                        "line {} column {} is not JSON: {what}",
                        number + 1,
                        error.column()
                    );
                    self.refuse(None, vec![Flaw::at("", FlawCode::Json, detail)], None);
                }
            }
        }
        Ok(())
    }

    /// Adds an item, or says why it is none; then nothing was added.
    fn add<T: Item, D: Deserializer<'a>>(&mut self, deserializer: D, levels: usize) -> Result<(), D::Error> {
        let mut draft = Draft::default();
        let envelope = T::read(&mut draft, deserializer)?;
        self.keep(draft, envelope, T::LEVELS + levels);
        Ok(())
    }

    pub(super) fn keep(&mut self, draft: Draft<'a>, envelope: Option<Envelope<'a>>, levels: usize) {
        // Metadata is the only part of an item whose depth its type does not bound.
        let deepest = draft
            .metadata
            .as_ref()
            .map_or(0, |metadata| depth(metadata) + levels);
        self.is_too_deep |= deepest > NESTING_MAX;
        self.drafts.push(draft);
        self.origin.envelopes.extend(envelope);
    }

    fn add_text<T: Item>(&mut self, text: &'a str, levels: usize) -> serde_json::Result<()> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let mut draft = Draft::default();
        // Checked before anything is added: something may follow the item.
        let envelope = T::read(&mut draft, &mut parser)?;
        parser.end()?;
        self.keep(draft, envelope, T::LEVELS + levels);
        Ok(())
    }

    fn add_or_refuse<T: Item>(&mut self, well_formed: &'a str, levels: usize) {
        if self.add_text::<T>(well_formed, levels).is_err()
            && let Err(refusal) = self.add::<T, _>(Reader::new(well_formed), levels)
        {
            let mut draft = Draft::default();
            let (envelope, mut flaws) = T::read_apart(&mut draft, Reader::new(well_formed));
            if flaws.is_empty() {
                flaws.push(refusal.into());
            }
            self.refuse(shown_id(well_formed), flaws, Some((draft, envelope)));
        }
    }

    pub(super) fn refuse(&mut self, id: Option<String>, flaws: Vec<Flaw>, readable: Option<Readable<'a>>) {
        let index = self.len();
        self.origin.refused.push(Refused {
            index,
            id,
            flaws,
            readable,
        });
    }
}

/// Fills a batch from an array in one pass.
struct Fill<'b, 'a, T> {
    batch: &'b mut Batch<'a>,
    events_max: usize,
    item: PhantomData<T>,
}

impl<'a, T: Item> DeserializeSeed<'a> for Fill<'_, 'a, T> {
    type Value = Result<(), Problem>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'a, T: Item> Visitor<'a> for Fill<'_, 'a, T> {
    type Value = Result<(), Problem>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while self.batch.drafts.len() < self.events_max {
            let add = Add {
                batch: &mut *self.batch,
                item: PhantomData::<T>,
            };
            if items.next_element_seed(add)?.is_none() {
                return Ok(Ok(()));
            }
        }
        let rest = count_rest(&mut items)?;
        Ok(if rest == 0 {
            Ok(())
        } else {
            Err(too_many(self.events_max))
        })
    }
}

/// Adds one item of an array to a batch.
struct Add<'b, 'a, T> {
    batch: &'b mut Batch<'a>,
    item: PhantomData<T>,
}

impl<'a, T: Item> DeserializeSeed<'a> for Add<'_, 'a, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        self.batch.add::<T, D>(deserializer, 1)
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
