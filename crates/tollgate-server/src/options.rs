//! What the server may be told: addresses, bounds and times, each with its default and reason.

use std::net::SocketAddr;
use std::time::Duration;

/// How the server listens and what it puts up with.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where it listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Most connections at once; further ones wait. Each takes some 20 KB when idle.
    pub connections_max: usize,
    /// From when a connection may send a request until its head is complete: cuts slow senders and idle connections alike.
    pub head_timeout: Duration,
    /// How long a client may take none of an answer before it is cut.
    pub stall_timeout: Duration,
    /// How long requests in flight may go on once the server is told to stop.
    pub drain_timeout: Duration,
    /// Most events in one request.
    pub events_max: usize,
    /// Bounds on bodies.
    pub body: BodyOptions,
}

/// Bounds on the bodies of requests.
#[derive(Clone, Copy, Debug)]
pub struct BodyOptions {
    /// Most bytes in one body, decompressed.
    pub bytes_max: usize,
    /// Most times a body may grow when decompressed, beyond the first 4 MiB. With `zstd -19`, batches of events that differ in their
    /// ids alone grow 200 to 1,100 times, and 3,400 times where each has the same 16 KB of one letter; a bomb grows 30,000 times.
    /// With gzip nothing grows more than 1,032 times, so that only the size bounds it.
    pub ratio_max: usize,
    /// Time for the first bytes of a body.
    pub grace: Duration,
    /// Bytes a second that a body must arrive at once the grace is over.
    pub bytes_per_second_min: usize,
    /// Time for a whole body, however large.
    pub timeout: Duration,
    /// Most bytes of all bodies at once; a request that would pass it is answered 503.
    pub memory_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8787)),
            connections_max: 16_384,
            head_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(10),
            events_max: 10_000,
            body: BodyOptions::default(),
        }
    }
}

impl Default for BodyOptions {
    fn default() -> Self {
        Self {
            bytes_max: 16 << 20,
            ratio_max: 5_000,
            grace: Duration::from_secs(10),
            bytes_per_second_min: 16 * 1024,
            timeout: Duration::from_secs(60),
            memory_bytes_max: 256 << 20,
        }
    }
}
