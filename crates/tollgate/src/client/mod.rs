//! One HTTP client for every command: keep-alive, timeouts, and problems turned into errors people can act on.
//!
//! Not here: retries. Only a delivery may be repeated blindly, and [`crate::delivery`] does that.

mod problem;

pub(crate) use problem::Problem;

use crate::failure::{Exit, Failure};
use crate::locate::Target;
use anyhow::Context;
use reqwest::blocking::{RequestBuilder, Response};
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, ETAG, HeaderMap, HeaderName, IF_MATCH, RETRY_AFTER,
};
use reqwest::{Method, Url};
use std::time::Duration;

/// How long connecting may take, whatever the answer is given.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const JSON: &str = "application/json";
const USER_AGENT: &str = concat!("tollgate/", env!("CARGO_PKG_VERSION"));

/// A connection to one server.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::blocking::Client,
    root: Url,
    target: Target,
}

/// An answer whose status may be anything.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    headers: HeaderMap,
}

impl Answer {
    /// The version of what was answered, for a later `If-Match`.
    pub(crate) fn etag(&self) -> Option<String> {
        self.header(ETAG)
    }

    /// The server's clock, as it stands in the answer.
    pub(crate) fn date(&self) -> Option<String> {
        self.header(DATE)
    }

    /// How long the server asks to wait before the next try.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.header(RETRY_AFTER)?
            .trim()
            .parse()
            .ok()
            .map(Duration::from_secs)
    }

    /// Whether the status is a success.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn header(&self, name: HeaderName) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }
}

/// What a request asks for: a path as segments, and a query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Path {
    segments: Vec<String>,
    query: Vec<(String, String)>,
}

impl Path {
    /// The path of these segments, each encoded as it must be.
    pub(crate) fn of<'a>(segments: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            segments: segments.into_iter().map(str::to_owned).collect(),
            query: Vec::new(),
        }
    }

    /// Adds a query parameter if it has a value.
    pub(crate) fn with(mut self, name: &str, value: Option<impl ToString>) -> Self {
        self.query
            .extend(value.map(|value| (name.to_owned(), value.to_string())));
        self
    }
}

impl Client {
    /// Makes a client for a server; nothing is sent yet.
    pub(crate) fn new(target: Target, timeout: Duration) -> anyhow::Result<Self> {
        // A second installation finds the first one in place, which is the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let root = Url::parse(&target.url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"));
        let root = root.ok_or_else(|| {
            Failure::usage(format!("`{}` is no address of a server", target.url))
                .with_hint("write it as http://127.0.0.1:8787 or https://tollgate.example.com")
        })?;
        let http = reqwest::blocking::Client::builder()
            .user_agent(USER_AGENT)
            .timeout(timeout)
            .connect_timeout(CONNECT_TIMEOUT)
            // A redirect could carry the key to another server.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("the HTTP client cannot start")?;
        Ok(Self { http, root, target })
    }

    /// Reads something.
    pub(crate) fn get(&self, path: &Path) -> anyhow::Result<Answer> {
        self.checked(self.request(Method::GET, path))
    }

    /// Sends a JSON body.
    pub(crate) fn post(&self, path: &Path, body: String) -> anyhow::Result<Answer> {
        self.checked(
            self.request(Method::POST, path)
                .header(CONTENT_TYPE, JSON)
                .body(body),
        )
    }

    /// Replaces something, if it is still the version that was read.
    pub(crate) fn put(&self, path: &Path, body: String, etag: Option<&str>) -> anyhow::Result<Answer> {
        let request = self
            .request(Method::PUT, path)
            .header(CONTENT_TYPE, JSON)
            .body(body);
        self.checked(if_match(request, etag))
    }

    /// Deletes something, if it is still the version that was read.
    pub(crate) fn delete(&self, path: &Path, etag: Option<&str>) -> anyhow::Result<Answer> {
        self.checked(if_match(self.request(Method::DELETE, path), etag))
    }

    /// Sends a JSON body and answers whatever comes back; an error means that nothing did.
    pub(crate) fn try_post(&self, path: &Path, body: String) -> reqwest::Result<Answer> {
        receive(
            self.request(Method::POST, path)
                .header(CONTENT_TYPE, JSON)
                .body(body)
                .send()?,
        )
    }

    /// Reads something and answers whatever comes back; an error means that nothing did.
    pub(crate) fn try_get(&self, path: &Path) -> reqwest::Result<Answer> {
        receive(self.request(Method::GET, path).send()?)
    }

    /// The error for an answer that is no success.
    pub(crate) fn refusal(&self, answer: &Answer) -> Failure {
        Problem::parse(answer).into_failure(&self.target)
    }

    /// The error for no answer at all.
    pub(crate) fn silence(&self, error: &reqwest::Error) -> Failure {
        if error.is_timeout() && !error.is_connect() {
            return Failure::new(
                Exit::Unavailable,
                format!("{} did not answer in time", self.target.url),
            )
            .with_hint("`client.request_timeout_ms` says how long to wait");
        }
        self.target.unreachable(&innermost(error))
    }

    fn request(&self, method: Method, path: &Path) -> RequestBuilder {
        let mut url = self.root.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&path.segments);
        }
        if !path.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&path.query);
        }
        let request = self.http.request(method, url);
        match &self.target.key {
            Some(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
            None => request,
        }
    }

    fn checked(&self, request: RequestBuilder) -> anyhow::Result<Answer> {
        let answer = request
            .send()
            .and_then(receive)
            .map_err(|error| self.silence(&error))?;
        if answer.is_success() {
            Ok(answer)
        } else {
            Err(self.refusal(&answer).into())
        }
    }
}

fn if_match(request: RequestBuilder, etag: Option<&str>) -> RequestBuilder {
    match etag {
        Some(etag) => request.header(IF_MATCH, etag),
        None => request,
    }
}

fn receive(response: Response) -> reqwest::Result<Answer> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer {
        status,
        headers,
        body: response.text()?,
    })
}

/// The last cause, which is the one that says something: the ones before only wrap it.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
