//! Reading back: what was acknowledged is there, in the order of arrival.

use crate::fixture::{NOON, Sent, at, price, usage};
use crate::model::charge::Cost;
use crate::site::{Site, cost_of};
use tollgate_core::query::{Field, Filter};
use tollgate_engine::store::{EventPage, Outcome, StoredEvent};

fn call(id: impl ToString) -> Sent {
    usage("acme").category("api.request").id(id)
}

pub async fn what_was_acknowledged_can_be_read(site: Site) {
    let site = site
        .price(
            1,
            &price("ai.completion")
                .per_million("input_tokens", "2.5")
                .per_unit("output_tokens", "0.01"),
        )
        .await;
    let sent = usage("acme")
        .team("core")
        .project("editor")
        .user("Zoë")
        .id("a/1 é")
        .source("ide");
    let sent = sent
        .model("gpt-4o")
        .dimension("session_id", "s")
        .tokens(812, 3)
        .metadata(r#"{"k": [1, {"a": null}]}"#);
    let outcome = site.record_one(&sent).await;
    let stored = site.stored(&sent).await;
    assert_eq!(stored.event, site.submission(&sent).event);
    assert_eq!(Some(Cost::from(&stored.charge)), cost_of(&outcome));
    assert_eq!((stored.received_at, stored.arrival), (at(NOON), 0));
    assert_eq!(site.recorded().await, [stored]);
}

pub async fn arrivals_count_up_from_zero_without_gaps(site: Site) {
    site.record(&[call(1), call(2), call(1)]).await;
    site.record(&[call(2)]).await;
    site.record(&[call(2).user("u1"), call(3)]).await;
    site.void(&call(1)).await;
    site.void(&call(1)).await;
    site.record(&[call(4)]).await;
    let arrivals: Vec<u64> = site
        .recorded()
        .await
        .iter()
        .map(|stored| stored.arrival)
        .collect();
    assert_eq!(arrivals, [0, 1, 2, 3, 4]);
}

pub async fn events_are_listed_newest_first_and_page_by_page(site: Site) {
    let batch: Vec<Sent> = (0..25).map(call).collect();
    for part in batch.chunks(4) {
        site.record(part).await;
    }
    let mut before = None;
    let mut seen = Vec::new();
    for (limit, want) in [(10, 10), (1, 1), (10, 10), (10, 4), (10, 0)] {
        let page = site
            .store
            .events(EventPage {
                before,
                limit,
                ..EventPage::default()
            })
            .await
            .unwrap();
        assert_eq!(page.len(), want);
        before = page.last().map(|stored| stored.arrival).or(before);
        seen.extend(page.into_iter().map(|stored| stored.event.id.to_string()));
    }
    let want: Vec<String> = (0..25).rev().map(|id| id.to_string()).collect();
    assert_eq!(seen, want);
}

pub async fn a_page_keeps_to_its_times(site: Site) {
    let times = [
        "2026-01-01T00:00:00Z",
        "2026-01-03T00:00:00Z",
        "2026-01-02T00:00:00Z",
        "2026-01-02T23:59:59.999999Z",
    ];
    let batch: Vec<Sent> = times
        .iter()
        .enumerate()
        .map(|(id, time)| call(id).at(time))
        .collect();
    site.record(&batch).await;
    let ids = async |from: Option<&str>, to: Option<&str>| {
        let page = EventPage {
            from: from.map(at),
            to: to.map(at),
            limit: 9,
            ..EventPage::default()
        };
        let events = site.store.events(page).await.unwrap();
        events
            .iter()
            .map(|stored| stored.event.id.to_string())
            .collect::<String>()
    };
    assert_eq!(ids(None, None).await, "3210");
    assert_eq!(ids(Some("2026-01-02T00:00:00Z"), None).await, "321");
    assert_eq!(ids(None, Some("2026-01-02T00:00:00Z")).await, "0");
    assert_eq!(
        ids(Some("2026-01-02T00:00:00Z"), Some("2026-01-03T00:00:00Z")).await,
        "32"
    );
}

pub async fn a_page_keeps_to_its_filters(site: Site) {
    let other = |sent: Sent| Sent {
        organization: "beta".to_owned(),
        ..sent
    };
    let batch = [
        call(0).user("u1").dimension("endpoint", "/a"),
        other(call(1)).user("u1").dimension("endpoint", "/a"),
        call(2).user("u2").dimension("session_id", "s"),
        call(3).user("u1"),
        usage("acme").id(4).user("u1"),
    ];
    site.record(&batch).await;
    site.void(&batch[3]).await;
    let ids = async |wanted: &[(&str, &str)]| {
        let filter = |(field, text): &(&str, &str)| Filter::is(Field::parse(field).unwrap(), *text);
        let filters = wanted.iter().map(filter).collect();
        let page = EventPage {
            filters,
            limit: 9,
            ..EventPage::default()
        };
        let events = site.store.events(page).await.unwrap();
        let id = |stored: &StoredEvent| match stored.event.corrects {
            None => stored.event.id.to_string(),
            Some(_) => "v".to_owned(),
        };
        events.iter().map(id).collect::<String>()
    };
    assert_eq!(ids(&[("organization", "acme")]).await, "v4320");
    assert_eq!(ids(&[("user", "u1"), ("organization", "beta")]).await, "1");
    assert_eq!(ids(&[("category", "ai.completion")]).await, "4");
    assert_eq!(ids(&[("endpoint", "/a")]).await, "10");
    assert_eq!(ids(&[("session_id", "s")]).await, "2");
    assert_eq!(ids(&[("user", "nobody")]).await, "");
}

pub async fn an_event_that_was_never_recorded_is_not_found(site: Site) {
    site.record(&[call(1)]).await;
    for sent in [call(2), call(1).source("ide")] {
        assert_eq!(
            site.store.event(site.event_id(&sent)).await.unwrap(),
            None,
            "{sent:?}"
        );
    }
    // A void that nobody has made either.
    let void = site.stored(&call(1)).await.event.void(&site.store.identity_key());
    assert_eq!(site.store.event(void.event).await.unwrap(), None);
}

pub async fn a_batch_keeps_its_order(site: Site) {
    // Neither time nor id is in the order of arrival.
    let batch = [
        call("c").at("2026-01-03T00:00:00Z"),
        call("a"),
        call("b").at("2026-01-01T00:00:00Z"),
        call("0"),
    ];
    site.record(&batch).await;
    assert_eq!(site.ids().await, ["c", "a", "b", "0"]);
}

pub async fn a_large_batch_is_one_step(site: Site) {
    let site = site
        .price(
            1,
            &price("api.request").graduated("requests", &[(Some("2000"), "1"), (None, "2")], "total"),
        )
        .await;
    let batch: Vec<Sent> = (0..3000)
        .map(|id| call(id).user(&format!("u{}", id % 37)))
        .collect();
    let outcomes = site.record(&batch).await;
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Outcome::Recorded { .. }))
    );
    let costs = outcomes
        .iter()
        .map(|outcome| cost_of(outcome).unwrap().exact().unwrap());
    assert_eq!(
        costs.sum::<crate::model::number::Exact>(),
        crate::model::number::exact("4000")
    );
    assert_eq!(site.store.state().events, 3000);
    assert_eq!(site.stored(&call(2999).user("u2")).await.arrival, 2999);
}
