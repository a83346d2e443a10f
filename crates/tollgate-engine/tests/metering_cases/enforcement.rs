//! Kind `enforcement`: what is held, given back and used under a limit, however many ask at once.
//!
//! A balance of theirs is a budget of ours; several balances of one customer are one budget of their sum. What is left is
//! the limit less what is settled and held.

use crate::{Case, Verdict};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;
use tollgate_core::event::{Attribution, Draft};
use tollgate_core::hold::Hold;
use tollgate_core::limit::{BudgetParts, SubjectParts};
use tollgate_core::money::Money;
use tollgate_core::price::NumberText;
use tollgate_core::scope::ScopeKind;
use tollgate_engine::clock::{Clock, SimulatedClock};
use tollgate_engine::store::{MemoryStore, Store};
use tollgate_engine::{Engine, HoldDraft, LimitDraft, Options};
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{NOON, at, identity};
use tollgate_testkit::model::number::{Exact, exact, text};

const CAPPED: &str = "there a cap cuts what is recorded to what was left; here what was used is recorded in full, and shown beside the limit";
const LATE: &str = "there a use that is settled late is an error and lost, so its room comes back; here it is recorded as late and counted";

/// An engine on a record that outlives it.
struct World {
    clock: Arc<SimulatedClock>,
    store: Arc<MemoryStore>,
    engine: Arc<Engine>,
}

/// Names by what they are counted in: the customer, and who is within.
type Names = BTreeMap<&'static str, String>;

impl World {
    async fn new() -> Self {
        let clock = Arc::new(SimulatedClock::at(at(NOON)));
        let store = Arc::new(MemoryStore::new(identity(), clock.clone()));
        Self::on(clock, store).await
    }

    async fn on(clock: Arc<SimulatedClock>, store: Arc<MemoryStore>) -> Self {
        let engine = Engine::open(store.clone(), clock.clone(), Options::default())
            .await
            .unwrap();
        Self {
            clock,
            store,
            engine: Arc::new(engine),
        }
    }

    /// A budget for all of time; soft ones are shown and refuse nothing.
    async fn budget(&self, name: &str, subject: Option<SubjectParts>, limit: &str, mode: &str) {
        let parts = BudgetParts {
            name: name.to_owned(),
            scope: subject,
            limit: Some(NumberText::new(limit)),
            period: Some(serde_json::from_str(r#""total""#).unwrap()),
            mode: Some(serde_json::from_value(mode.into()).unwrap()),
            ..BudgetParts::named("acme")
        };
        self.engine
            .create_limit(LimitDraft::Budget(parts), &Attribution::default())
            .await
            .unwrap();
    }

    async fn place(&self, cost: &str) -> Option<Hold> {
        place(&self.engine, &Names::new(), cost).await
    }

    async fn record(&self, cost: &str) {
        let drafts = vec![draft(&Names::new(), cost)];
        self.engine.record(drafts, &Attribution::default()).await.unwrap();
    }

    async fn settle(&self, hold: &Hold, cost: &str) -> &'static str {
        let draft = Draft {
            cost: Some(cost.to_owned().into()),
            ..Draft::default()
        };
        match self.engine.settle(hold.id, draft, &Attribution::default()).await {
            Ok(_) => "ok",
            Err(_) => "error",
        }
    }

    /// Time goes on until every hold has ended.
    async fn expire(&self) {
        self.clock.set(self.clock.now().plus_seconds(61));
        self.engine.tend().await.unwrap();
    }

    /// What each limit has settled, held and left, by its name.
    async fn figures(&self, names: &Names) -> BTreeMap<String, [Exact; 3]> {
        let draft = HoldDraft {
            usage: draft(names, "0"),
            ..HoldDraft::default()
        };
        let answer = self.engine.check(&draft, &Attribution::default()).await.unwrap();
        let looked = answer.decision.limits.into_iter().map(|looked| {
            let shown = |amount: tollgate_core::limit::Amount| {
                exact(&Money::from_pico(amount.0).unwrap().to_string())
            };
            let balance = looked.balance.unwrap();
            let figures = [balance.settled, balance.held, looked.remaining().unwrap()];
            (looked.name.to_string(), figures.map(shown))
        });
        looked.collect()
    }
}

fn draft(names: &Names, cost: &str) -> Draft<'static> {
    let named = |kind: &str| names.get(kind).map(|name| name.clone().into());
    Draft {
        category: Some("ai.completion".into()),
        organization: Some("acme".into()),
        team: named("team"),
        project: named("project"),
        user: named("user"),
        cost: Some(cost.to_owned().into()),
        ..Draft::default()
    }
}

