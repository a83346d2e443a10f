//! Balances: keeping the counters true to the store.
//!
//! A cell that nobody has asked for is started from the store; what is recorded is counted; what passes a threshold is
//! put into the outbox. Not here: what a balance means for a request ([`super::hold`]).

use super::lock::Locks;
use crate::counters::{Counted, Counters, CountersError, Counting, Tallied};
use crate::settings::Settings;
use crate::store::{Crossing, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tollgate_core::charge::Charge;
use tollgate_core::decimal::Decimal;
use tollgate_core::event::{Acceptance, Event};
use tollgate_core::limit::{Amount, Balance, Cell, Concerned, Counted as Measured, Limit};
use tollgate_core::period::{Period, Window};
use tollgate_core::query::{Figures, FilterParts, QueryParts, UsageQuery, Value};
use tollgate_core::time::Timestamp;

/// Cells that wait to be started because something was recorded in them; beyond this they wait for the next event.
const WAITING_MAX: usize = 100_000;
/// Locks among which starting cells is shared out, so that many first callers ask the store once.
const STARTING_LOCKS: usize = 64;

/// Why a balance is not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum BalanceError {
    /// The counters cannot be reached.
    #[error(transparent)]
    Counters(#[from] CountersError),
    /// The store cannot say what was settled.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps counters true to the store; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Balances(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    store: Arc<dyn Store>,
    counters: Arc<dyn Counters>,
    acceptance: Acceptance,
    starting: Locks,
    /// Cells that something was recorded in before they were started, and the ends of their windows.
    waiting: Mutex<BTreeMap<Cell, Window>>,
}

impl Balances {
    pub(super) fn new(store: Arc<dyn Store>, counters: Arc<dyn Counters>, acceptance: Acceptance) -> Self {
        Self(Arc::new(Parts {
            store,
            counters,
            acceptance,
            starting: Locks::new(STARTING_LOCKS),
            waiting: Mutex::default(),
        }))
    }

    pub(super) fn counters(&self) -> &dyn Counters {
        self.0.counters.as_ref()
    }

    /// What cells have come to; those that are not started are.
    pub(super) async fn of(
        &self,
        concerned: &[Concerned],
        settings: &Arc<Settings>,
        now: Timestamp,
    ) -> Result<Vec<Balance>, BalanceError> {
        let cells: Vec<Cell> = concerned.iter().map(|one| one.cell.clone()).collect();
        let known = self.counters().balances(&cells).await?;
        let mut balances = Vec::with_capacity(known.len());
        for (known, one) in known.into_iter().zip(concerned) {
            balances.push(match known {
                Some(balance) => balance,
                None => {
                    self.start(&one.limit, &one.cell, one.window, (settings, now))
                        .await?
                }
            });
        }
        Ok(balances)
    }

    /// Starts a cell from the store, unless somebody has just done so.
    pub(super) async fn start(
        &self,
        limit: &Limit,
        cell: &Cell,
        window: Window,
        (settings, now): (&Arc<Settings>, Timestamp),
    ) -> Result<Balance, BalanceError> {
        let _alone = self.0.starting.of(cell).lock().await;
        if let [Some(balance)] = self
            .counters()
            .balances(std::slice::from_ref(cell))
            .await?
            .as_slice()
        {
            return Ok(*balance);
        }
        self.counters().prepare(cell, window.end).await?;
        let (settled, arrivals) = match self.settled(limit, cell, window, (settings, now)).await {
            Ok(settled) => settled,
            Err(error) => {
                // Nobody will start it now, so nothing more is noted for it.
                self.counters().abandon(cell).await?;
                return Err(error);
            }
        };
        let balance = self.counters().start(cell, settled, arrivals).await?;
        let so_far = Counted {
            cell: cell.clone(),
            before: Amount::ZERO,
            after: balance.settled,
        };
        self.emit(&[so_far], settings, now).await;
        Ok(balance)
    }

    /// What the store has settled in a cell, and how many events had arrived then.
    pub(super) async fn settled(
        &self,
        limit: &Limit,
        cell: &Cell,
        window: Window,
        (settings, now): (&Arc<Settings>, Timestamp),
    ) -> Result<(Amount, u64), BalanceError> {
        let parts = self.question(limit, cell, window, now);
        // A measure that no category has was never recorded.
        let measure = limit.counted.as_str();
        let is_known = measure == "cost"
            || settings
                .catalog
                .iter()
                .any(|category| category.measure(measure).is_some());
        let query = match UsageQuery::new(&parts, &settings.catalog, now) {
            Ok(query) => query,
            Err(_) if !is_known => return Ok((Amount::ZERO, 0)),
            Err(flaws) => {
                let why = flaws
                    .into_iter()
                    .map(|flaw| flaw.detail)
                    .collect::<Vec<_>>()
                    .join("; ");
                return Err(CountersError(format!("{} cannot be asked for: {why}", limit.id)).into());
            }
        };
        let settled = self
            .0
            .store
            .holds()
            .settled(Arc::new(query), settings.clone())
            .await?;
        Ok((amount(&settled.answer.total, &limit.counted), settled.arrivals))
    }

    fn question(&self, limit: &Limit, cell: &Cell, window: Window, now: Timestamp) -> QueryParts {
        let filter = |field: &str, op: &str, value: &str| FilterParts {
            field: field.to_owned(),
            op: op.to_owned(),
            value: value.into(),
        };
        let mut filters = vec![filter("organization", "eq", limit.organization.as_str())];
        if limit.subject.kind.as_str() != "organization" {
            filters.push(filter(limit.subject.kind.as_str(), "eq", cell.instance.as_str()));
        }
        if limit.selector.as_str() != "*" {
            filters.push(filter("category", "matches", limit.selector.as_str()));
        }
        let matches = limit.matches.iter();
        filters.extend(matches.map(|(key, value)| filter(key.as_str(), "eq", value.as_str())));
        // All of time is what is accepted, and a day for clocks that differ.
        let ahead = self.0.acceptance.ahead_seconds.saturating_add(86_400);
        let (from, to) = match limit.window {
            Period::Total => (self.0.acceptance.from, now.plus_seconds(ahead)),
            _ => (window.start, window.end),
        };
        QueryParts {
            measures: Some(vec![limit.counted.as_str().to_owned()]),
            from: Some(from.to_string()),
            to: Some(to.to_string()),
            filters,
            ..QueryParts::default()
        }
    }

    /// Counts events that were recorded.
    pub(super) async fn count<'e>(
        &self,
        recorded: impl Iterator<Item = (&'e Event, &'e Charge, u64)>,
        (settings, now): (&Arc<Settings>, Timestamp),
    ) {
        let countings = countings(recorded, settings);
        if countings.is_empty() {
            return;
        }
        match self.counters().count(countings).await {
            Ok(tallied) => self.take_note(tallied, settings, now).await,
            Err(error) => tracing::warn!(%error, "recorded usage was not counted; balances are started anew"),
        }
    }

    /// Puts crossed thresholds into the outbox, and cells that are not started on the list.
    pub(super) async fn take_note(&self, tallied: Tallied, settings: &Arc<Settings>, now: Timestamp) {
        if !tallied.unstarted.is_empty() {
            let mut waiting = self.waiting();
            for cell in tallied.unstarted {
                let Some(limit) = settings.limits.limit(cell.limit) else {
                    continue;
                };
                let window = limit.window.window(&limit.zone, cell.start);
                // What is over needs no balance; what comes late is in the store.
                if window.end > now && waiting.len() < WAITING_MAX {
                    waiting.insert(cell, window);
                }
            }
        }
        self.emit(&tallied.counted, settings, now).await;
    }

    /// Starts cells that something was recorded in, at most this many, so that their thresholds are noticed.
    pub(super) async fn start_waiting(&self, at_most: usize, (settings, now): (&Arc<Settings>, Timestamp)) {
        for _ in 0..at_most {
            let Some((cell, window)) = self.waiting().pop_first() else {
                return;
            };
            let Some(limit) = settings.limits.limit(cell.limit) else {
                continue;
            };
            if let Err(error) = self.start(limit, &cell, window, (settings, now)).await {
                tracing::warn!(%error, limit = %cell.limit, "a balance could not be started");
            }
        }
    }

    async fn emit(&self, counted: &[Counted], settings: &Arc<Settings>, now: Timestamp) {
        let crossings: Vec<Crossing> = counted
            .iter()
            .filter_map(|counted| Some((counted, settings.limits.limit(counted.cell.limit)?)))
            .flat_map(|(counted, limit)| crossings(counted, limit, now))
            .collect();
        if crossings.is_empty() {
            return;
        }
        if let Err(error) = self.0.store.journal().emit(crossings).await {
            // They are noticed again when the cell is started after a restart.
            tracing::warn!(%error, "passed thresholds could not be kept");
        }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Cell, Window>> {
        // Nothing panics while it is held.
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What recorded events add to the cells of limits: each in the window of its own time.
pub(super) fn countings<'e>(
    recorded: impl Iterator<Item = (&'e Event, &'e Charge, u64)>,
    settings: &Settings,
) -> Vec<Counting> {
    let mut countings = Vec::new();
    for (event, charge, arrival) in recorded {
        for Concerned { limit, cell, .. } in settings.limits.concerned(event, event.at) {
            let cost = charge
                .cost
                .map(|cost| (cost, settings.currency(event.scope.organization.as_str())));
            let amount = limit.counted.amount(event, cost).unwrap_or_default();
            countings.push(Counting {
                cell,
                amount,
                arrival,
            });
        }
    }
    countings
}

/// The thresholds that a limit has passed by what was counted.
fn crossings(counted: &Counted, limit: &Limit, at: Timestamp) -> Vec<Crossing> {
    let passed = limit.thresholds.iter().filter(|threshold| {
        !threshold.is_reached(counted.before, limit.ceiling)
            && threshold.is_reached(counted.after, limit.ceiling)
    });
    passed
        .map(|threshold| Crossing {
            cell: counted.cell.clone(),
            threshold: *threshold,
            settled: counted.after,
            ceiling: limit.ceiling,
            at,
        })
        .collect()
}

/// The sum that a limit asked for.
fn amount(figures: &Figures, counted: &Measured) -> Amount {
    let number = match figures.value(counted.as_str()) {
        Some(Value::Amount { units, places }) => Decimal::from_parts(*units, *places),
        Some(Value::Count(count)) => Decimal::from_parts(i128::from(*count), 0),
        // One organization has one currency; where nothing was recorded there is no number.
        Some(Value::ByCurrency(_) | Value::Unknown) | None => Decimal::ZERO,
    };
    Amount(number.scaled_to(counted.scale()).unwrap_or(i128::MAX))
}
