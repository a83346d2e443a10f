//! Bare hyper servers: one that echoes, one that reads and parses.

use anyhow::Context as _;
use clap::ValueEnum;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use std::io::Write as _;
use tokio::net::TcpListener;

/// What an anchor server does with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Sends it back.
    Echo,
    /// Parses it as a batch of events into borrowed structs and answers their number.
    Parse,
}

/// Serves until the process is killed; prints its address as its first line.
pub(crate) fn serve(kind: Kind) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        std::io::stdout().flush()?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(async move {
                let answer = service_fn(move |request| answer(kind, request));
                let served =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                // A connection that ends badly shows in the load generator.
                let _ = served.await;
            });
        }
    })
}

async fn answer(kind: Kind, request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    let body = request.into_body().collect().await?.to_bytes();
    let answer = match kind {
        Kind::Echo => body,
        Kind::Parse => {
            let events: Vec<Event<'_>> = serde_json::from_slice(&body).context("no batch of events")?;
            let tokens: u64 = events.iter().map(Event::weight).sum();
            Bytes::from(format!("{{\"events\":{},\"weight\":{tokens}}}", events.len()))
        }
    };
    let mut response = Response::new(Full::new(answer));
    *response.status_mut() = StatusCode::OK;
    Ok(response)
}

/// An event as the benches send it, in borrowed text.
#[derive(Deserialize)]
struct Event<'b> {
    id: &'b str,
    category: &'b str,
    organization: &'b str,
    team: &'b str,
    user: &'b str,
    timestamp: &'b str,
    measures: Measures,
    #[serde(borrow)]
    dimensions: Dimensions<'b>,
}

#[derive(Deserialize)]
struct Measures {
    input_tokens: u64,
    output_tokens: u64,
}

#[derive(Deserialize)]
struct Dimensions<'b> {
    provider: &'b str,
    model: &'b str,
}

impl Event<'_> {
    /// A number that depends on every field, so that none is optimized away.
    fn weight(&self) -> u64 {
        let texts = [
            self.id,
            self.category,
            self.organization,
            self.team,
            self.user,
            self.timestamp,
        ];
        let named = [self.dimensions.provider, self.dimensions.model];
        let bytes: usize = texts.iter().chain(&named).map(|text| text.len()).sum();
        self.measures.input_tokens + self.measures.output_tokens + bytes as u64
    }
}
