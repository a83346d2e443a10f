//! Recording: drafts become events, receipts say what became of each.

use super::settle::fresh;
use super::task::to_its_end;
use super::{Access, Engine};
use crate::error::EngineError;
use crate::settings::Settings;
use crate::store::{Outcome, StoreError, StoredEvent, Submission};
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::sync::Arc;
use tollgate_core::charge::{Charge, CostSource, Unpriced};
use tollgate_core::event::{Attribution, Draft, Event, Intake};
use tollgate_core::flaw::{Flaw, FlawCode};
use tollgate_core::id::EventId;
use tollgate_core::money::Currency;
use tollgate_core::price::NearMiss;
use tollgate_core::text::Label;

/// Longest reason of a void: a sentence or two for people.
const REASON_BYTES_MAX: usize = 1_000;
/// Prices that are compared one by one in an answer to say why events have none: some hundredths of a second.
pub(super) const NEAR_MISS_LOOKS_MAX: usize = 1_000_000;

/// What became of one draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The caller's id, or the one that was made; `None` for a rejected draft that named none.
    pub id: Option<SmolStr>,
    /// The server's id; `None` when rejected.
    pub event: Option<EventId>,
    /// What became of it.
    pub status: Status,
    /// Why no price matches, where one nearly does.
    pub near_miss: Option<NearMiss>,
}

/// The four ends of a draft: each ends as exactly one.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// New and counted.
    Recorded {
        /// What it cost.
        charge: Charge,
        /// In which currency.
        currency: Currency,
    },
    /// Seen before; nothing changed.
    Duplicate {
        /// What it cost then; `None` once the raw event has expired.
        charge: Option<Charge>,
        /// In which currency.
        currency: Currency,
    },
    /// Its id was used for another statement; nothing changed.
    Conflict,
    /// Not a valid statement; every flaw is listed.
    Rejected(Vec<Flaw>),
}

impl Status {
    /// The charge of an event that was recorded, now or before.
    pub fn charge(&self) -> Option<&Charge> {
        match self {
            Self::Recorded { charge, .. } => Some(charge),
            Self::Duplicate { charge, .. } => charge.as_ref(),
            Self::Conflict | Self::Rejected(_) => None,
        }
    }
}

/// What keeps prices from matching an event that was charged so, if it has no price.
pub(super) fn near_miss(
    event: &Event,
    charge: &Charge,
    settings: &Settings,
    looks: &mut usize,
) -> Option<NearMiss> {
    if charge.source != CostSource::Unpriced(Unpriced::NoPrice) {
        return None;
    }
    let currency = settings.currency(event.scope.organization.as_str());
    settings.book.near_miss(event, currency, looks)
}

impl Engine {
    /// Records drafts in order and says what became of each.
    ///
    /// A flawed draft is rejected alone; the rest is recorded in one step. When the answer is `Ok`, everything
    /// recorded is durable. Idempotent by (organization, source, id).
    pub async fn record(
        &self,
        drafts: Vec<Draft<'_>>,
        by: &Attribution,
    ) -> Result<Vec<Receipt>, EngineError> {
        let settings = self.settings();
        let mut receipts = Vec::with_capacity(drafts.len());
        let mut submissions = Vec::with_capacity(drafts.len());
        let mut places = Vec::with_capacity(drafts.len());
        let intake = self.intake(&settings, by);
        for draft in &drafts {
            let id = draft.id.as_deref().map_or_else(fresh_id, SmolStr::new);
            match draft.validate(&intake, &id) {
                Ok(event) => {
                    places.push(receipts.len());
                    receipts.push(Receipt {
                        id: Some(id),
                        event: Some(event.event),
                        status: Status::Conflict,
                        near_miss: None,
                    });
                    submissions.push(Submission::from(event));
                }
                Err(flaws) => receipts.push(Receipt {
                    id: draft.id.is_some().then_some(id),
                    event: None,
                    status: Status::Rejected(flaws),
                    near_miss: None,
                }),
            }
        }
        if submissions.is_empty() {
            return Ok(receipts);
        }
        self.ensure_organizations(&settings, &submissions).await?;
        let submissions = Arc::new(submissions);
        let (outcomes, settings) = self.submit(submissions.clone()).await?;
        let mut looks = NEAR_MISS_LOOKS_MAX;
        for ((place, submission), outcome) in places.into_iter().zip(submissions.iter()).zip(outcomes) {
            let receipt = &mut receipts[place];
            receipt.status = status(outcome, &submission.event, &settings);
            receipt.near_miss = receipt
                .status
                .charge()
                .and_then(|charge| near_miss(&submission.event, charge, &settings, &mut looks));
        }
        Ok(receipts)
    }

    /// What is wrong with a draft, which is not recorded.
    pub fn flaws(&self, draft: &Draft<'_>, by: &Attribution) -> Vec<Flaw> {
        let settings = self.settings();
        let intake = self.intake(&settings, by);
        // Any id does for a draft that will not be recorded.
        draft.validate(&intake, "-").err().unwrap_or_default()
    }

