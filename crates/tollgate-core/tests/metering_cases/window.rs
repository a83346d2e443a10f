//! Kind `windowing`: how a stretch of local dates is cut.

use crate::{Case, Verdict};
use jiff::civil::Date;
use tollgate_core::period::Period;
use tollgate_core::time::Timestamp;
use tollgate_core::zone::Zone;

const HOUR_MICROS: i64 = 3_600_000_000;

pub(crate) fn judge(case: &Case) -> Verdict {
    if let Some(field) = case.stranger(&["tz", "window", "from", "to"]) {
        return Verdict::Unknown(format!("a window with {field}"));
    }
    judged(case).unwrap_or_else(|| Verdict::Unknown(format!("windows of another shape: {}", case.input)))
}

fn judged(case: &Case) -> Option<Verdict> {
    let zone = Zone::parse(case.text("tz")).ok()?;
    let name = case.text("window").to_lowercase();
    let period = Period::ALL.into_iter().find(|period| period.as_str() == name)?;
    let (from, to) = (moment(&zone, case.text("from"))?, moment(&zone, case.text("to"))?);
    let boundaries = period.boundaries(&zone, from, to).ok()?;
    let windows: Vec<(String, i64)> = boundaries
        .windows(2)
        .map(|pair| {
            let local = zone.rules().to_datetime(pair[0].to_jiff().unwrap());
            let hours = (pair[1].micros() - pair[0].micros()) / HOUR_MICROS;
            (local.date().to_string(), hours)
        })
        .collect();
    let (mut got, mut want) = (Vec::new(), Vec::new());
    for (name, expected) in case.expected.as_object()? {
        let ours = match name.as_str() {
            "windows" => windows.len().to_string(),
            "short_day" => windows.iter().find(|(_, hours)| *hours < 24)?.0.clone(),
            "short_day_hours" => windows.iter().map(|(_, hours)| *hours).min()?.to_string(),
            "long_day" => windows.iter().find(|(_, hours)| *hours > 24)?.0.clone(),
            "long_day_hours" => windows.iter().map(|(_, hours)| *hours).max()?.to_string(),
            _ => return None,
        };
        let expected = expected
            .as_str()
            .map_or_else(|| expected.to_string(), str::to_owned);
        got.push(format!("{name} {ours}"));
        want.push(format!("{name} {expected}"));
    }
    Some(Verdict::Run {
        got: got.join(", "),
        want: want.join(", "),
    })
}

/// RFC 3339, or a local date.
fn moment(zone: &Zone, text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let date: Date = text.parse().ok()?;
    Some(date.to_zoned(zone.rules().clone()).ok()?.timestamp().into())
}
