//! What is wrong with a limit as it is written: every flaw at once, each at its field.

use serde_json::{Value, json};
use tollgate_core::flaw::Flaw;
use tollgate_core::id::{BudgetId, QuotaId};
use tollgate_core::limit::{BudgetParts, Limit, QuotaParts, RUNGS_MAX, THRESHOLDS_MAX};
use tollgate_core::money::Currency;

fn whole(mut object: Value, more: &Value) -> String {
    object
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    object.to_string()
}

fn quota(fields: &Value) -> Result<Limit, Vec<Flaw>> {
    let text = whole(
        json!({"name": "q", "organization": "acme", "measure": "requests", "limit": 10, "window": "day"}),
        fields,
    );
    let parts: QuotaParts = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    parts.judge(QuotaId::from_bits(1))
}

fn budget(fields: &Value) -> Result<Limit, Vec<Flaw>> {
    let text = whole(
        json!({"name": "b", "organization": "acme", "limit": "10"}),
        fields,
    );
    let parts: BudgetParts = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    parts.judge(BudgetId::from_bits(1), Currency::USD)
}

/// `pointer code` of each flaw, in the order of their pointers.
fn flaws(judged: Result<Limit, Vec<Flaw>>) -> Vec<String> {
    let mut flaws: Vec<String> = judged
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|flaw| {
            assert!(!flaw.detail.is_empty() && !flaw.detail.ends_with('.'), "{flaw:?}");
            format!("{} {}", flaw.pointer, flaw.code.as_str())
        })
        .collect();
    flaws.sort();
    flaws
}

fn check_both(fields: Value, want: &[&str]) {
    assert_eq!(flaws(quota(&fields)), want, "quota {fields}");
    assert_eq!(flaws(budget(&fields)), want, "budget {fields}");
}

#[test]
fn every_flaw_of_what_limits_share_is_told_at_its_field() {
    check_both(json!({}), &[]);
    check_both(json!({"name": ""}), &["/name invalid_text"]);
    check_both(json!({"name": "a\nb"}), &["/name invalid_text"]);
    check_both(json!({"organization": ""}), &["/organization invalid_text"]);
    check_both(json!({"organization": "*"}), &["/organization reserved_name"]);
    check_both(
        json!({"scope": {"kind": "user", "id": ""}}),
        &["/scope/id invalid_text"],
    );
    check_both(
        json!({"scope": {"kind": "organization", "id": "globex"}}),
        &["/scope/id invalid_combination"],
    );
    for selector in ["", "AI.*", "ai.", "a*", "*.x", "ai.*.x"] {
        check_both(json!({"selector": selector}), &["/selector invalid_text"]);
    }
    check_both(json!({"match": {"a b": "x"}}), &["/match/a b invalid_text"]);
    check_both(json!({"match": {"a/b~c": "x"}}), &["/match/a~1b~0c invalid_text"]);
    check_both(json!({"match": {"model": ""}}), &["/match/model invalid_text"]);
    check_both(json!({"match": {"user": "u"}}), &["/match/user reserved_name"]);
    let many: serde_json::Map<_, _> = (0..100).map(|n| (format!("d{n}"), json!("x"))).collect();
    check_both(json!({"match": many}), &["/match too_many"]);
    check_both(
        json!({"timezone": "Europe/Atlantis"}),
        &["/timezone unknown_zone"],
    );
    check_both(json!({"timezone": ""}), &["/timezone unknown_zone"]);
}

#[test]
fn every_flaw_of_a_ceiling_is_told() {
    check_both(json!({"limit": 0}), &[]);
    check_both(json!({"limit": "-0"}), &[]);
    check_both(json!({"limit": -1}), &["/limit out_of_range"]);
    check_both(json!({"limit": "-0.000000001"}), &["/limit out_of_range"]);
    for text in [
        "",
        "ten",
        "1e400",
        "1,5",
        "0x10",
        "NaN",
        "99999999999999999999999999999999999999999",
    ] {
        check_both(json!({"limit": text}), &["/limit invalid_number"]);
    }
    // A measure has nine decimal places, money twelve.
    assert_eq!(
        flaws(quota(&json!({"limit": "0.0000000001"}))),
        ["/limit invalid_number"]
    );
    assert_eq!(flaws(budget(&json!({"limit": "0.0000000001"}))), [""; 0]);
    assert_eq!(
        flaws(budget(&json!({"limit": "0.0000000000001"}))),
        ["/limit invalid_number"]
    );
}

