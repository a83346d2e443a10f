//! Proofs: properties that hold on every store, tried with random inputs.
//!
//! A store's tests say `tollgate_testkit::proofs!(opener, cases)`. `TOLLGATE_PROPTEST_CASES` asks for another number of cases.

pub mod calendar;
pub mod crowd;
pub mod hanging;
pub mod isolation;
pub mod limit;
pub mod order;
pub mod voiding;

use crate::fixture::{DISK, PriceDraft, Sent, at, price_id};
use crate::model::Model;
use crate::model::rule::Rule;
use crate::site::{Opener, Site};
use tollgate_core::time::Timestamp;

/// A test for each property, on stores that the opener opens.
#[macro_export]
macro_rules! proofs {
    ($opener:expr, $cases:expr) => {
        $crate::proptest::proptest! {
            #![proptest_config($crate::strategy::cases($cases))]

            #[test]
            fn any_story_goes_as_the_model_says(story in $crate::story::story()) {
                $crate::conformance::in_runtime($crate::story::tell(&$opener, &story));
            }

            #[test]
            fn charges_and_voids_go_as_the_model_says(story in $crate::story::dense_story()) {
                $crate::conformance::in_runtime($crate::story::tell(&$opener, &story));
            }

            #[test]
            fn what_usage_costs_together_does_not_depend_on_the_order_it_arrives_in(deal in $crate::proof::order::deal()) {
                $crate::proof::order::order_does_not_matter(|| $opener, &deal);
            }

            #[test]
            fn of_what_is_all_taken_back_nothing_is_left(life in $crate::proof::voiding::life()) {
                $crate::proof::voiding::nothing_is_left(|| $opener, &life);
            }

            #[test]
            fn what_one_organization_does_changes_no_answer_of_another(pair in $crate::proof::isolation::pair()) {
                $crate::proof::isolation::organizations_are_apart(|| $opener, &pair);
            }
        }

        #[test]
        fn callers_that_do_everything_at_once_are_each_heard_once() {
            $crate::proof::crowd::everything_at_once(&$opener);
        }

        #[test]
        fn what_a_caller_was_changing_when_it_hung_up_is_saved_and_in_force_or_neither() {
            $crate::proof::hanging::saved_and_in_force_or_neither(|| $opener);
        }

        #[test]
        fn days_of_a_year_add_up_in_every_zone_and_last_as_long_as_they_do() {
            $crate::proof::calendar::days_add_up(&$opener);
        }
    };
}

/// Sets readings of gauges apart in time. Of two at one instant the one with the greater server id holds, and every store
/// makes those with a key of its own.
fn apart<'a>(uses: impl IntoIterator<Item = &'a mut Sent>) {
    for (micros, sent) in (0..).zip(uses) {
        if sent.category == DISK {
            sent.at = Timestamp::from_micros(at(&sent.at).micros() + micros * 10).to_string();
        }
    }
}

/// A use of a gauge's category as nothing but a reading that its price covers.
fn reading(mut sent: Sent) -> Sent {
    if sent.category == DISK {
        sent.measures.retain(|measure, _| measure == "bytes");
        sent.cost = None;
    }
    sent
}

/// A store with those of the prices that do not tie.
async fn priced(opener: &dyn Opener, prices: &[PriceDraft]) -> Site {
    let mut site = Site::open(opener).await.organization("beta", "USD").await;
    let mut model = Model::new(site.settings.catalog.clone(), site.store.identity_key());
    for (n, draft) in (1..).zip(prices) {
        let id = price_id(n);
        if !model.ties(&Rule::new(id, draft)) {
            model.price(id, draft);
            site = site.price(n, draft).await;
        }
    }
    site
}