async fn place(engine: &Engine, names: &Names, cost: &str) -> Option<Hold> {
    let draft = HoldDraft {
        usage: draft(names, cost),
        ..HoldDraft::default()
    };
    engine.place(&draft, &Attribution::default()).await.unwrap().hold
}

pub(crate) fn judge(case: &Case) -> Verdict {
    let Some(input) = case.input.as_object() else {
        return Verdict::Unknown(format!("an input of another shape: {}", case.input));
    };
    let fields: Vec<&str> = input.keys().map(String::as_str).collect();
    let is_among = |known: &[&str]| fields.iter().all(|field| known.contains(field));
    let has = |wanted: &[&str]| wanted.iter().all(|field| fields.contains(field));
    let got = if has(&["balance", "concurrent", "amount_each"])
        && is_among(&["balance", "concurrent", "amount_each", "overage"])
    {
        match input.get("overage").and_then(Value::as_str) {
            None => in_runtime(at_once(&case.input)),
            Some("cap") => return capped(case),
            Some(_) => None,
        }
    } else if has(&["hold", "ops"]) && is_among(&["balance", "balances", "already_used", "hold", "ops"]) {
        in_runtime(step_by_step(&case.input))
    } else if has(&["scopes", "reserve"]) && is_among(&["scopes", "reserve"]) {
        in_runtime(in_scopes(&case.input))
    } else {
        None
    };
    let Some(got) = got else {
        return Verdict::Unknown(format!("an input of a shape not met before: {}", case.input));
    };
    compared(case, &got)
}

/// What was expected, beside what we came to of the same.
fn compared(case: &Case, got: &BTreeMap<String, String>) -> Verdict {
    let mut lines = (Vec::new(), Vec::new());
    for (name, want) in case.expected.as_object().into_iter().flatten() {
        // What the source itself calls wrong is not expected of anybody.
        let Some(ours) = got.get(name.strip_prefix("correct_").unwrap_or(name)) else {
            if name.ends_with("_remaining") && case.expected.get("correct_remaining").is_some() {
                continue;
            }
            return Verdict::Unknown(format!("{name} is expected, which nobody here counts"));
        };
        let want = want.as_str().map_or_else(|| want.to_string(), str::to_owned);
        let is_number = want.parse::<f64>().is_ok();
        lines.0.push(format!("{name} {ours}"));
        lines.1.push(format!(
            "{name} {}",
            if is_number { text(&exact(&want)) } else { want }
        ));
    }
    let (ours, theirs) = (lines.0.join(", "), lines.1.join(", "));
    let is_late = got.get("late").is_some_and(|late| late == "yes");
    match case.expected["confirm"].as_str() {
        Some("error") if is_late && ours != theirs => Verdict::Differs(LATE),
        _ if lines.0.is_empty() => Verdict::Unknown("nothing is expected".to_owned()),
        _ => Verdict::Run {
            got: ours,
            want: theirs,
        },
    }
}

