//! Events on the wire: the forms a body may have, and what is answered for each event.

mod answer;
mod batch;
mod body;
mod cloud;
mod form;
mod item;
mod origin;

pub(crate) use answer::{Answer, void_json};
pub(crate) use batch::Batch;
pub(crate) use body::{AnswerBody, CloudBody, CloudFields, EventBody, EventResult, EventsBody};
pub(crate) use form::{Form, require_json};
pub(super) use item::read_apart_with;
#[cfg(test)]
pub(crate) use item::{DATA_FIELDS, FIELDS};
pub(crate) use origin::add_elsewhere;
