//! Windows that are open now, kept so that a calendar is asked once for each and not for every request.

use arc_swap::ArcSwap;
use std::sync::Arc;
use tollgate_core::limit::Limit;
use tollgate_core::period::{Period, Window};
use tollgate_core::time::Timestamp;
use tollgate_core::zone::Zone;

/// Windows that are kept: limits of a few lengths in a few zones.
const WINDOWS_MAX: usize = 64;

/// The last window that was asked for, by length and zone.
#[derive(Debug, Default)]
pub(super) struct Windows(ArcSwap<Vec<Known>>);

#[derive(Clone, Debug)]
struct Known {
    period: Period,
    zone: Zone,
    window: Window,
}

impl Windows {
    /// The window of a limit that an instant lies in; it is kept for those who ask next.
    pub(super) fn of(&self, limit: &Limit, at: Timestamp) -> Window {
        let known = self.0.load();
        let is_same = |known: &&Known| known.period == limit.window && known.zone.name() == limit.zone.name();
        match known.iter().find(is_same) {
            Some(known) if known.window.contains(at) => known.window,
            _ => self.ask(limit, at),
        }
    }

    fn ask(&self, limit: &Limit, at: Timestamp) -> Window {
        let window = limit.window.window(&limit.zone, at);
        self.0.rcu(|known| {
            let others = known
                .iter()
                .filter(|known| known.period != limit.window || known.zone.name() != limit.zone.name());
            let mut known: Vec<Known> = others.cloned().collect();
            if known.len() == WINDOWS_MAX {
                // The one asked for longest ago makes room.
                known.remove(0);
            }
            known.push(Known {
                period: limit.window,
                zone: limit.zone.clone(),
                window,
            });
            Arc::new(known)
        });
        window
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_core::id::QuotaId;
    use tollgate_core::limit::QuotaParts;

    fn limit(window: &str, zone: &str) -> Limit {
        let json = format!(
            r#"{{"name": "q", "organization": "acme", "measure": "requests", "limit": 1, "window": "{window}", "timezone": "{zone}"}}"#
        );
        let parts: QuotaParts = serde_json::from_str(&json).unwrap();
        parts.judge(QuotaId::from_bits(1)).unwrap()
    }

    #[test]
    fn a_kept_window_is_the_one_that_the_calendar_says() {
        let windows = Windows::default();
        let zones = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"];
        let start: Timestamp = "2026-10-24T20:00:00Z".parse().unwrap();
        // Forwards and back, through a night on which clocks are turned.
        let hours = (0..40).chain((0..40).rev());
        for hour in hours {
            let at = start.plus_seconds(hour * 3_600 + 1);
            for zone in zones {
                for period in Period::ALL {
                    let limit = limit(period.as_str(), zone);
                    assert_eq!(
                        windows.of(&limit, at),
                        period.window(&limit.zone, at),
                        "{period} {zone}"
                    );
                }
            }
        }
    }
}
