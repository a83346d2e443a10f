//! The name that was probably meant.

/// The known name nearest to a mistyped one, by the letters that differ; `None` when nothing is near.
///
/// The last part of a known name counts as a name too, so that `Kathmandu` finds `Asia/Kathmandu`.
pub fn nearest<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Distance is quadratic in the lengths, and nobody mistypes a name into something this long.
    const WANTED_BYTES_MAX: usize = 64;
    if wanted.len() > WANTED_BYTES_MAX {
        return None;
    }
    let wanted = wanted.to_ascii_lowercase();
    let near = wanted.len().div_euclid(3).max(1);
    known
        .into_iter()
        .map(|name| {
            let lower = name.to_ascii_lowercase();
            let last = lower.rsplit(['/', '.']).next().unwrap_or_default();
            (distance(&wanted, &lower).min(distance(&wanted, last)), name)
        })
        .filter(|(distance, _)| *distance <= near)
        .min()
        .map(|(_, name)| name)
}

/// Letters to insert, delete or replace on the way from one text to the other.
fn distance(a: &str, b: &str) -> usize {
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut left = i.saturating_add(1);
        let mut row = vec![left];
        for (y, pair) in b.bytes().zip(above.windows(2)) {
            let &[diagonal, up] = pair else { continue };
            left = diagonal
                .saturating_add(usize::from(x != y))
                .min(up.saturating_add(1))
                .min(left.saturating_add(1));
            row.push(left);
        }
        above = row;
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &str, want: Option<&str>) {
        let known = [
            "Asia/Kathmandu",
            "America/Los_Angeles",
            "UTC",
            "input_tokens",
            "requests",
        ];
        assert_eq!(nearest(wanted, known), want, "{wanted}");
    }

    #[test]
    fn a_mistyped_name_finds_the_one_meant() {
        check("Kathmandu", Some("Asia/Kathmandu"));
        check("asia/katmandu", Some("Asia/Kathmandu"));
        check("Los_Angels", Some("America/Los_Angeles"));
        check("utc", Some("UTC"));
        check("input_token", Some("input_tokens"));
        check("request", Some("requests"));
        check("xyzzy", None);
        check("", None);
        check(&"x".repeat(1000), None);
    }
}
