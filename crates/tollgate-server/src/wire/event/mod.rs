//! Events on the wire: the forms a body may have, and what is answered for each event.

mod answer;
mod batch;
mod cloud;
mod form;
mod item;

pub(crate) use answer::{Answer, EventResult};
pub(crate) use batch::Batch;
pub(crate) use cloud::{CloudBody, CloudFields};
pub(crate) use form::{Form, require_json};
pub(crate) use item::EventItem;
