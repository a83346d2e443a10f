//! How deeply a JSON text nests.

/// The deepest nesting of arrays and objects in a text; 0 for a scalar. Brackets in strings do not count.
///
/// The text need not be JSON: what cannot be parsed still gets an answer that bounds what a parser would meet.
pub(crate) fn depth(text: &str) -> usize {
    let (mut level, mut deepest) = (0_usize, 0_usize);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                level += 1;
                deepest = deepest.max(level);
            }
            b']' | b'}' => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn brackets_count_and_strings_do_not() {
        for (text, want) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a": [1, {"b": []}], "c": {}}"#, 4),
            (r#"["[[[[", "\"[[["]"#, 1),
            (r#"["\\", []]"#, 2),
            ("]]]]", 0),
        ] {
            assert_eq!(depth(text), want, "{text}");
        }
        assert_eq!(depth(&"[".repeat(1 << 20)), 1 << 20);
    }
}
