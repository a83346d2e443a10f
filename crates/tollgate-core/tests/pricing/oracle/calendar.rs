//! Days, minutes and months of UTC, counted out by hand.

use super::exact::{field, rational};
use num_rational::BigRational;
use serde_json::Value;

/// The factor of the first schedule window that holds, in UTC.
pub(super) fn factor(component: &Value, second: i64) -> BigRational {
    const DAYS: [&str; 7] = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];
    let minute_of = |text: &str| {
        let (hours, minutes) = text.split_once(':').unwrap();
        hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap()
    };
    let windows = component.get("multipliers").and_then(Value::as_array);
    for window in windows.into_iter().flatten() {
        let from = window["from"].as_str().map_or(0, minute_of);
        let to = window["to"].as_str().map_or(1440, minute_of);
        let length = if to > from { to - from } else { to - from + 1440 };
        // A window that began today or yesterday may hold.
        let holds = [0, 1].into_iter().any(|days_ago| {
            let day = second.div_euclid(86_400) - days_ago;
            let begins = day * 1440 + from;
            let minute = second.div_euclid(60);
            let name = DAYS[day.rem_euclid(7) as usize];
            let named = window["days"]
                .as_array()
                .is_none_or(|days| days.iter().any(|d| d == name));
            named && (begins..begins + length).contains(&minute)
        });
        if holds {
            return field(window, "factor", "");
        }
    }
    rational("1")
}

/// The year and month of an instant, counted year by year and month by month.
pub(super) fn month(second: i64) -> String {
    let mut days = second.div_euclid(86_400);
    let mut year = 1970;
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut number = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        number += 1;
    }
    format!("{year}-{number:02}")
}
