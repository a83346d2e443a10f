//! Query parameters and conditional headers: read strictly, so that a mistyped filter never widens an answer.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri};
use std::fmt;
use std::str::FromStr;
use tollgate_core::flaw::{Flaw, FlawCode};
use tollgate_core::nearest::nearest;
use tollgate_engine::store::Expected;

/// Most items on a page.
pub(crate) const LIMIT_MAX: usize = 1_000;
const LIMIT_DEFAULT: usize = 100;

/// The query parameters of a request that nobody has asked for yet.
#[derive(Debug)]
pub(crate) struct Parameters {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.uri)
    }
}

impl Parameters {
    fn of(uri: &Uri) -> Result<Self, Problem> {
        let Query(left) = Query::try_from_uri(uri).map_err(|error| {
            Problem::parameter(Flaw::at("?", FlawCode::Text, format!("cannot be read: {error}")))
        })?;
        Ok(Self {
            left,
            known: Vec::new(),
        })
    }

    /// Takes the parameter of this name.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        self.known.push(name);
        let mut taken = self
            .left
            .extract_if(.., |(key, _)| key == name)
            .map(|(_, value)| value);
        let (value, second) = (taken.next(), taken.next());
        match second {
            None => Ok(value),
            Some(_) => Err(wrong(name, FlawCode::Repeated, "is given twice")),
        }
    }

    /// Takes the parameter of this name as a value.
    pub(crate) fn parse<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, Problem> {
        let parsed = self
            .take(name)?
            .map(|text| text.parse().map_err(|error| wrong(name, FlawCode::Text, error)));
        parsed.transpose()
    }

    /// Takes a parameter that is true or false; absent is false.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, Problem> {
        match self.take(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(wrong(name, FlawCode::NotAllowed, "is true or false")),
        }
    }

    /// Takes every parameter that begins so, as pairs of the rest of its name and its value.
    pub(crate) fn take_all(&mut self, prefix: &'static str) -> Vec<(String, String)> {
        self.known.push(prefix);
        let taken = self.left.extract_if(.., |(key, _)| key.starts_with(prefix));
        taken
            .map(|(key, value)| (key.split_at(prefix.len()).1.to_owned(), value))
            .collect()
    }

    /// Takes `limit` and `cursor`.
    pub(crate) fn page(&mut self) -> Result<Page, Problem> {
        let limit = match self.take("limit")? {
            None => LIMIT_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=LIMIT_MAX).contains(limit))
                .ok_or_else(|| {
                    wrong(
                        "limit",
                        FlawCode::Range,
                        format!("is a whole number from 1 to {LIMIT_MAX}"),
                    )
                })?,
        };
        Ok(Page {
            limit,
            cursor: self.take("cursor")?,
        })
    }

    /// Refuses what nobody asked for.
    pub(crate) fn end(self) -> Result<(), Problem> {
        let Some((name, _)) = self.left.first() else {
            return Ok(());
        };
        let hint = match nearest(name, self.known.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None if self.known.is_empty() => "there are none here".to_owned(),
            None => format!("there are {}", self.known.join(", ")),
        };
        Err(wrong(name, FlawCode::Unknown, format!("is no parameter; {hint}")))
    }
}

/// The problem of a query parameter.
pub(crate) fn wrong(name: &str, code: FlawCode, detail: impl fmt::Display) -> Problem {
    Problem::parameter(Flaw::at(format!("?{name}"), code, detail))
}

/// Which part of a list is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) limit: usize,
    pub(crate) cursor: Option<String>,
}

impl Page {
    /// The cursor of a list whose items are numbered.
    pub(crate) fn number(&self) -> Result<Option<u64>, Problem> {
        let number = self.cursor.as_deref().map(str::parse);
        number.transpose().map_err(|_| {
            wrong(
                "cursor",
                FlawCode::Text,
                "is the next_cursor of an earlier answer",
            )
        })
    }
}

/// The one thing that a path names, and what must be there for a change of it to happen. Takes no query parameters.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) id: String,
    /// What `If-Match` says; anything where it is absent.
    pub(crate) expected: Expected,
}

impl<S: Send + Sync> FromRequestParts<S> for Target {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Parameters::of(&parts.uri)?.end()?;
        Self::of(parts, state).await
    }
}

/// The same on a route that takes query parameters too, which its handler reads.
#[derive(Clone, Debug)]
pub(crate) struct Addressed(pub(crate) Target);

impl<S: Send + Sync> FromRequestParts<S> for Addressed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Target::of(parts, state).await.map(Self)
    }
}

impl Target {
    async fn of<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let expected = if_match(&parts.headers)?;
        let Path(id) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found("thing", "with an id that is not UTF-8"))?;
        Ok(Self { id, expected })
    }

    /// The id as an id of its kind; what is none names nothing.
    pub(crate) fn parse<T: FromStr>(&self, kind: &str) -> Result<T, Problem> {
        self.id.parse().map_err(|_| self.missing(kind))
    }

    /// The problem of an id under which the caller can see nothing.
    pub(crate) fn missing(&self, kind: &str) -> Problem {
        Problem::not_found(kind, &self.id)
    }

    /// Checks that a body does not name another thing.
    pub(crate) fn check_named(&self, field: &str, name: Option<&str>) -> Result<(), Problem> {
        match name {
            Some(other) if other != self.id => {
                let detail = format!(
                    "is {other:?}, and the address names {}; it cannot be changed",
                    self.id
                );
                let flaw = Flaw::at(format!("/{field}"), FlawCode::Combination, detail);
                Err(Problem::invalid(vec![flaw]))
            }
            _ => Ok(()),
        }
    }
}

fn if_match(headers: &HeaderMap) -> Result<Expected, Problem> {
    let Some(value) = headers.get(IF_MATCH) else {
        return Ok(Expected::Any);
    };
    let version = value.to_str().ok().map(str::trim).and_then(|text| match text {
        "*" => Some(Expected::Any),
        tag => tag
            .strip_prefix('"')?
            .strip_suffix('"')?
            .parse()
            .ok()
            .map(Expected::Version),
    });
    version.ok_or_else(|| {
        let detail = "is the ETag of an earlier answer as it stood there, such as \"3\", or *";
        Problem::parameter(Flaw::at("if-match", FlawCode::Text, detail))
    })
}

/// The `ETag` of a version.
pub(crate) fn etag(version: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}