#[test]
fn every_flaw_of_thresholds_and_rungs_is_told() {
    check_both(json!({"thresholds": []}), &[]);
    check_both(json!({"thresholds": ["0.01", "1000", 75]}), &[]);
    check_both(
        json!({"thresholds": [50, 0, -1, "1000.01", "0.001", "half"]}),
        &[
            "/thresholds/1 out_of_range",
            "/thresholds/2 out_of_range",
            "/thresholds/3 out_of_range",
            "/thresholds/4 out_of_range",
            "/thresholds/5 invalid_number",
        ],
    );
    let many: Vec<usize> = (1..=THRESHOLDS_MAX + 1).collect();
    check_both(json!({"thresholds": many}), &["/thresholds too_many"]);
    check_both(json!({"thresholds": many[1..]}), &[]);
    let rungs = |count: usize| {
        (1..=count)
            .map(|at| json!({"at": at, "action": "warn"}))
            .collect::<Vec<_>>()
    };
    check_both(json!({"rungs": rungs(RUNGS_MAX)}), &[]);
    check_both(json!({"rungs": rungs(RUNGS_MAX + 1)}), &["/rungs too_many"]);
    check_both(
        json!({"rungs": [{"at": 10, "action": "warn"}, {"at": "0", "action": "block"}, {"at": "x", "action": "block"}]}),
        &["/rungs/1/at out_of_range", "/rungs/2/at invalid_number"],
    );
}

#[test]
fn all_flaws_are_told_at_once() {
    check_both(
        json!({
            "name": "", "organization": "", "scope": {"kind": "team", "id": ""}, "selector": "?", "match": {"": "x"},
            "timezone": "Nowhere", "limit": -1, "thresholds": [0], "rungs": [{"at": 0, "action": "warn"}],
        }),
        &[
            "/limit out_of_range",
            "/match/ invalid_text",
            "/name invalid_text",
            "/organization invalid_text",
            "/rungs/0/at out_of_range",
            "/scope/id invalid_text",
            "/selector invalid_text",
            "/thresholds/0 out_of_range",
            "/timezone unknown_zone",
        ],
    );
}

#[test]
fn flaws_of_a_quota_alone() {
    let check = |fields: Value, want: &[&str]| assert_eq!(flaws(quota(&fields)), want, "{fields}");
    check(json!({"measure": "cost"}), &["/measure not_allowed"]);
    check(json!({"measure": ""}), &["/measure invalid_text"]);
    check(json!({"measure": "in put"}), &["/measure invalid_text"]);
    check(
        json!({"measure": "cost", "limit": -1, "timezone": "?"}),
        &[
            "/limit out_of_range",
            "/measure not_allowed",
            "/timezone unknown_zone",
        ],
    );
}

#[test]
fn flaws_of_a_budget_alone() {
    let check = |fields: Value, want: &[&str]| assert_eq!(flaws(budget(&fields)), want, "{fields}");
    check(json!({"currency": "EUR"}), &["/currency invalid_combination"]);
    check(json!({"currency": "dollars"}), &["/currency invalid_text"]);
    check(json!({"currency": "USD"}), &[]);
    check(json!({"limit": null}), &["/limit missing_field"]);
    check(json!({"limit": null, "tier": "free"}), &[]);
    check(json!({"limit": null, "tier": "free", "period": "day"}), &[]);
    for period in ["minute", "hour", "week", "year", "total"] {
        check(
            json!({"limit": null, "tier": "free", "period": period}),
            &["/limit missing_field"],
        );
    }
}

