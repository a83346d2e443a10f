//! Requests to check and hold: what is asked, what it would cost, and which limits it concerns.

use super::Engine;
use super::balance::BalanceError;
use crate::error::EngineError;
use crate::settings::Settings;
use smol_str::SmolStr;
use std::hash::Hasher;
use std::sync::Arc;
use tollgate_core::decision::{Decision, Standing, decide};
use tollgate_core::event::{Attribution, Draft, Event};
use tollgate_core::flaw::{Flaw, FlawCode};
use tollgate_core::hold::{TTL_SECONDS_DEFAULT, TTL_SECONDS_MAX};
use tollgate_core::id::{HoldId, PayloadHash};
use tollgate_core::limit::{Action, Amount, Balance, Concerned, Priority};
use tollgate_core::money::{Currency, Money};
use tollgate_core::price::bound;
use tollgate_core::text::Key;
use tollgate_core::time::Timestamp;

/// What a caller wants to do, before it does.
#[derive(Clone, Debug, Default)]
pub struct HoldDraft<'a> {
    /// The use, as it would be recorded; its id is that of the hold.
    pub usage: Draft<'a>,
    /// How much it matters.
    pub priority: Priority,
    /// How long the hold is open, in seconds.
    pub ttl_seconds: Option<i64>,
}

/// A valid request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) hold: HoldId,
    pub(super) is_named: bool,
    pub(super) payload: PayloadHash,
    pub(super) usage: Event,
    pub(super) priority: Priority,
    pub(super) ttl_seconds: i64,
    pub(super) now: Timestamp,
    pub(super) currency: Currency,
    /// What it costs at most; `None` when there is no price.
    pub(super) cost: Option<Money>,
    pub(super) concerned: Vec<Concerned>,
    pub(super) settings: Arc<Settings>,
}

/// What would do instead, or when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// Wait this long.
    pub delay_ms: Option<u32>,
    /// Use this model.
    pub model: Option<SmolStr>,
    /// Use this provider.
    pub provider: Option<SmolStr>,
}

impl Request {
    /// What the request would add to each limit it concerns.
    pub(super) fn amounts(&self) -> impl Iterator<Item = Option<Amount>> {
        let cost = self.cost.map(|cost| (cost, self.currency));
        self.concerned
            .iter()
            .map(move |one| one.limit.counted.amount(&self.usage, cost))
    }

    /// Decides, given what the limits' cells have come to; without balances they are not known.
    pub(super) fn decide(&self, balances: Option<&[Balance]>) -> Decision {
        let standings: Vec<Standing> = self
            .concerned
            .iter()
            .zip(self.amounts())
            .enumerate()
            .map(|(place, (concerned, amount))| Standing {
                concerned: concerned.clone(),
                balance: balances.and_then(|balances| balances.get(place).copied()),
                amount,
            })
            .collect();
        Decision {
            estimated_cost: self.cost,
            ..decide(&standings, self.priority)
        }
    }

    /// What a decision's advice comes to for this request.
    pub(super) fn suggestion(&self, decision: &Decision) -> Option<Suggestion> {
        let suggestion = match decision.action {
            Action::Throttle => Suggestion {
                delay_ms: decision.delay_ms,
                ..Suggestion::default()
            },
            Action::Downgrade => self.alternative(|own, other| own == other)?,
            Action::Switch => self.alternative(|own, other| own != other)?,
            Action::Queue => Suggestion {
                delay_ms: self.until_reset(decision),
                ..Suggestion::default()
            },
            Action::None | Action::Warn | Action::Notify | Action::Block => return None,
        };
        Some(suggestion)
    }

    /// Milliseconds until the first limit that advises to wait begins anew.
    fn until_reset(&self, decision: &Decision) -> Option<u32> {
        let waiting = decision
            .limits
            .iter()
            .filter(|looked| looked.action == Action::Queue);
        let at = waiting.filter_map(|looked| looked.resets_at).min()?;
        let micros = at.micros().saturating_sub(self.now.micros()).max(0);
        Some(u32::try_from(micros / 1000).unwrap_or(u32::MAX))
    }

    /// A cheaper model whose provider is as wanted, seen from the request's own: the best of those that cost at most half,
    /// taking the price for the quality, else the cheapest.
    fn alternative(&self, is_wanted: impl Fn(&str, &str) -> bool) -> Option<Suggestion> {
        let own = |key: &str| self.usage.dimensions.value(key).map(|value| value.as_str());
        let (provider, model) = (own("provider")?, own("model")?);
        let cost = self.cost?;
        let category = self.settings.catalog.category(self.usage.category.as_str())?;
        let mut cheaper: Vec<(Money, &str, &str)> = Vec::new();
        for price in self.settings.book.iter().filter(|price| {
            price.category() == &self.usage.category
                && price.currency() == self.currency
                && price.is_effective(self.now)
                && price
                    .organization()
                    .is_none_or(|own| *own == self.usage.scope.organization)
        }) {
            let of = |key: &str| price.matches().value(key).map(|value| value.as_str());
            let (Some(other_provider), Some(other_model)) = (of("provider"), of("model")) else {
                continue;
            };
            if other_model == model || !is_wanted(provider, other_provider) {
                continue;
            }
            let other = bound(price, category, &self.usage).cost;
            cheaper.extend(
                other
                    .filter(|other| *other < cost)
                    .map(|other| (other, other_provider, other_model)),
            );
        }
        let half = cheaper
            .iter()
            .filter(|(other, ..)| other.pico().saturating_mul(2) <= cost.pico());
        let best = half.max().or_else(|| cheaper.iter().min())?;
        Some(Suggestion {
            delay_ms: None,
            provider: (best.1 != provider).then(|| best.1.into()),
            model: Some(best.2.into()),
        })
    }
}

