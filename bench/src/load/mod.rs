//! The load generator: raw HTTP/1.1 over tokio, in this process and on one thread.
//!
//! Closed loops measure how much a server takes; the open loop measures how long it takes, from the moment a request was
//! due, so that a server that stalls pays for every request that had to wait. Not a client for anything else: it knows
//! answers with a `content-length` alone.

mod connection;
mod open;

use connection::Connection;
pub(crate) use open::Latencies;

use crate::measure::Done;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// A server to put load on.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) path: String,
    /// Header lines, each with its line end.
    pub(crate) headers: String,
}

impl Target {
    /// What comes before a body of this length.
    fn head(&self, body_bytes: usize) -> String {
        let Self { path, headers, .. } = self;
        format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n{headers}content-length: {body_bytes}\r\n\r\n"
        )
    }
}

/// Something that makes one body after the other.
pub(crate) trait Bodies: Send + 'static {
    /// The next body.
    fn next(&mut self) -> &[u8];
}

impl Bodies for crate::traffic::Batches {
    fn next(&mut self) -> &[u8] {
        self.next()
    }
}

impl Bodies for crate::traffic::Singles {
    fn next(&mut self) -> &[u8] {
        self.next()
    }
}

impl Bodies for Arc<[u8]> {
    fn next(&mut self) -> &[u8] {
        self
    }
}

/// Senders with their connections, kept from round to round.
#[derive(Debug)]
pub(crate) struct Senders<B> {
    runtime: tokio::runtime::Runtime,
    senders: Vec<Sender<B>>,
}

/// One connection and what goes over it.
#[derive(Debug)]
struct Sender<B> {
    connection: Connection,
    bodies: B,
}

impl<B: Bodies> Senders<B> {
    /// Connects one sender for each source of bodies.
    pub(crate) fn connect(target: &Target, bodies: impl IntoIterator<Item = B>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let connect = |bodies| {
            anyhow::Ok(Sender {
                connection: runtime.block_on(Connection::open(target))?,
                bodies,
            })
        };
        let senders = bodies.into_iter().map(connect).collect::<anyhow::Result<_>>()?;
        Ok(Self { runtime, senders })
    }

    /// Each sender sends its next request when the last is answered; counts the requests.
    pub(crate) fn closed_loop(&mut self, duration: Duration) -> anyhow::Result<Done> {
        let started = Instant::now();
        let until = started + duration;
        let answered = Arc::new(AtomicU64::new(0));
        let counter = answered.clone();
        self.run(move |mut sender| {
            let counter = counter.clone();
            async move {
                while Instant::now() < until {
                    sender
                        .connection
                        .exchange(sender.bodies.next())
                        .await?
                        .accepted()?;
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                Ok(sender)
            }
        })?;
        // The last requests are answered after the time is up; they count, and so does the time they took.
        Ok(Done {
            things: answered.load(Ordering::Relaxed) as f64,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Sends so many requests in all, as fast as they are answered.
    pub(crate) fn send(&mut self, requests: u64) -> anyhow::Result<()> {
        let sent = Arc::new(AtomicU64::new(0));
        self.run(move |mut sender| {
            let sent = sent.clone();
            async move {
                while sent.fetch_add(1, Ordering::Relaxed) < requests {
                    sender
                        .connection
                        .exchange(sender.bodies.next())
                        .await?
                        .accepted()?;
                }
                Ok(sender)
            }
        })
    }

    /// Sends so many requests a second, spread over the connections, whether or not earlier ones are answered.
    pub(crate) fn open_loop(&mut self, rate: f64, duration: Duration) -> anyhow::Result<Latencies> {
        let count = self.senders.len();
        let schedule = open::Schedule::new(rate, duration, count);
        let latencies = Arc::new(std::sync::Mutex::new(Latencies::default()));
        let collected = latencies.clone();
        let mut number = 0;
        self.run(move |mut sender| {
            let (collected, schedule, first) = (collected.clone(), schedule, number);
            number += 1;
            async move {
                for due in schedule.of(first) {
                    tokio::time::sleep_until(due.into()).await;
                    sender
                        .connection
                        .exchange(sender.bodies.next())
                        .await?
                        .accepted()?;
                    let mut latencies = collected
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    latencies.add(due.elapsed());
                }
                Ok(sender)
            }
        })?;
        let taken = std::mem::take(
            &mut *latencies
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        Ok(taken)
    }

    /// Runs one task for each sender, all at once, and takes the senders back.
    fn run<F: Future<Output = anyhow::Result<Sender<B>>> + Send + 'static>(
        &mut self,
        mut task: impl FnMut(Sender<B>) -> F,
    ) -> anyhow::Result<()> {
        let senders = std::mem::take(&mut self.senders);
        self.runtime.block_on(async {
            let mut tasks: JoinSet<F::Output> = senders.into_iter().map(&mut task).collect();
            while let Some(ended) = tasks.join_next().await {
                self.senders.push(ended??);
            }
            Ok(())
        })
    }
}