    pub(super) fn intake<'a>(&'a self, settings: &'a Settings, by: &'a Attribution) -> Intake<'a> {
        Intake {
            catalog: &settings.catalog,
            identity: &self.identity,
            attribution: by,
            acceptance: self.acceptance,
            now: self.now(),
        }
    }

    /// Takes an event back with a compensating one, which keeps the reason. Idempotent: a second void answers with the
    /// first and its reason stays.
    pub async fn void(
        &self,
        event: EventId,
        reason: Option<String>,
        access: &Access,
    ) -> Result<Receipt, EngineError> {
        let metadata = reason.map(void_metadata).transpose()?;
        let original = self.visible(event, access).await?;
        if original.event.corrects.is_some() {
            let detail = "this event is a void itself; send the usage again under a new id instead";
            return Err(EngineError::Invalid(vec![Flaw::at(
                "",
                FlawCode::Combination,
                detail,
            )]));
        }
        let void = Event {
            metadata,
            ..original.event.void(&self.identity)
        };
        let id = Some(void.id.as_smol().clone());
        let submission = Submission {
            voids: Some(Arc::new(original)),
            event: void,
        };
        let event = submission.event.clone();
        let (mut outcomes, settings) = self.submit(Arc::new(vec![submission])).await?;
        let outcome = outcomes.pop().unwrap_or(Outcome::Conflict);
        Ok(Receipt {
            id,
            event: Some(event.event),
            status: status(outcome, &event, &settings),
            near_miss: None,
        })
    }

    /// The recorded event, if this caller may see it.
    pub(super) async fn visible(&self, event: EventId, access: &Access) -> Result<StoredEvent, EngineError> {
        let stored = self
            .store
            .event(event)
            .await?
            .filter(|stored| super::read::may_see(access, &stored.event.scope));
        stored.ok_or_else(|| EngineError::NotFound {
            what: "event",
            id: event.to_string(),
        })
    }

    /// Records with the settings as they are now, which stay as they are until it is done.
    async fn submit(
        &self,
        submissions: Arc<Vec<Submission>>,
    ) -> Result<(Vec<Outcome>, Arc<Settings>), EngineError> {
        let unchanging = self.changing.clone().read_owned().await;
        let settings = self.settings();
        let is_limited =
            |submission: &Submission| settings.limits.has(submission.event.scope.organization.as_str());
        if !submissions.iter().any(is_limited) {
            let recorded = self.store.record(submissions.clone(), settings.clone()).await;
            // A failure does not say that nothing was recorded.
            self.watches.note(&submissions);
            return Ok((recorded?, settings));
        }
        let (store, balances, watches) = (self.store.clone(), self.balances.clone(), self.watches.clone());
        let (with, now) = (settings.clone(), self.now());
        let outcomes = to_its_end(async move {
            let outcomes = store.record(submissions.clone(), with.clone()).await;
            watches.note(&submissions);
            let outcomes = outcomes?;
            let recorded = submissions.iter().zip(&outcomes);
            let fresh = recorded.filter_map(|(submission, outcome)| fresh(outcome, &submission.event));
            balances.count(fresh, (&with, now)).await;
            drop(unchanging);
            Ok::<_, StoreError>(outcomes)
        });
        Ok((outcomes.await??, settings))
    }

    /// Creates the organizations that events name and that are not there yet.
    async fn ensure_organizations(
        &self,
        settings: &Settings,
        submissions: &[Submission],
    ) -> Result<(), EngineError> {
        let mut missing: BTreeSet<&Label> = BTreeSet::new();
        let mut last = None;
        for submission in submissions {
            let organization = &submission.event.scope.organization;
            // Events come in runs of one organization: ask the map once per run.
            if last != Some(organization) && !settings.organizations.contains_key(organization.as_str()) {
                missing.insert(organization);
            }
            last = Some(organization);
        }
        if missing.is_empty() {
            return Ok(());
        }
        self.create_missing_organizations(missing.into_iter().cloned().collect())
            .await
    }
}

/// The reason of a void, as its metadata.
fn void_metadata(reason: String) -> Result<Box<str>, EngineError> {
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
        let detail = format!("give a reason of 1 to {REASON_BYTES_MAX} bytes, or none");
        return Err(EngineError::Invalid(vec![Flaw::at(
            "/reason",
            FlawCode::Text,
            detail,
        )]));
    }
    Ok(serde_json::json!({ "reason": reason }).to_string().into())
}

pub(super) fn status(outcome: Outcome, event: &Event, settings: &Settings) -> Status {
    let currency = settings.currency(event.scope.organization.as_str());
    match outcome {
        Outcome::Recorded { charge, .. } => Status::Recorded { charge, currency },
        Outcome::Duplicate(charge) => Status::Duplicate { charge, currency },
        Outcome::Conflict => Status::Conflict,
    }
}

/// An id for an event that came without one. It cannot be sent again, so it makes no resend safe; callers who retry send ids.
fn fresh_id() -> SmolStr {
    SmolStr::new(
        uuid::Uuid::now_v7()
            .hyphenated()
            .encode_lower(&mut uuid::Uuid::encode_buffer()),
    )
}