#[test]
fn what_is_no_such_limit_at_all_is_not_read() {
    let quota =
        json!({"name": "q", "organization": "acme", "measure": "requests", "limit": 10, "window": "day"});
    let refused = |fields: Value| serde_json::from_str::<QuotaParts>(&whole(quota.clone(), &fields)).is_err();
    assert!(!refused(json!({})));
    for fields in [
        json!({"window": "fortnight"}),
        json!({"window": "Day"}),
        json!({"window": null}),
        json!({"mode": "strict"}),
        json!({"on_unavailable": "maybe"}),
        json!({"scope": {"kind": "galaxy", "id": "*"}}),
        json!({"scope": {"kind": "user"}}),
        json!({"scope": {"kind": "user", "id": "*", "name": "x"}}),
        json!({"rungs": [{"at": 1, "action": "explode"}]}),
        json!({"rungs": [{"at": 1, "action": "warn", "up_to": "vital"}]}),
        json!({"limit": null}),
        json!({"limit": true}),
        json!({"tier": "free"}),
        json!({"windoww": "day"}),
    ] {
        assert!(refused(fields.clone()), "{fields}");
    }
    let budget = json!({"name": "b", "organization": "acme"});
    for fields in [
        json!({"tier": "gold"}),
        json!({"period": "decade"}),
        json!({"measure": "cost"}),
        json!({"window": "day"}),
    ] {
        assert!(
            serde_json::from_str::<BudgetParts>(&whole(budget.clone(), &fields)).is_err(),
            "{fields}"
        );
    }
}

#[test]
fn what_is_left_out_is_filled_in() {
    let tier = |tier: &str, period: &str| {
        let limit = budget(&json!({"limit": null, "tier": tier, "period": period})).unwrap();
        limit.counted.decimal(limit.ceiling).to_string()
    };
    for (name, day, month) in [
        ("free", "10", "100"),
        ("premium", "100", "1000"),
        ("enterprise", "1000", "10000"),
    ] {
        assert_eq!([tier(name, "day"), tier(name, "month")], [day, month]);
    }
    let mode = |fields: Value| {
        let limit = budget(&fields).unwrap();
        let on_unavailable = serde_json::to_value(limit.on_unavailable).unwrap();
        format!("{} {}", limit.mode.as_str(), on_unavailable.as_str().unwrap())
    };
    assert_eq!(mode(json!({})), "hard deny");
    assert_eq!(mode(json!({"tier": "free"})), "ladder allow");
    assert_eq!(mode(json!({"tier": "free", "mode": "hard"})), "hard deny");
    assert_eq!(mode(json!({"mode": "soft"})), "soft allow");
    assert_eq!(mode(json!({"mode": "shadow"})), "shadow allow");
    assert_eq!(
        mode(json!({"mode": "hard", "on_unavailable": "allow"})),
        "hard allow"
    );
    let thresholds = budget(&json!({})).unwrap().thresholds;
    assert_eq!(
        thresholds.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["75", "90", "100"]
    );
}

#[test]
fn a_limit_stays_what_it_counts() {
    let before = quota(&json!({})).unwrap();
    let same = |fields: Value| {
        let flaws = before
            .check_counts_alike(&quota(&fields).unwrap())
            .err()
            .unwrap_or_default();
        flaws.into_iter().map(|flaw| flaw.pointer).collect::<Vec<_>>()
    };
    let editable = json!({
        "name": "other", "limit": 3, "mode": "soft", "thresholds": [1], "rungs": [], "on_unavailable": "allow", "timezone": "UTC",
    });
    assert_eq!(same(editable), [""; 0]);
    for (fields, want) in [
        (json!({"organization": "globex"}), "/organization"),
        (json!({"scope": {"kind": "user", "id": "*"}}), "/scope"),
        (json!({"selector": "ai.*"}), "/selector"),
        (json!({"match": {"model": "m"}}), "/match"),
        (json!({"measure": "tokens"}), "/measure"),
        (json!({"window": "month"}), "/window"),
        (json!({"timezone": "Europe/Berlin"}), "/timezone"),
    ] {
        assert_eq!(same(fields), [want]);
    }
    let budget_before = budget(&json!({})).unwrap();
    let other = budget(&json!({"period": "day"})).unwrap();
    assert_eq!(
        budget_before.check_counts_alike(&other).unwrap_err()[0].pointer,
        "/period"
    );
}
