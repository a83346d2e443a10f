//! Content encodings: gzip and zstd, bounded in size and in how much they may grow.

use super::Share;
use crate::options::BodyOptions;
use crate::problem::{Code, Problem};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use std::io::Read;

/// Bytes that may come out whatever went in: below this a bomb does no harm, and ten thousand events that are alike fit.
const ANY_RATIO_BYTES: usize = 4 << 20;
/// Largest window a zstd frame may ask for, as a power of two: 8 MiB, what RFC 8878 asks every decoder to support.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
const CHUNK_BYTES: usize = 64 * 1024;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut named = headers.get_all(CONTENT_ENCODING).iter();
        let (first, second) = (named.next(), named.next());
        let name = first
            .map_or("identity", |value| value.to_str().unwrap_or("?"))
            .trim()
            .to_ascii_lowercase();
        match name.as_str() {
            _ if second.is_some() => Err(unsupported()),
            "identity" | "" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(unsupported()),
        }
    }

    /// The bytes that went in before compression.
    pub(super) fn decompress(
        self,
        compressed: &[u8],
        share: &mut Share,
        options: &BodyOptions,
    ) -> Result<Bytes, Problem> {
        let bound = Bound {
            compressed: compressed.len(),
            options,
        };
        match self {
            Self::Identity => Ok(Bytes::copy_from_slice(compressed)),
            Self::Gzip => bound.read(MultiGzDecoder::new(compressed), share),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(compressed).map_err(damaged)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(damaged)?;
                bound.read(decoder, share)
            }
        }
    }
}

struct Bound<'a> {
    compressed: usize,
    options: &'a BodyOptions,
}

impl Bound<'_> {
    fn read(&self, mut decoder: impl Read, share: &mut Share) -> Result<Bytes, Problem> {
        let mut out = Vec::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let count = decoder.read(&mut chunk).map_err(damaged)?;
            if count == 0 {
                return Ok(out.into());
            }
            self.check(out.len() + count)?;
            share.grow(count)?;
            out.extend_from_slice(chunk.get(..count).unwrap_or_default());
        }
    }

    fn check(&self, bytes: usize) -> Result<(), Problem> {
        let ratio_max = self.options.ratio_max;
        if bytes > ANY_RATIO_BYTES && bytes > self.compressed.saturating_mul(ratio_max) {
            let detail = format!(
                "a body may grow {ratio_max} times when decompressed; send fewer events, or less compressed"
            );
            return Err(Problem::new(Code::BodyRatio, detail));
        }
        if bytes > self.options.bytes_max {
            return Err(super::too_large(self.options.bytes_max));
        }
        Ok(())
    }
}

fn damaged(error: std::io::Error) -> Problem {
    Problem::new(
        Code::InvalidEncoding,
        format!("the body is not what content-encoding says: {error}"),
    )
}

fn unsupported() -> Problem {
    Problem::new(
        Code::UnsupportedEncoding,
        "send the body as it is, or with content-encoding gzip or zstd",
    )
}
