//! RFC 9457 problems, as the server answers them, turned into what a person reads.

use super::Answer;
use crate::failure::{Exit, Failure};
use crate::locate::{Found, Target};
use serde::Deserialize;

/// A problem document; a field that is missing is empty, because an answer may come from something in between.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    status: u16,
    title: String,
    detail: String,
    pub(crate) code: String,
    request_id: String,
    errors: Vec<Part>,
}

/// One part of the request that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Part {
    pointer: String,
    code: String,
    detail: String,
}

impl Problem {
    /// Reads the problem out of an answer that is no success.
    pub(crate) fn parse(answer: &Answer) -> Self {
        let parsed: Option<Self> = serde_json::from_str(&answer.body).ok();
        let mut problem = parsed
            .filter(|problem| !problem.title.is_empty())
            .unwrap_or_else(|| Self {
                title: format!("the server answered {}", answer.status),
                detail: answer
                    .body
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .chars()
                    .take(200)
                    .collect(),
                ..Self::default()
            });
        problem.status = answer.status;
        problem
    }

    /// Title, detail and parts in one line, for a list of problems.
    pub(crate) fn line(&self) -> String {
        let mut line = self.headline();
        let parts: Vec<String> = self.errors.iter().map(Part::line).collect();
        if !parts.is_empty() {
            line.push_str(&format!(": {}", parts.join("; ")));
        }
        line
    }

    /// The error to end with.
    pub(crate) fn into_failure(self, target: &Target) -> Failure {
        let mut details: Vec<String> = self.errors.iter().map(Part::line).collect();
        if !self.request_id.is_empty() {
            details.push(format!("request {}", self.request_id));
        }
        let failure = Failure::new(Exit::of_status(self.status), self.headline()).with_details(details);
        match self.hint(target) {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }

    fn headline(&self) -> String {
        if self.detail.is_empty() || self.detail == self.title {
            return self.title.clone();
        }
        // The parts say it more precisely, one by one.
        if !self.errors.is_empty() {
            return self.title.clone();
        }
        format!("{}: {}", self.title, self.detail)
    }

    fn hint(&self, target: &Target) -> Option<String> {
        let hint = match (self.status, &target.key, target.found) {
            (401, None, Found::Named) => "set TOLLGATE_API_KEY or pass --api-key",
            (401, None, _) => "set TOLLGATE_API_KEY: no key was found in the data folder of this machine",
            (401, Some(_), _) => {
                "the key is not known to this server; `tollgate doctor` shows which one is used"
            }
            (403, ..) => "the key lacks the right; `tollgate keys list` shows the roles, as an administrator",
            (409 | 412, ..) => "look at what is there now, then try again",
            (429, ..) => "wait, or raise the limit",
            (503 | 507, ..) => "`tollgate doctor` shows which part is down",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Part {
    fn line(&self) -> String {
        let what = if self.detail.is_empty() {
            &self.code
        } else {
            &self.detail
        };
        if self.pointer.is_empty() {
            what.clone()
        } else {
            format!("{}: {what}", self.pointer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use reqwest::header::HeaderMap;

    fn check(status: u16, key: Option<&str>, body: &str, want: Expect) {
        let answer = Answer {
            status,
            body: body.to_owned(),
            headers: HeaderMap::new(),
        };
        let target = Target {
            url: "http://x".into(),
            key: key.map(str::to_owned),
            found: Found::Named,
            data: None,
        };
        let failure = Problem::parse(&answer).into_failure(&target);
        want.assert_eq(&format!(
            "{:?}: {failure}\nhint: {:?}",
            failure.exit, failure.hint
        ));
    }

    #[test]
    fn a_problem_names_each_part_that_is_wrong() {
        check(
            422,
            Some("tg_k"),
            r#"{"type":"about:blank","title":"the price is not valid","status":422,"code":"invalid","request_id":"r1",
                "errors":[{"pointer":"/components/tokens","code":"unknown_measure","detail":"no such measure"},
                          {"pointer":"","code":"tie"}]}"#,
            expect![[r#"
                Usage: the price is not valid
                  /components/tokens: no such measure
                  tie
                  request r1
                hint: None"#]],
        );
    }

    #[test]
    fn a_missing_key_is_answered_with_where_to_put_it() {
        check(
            401,
            None,
            r#"{"title":"no key","detail":"send Authorization"}"#,
            expect![[r#"
                Forbidden: no key: send Authorization
                hint: Some("set TOLLGATE_API_KEY or pass --api-key")"#]],
        );
    }

    #[test]
    fn an_answer_that_is_no_problem_is_shown_as_it_is() {
        check(
            502,
            Some("tg_k"),
            "<html>bad gateway</html>\nmore",
            expect![[r#"
                Unavailable: the server answered 502: <html>bad gateway</html>
                hint: None"#]],
        );
    }
}
