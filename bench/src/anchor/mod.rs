//! What the product is compared with: the least that could do the same job.
//!
//! HTTP anchors run in a process of their own, as the product does, with as many threads.

mod blob;
mod server;

pub(crate) use blob::Blobs;
pub(crate) use server::{Kind, serve};
