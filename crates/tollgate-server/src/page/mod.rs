//! The pages that the server carries: plain files, put into the binary.
//!
//! They load nothing from elsewhere and work without a network. Not here: the dashboard.

mod markdown;

use std::borrow::Cow;

/// A file that pages load.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    pub(crate) media: &'static str,
    pub(crate) text: &'static str,
}

/// Every file.
pub(crate) const ASSETS: [Asset; 3] = [
    Asset {
        name: "style.css",
        media: "text/css; charset=utf-8",
        text: include_str!("style.css"),
    },
    Asset {
        name: "reference.js",
        media: "text/javascript; charset=utf-8",
        text: include_str!("reference.js"),
    },
    Asset {
        name: "icon.svg",
        media: "image/svg+xml",
        text: include_str!("icon.svg"),
    },
];

const LAYOUT: &str = include_str!("layout.html");
const LANDING: &str = include_str!("landing.html");
const REFERENCE: &str = include_str!("reference.html");
const PROBLEMS: &str = include_str!("../../../../docs/problems.md");
/// The address shown where the caller's own is not known.
const HOST_DEFAULT: &str = "127.0.0.1:8787";

/// What this is, with examples for the address that the caller used.
pub(crate) fn landing_page(host: Option<&str>) -> String {
    let host = host.filter(|host| is_plain(host)).unwrap_or(HOST_DEFAULT);
    let body = LANDING
        .replace("{{host}}", host)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"));
    page("Tollgate", "", body)
}

/// The API document as a page.
pub(crate) fn reference_page() -> String {
    page(
        "Tollgate API",
        r#"<script src="/assets/reference.js" defer></script>"#,
        REFERENCE,
    )
}

/// Every problem code.
pub(crate) fn problems_page() -> String {
    page(
        "Tollgate problems",
        "",
        format!("<main class=\"text\">{}</main>", markdown::html(PROBLEMS)),
    )
}

fn page<'a>(title: &str, head: &str, body: impl Into<Cow<'a, str>>) -> String {
    LAYOUT
        .replace("{{title}}", title)
        .replace("{{head}}", head)
        .replace("{{body}}", &body.into())
}

/// Whether a host can stand in a page as it is: nothing in it means anything to HTML or a shell.
fn is_plain(host: &str) -> bool {
    host.len() <= 128
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'-' | b'[' | b']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_stands_in_the_page_unless_it_could_be_markup() {
        assert!(
            landing_page(Some("tollgate.example.com:80"))
                .contains("http://tollgate.example.com:80/v1/events")
        );
        for host in [None, Some("<script>"), Some("a\" onload=\"x"), Some("$(rm)")] {
            assert!(
                landing_page(host).contains("http://127.0.0.1:8787/v1/events"),
                "{host:?}"
            );
        }
    }

    #[test]
    fn pages_load_nothing_from_elsewhere_and_have_no_script_inside() {
        let pages = [landing_page(None), reference_page(), problems_page()];
        let texts = pages
            .iter()
            .map(String::as_str)
            .chain(ASSETS.iter().map(|asset| asset.text));
        for text in texts {
            for loads in [
                "src=\"http",
                "href=\"http",
                "url(http",
                "@import",
                "<style",
                "style=\"",
                "onclick",
            ] {
                assert!(
                    !text.contains(loads),
                    "{loads} in {}",
                    text.chars().take(80).collect::<String>()
                );
            }
            assert!(!text.contains("{{"), "something is left to fill in");
        }
        assert!(reference_page().contains("<script src=\"/assets/reference.js\" defer></script>"));
    }
}