impl Engine {
    /// Judges what a caller wants to do and finds the limits that it concerns.
    pub(super) fn request(&self, draft: &HoldDraft<'_>, by: &Attribution) -> Result<Request, EngineError> {
        let settings = self.settings();
        let intake = self.intake(&settings, by);
        let now = intake.now;
        let given = draft.usage.id.as_deref();
        let fresh = uuid::Uuid::now_v7();
        let id = given.map_or_else(|| SmolStr::new(fresh.to_string()), SmolStr::new);
        let mut flaws = Vec::new();
        let ttl_seconds = draft.ttl_seconds.unwrap_or(TTL_SECONDS_DEFAULT);
        check_ttl(ttl_seconds, &mut flaws);
        let usage = draft
            .usage
            .validate(&intake, &id)
            .map_err(|more| flaws.extend(more));
        let usage = match usage {
            Ok(usage) if flaws.is_empty() => usage,
            Ok(_) | Err(()) => return Err(EngineError::Invalid(flaws)),
        };
        let currency = settings.currency(usage.scope.organization.as_str());
        check_measured(draft, &usage, &settings)?;
        let cost = estimate(&usage, currency, &settings)?;
        let concerned = settings
            .limits
            .concerned_in(&usage, |limit| self.windows.of(limit, now))
            .into_vec();
        Ok(Request {
            hold: match given {
                Some(id) => self.identity.hold_id(usage.scope.organization.as_str(), id),
                None => HoldId::from_bits(fresh.as_u128()),
            },
            is_named: given.is_some(),
            payload: self.payload(&usage, draft, ttl_seconds),
            usage,
            priority: draft.priority,
            ttl_seconds,
            now,
            currency,
            cost,
            concerned,
            settings,
        })
    }

    /// Hash of everything that was asked.
    fn payload(&self, usage: &Event, draft: &HoldDraft<'_>, ttl_seconds: i64) -> PayloadHash {
        let mut hasher = self.identity.payload_hasher();
        hasher.write_u64(usage.payload.0);
        hasher.write_i64(ttl_seconds);
        hasher.write(draft.priority.as_str().as_bytes());
        PayloadHash(hasher.finish())
    }

    /// What limits say to a request, without taking anything.
    pub(super) async fn decision(&self, request: &Request) -> Result<Decision, EngineError> {
        match self
            .balances
            .of(&request.concerned, &request.settings, request.now)
            .await
        {
            Ok(balances) => Ok(request.decide(Some(&balances))),
            Err(BalanceError::Counters(error)) => {
                tracing::warn!(%error, "limits are decided without balances");
                Ok(request.decide(None))
            }
            Err(BalanceError::Store(error)) => Err(error.into()),
        }
    }
}

pub(super) fn check_ttl(ttl_seconds: i64, flaws: &mut Vec<Flaw>) {
    if !(1..=TTL_SECONDS_MAX).contains(&ttl_seconds) {
        let detail = format!("must be from 1 to {TTL_SECONDS_MAX} seconds; a hold can be extended");
        flaws.push(Flaw::at("/ttl_seconds", FlawCode::Range, detail));
    }
}

/// Refuses a use of which nothing is said to measure it by, where its category is measured by more than requests: it would
/// hold nothing, and a limit would be none.
fn check_measured(draft: &HoldDraft<'_>, usage: &Event, settings: &Settings) -> Result<(), EngineError> {
    let is_said = !draft.usage.measures.is_empty() || draft.usage.quantity.is_some();
    let Some(category) = settings.catalog.category(usage.category.as_str()) else {
        return Ok(());
    };
    let requests = Key::requests();
    let mut billed = category
        .measures()
        .iter()
        .filter(|measure| measure.billable && measure.name != requests)
        .map(|measure| measure.name.as_str())
        .peekable();
    let is_counted = category.primary() == Some(&requests) || billed.peek().is_none();
    if is_said || usage.asserted.is_some() || is_counted {
        return Ok(());
    }
    let known = billed.collect::<Vec<_>>().join(", ");
    let detail = format!("say how much will be used at most ({known}), or what it costs at most (cost)");
    Err(EngineError::Invalid(vec![Flaw::at(
        "/measures",
        FlawCode::Missing,
        detail,
    )]))
}

/// What a use costs at most; `None` when nobody knows.
fn estimate(usage: &Event, currency: Currency, settings: &Settings) -> Result<Option<Money>, EngineError> {
    let category = settings.catalog.category(usage.category.as_str());
    if let Some(cost) = usage.asserted {
        if cost < Money::ZERO {
            let detail = "must not be negative: a hold claims what a use costs at most";
            return Err(EngineError::Invalid(vec![Flaw::at(
                "/cost",
                FlawCode::Range,
                detail,
            )]));
        }
        return Ok(Some(cost));
    }
    let price = settings.book.price_for(usage, currency);
    Ok(price
        .zip(category)
        .and_then(|(price, category)| bound(price, category, usage).cost))
}
