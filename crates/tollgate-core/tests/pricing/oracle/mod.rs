//! What events cost, computed a second time: from the contract's words, with rational numbers of any size.
//!
//! Nothing here comes from the price code. It reads the price's JSON, keeps every event, and sums from the start each
//! time: no running totals, no common divisors, no incremental timelines.

mod calendar;
mod exact;

use calendar::{factor, month};
pub(crate) use exact::is_money;
use exact::{f, field, is_cumulative, rational, rounded, ten, zero};
use num_bigint::BigInt;
use num_rational::BigRational;
use serde_json::Value;
use std::collections::BTreeMap;

/// An event in plain words.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) name: String,
    pub(crate) organization: String,
    pub(crate) user: String,
    pub(crate) second: i64,
    /// Amounts by measure, `requests` always among them.
    pub(crate) amounts: BTreeMap<String, String>,
}

/// A measure in plain words: name, parent, milliseconds in its unit, whether it is billable, whether it is a gauge.
type Measure = (&'static str, Option<&'static str>, Option<i64>, bool, bool);

/// The measures of the category that the tests play on, in name order.
pub(crate) const MEASURES: [Measure; 13] = [
    ("bytes", None, None, true, true),
    ("cached", Some("tokens"), None, true, false),
    ("drafts", Some("tokens"), None, false, false),
    ("hours", None, Some(3_600_000), true, false),
    ("minutes", None, Some(60_000), true, false),
    ("ms", None, Some(1), true, false),
    ("ms_idle", Some("ms"), Some(1000), true, false),
    ("notes", None, None, false, false),
    ("requests", None, None, false, false),
    ("searches", None, None, true, false),
    ("seconds", None, Some(1000), true, false),
    ("tokens", None, None, true, false),
    ("written", Some("tokens"), None, true, false),
];

/// A line of a charge, or why there is no charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Lines(Vec<(String, BigInt)>),
    NoComponent(String),
    TooLarge,
}

/// One measure of one event that is charged by one component.
#[derive(Clone, Debug)]
struct Use {
    event: Plain,
    /// The measure the component stands under, and the component's place there.
    owner: String,
    index: usize,
    quantity: BigRational,
    /// What it costs, unless its component rates a total.
    rated: BigInt,
}

/// Everything that was priced so far at one price, and every reading of a gauge, priced or not.
pub(crate) struct Oracle {
    price: Value,
    uses: Vec<Use>,
    readings: Vec<Plain>,
}

impl Oracle {
    pub(crate) fn new(price: &str) -> Self {
        Self {
            price: serde_json::from_str(price).unwrap(),
            uses: Vec::new(),
            readings: Vec::new(),
        }
    }

    /// What an event costs on top of those before; it counts from now on if it is priced.
    pub(crate) fn charge(&mut self, event: &Plain) -> Expected {
        let uses = self.uses.len();
        let before = self.integral(event);
        if event.amounts.contains_key("bytes") {
            self.readings.push(event.clone());
        }
        let gained = self.integral(event) - before;
        let answer = self.lines(event, &gained).map_or_else(
            |refused| refused,
            |lines| {
                let mut sum = BigInt::ZERO;
                let fits = lines.iter().all(|(_, pico)| {
                    sum += pico;
                    is_money(&sum)
                });
                // One event costs at most 10^15 units of its currency.
                if fits && sum.magnitude() <= BigInt::from(10).pow(27).magnitude() {
                    Expected::Lines(lines)
                } else {
                    Expected::TooLarge
                }
            },
        );
        if !matches!(answer, Expected::Lines(_)) {
            self.uses.truncate(uses);
        }
        answer
    }

    /// Takes an event back and says what that costs.
    pub(crate) fn void(&mut self, event: &Plain) -> BigInt {
        let money = self.money();
        let before = self.integral(event);
        self.readings.retain(|reading| reading.name != event.name);
        let change = self.integral(event) - before;
        let gauge = self
            .choose("bytes", event)
            .filter(|_| event.amounts.contains_key("bytes"));
        let gauge = gauge.map(|(component, owner, index)| (component.clone(), owner, index));
        let read = self
            .uses
            .iter()
            .find(|used| used.event.name == event.name && used.owner == "bytes");
        let read = read.map_or_else(zero, |used| used.quantity.clone());
        let kept = |used: &Use| used.event.name != event.name || used.owner == "bytes";
        self.uses.retain(kept);
        if let Some((component, owner, index)) = gauge {
            // What the reading was charged for comes back, and what its absence makes of the others' time is charged.
            for quantity in [-read.clone(), change + read] {
                let rated = rated((&component, &owner), event, &quantity);
                let (owner, event) = (owner.clone(), event.clone());
                self.uses.push(Use {
                    event,
                    owner,
                    index,
                    quantity,
                    rated,
                });
            }
        }
        self.money() - money
    }

