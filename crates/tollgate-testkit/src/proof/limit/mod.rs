//! Limits and holds: random stories told to an engine and to naive words about it, compared after every step.
//!
//! After each step every balance that the counters know is what the words come to: S is what was recorded (I8), H is what
//! open holds claim (I5), so a denial has changed nothing (I3) and an edit neither (I13). What each step answered is
//! compared, too.

mod naive;
mod story;
mod teller;

pub use story::{Mix, Story, story};
pub use teller::tell;

/// A test for each mix of steps, on stores that the opener opens.
#[macro_export]
macro_rules! limit_proofs {
    ($opener:expr, $cases:expr) => {
        $crate::limit_proofs! {
            @ $opener, $cases;
            any_story_of_limits_goes_as_the_naive_words_say: Any,
            i1_no_overshoot_and_i3_all_or_nothing: Tight,
            i4_idempotence: Repeating,
            i2_overrun_is_visible_and_i5_hold_conservation_and_i6_settle_once: Ending,
            i8_conservation: Recording,
            i13_editing_a_limit_changes_no_balance: Editing
        }
    };
    (@ $opener:expr, $cases:expr; $($name:ident: $mix:ident),+) => {
        $crate::proptest::proptest! {
            #![proptest_config($crate::strategy::cases($cases))]
            $(
                #[test]
                fn $name(story in $crate::proof::limit::story($crate::proof::limit::Mix::$mix)) {
                    $crate::conformance::in_runtime($crate::proof::limit::tell(&$opener, &story));
                }
            )+
        }
    };
}
