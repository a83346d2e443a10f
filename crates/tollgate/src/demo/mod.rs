//! The sample that `serve --demo` fills an empty store with: ninety days of three organizations, ending now.
//!
//! Answers for what the sample holds and for filling it in exactly once. Deliberately not here: anything a real event
//! would not go through. The sample is recorded, priced and counted like every other usage.
//!
//! Invariants: integers and seeds only, so the same end gives the same events on every machine; only an empty store is
//! begun; a fill that was cut off is taken up again with the same end, and what was recorded then is a duplicate now.

mod acme;
mod chance;
mod character;
mod globex;
mod history;
mod northwind;
mod story;
#[cfg(test)]
mod tests;

use acme::ACME;
use anyhow::Context as _;
use character::Character;
use history::{CHARACTERS, HOURS, History};
use tollgate_core::event::Draft;
use tollgate_core::price::PriceParts;
use tollgate_core::time::Timestamp;
use tollgate_engine::store::Expected;
use tollgate_engine::{Access, Engine, OrganizationDraft, Receipt, Status};

/// Events recorded in one step: large enough to be fast, small enough to show progress.
const BATCH_EVENTS: usize = 4_096;

/// What the name of an organization of the sample ends with.
const SAMPLE: &str = " (sample)";
/// What the name of the first ends with while the sample is incomplete. Its record is the marker of the whole fill: it
/// is created first, its creation time is the end of the history, and it gets its own name last.
const UNFINISHED: &str = " (sample, being filled)";

/// What became of the request to fill the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filling {
    /// The sample is complete now.
    Filled(Tally),
    /// It was complete before; nothing was done.
    Complete,
    /// The store holds something else; nothing was done.
    Occupied,
}

/// How many events have been sent, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) recorded: u64,
    pub(crate) duplicate: u64,
}

/// How far a fill has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) percent: u64,
    pub(crate) tally: Tally,
}

/// Fills an empty store with the sample, or goes on where an earlier fill was cut off.
///
/// Idempotent, also across crashes. `watch` hears how far it has come after each step.
pub(crate) async fn fill(
    engine: &Engine,
    watch: &mut (dyn FnMut(Reached) + Send),
) -> anyhow::Result<Filling> {
    let settings = engine.settings();
    let first = settings.organizations.get(ACME.id);
    let begun_at = match first {
        None if settings.organizations.is_empty() && engine.state().events == 0 => begin(engine).await?,
        Some(first) if first.name == name(&ACME, UNFINISHED) => first.created_at,
        Some(first) if first.name == name(&ACME, SAMPLE) => return Ok(Filling::Complete),
        _ => return Ok(Filling::Occupied),
    };
    let history = History::until(begun_at)?;
    prepare(engine, &history).await?;
    let tally = record(engine, &history, watch).await?;
    save(engine, &ACME, SAMPLE).await?;
    Ok(Filling::Filled(tally))
}

/// Leaves the marker that a fill has begun, and answers when.
async fn begin(engine: &Engine) -> anyhow::Result<Timestamp> {
    save(engine, &ACME, UNFINISHED).await
}

/// Writes what the events build on: the other organizations and the prices of the sample.
async fn prepare(engine: &Engine, history: &History) -> anyhow::Result<()> {
    for character in CHARACTERS.iter().filter(|character| character.id != ACME.id) {
        save(engine, character, SAMPLE).await?;
    }
    for price in history.prices() {
        let parts: PriceParts = serde_json::from_value(price)?;
        // A fill that was cut off may have written it; a price gets a new id each time, so it is known by its content.
        let settings = engine.settings();
        if !settings
            .prices
            .values()
            .any(|record| *record.price.parts() == parts)
        {
            engine.create_price(parts, &Access::default()).await?;
        }
    }
    Ok(())
}

async fn record(
    engine: &Engine,
    history: &History,
    watch: &mut (dyn FnMut(Reached) + Send),
) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut batch: Vec<Draft<'static>> = Vec::with_capacity(BATCH_EVENTS);
    for hour in 0..HOURS {
        batch.append(&mut history.hour(hour)?);
        if batch.len() >= BATCH_EVENTS || hour == HOURS - 1 {
            for receipt in engine
                .record(std::mem::take(&mut batch), &Access::default())
                .await?
            {
                tally.count(&receipt)?;
            }
            watch(Reached {
                percent: (hour + 1) * 100 / HOURS,
                tally,
            });
        }
    }
    Ok(tally)
}

impl Tally {
    fn count(&mut self, receipt: &Receipt) -> anyhow::Result<()> {
        let id = receipt.id.as_deref().unwrap_or_default();
        match &receipt.status {
            Status::Recorded { .. } => self.recorded += 1,
            Status::Duplicate { .. } => self.duplicate += 1,
            // Only another version of the sample gives the same id to another event, or knows other categories.
            Status::Conflict => {
                anyhow::bail!(
                    "sample event {id} is there already with other content: begin with an empty folder"
                )
            }
            Status::Rejected(flaws) => {
                let flaw = flaws
                    .first()
                    .map(|flaw| format!("{} {}", flaw.pointer, flaw.detail))
                    .unwrap_or_default();
                anyhow::bail!("sample event {id} is not accepted: {flaw}")
            }
        }
        Ok(())
    }
}

/// Saves an organization of the sample under its name with this ending, and answers when it was created first.
async fn save(engine: &Engine, character: &Character, ending: &str) -> anyhow::Result<Timestamp> {
    let draft = OrganizationDraft {
        id: character.id.to_owned(),
        name: Some(name(character, ending)),
        currency: Some("USD".to_owned()),
    };
    let (organization, _) = engine
        .save_organization(draft, Expected::Any)
        .await
        .with_context(|| format!("sample organization {} cannot be saved", character.id))?;
    Ok(organization.created_at)
}

fn name(character: &Character, ending: &str) -> String {
    format!("{}{ending}", character.name)
}