    /// Takes an event back that was never priced; only its readings were in.
    pub(crate) fn forget(&mut self, event: &Plain) -> BigInt {
        self.readings.retain(|reading| reading.name != event.name);
        BigInt::ZERO
    }

    /// What everything costs together, from the start: F once for each total, and every rated use.
    pub(crate) fn money(&self) -> BigInt {
        let mut sum = BigInt::ZERO;
        let mut totals: BTreeMap<(String, String, usize, String), Vec<&Use>> = BTreeMap::new();
        for used in &self.uses {
            sum += &used.rated;
            totals.entry(self.key(used)).or_default().push(used);
        }
        sum + totals.values().map(|uses| self.f_of(uses)).sum::<BigInt>()
    }

    /// F of the uses of one total; nothing for a component that rates no total.
    fn f_of(&self, uses: &[&Use]) -> BigInt {
        let Some(first) = uses.first() else {
            return BigInt::ZERO;
        };
        let component = self.component(&first.owner, first.index);
        if !is_cumulative(component) {
            return BigInt::ZERO;
        }
        let total: BigRational = uses.iter().map(|used| &used.quantity).sum();
        let mut names: Vec<&String> = uses.iter().map(|used| &used.event.name).collect();
        names.dedup();
        let factor = match self.period(component).as_str() {
            "event" => factor(component, first.event.second),
            _ => rational("1"),
        };
        rounded(&(f(component, &total, names.len()) * factor), 12)
    }

    fn key(&self, used: &Use) -> (String, String, usize, String) {
        let window = self.window(self.component(&used.owner, used.index), &used.event);
        (
            used.event.organization.clone(),
            used.owner.clone(),
            used.index,
            window,
        )
    }

    fn total_of(&self, used: &Use) -> BigInt {
        let key = self.key(used);
        let same: Vec<&Use> = self.uses.iter().filter(|other| self.key(other) == key).collect();
        self.f_of(&same)
    }

    /// The lines of an event, in name order.
    fn lines(&mut self, event: &Plain, gained: &BigRational) -> Result<Vec<(String, BigInt)>, Expected> {
        let mut lines = Vec::new();
        let mut once = Vec::new();
        for (measure, _, _, billable, gauge) in MEASURES {
            let Some(stated) = event.amounts.get(measure).map(|text| rational(text)) else {
                continue;
            };
            let quantity = if gauge { gained.clone() } else { stated.clone() };
            let Some((component, owner, index)) = self.choose(measure, event) else {
                if billable && (quantity != zero() || stated != zero()) {
                    return Err(Expected::NoComponent(measure.to_owned()));
                }
                continue;
            };
            let component = component.clone();
            let once_an_event = matches!(component["model"].as_str(), Some("flat" | "per_request"));
            let zero_counts = component.get("zero_usage") == Some(&"flat".into());
            if quantity == zero() && !zero_counts || once.contains(&(owner.clone(), index)) {
                continue;
            }
            if once_an_event {
                once.push((owner.clone(), index));
            }
            let rated = rated((&component, &owner), event, &quantity);
            let used = Use {
                event: event.clone(),
                owner,
                index,
                quantity,
                rated: rated.clone(),
            };
            let before = self.total_of(&used);
            self.uses.push(used.clone());
            let after = self.total_of(&used);
            if [&before, &after]
                .into_iter()
                .any(|total| i128::try_from(total).is_err())
            {
                return Err(Expected::TooLarge);
            }
            let pico = rated + after - before;
            if !is_money(&pico) {
                return Err(Expected::TooLarge);
            }
            lines.push((measure.to_owned(), pico));
        }
        Ok(lines)
    }

    fn component(&self, owner: &str, index: usize) -> &Value {
        let written = &self.price["components"][owner];
        written
            .get(index)
            .filter(|_| written.is_array())
            .unwrap_or(written)
    }

