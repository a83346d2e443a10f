//! Request bodies: received whole, within bounds of size, time and memory, and decompressed.
//!
//! Not here: what the bytes mean. A body is only read once the caller is known to be allowed to send it.

mod encoding;
mod memory;

pub(crate) use memory::{Memory, Share};

use crate::options::BodyOptions;
use crate::problem::{Code, Problem};
use crate::router::App;
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use bytes::{Bytes, BytesMut};
use encoding::Encoding;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Most bytes set aside for a body because it says that it will have them; more comes as they arrive.
const AHEAD_BYTES_MAX: usize = 1 << 20;
/// Compressed bytes from which decompression would hold up other requests on the same thread.
const INLINE_BYTES_MAX: usize = 32 * 1024;

/// A whole body, decompressed. What it takes is counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) bytes: Bytes,
    _share: Share,
}

impl FromRequest<Arc<App>> for Payload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let encoding = Encoding::of(&parts.headers)?;
        let mut share = app.memory.share();
        let bytes = receive(&parts.headers, body, &app.options.body, &mut share).await?;
        let (bytes, share) = match encoding {
            Encoding::Identity => (bytes, share),
            compressed => decompress(compressed, bytes, share, app.options.body).await?,
        };
        Ok(Self { bytes, _share: share })
    }
}

async fn receive(
    headers: &HeaderMap,
    mut body: Body,
    options: &BodyOptions,
    share: &mut Share,
) -> Result<Bytes, Problem> {
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let bytes_max = options.bytes_max;
    if declared.is_some_and(|length| length > u64::try_from(bytes_max).unwrap_or(u64::MAX)) {
        return Err(too_large(bytes_max));
    }
    let pace = Pace {
        start: Instant::now(),
        options,
    };
    let mut whole = BytesMut::new();
    loop {
        let frame = timeout_at(pace.deadline(whole.len()), body.frame())
            .await
            .map_err(|_| pace.too_slow())?;
        let Some(frame) = frame else { break };
        let Ok(chunk) = frame.map_err(broken_off)?.into_data() else {
            continue;
        };
        if whole.len() + chunk.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        share.grow(chunk.len())?;
        // Most bodies come as one chunk, which needs no copy.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(chunk);
        }
        if whole.is_empty() {
            let ahead = declared
                .and_then(|length| usize::try_from(length).ok())
                .unwrap_or(0);
            whole.reserve(ahead.min(AHEAD_BYTES_MAX));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

async fn decompress(
    encoding: Encoding,
    bytes: Bytes,
    mut share: Share,
    options: BodyOptions,
) -> Result<(Bytes, Share), Problem> {
    if bytes.len() <= INLINE_BYTES_MAX {
        return Ok((encoding.decompress(&bytes, &mut share, &options)?, share));
    }
    let work = move || Ok((encoding.decompress(&bytes, &mut share, &options)?, share));
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(Problem::new(Code::Internal, "decompression broke off")))
}

/// How long a body may take: some seconds for any, more as bytes arrive, and an end for all.
struct Pace<'a> {
    start: Instant,
    options: &'a BodyOptions,
}

impl Pace<'_> {
    fn deadline(&self, received: usize) -> Instant {
        let seconds = received
            .checked_div(self.options.bytes_per_second_min)
            .unwrap_or(0);
        let earned = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
        self.start
            + self
                .options
                .timeout
                .min(self.options.grace.saturating_add(earned))
    }

    fn too_slow(&self) -> Problem {
        let rate = self.options.bytes_per_second_min;
        let detail = format!(
            "send at least {rate} bytes a second, and the whole body within {} s",
            self.options.timeout.as_secs()
        );
        Problem::new(Code::RequestTimeout, detail)
    }
}

fn broken_off(error: axum::Error) -> Problem {
    Problem::new(Code::InvalidJson, format!("the body broke off: {error}"))
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(
        Code::BodyTooLarge,
        format!("a body has at most {bytes_max} bytes, decompressed; send several"),
    )
}
