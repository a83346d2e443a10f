//! A client that takes nothing for an answer but a whole one.

use serde_json::Value;
use std::io::{Error, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longer than any answer takes; a server that hangs fails the test.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server is, and the key to it.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    address: String,
    key: String,
}

impl Client {
    pub(crate) fn new(address: &str, key: &str) -> Self {
        Self {
            address: address.to_owned(),
            key: key.to_owned(),
        }
    }

    /// Makes one request on a connection of its own. An answer that breaks off is an error, like none at all.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Result<(u16, Value), Error> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let Self { address, key } = self;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let broken = || Error::new(ErrorKind::UnexpectedEof, format!("half an answer: {answer:?}"));
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let lengths = head.lines().filter_map(|line| line.split_once(": "));
        let length = lengths
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .find_map(|(_, length)| length.parse::<usize>().ok());
        if length != Some(body.len()) {
            return Err(broken());
        }
        Ok((status.ok_or_else(broken)?, serde_json::from_str(body)?))
    }
}
