//! Connections: accepted, bounded, cut when slow, drained on the way out.
//!
//! An own loop, because `axum::serve` sets no timer and hyper's head timeout then never fires. Not here: what a request
//! means ([`crate::router`]), and the pace of bodies ([`crate::body`]).

mod guard;

use crate::options::Options;
use crate::router::Front;
use crate::tending::tend;
use guard::StallGuard;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Connections the kernel may hold that are not accepted yet: a burst of clients that all reconnect at once.
const BACKLOG: i32 = 4096;
/// Bytes of a request's head: room for long cookies and tokens, no more.
const HEAD_BYTES_MAX: usize = 32 * 1024;
const HEADERS_MAX: usize = 100;
/// How long to wait before accepting again when the process is out of descriptors: until some connection has ended.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    options: Options,
    front: Front,
}

impl Bound {
    pub(crate) fn new(options: Options, front: Front) -> io::Result<Self> {
        Ok(Self {
            listener: listen(options.listen)?,
            options,
            front,
        })
    }

    /// Where it listens, with the port that was found if it was to take any.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `shutdown` is done; then takes no more, lets requests in flight finish for a while, and returns. Tends
    /// the engine as long.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) {
        let Self {
            listener,
            options,
            front,
        } = self;
        let (stop_tending, stopped) = oneshot::channel();
        let mut tending = JoinSet::new();
        tending.spawn(tend(front.engine(), stopped));
        let slots = Arc::new(Semaphore::new(options.connections_max));
        let graceful = GracefulShutdown::new();
        let mut tasks = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = tasks.join_next() => continue,
                accepted = accept(&listener, &slots) => accepted,
            };
            match accepted {
                Ok((stream, slot)) => {
                    let connection = connection(stream, &options, front.clone());
                    let watched = graceful.watch(connection);
                    tasks.spawn(async move {
                        if let Err(error) = watched.await {
                            tracing::debug!(%error, "a connection broke off");
                        }
                        drop(slot);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        if timeout(options.drain_timeout, graceful.shutdown()).await.is_err() {
            tracing::warn!(
                connections = tasks.len(),
                "connections were cut, still busy after the time to drain"
            );
        }
        tasks.shutdown().await;
        drop(stop_tending);
        while tending.join_next().await.is_some() {}
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A server that restarts finds its port in TIME_WAIT otherwise.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let slot = slots.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, slot))
}

/// Speaks HTTP over a stream.
pub(crate) fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    options: &Options,
    front: Front,
) -> http1::Connection<TokioIo<StallGuard<S>>, Front> {
    let io = TokioIo::new(StallGuard::new(stream, options.stall_timeout));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .serve_connection(io, front)
}
