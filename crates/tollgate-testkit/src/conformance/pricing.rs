//! Pricing: each event costs what the price in force at its time and the running total say.

use crate::fixture::{CHAT, DISK, Sent, price, price_id, usage};
use crate::model::charge::Known;
use crate::site::{Site, cost_of};

fn chat(id: impl ToString, input: &str) -> Sent {
    usage("acme").category(CHAT).id(id).measure("input", input)
}

async fn known(site: &Site, sent: &Sent) -> Known {
    cost_of(&site.record_one(sent).await).unwrap().known
}

pub async fn what_no_price_covers_is_recorded_without_a_cost(site: Site) {
    let site = site
        .price(1, &price(CHAT).only("model", "m").per_unit("input", "1"))
        .await;
    assert_eq!(
        known(&site, &chat(1, "5")).await,
        Known::Not("NoPrice".to_owned())
    );
    assert_eq!(
        known(&site, &chat(2, "5").model("other")).await,
        Known::Not("NoPrice".to_owned())
    );
    assert_eq!(
        known(&site, &chat(3, "5").model("m")).await,
        Known::By(price_id(1))
    );
    assert_eq!(site.ids().await, ["1", "2", "3"]);
}

pub async fn a_measure_without_a_component_leaves_the_event_unpriced(site: Site) {
    let site = site
        .price(
            1,
            &price(CHAT).graduated("input", &[(Some("10"), "1"), (None, "5")], "total"),
        )
        .await;
    let missing = Known::Not("NoComponent(Key(\"output\"))".to_owned());
    assert_eq!(known(&site, &chat(1, "8").measure("output", 1)).await, missing);
    // Nothing has moved, a part is priced as what it is a part of, and what is not billable needs no price.
    assert_eq!(
        site.cost(&chat(2, "4").measure("cached", 6).measure("seconds", 9))
            .await,
        "10"
    );
    assert_eq!(site.cost(&chat(3, "1").measure("output", 0)).await, "5");
}

pub async fn a_stated_cost_is_kept_and_not_priced(site: Site) {
    let site = site
        .price(
            1,
            &price(CHAT).graduated("input", &[(Some("10"), "1"), (None, "5")], "total"),
        )
        .await;
    let stated = site.record_one(&chat(1, "10").cost("0.123456789012")).await;
    let cost = cost_of(&stated).unwrap();
    assert_eq!(
        (cost.amount.as_deref(), cost.known),
        (Some("0.123456789012"), Known::Stated)
    );
    assert_eq!(site.cost(&chat(2, "10")).await, "10");
    assert_eq!(site.cost(&chat(3, "1").cost("0")).await, "0");
}

pub async fn a_running_total_goes_on_from_batch_to_batch(site: Site) {
    let tiers = [(Some("10"), "1"), (Some("20"), "2"), (None, "3")];
    let site = site
        .price(1, &price(CHAT).graduated("input", &tiers, "month"))
        .await;
    assert_eq!(site.cost(&chat(1, "8")).await, "8");
    let batch = site
        .record(&[chat(2, "4"), chat(3, "9"), chat(3, "9"), chat(4, "0.5")])
        .await;
    let costs: Vec<_> = batch
        .iter()
        .map(|outcome| cost_of(outcome).unwrap().amount.unwrap())
        .collect();
    assert_eq!(costs, ["6", "19", "19", "1.5"]);
    // Another month begins anew, and a late event goes on where its own month stands.
    assert_eq!(site.cost(&chat(5, "2").at("2026-02-01T00:00:00Z")).await, "2");
    assert_eq!(
        site.cost(&chat(6, "2").at("2026-01-31T23:59:59.999999Z")).await,
        "6"
    );
    site.verify().await;
}

pub async fn running_totals_of_organizations_are_apart(site: Site) {
    let site = site
        .price(
            1,
            &price(CHAT).graduated("input", &[(Some("10"), "1"), (None, "2")], "total"),
        )
        .await;
    let other = |id| Sent {
        organization: "beta".to_owned(),
        ..chat(id, "10")
    };
    assert_eq!(site.cost(&chat(1, "10")).await, "10");
    assert_eq!(site.cost(&other(1)).await, "10");
    assert_eq!(site.cost(&chat(2, "10")).await, "20");
    assert_eq!(site.cost(&other(2)).await, "20");
}

pub async fn the_price_of_the_events_time_counts(site: Site) {
    let noon = "2026-01-15T12:00:00Z";
    let site = site
        .price(1, &price(CHAT).until(noon).per_unit("input", "1"))
        .await;
    let site = site
        .price(2, &price(CHAT).from(noon).per_unit("input", "2"))
        .await;
    let site = site
        .price(
            3,
            &price(CHAT).from("2026-01-20T00:00:00Z").per_unit("input", "4"),
        )
        .await;
    assert_eq!(site.cost(&chat(1, "1")).await, "2");
    assert_eq!(
        site.cost(&chat(2, "1").at("2026-01-15T11:59:59.999999Z")).await,
        "1"
    );
    assert_eq!(site.cost(&chat(3, "1").at("2026-01-20T00:00:00Z")).await, "4");
    assert_eq!(
        site.cost(&chat(4, "1").at("2019-12-31T23:59:59Z")).await,
        "unpriced"
    );
}

