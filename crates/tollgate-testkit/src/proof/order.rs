//! I18, and I7 for the split into batches: what usage costs together depends on neither order nor batches.

use super::{apart, priced, reading};
use crate::conformance::in_runtime;
use crate::fixture::{CHAT, DISK, PriceDraft, Sent};
use crate::model::charge::{Cost, Known};
use crate::model::number::{Exact, exact, text};
use crate::site::{Opener, Site};
use crate::strategy::{broad_price, price_draft, sent};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tollgate_core::id::PriceId;

/// The same usage dealt out in two orders.
#[derive(Clone, Debug)]
pub struct Deal {
    prices: Vec<PriceDraft>,
    uses: Vec<Sent>,
    /// Which of it is taken back.
    voided: Vec<bool>,
    /// Another order of the same.
    shuffled: Vec<usize>,
    /// How many are recorded in one batch.
    batch: usize,
}

/// Random usage, every use under an id of its own.
pub fn deal() -> impl Strategy<Value = Deal> {
    let usage = proptest::collection::vec((sent(), prop::bool::weighted(0.25)), 1..24);
    // The time between two readings is charged with the one that makes it known, and which one that is does depend on
    // the order: so a gauge has one price here, and no reading is without it.
    let others = price_draft().prop_filter("a second price of a gauge", |draft| {
        draft.json()["category"] != DISK
    });
    let prices = (
        broad_price(CHAT),
        broad_price(DISK),
        proptest::collection::vec(others, 0..3),
    );
    (usage, prices, 1..6_usize).prop_flat_map(|(usage, (chat, disk, more), batch)| {
        let (uses, voided): (Vec<Sent>, Vec<bool>) = usage.into_iter().unzip();
        let uses = uses.into_iter().enumerate();
        let mut uses: Vec<Sent> = uses.map(|(id, sent)| reading(sent).id(id)).collect();
        apart(&mut uses);
        let prices: Vec<PriceDraft> = [chat, disk].into_iter().chain(more).collect();
        Just((0..uses.len()).collect::<Vec<usize>>())
            .prop_shuffle()
            .prop_map(move |shuffled| Deal {
                prices: prices.clone(),
                uses: uses.clone(),
                voided: voided.clone(),
                shuffled,
                batch,
            })
    })
}

/// Per organization and price, usage costs the same in whatever order and batches it arrives and is taken back.
pub fn order_does_not_matter<O: Opener>(opener: impl Fn() -> O, deal: &Deal) {
    let at_once = in_runtime(async {
        let site = priced(&opener(), &deal.prices).await;
        site.record(&deal.uses).await;
        for (sent, _) in deal.uses.iter().zip(&deal.voided).filter(|(_, voided)| **voided) {
            site.void(sent).await;
        }
        costs_together(&site).await
    });
    let shuffled = in_runtime(async {
        let site = priced(&opener(), &deal.prices).await;
        for part in deal.shuffled.chunks(deal.batch) {
            let batch: Vec<Sent> = part.iter().map(|place| deal.uses[*place].clone()).collect();
            site.record(&batch).await;
            // Taken back in between, not when everything is there.
            for place in part.iter().filter(|place| deal.voided[**place]) {
                site.void(&deal.uses[*place]).await;
            }
        }
        costs_together(&site).await
    });
    assert_eq!(at_once, shuffled);
}

/// Of one organization and price: the cost of counters, and the level × seconds of the gauge.
type Sums = BTreeMap<(String, Option<PriceId>), (String, String)>;

async fn costs_together(site: &Site) -> Sums {
    let mut sums: BTreeMap<(String, Option<PriceId>), (Exact, Exact)> = BTreeMap::new();
    for stored in site.recorded().await {
        let cost = Cost::from(&stored.charge);
        let price = if let Known::By(price) = cost.known {
            Some(price)
        } else {
            None
        };
        let key = (stored.event.scope.organization.to_string(), price);
        let (money, held) = sums.entry(key).or_default();
        for (measure, quantity, amount, _) in &cost.lines {
            // The lines of a gauge are rounded one by one, at amounts that the order decides.
            match measure.as_str() {
                "bytes" => *held += exact(quantity),
                _ => *money += exact(amount),
            }
        }
    }
    sums.into_iter()
        .map(|(key, (money, held))| (key, (text(&money), text(&held))))
        .collect()
}