fn number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.parse::<Money>().ok().map(|_| text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Many hold the same amount at once.
async fn at_once(input: &Value) -> Option<BTreeMap<String, String>> {
    let (limit, each) = (number(&input["balance"])?, number(&input["amount_each"])?);
    let world = World::new().await;
    world.budget("limit", None, &limit, "hard").await;
    let mut callers = JoinSet::new();
    for _ in 0..input["concurrent"].as_u64()? {
        let (engine, each) = (world.engine.clone(), each.clone());
        callers.spawn(async move { place(&engine, &Names::new(), &each).await.is_some() });
    }
    let admitted = callers.join_all().await;
    let granted = admitted.iter().filter(|is_admitted| **is_admitted).count();
    let [settled, held, remaining] = world.figures(&Names::new()).await.remove("limit")?;
    Some(BTreeMap::from([
        ("granted".to_owned(), granted.to_string()),
        ("denied".to_owned(), (admitted.len() - granted).to_string()),
        ("held".to_owned(), text(&held)),
        ("usage".to_owned(), text(&settled)),
        ("remaining".to_owned(), text(&remaining)),
    ]))
}

/// Many record the same amount at once, beyond what is left.
fn capped(case: &Case) -> Verdict {
    let input = &case.input;
    let (Some(limit), Some(each), Some(concurrent)) = (
        number(&input["balance"]),
        number(&input["amount_each"]),
        input["concurrent"].as_u64(),
    ) else {
        return Verdict::Unknown(format!("numbers of another kind: {input}"));
    };
    let [settled, _, remaining] = in_runtime(async {
        let world = World::new().await;
        world.budget("limit", None, &limit, "soft").await;
        for _ in 0..concurrent {
            world.record(&each).await;
        }
        world.figures(&Names::new()).await.remove("limit").unwrap()
    });
    let all = exact(&each) * exact(&concurrent.to_string());
    assert_eq!(
        (&settled, text(&remaining).as_str()),
        (&all, "0"),
        "what was used is recorded in full"
    );
    match case.expected["usage"].as_str().map(exact) {
        Some(usage) if usage != settled => Verdict::Differs(CAPPED),
        _ => compared(
            case,
            &BTreeMap::from([
                ("usage".to_owned(), text(&settled)),
                ("remaining".to_owned(), text(&remaining)),
            ]),
        ),
    }
}

/// One hold, and what is done with it.
async fn step_by_step(input: &Value) -> Option<BTreeMap<String, String>> {
    let balances = match (&input["balances"], &input["balance"]) {
        (Value::Array(balances), Value::Null) => balances.iter().map(number).collect::<Option<Vec<_>>>()?,
        (Value::Null, balance) => vec![number(balance)?],
        _ => return None,
    };
    let limit: Exact = balances.iter().map(|balance| exact(balance)).sum();
    let mut world = World::new().await;
    world.budget("limit", None, &text(&limit), "hard").await;
    if let Some(used) = input.get("already_used") {
        world.record(&number(used)?).await;
    }
    let claimed = number(&input["hold"])?;
    let hold = world.place(&claimed).await?;
    let (mut confirm, mut late) = ("none", "no");
    for op in input["ops"].as_array()? {
        let words: Vec<&str> = op.as_str()?.split_whitespace().collect();
        match words.as_slice() {
            ["expire"] => world.expire().await,
            ["release" | "cancel"] => drop(
                world
                    .engine
                    .release(hold.id, &Attribution::default())
                    .await
                    .ok()?,
            ),
            ["confirm" | "settle"] => confirm = world.settle(&hold, &claimed).await,
            ["confirm" | "settle", "override", cost] | ["confirm" | "settle", cost] => {
                let found = world.store.holds().hold(hold.id).await.unwrap()?;
                late = if found.state.is_open() { late } else { "yes" };
                confirm = world.settle(&hold, cost).await;
            }
            // What was only in memory is lost; the record is not.
            [.., "evicted" | "lost" | "flushed"] => {
                world = World::on(world.clock.clone(), world.store.clone()).await
            }
            _ => return None,
        }
    }
    let [settled, held, remaining] = world.figures(&Names::new()).await.remove("limit")?;
    Some(BTreeMap::from([
        ("remaining".to_owned(), text(&remaining)),
        ("usage".to_owned(), text(&settled)),
        ("held".to_owned(), text(&held)),
        ("confirm".to_owned(), confirm.to_owned()),
        ("late".to_owned(), late.to_owned()),
    ]))
}

/// One hold that several scopes are charged for: `tenant:acme/agent:support-bot`.
async fn in_scopes(input: &Value) -> Option<BTreeMap<String, String>> {
    let world = World::new().await;
    let mut names = Names::new();
    let paths = input["scopes"].as_object()?;
    for (path, limit) in paths {
        let (kind, name) = path.rsplit('/').next()?.split_once(':')?;
        let kind = match kind {
            "tenant" | "organization" => ScopeKind::Organization,
            "workspace" | "team" => ScopeKind::Team,
            "app" | "project" | "workflow" => ScopeKind::Project,
            "agent" | "user" => ScopeKind::User,
            _ => return None,
        };
        names.insert(kind.as_str(), name.to_owned());
        let id = if kind == ScopeKind::Organization {
            "*"
        } else {
            name
        };
        let subject = SubjectParts {
            kind,
            id: id.to_owned(),
        };
        world.budget(path, Some(subject), &number(limit)?, "hard").await;
    }
    let hold = place(&world.engine, &names, &number(&input["reserve"])?).await;
    let decision = if hold.is_some() { "ALLOW" } else { "DENY" };
    let mut got = BTreeMap::from([("decision".to_owned(), decision.to_owned())]);
    let figures = world.figures(&names).await;
    got.extend(
        figures
            .into_iter()
            .map(|(path, [_, _, remaining])| (path, text(&remaining))),
    );
    Some(got)
}
