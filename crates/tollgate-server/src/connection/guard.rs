//! Cuts a client that takes nothing of its answer: it would hold a connection and the answer's memory for ever. And
//! hears a client out that got its answer before it had sent all: closing on it would destroy the answer on its way.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A stream whose writes fail once the other side has taken nothing for a while.
#[derive(Debug)]
pub(crate) struct StallGuard<S> {
    stream: S,
    patience: Duration,
    /// Runs while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Once our side is closed: how many more bytes are heard out, and until when.
    lingering: Option<(usize, Pin<Box<Sleep>>)>,
}

/// Most bytes that are read and dropped after the last answer: a few times the largest body.
const LINGER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest that they are waited for.
const LINGER: Duration = Duration::from_secs(3);

impl<S> StallGuard<S> {
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self {
            stream,
            patience,
            stalled: None,
            lingering: None,
        }
    }

    fn watch<T>(&mut self, written: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let until = Instant::now() + self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client takes nothing",
            ))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> StallGuard<S> {
    /// Reads and drops what the client still sends, until it closes too.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let fresh = || (LINGER_BYTES_MAX, Box::pin(tokio::time::sleep(LINGER)));
        let (left, patience) = self.lingering.get_or_insert_with(fresh);
        let mut dropped = [0; 8192];
        while *left > 0 && patience.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut dropped);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    *left = left.saturating_sub(buffer.filled().len());
                }
                Poll::Ready(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StallGuard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for StallGuard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let closed = Pin::new(&mut self.stream).poll_shutdown(cx);
            match self.watch(closed, cx) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
        }
        self.linger(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_cut_and_one_that_takes_a_little_is_not() {
        let (near, mut far) = tokio::io::duplex(4);
        let mut guarded = StallGuard::new(near, Duration::from_secs(30));
        let began = Instant::now();
        guarded.write_all(b"1234").await.unwrap();
        let mut taken = [0; 2];
        let (written, read) = tokio::join!(guarded.write_all(b"56"), far.read_exact(&mut taken));
        written.and(read.map(drop)).unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        let error = guarded.write_all(b"7").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_still_sends_is_heard_out_after_the_last_answer() {
        let (near, mut far) = tokio::io::duplex(4);
        let mut guarded = StallGuard::new(near, Duration::from_secs(30));
        guarded.write_all(b"413").await.unwrap();
        let client = async {
            far.write_all(&[7; 100]).await.unwrap();
            let mut answer = Vec::new();
            far.read_to_end(&mut answer).await.unwrap();
            far.shutdown().await.unwrap();
            answer
        };
        let (closed, answer) = tokio::join!(guarded.shutdown(), client);
        closed.unwrap();
        assert_eq!(answer, b"413");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_closes_is_not_waited_for_long() {
        let (near, _far) = tokio::io::duplex(4);
        let began = Instant::now();
        StallGuard::new(near, Duration::from_secs(30))
            .shutdown()
            .await
            .unwrap();
        assert_eq!(began.elapsed(), LINGER);
    }
}
