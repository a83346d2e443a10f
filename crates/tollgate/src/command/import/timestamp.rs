//! Times as files write them, turned into RFC 3339 with microseconds.

use jiff::Timestamp;
use jiff::civil::DateTime;
use std::borrow::Cow;

/// Digits of a second that are kept: microseconds.
const FRACTION_DIGITS: usize = 6;

/// Reads RFC 3339, or a date and time without a zone, which is taken as UTC. Digits finer than a microsecond are cut
/// off, never rounded, so that a time does not move into the next second, day or month.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let cut = without_fine_digits(text);
    if let Ok(at) = cut.parse::<Timestamp>() {
        return Ok(at);
    }
    let civil: Result<DateTime, _> = cut.parse();
    let utc = civil
        .ok()
        .and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC).ok());
    utc.map(|zoned| zoned.timestamp()).ok_or_else(|| {
        format!("`{text}` is no time; write 2026-01-30T16:45:23Z, or 2026-01-30 16:45:23 for UTC")
    })
}

fn without_fine_digits(text: &str) -> Cow<'_, str> {
    let Some((before, after)) = text.split_once('.') else {
        return Cow::Borrowed(text);
    };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    if digits <= FRACTION_DIGITS {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!(
        "{before}.{}{}",
        &after[..FRACTION_DIGITS],
        &after[digits..]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        assert_eq!(
            parse(text).ok().map(|at| at.to_string()).as_deref(),
            want,
            "{text}"
        );
    }

    #[test]
    fn times_are_read_as_files_write_them() {
        check("2026-01-30T16:45:23Z", Some("2026-01-30T16:45:23Z"));
        check("2026-01-30t16:45:23.5+02:00", Some("2026-01-30T14:45:23.5Z"));
        check("2023-11-16 18:17:03.9799600", Some("2023-11-16T18:17:03.97996Z"));
        check(" 2023-11-16 18:17:03 ", Some("2023-11-16T18:17:03Z"));
        check("2023-11-16T18:17:03", Some("2023-11-16T18:17:03Z"));
        check(
            "2023-12-31 23:59:59.9999999999999",
            Some("2023-12-31T23:59:59.999999Z"),
        );
        check(
            "1969-12-31T23:59:59.9999999Z",
            Some("1969-12-31T23:59:59.999999Z"),
        );
        check("2023-11-16", Some("2023-11-16T00:00:00Z"));
        check("2023-02-30 00:00:00", None);
        check("16.11.2023 18:17", None);
        check("1700158623", None);
        check("", None);
    }
}