pub async fn an_organizations_own_price_comes_first(site: Site) {
    let site = site
        .price(
            1,
            &price(CHAT)
                .only("model", "m")
                .only("region", "eu")
                .per_unit("input", "1"),
        )
        .await;
    let site = site
        .price(2, &price(CHAT).only("model", "m").per_unit("input", "2"))
        .await;
    let site = site
        .price(3, &price(CHAT).organization("acme").per_unit("input", "3"))
        .await;
    let site = site
        .price(
            4,
            &price(CHAT)
                .organization("acme")
                .only("region", "us")
                .per_unit("input", "4"),
        )
        .await;
    let at_beta = |sent: Sent| Sent {
        organization: "beta".to_owned(),
        ..sent
    };
    assert_eq!(
        site.cost(&chat(1, "1").model("m").dimension("region", "eu"))
            .await,
        "3"
    );
    assert_eq!(
        site.cost(&chat(2, "1").model("m").dimension("region", "us"))
            .await,
        "4"
    );
    assert_eq!(
        site.cost(&at_beta(chat(1, "1").model("m").dimension("region", "eu")))
            .await,
        "1"
    );
    assert_eq!(
        site.cost(&at_beta(chat(2, "1").model("m").dimension("region", "us")))
            .await,
        "2"
    );
    assert_eq!(site.cost(&at_beta(chat(3, "1"))).await, "unpriced");
}

pub async fn a_price_in_another_currency_prices_nothing(site: Site) {
    let site = site.organization("euro", "EUR").await;
    let site = site
        .price(1, &price(CHAT).only("model", "m").per_unit("input", "1"))
        .await;
    let site = site
        .price(2, &price(CHAT).currency("EUR").per_unit("input", "2"))
        .await;
    let euro = |sent: Sent| Sent {
        organization: "euro".to_owned(),
        ..sent
    };
    assert_eq!(site.cost(&chat(1, "1").model("m")).await, "1");
    assert_eq!(site.cost(&euro(chat(1, "1").model("m"))).await, "2");
    assert_eq!(site.cost(&chat(2, "1")).await, "unpriced");
}

pub async fn a_late_reading_of_a_gauge_is_charged_for_what_it_changes(site: Site) {
    let site = site.price(1, &price(DISK).per_unit("bytes", "1")).await;
    let level =
        |id: u8, at: &str, bytes: &str| usage("acme").category(DISK).id(id).at(at).measure("bytes", bytes);
    assert_eq!(site.cost(&level(1, "2026-01-01T00:00:00Z", "10")).await, "0");
    assert_eq!(site.cost(&level(2, "2026-01-01T00:01:40Z", "5")).await, "1000");
    // It had been 30 for the second half of those hundred seconds.
    assert_eq!(site.cost(&level(3, "2026-01-01T00:00:50Z", "30")).await, "1000");
    // And was less at the end of it: money comes back.
    assert_eq!(site.cost(&level(4, "2026-01-01T00:01:30Z", "10")).await, "-200");
    // Another series does not know of it.
    assert_eq!(
        site.cost(&level(5, "2026-01-01T00:00:10Z", "7").user("u1")).await,
        "0"
    );
    assert_eq!(
        site.cost(&level(6, "2026-01-01T00:00:20Z", "1").dimension("class", "hot"))
            .await,
        "0"
    );
    site.verify().await;
}

pub async fn a_price_is_used_until_the_last_that_it_has_priced(site: Site) {
    let site = site.price(1, &price(CHAT).per_unit("input", "1")).await;
    let site = site
        .price(2, &price(CHAT).only("model", "m").per_unit("input", "1"))
        .await;
    let used = async |site: &Site| {
        let mut used = Vec::new();
        for n in 1..=3 {
            let until = site.store.price_used_until(price_id(n)).await.unwrap();
            used.push(until.map_or("never".to_owned(), |until| until.to_string()));
        }
        used.join(" ")
    };
    site.record(&[chat(1, "1").cost("1"), chat(2, "1").measure("output", 1)])
        .await;
    assert_eq!(used(&site).await, "never never never");
    site.record(&[chat(3, "1")]).await;
    assert_eq!(used(&site).await, "2026-01-15T12:00:00Z never never");
    // What comes late moves it neither forth nor back, also in one batch with what does.
    site.record(&[chat(4, "1").at("2026-01-15T11:00:00Z")]).await;
    assert_eq!(used(&site).await, "2026-01-15T12:00:00Z never never");
    let batch = [
        chat(5, "1").model("m").at("2026-01-16T12:00:00.000001Z"),
        chat(6, "1").model("m").at("2026-01-15T12:00:00Z"),
    ];
    site.record(&batch).await;
    assert_eq!(
        used(&site).await,
        "2026-01-15T12:00:00Z 2026-01-16T12:00:00.000001Z never"
    );
    site.record(&[chat(7, "1").at("2026-01-15T12:00:01Z")]).await;
    // A price that priced something stays used when all of it is taken back.
    site.void(&chat(7, "1")).await;
    site.void(&batch[0]).await;
    assert_eq!(
        used(&site).await,
        "2026-01-15T12:00:01Z 2026-01-16T12:00:00.000001Z never"
    );
    site.verify().await;
}
