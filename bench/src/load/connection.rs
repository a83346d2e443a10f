//! One connection of the load generator.

use super::Target;
use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Room for the head of an answer and a short body.
const READ_BYTES: usize = 64 * 1024;

/// A connection on which one request is answered after the other.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    target: Target,
    sent: Vec<u8>,
    received: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer<'c> {
    pub(crate) status: u16,
    pub(crate) body: &'c [u8],
}

impl Answer<'_> {
    /// Refuses to go on when the server did not do what was asked: a bench of errors measures nothing.
    pub(crate) fn accepted(&self) -> anyhow::Result<()> {
        if self.status != 200 {
            let start = &self.body[..self.body.len().min(500)];
            bail!(
                "the server answered {}: {}",
                self.status,
                String::from_utf8_lossy(start)
            );
        }
        Ok(())
    }
}

impl Connection {
    pub(crate) async fn open(target: &Target) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(target.address)
            .await
            .context("the server does not accept")?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            target: target.clone(),
            sent: Vec::new(),
            received: vec![0; READ_BYTES],
        })
    }

    /// Sends a request with this body and reads the answer.
    pub(crate) async fn exchange(&mut self, body: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.sent.clear();
        self.sent
            .extend_from_slice(self.target.head(body.len()).as_bytes());
        self.sent.extend_from_slice(body);
        self.stream.write_all(&self.sent).await?;
        let mut filled = 0;
        let (status, start, length) = loop {
            filled += self.read(filled).await?;
            if let Some(head) = head(&self.received[..filled])? {
                break head;
            }
        };
        if self.received.len() < start + length {
            self.received.resize(start + length, 0);
        }
        while filled < start + length {
            filled += self.read(filled).await?;
        }
        Ok(Answer {
            status,
            body: &self.received[start..start + length],
        })
    }

    async fn read(&mut self, filled: usize) -> anyhow::Result<usize> {
        let count = self.stream.read(&mut self.received[filled..]).await?;
        if count == 0 {
            bail!("the server closed the connection");
        }
        Ok(count)
    }
}

/// The status of an answer, where its body begins and how long it is, once its head is complete.
fn head(received: &[u8]) -> anyhow::Result<Option<(u16, usize, usize)>> {
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&received[..end])?;
    let status = text.get(9..12).context("the answer has no status")?.parse()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse())
    });
    Ok(Some((
        status,
        end + 4,
        length.context("the answer does not say how long it is")??,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_status_start_and_length() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(head(text).unwrap(), Some((200, 38, 2)));
        assert_eq!(head(&text[..20]).unwrap(), None);
    }
}
