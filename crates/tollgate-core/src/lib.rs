//! The domain of Tollgate: values and functions.
//!
//! Answers for what usage, money, time and prices *mean*. Deliberately not here: IO, async, clocks,
//! randomness and floating point; `now` is always an argument, ids are made elsewhere.
//!
//! Invariants: money and quantities are exact and never wrap (every operation is checked); a value
//! of a domain type is the proof that its input was valid; every window function tiles the time
//! line.
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::float_arithmetic,
        clippy::as_conversions,
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing
    )
)]

pub mod catalog;
pub mod category;
pub mod charge;
pub mod decimal;
pub mod decision;
pub mod dimension;
pub mod event;
pub mod flaw;
pub mod frame;
pub mod hold;
pub mod id;
pub mod limit;
pub mod money;
pub mod nearest;
pub mod period;
pub mod price;
pub mod quantity;
pub mod query;
pub mod rollup;
pub mod scope;
pub mod text;
pub mod time;
mod wide;
pub mod zone;
