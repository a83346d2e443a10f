//! One suite for every store: what the `Store` port promises, case by case.
//!
//! A store's tests say `tollgate_testkit::conformance!(opener)` and get one `#[test]` for each case. The cases are
//! listed once, in that macro. Not here: what a store's own files and options promise.

pub mod answer;
pub mod counters;
pub mod hold;
pub mod identity;
pub mod journal;
pub mod lifecycle;
pub mod listing;
pub mod pricing;
pub mod setting;
pub mod void;

use crate::site::{Opener, Site};

/// Runs one case on a store of its own.
pub fn run<C, F>(opener: impl Opener, case: C)
where
    C: FnOnce(Site) -> F,
    F: Future<Output = ()>,
{
    in_runtime(async { case(Site::open(&opener).await).await });
}

/// Runs something asynchronous to its end, with a second thread for what it starts.
pub fn in_runtime<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// A test for each case of the suite, on stores that the opener opens.
#[macro_export]
macro_rules! conformance {
    ($opener:expr) => {
        $crate::conformance! {
            @ $opener;
            identity:
                a_resend_is_a_duplicate_with_the_first_charge,
                another_statement_under_the_same_id_is_a_conflict_and_changes_nothing,
                duplicates_and_conflicts_inside_one_batch_are_told_apart,
                the_same_id_from_another_source_or_organization_is_another_event,
                a_resend_after_a_price_change_is_answered_with_the_first_charge,
                concurrent_callers_record_each_event_once,
                of_concurrent_statements_under_one_id_exactly_one_is_recorded;
            listing:
                what_was_acknowledged_can_be_read,
                arrivals_count_up_from_zero_without_gaps,
                events_are_listed_newest_first_and_page_by_page,
                a_page_keeps_to_its_times,
                a_page_keeps_to_its_filters,
                an_event_that_was_never_recorded_is_not_found,
                a_batch_keeps_its_order,
                a_large_batch_is_one_step;
            pricing:
                what_no_price_covers_is_recorded_without_a_cost,
                a_measure_without_a_component_leaves_the_event_unpriced,
                a_stated_cost_is_kept_and_not_priced,
                a_running_total_goes_on_from_batch_to_batch,
                running_totals_of_organizations_are_apart,
                the_price_of_the_events_time_counts,
                an_organizations_own_price_comes_first,
                a_price_in_another_currency_prices_nothing,
                a_late_reading_of_a_gauge_is_charged_for_what_it_changes,
                a_price_is_used_until_the_last_that_it_has_priced;
            void:
                a_void_takes_back_what_was_used_and_what_it_cost,
                a_void_happens_once,
                a_void_leaves_a_running_total_at_what_remains,
                the_void_of_an_unpriced_event_is_unpriced,
                the_void_of_a_reading_takes_back_its_level,
                a_series_across_two_prices_leaves_a_remainder_when_taken_back,
                concurrent_voids_of_one_event_are_one;
            answer:
                usage_counts_as_soon_as_it_is_acknowledged,
                what_was_taken_back_does_not_count,
                costs_of_two_currencies_stay_apart,
                a_dimension_that_nobody_declared_is_answered_for,
                a_level_counts_for_as_long_as_it_holds,
                a_stretch_that_cuts_a_quarter_hour_counts_what_is_inside;
            setting:
                a_new_store_has_no_settings,
                settings_are_saved_all_or_none,
                versions_count_from_one,
                a_removed_setting_is_gone,
                of_changes_that_expect_the_same_version_one_is_saved;
            hold:
                a_hold_is_placed_once_and_kept_whole,
                a_hold_that_was_never_placed_is_not_there,
                a_settle_records_its_event_and_ends_its_hold,
                a_hold_is_settled_by_one_event,
                a_settle_whose_event_conflicts_leaves_its_hold_open,
                a_use_is_recorded_whatever_became_of_its_hold,
                a_hold_ends_once,
                an_open_hold_is_extended,
                what_is_settled_is_told_with_how_many_events_had_arrived,
                of_concurrent_placings_of_one_hold_one_is_the_first,
                of_concurrent_ends_of_one_hold_one_is_its_end,
                a_closed_store_holds_nothing_more;
            journal:
                denials_are_listed_newest_first_and_page_by_page,
                the_same_denial_twice_is_two,
                a_passed_threshold_is_told_once,
                the_outbox_is_read_from_where_one_was,
                of_many_who_see_a_threshold_passed_one_tells;
            lifecycle:
                the_identity_key_stays,
                an_empty_batch_changes_nothing,
                every_kind_of_step_verifies_clean,
                a_closed_store_has_stopped,
                the_state_counts_what_was_recorded
        }
    };
    (@ $opener:expr; $($module:ident: $($case:ident),+);+) => {
        $($(
            #[test]
            fn $case() {
                $crate::conformance::run($opener, $crate::conformance::$module::$case);
            }
        )+)+
    };
}