    fn choose(&self, measure: &str, event: &Plain) -> Option<(&Value, String, usize)> {
        let own = self.alternative(measure, event);
        if let Some((component, index)) = own {
            return Some((component, measure.to_owned(), index));
        }
        let about = |name: &str| *MEASURES.iter().find(|(known, ..)| *known == name).unwrap();
        let (_, parent, unit_ms, billable, _) = about(measure);
        let parent = parent.filter(|_| billable)?;
        let (component, index) = self.alternative(parent, event)?;
        let timed = matches!(component["model"].as_str(), Some("per_minute" | "per_second"));
        (!timed || about(parent).2 == unit_ms).then(|| (component, parent.to_owned(), index))
    }

    fn alternative(&self, owner: &str, event: &Plain) -> Option<(&Value, usize)> {
        let written = self.price["components"].get(owner)?;
        let one = std::slice::from_ref(written);
        let all = written.as_array().map_or(one, Vec::as_slice);
        let (plain, bound): (Vec<_>, Vec<_>) =
            all.iter().enumerate().partition(|(_, c)| c.get("when").is_none());
        let holds = |component: &Value| {
            component["when"]
                .as_object()
                .unwrap()
                .iter()
                .all(|(name, bounds)| {
                    let amount = self.amount(name, event);
                    bounds.as_object().unwrap().iter().all(|(how, bound)| {
                        let bound = rational(bound.as_str().unwrap());
                        match how.as_str() {
                            "above" => amount > bound,
                            "at_least" => amount >= bound,
                            "below" => amount < bound,
                            _ => amount <= bound,
                        }
                    })
                })
        };
        bound
            .into_iter()
            .find(|(_, component)| holds(component))
            .or_else(|| plain.into_iter().next())
            .map(|(index, component)| (component, index))
    }

    fn amount(&self, name: &str, event: &Plain) -> BigRational {
        let of = |measure: &str| {
            event
                .amounts
                .get(measure)
                .map_or_else(zero, |text| rational(text))
        };
        match name.strip_prefix("total_") {
            None => of(name),
            Some(whole) => {
                let parts = MEASURES.iter().filter(|(_, parent, ..)| *parent == Some(whole));
                of(whole) + parts.map(|(part, ..)| of(part)).sum::<BigRational>()
            }
        }
    }

    fn period(&self, component: &Value) -> String {
        let own = component["period"]
            .as_str()
            .or_else(|| self.price["period"].as_str());
        own.unwrap_or("month").to_owned()
    }

    fn window(&self, component: &Value, event: &Plain) -> String {
        match self.period(component).as_str() {
            "event" => event.name.clone(),
            "total" => String::new(),
            _ => month(event.second),
        }
    }

    /// Level × time of the series an event belongs to, up to its last reading, in nano-units rounded once.
    fn integral(&self, event: &Plain) -> BigRational {
        let series =
            |other: &&Plain| (&other.organization, &other.user) == (&event.organization, &event.user);
        let mut readings: Vec<(i64, u128, BigRational)> = self
            .readings
            .iter()
            .filter(series)
            .map(|other| (other.second, id(&other.name), rational(&other.amounts["bytes"])))
            .collect();
        readings.sort();
        let held = readings
            .windows(2)
            .map(|pair| BigRational::from(BigInt::from(pair[1].0 - pair[0].0)) * &pair[0].2);
        BigRational::from(rounded(&held.sum(), 9)) / ten(9)
    }
}

/// What a use costs at a rate that stands under a measure; nothing at a component that rates a total.
fn rated((component, owner): (&Value, &str), event: &Plain, used: &BigRational) -> BigInt {
    if is_cumulative(component) {
        return BigInt::ZERO;
    }
    let time = |ms: i64| {
        let unit_ms = MEASURES.iter().find(|(known, ..)| *known == owner).unwrap().2;
        used * BigRational::new(unit_ms.unwrap().into(), ms.into())
    };
    let count = match component["model"].as_str().unwrap() {
        "per_unit" => used / field(component, "per", "1"),
        "per_thousand" => used / rational("1000"),
        "per_million" => used / rational("1e6"),
        "per_minute" => time(60_000),
        "per_second" => time(1000),
        "per_request" => rational(&event.amounts["requests"]),
        _ => rational("1"),
    };
    let exact = count * field(component, "amount", "") * factor(component, event.second);
    rounded(&exact, 12)
}

/// The order of ids at one instant: names are ids.
fn id(name: &str) -> u128 {
    name.bytes().fold(0, |id, byte| id << 8 | u128::from(byte))
}
