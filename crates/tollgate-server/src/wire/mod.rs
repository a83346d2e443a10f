//! Wire types: what stands in bodies, as JSON has it, with its schema. Not here: what it means.

pub(crate) mod category;
pub(crate) mod event;
pub(crate) mod key;
pub(crate) mod limit;
pub(crate) mod list;
pub(crate) mod organization;
pub(crate) mod price;
mod printed;
pub(crate) mod problem;
pub(crate) mod query;
pub(crate) mod recorded;
pub(crate) mod verification;

use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A decimal number in the API document; values stay the text that was sent.
#[derive(Debug)]
pub(crate) enum Decimal {}

impl PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Number]))
            .description(Some(
                "A decimal: a string of digits, or on input a number that can be read exactly.",
            ))
            .pattern(Some(r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"))
            .examples(["0.00234"])
            .into()
    }
}

impl ToSchema for Decimal {}
