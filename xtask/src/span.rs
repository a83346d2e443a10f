//! How far the comment or literal at the beginning of a text reaches, in bytes.
//!
//! What never ends reaches to the end of the text. When to ask is the matter of `token`, and its tests cover this too.

/// The length of a comment with comments inside it.
pub(crate) fn nested_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a literal whose quote opens at `open`, closed by `quote` with backslash escapes.
fn quoted(rest: &str, open: usize, quote: &str) -> usize {
    let mut escaped = false;
    let body = open + quote.len();
    for (at, c) in rest[body..].char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if rest[body + at..].starts_with(quote) {
            return body + at + quote.len();
        }
    }
    rest.len()
}

/// As [`quoted`], for languages where such a literal ends with its line at the latest.
pub(crate) fn quoted_on_a_line(rest: &str, quote: char) -> usize {
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    quoted(line, 0, quote.encode_utf8(&mut [0; 4]))
}

/// The length of the string or character of Rust that starts here, where one does.
pub(crate) fn rust_literal(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c", ""]
        .into_iter()
        .find(|prefix| rest.starts_with(prefix))?;
    let body = &rest[prefix.len()..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    if body[hashes..].starts_with('"') {
        if prefix.ends_with('r') {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = prefix.len() + hashes + 1;
            return Some(
                rest[open..]
                    .find(&close)
                    .map_or(rest.len(), |at| open + at + close.len()),
            );
        }
        return (hashes == 0).then(|| quoted(rest, prefix.len(), "\""));
    }
    let mut chars = body.strip_prefix('\'')?.chars();
    let first = chars.next()?;
    // A quote with one character and no second quote is a lifetime.
    (first == '\\' || chars.next() == Some('\'')).then(|| quoted(rest, prefix.len(), "'"))
}

/// The length of the string of Python that starts here, where one does.
pub(crate) fn python_literal(rest: &str) -> Option<usize> {
    let letters = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .filter(|letters| *letters <= 2)?;
    let body = &rest[letters..];
    let quote = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| body.starts_with(quote))?;
    Some(quoted(rest, letters, quote))
}

/// The length of a template literal, with the code and templates nested in its `${…}`.
pub(crate) fn template(rest: &str) -> usize {
    let mut at = 1;
    let mut depth = 0_usize;
    let mut escaped = false;
    while let Some(c) = rest[at..].chars().next() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '`' if depth == 0 => return at + 1,
            '`' => {
                at += template(&rest[at..]);
                continue;
            }
            '{' if depth > 0 || rest[..at].ends_with('$') => depth += 1,
            '}' if depth > 0 => depth -= 1,
            _ => {}
        }
        at += c.len_utf8();
    }
    rest.len()
}

/// The length of a regular expression, or nothing where the line ends before it does.
pub(crate) fn regular_expression(rest: &str) -> Option<usize> {
    let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let mut escaped = false;
    let mut in_class = false;
    for (at, c) in line.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return Some(at + 1),
            _ => {}
        }
    }
    None
}
