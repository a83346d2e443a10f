//! `key=value` lists on the command line, as `--map`, `--set`, `--match` and `--dimension` take them.

use std::str::FromStr;

/// One or more `key=value`, separated by commas; `\,` is a comma inside a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Assignments(Vec<(String, String)>);

impl FromStr for Assignments {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pairs = split(text).map(|piece| match piece.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
            _ => Err(format!(
                "`{piece}` is no key=value; write a comma inside a value as `\\,`"
            )),
        });
        Ok(Self(pairs.collect::<Result<_, _>>()?))
    }
}

/// The pairs of every use of a flag, in the order they were written.
pub(crate) fn pairs(flags: &[Assignments]) -> impl Iterator<Item = (&str, &str)> {
    flags
        .iter()
        .flat_map(|flag| flag.0.iter())
        .map(|(key, value)| (key.as_str(), value.as_str()))
}

/// The pieces between commas; `\,` does not separate.
pub(crate) fn split(text: &str) -> impl Iterator<Item = String> {
    let mut pieces = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let last = pieces.len() - 1;
        match character {
            '\\' if characters.peek() == Some(&',') => pieces[last].extend(characters.next()),
            ',' => pieces.push(String::new()),
            other => pieces[last].push(other),
        }
    }
    pieces.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<&[(&str, &str)], &str>) {
        let got = text.parse::<Assignments>();
        match want {
            Ok(want) => assert_eq!(pairs(&[got.unwrap()]).collect::<Vec<_>>(), want),
            Err(piece) => assert!(
                got.unwrap_err()
                    .starts_with(&format!("`{piece}` is no key=value"))
            ),
        }
    }

    #[test]
    fn assignments_are_separated_by_commas() {
        check("a=1", Ok(&[("a", "1")]));
        check("a=1,b=x=y,c=", Ok(&[("a", "1"), ("b", "x=y"), ("c", "")]));
        check(r"a=1\,5, b=2", Ok(&[("a", "1,5"), ("b", "2")]));
        check(r"path=C:\x", Ok(&[("path", r"C:\x")]));
        check("a=1,b", Err("b"));
        check("a=1,5", Err("5"));
        check("=1", Err("=1"));
        check("", Err(""));
    }
}
