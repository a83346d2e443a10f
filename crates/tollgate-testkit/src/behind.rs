//! Stores that stand before another one: what they only hand on.

/// Implements the record of holds and the journal for a store by handing every step on. `$store` names the expression that
/// gives the other store, with `self` at hand; it may fail.
#[macro_export]
macro_rules! hand_on_holds {
    ($name:ty, |$own:ident| $store:expr) => {
        #[async_trait::async_trait]
        impl tollgate_engine::store::HoldStore for $name {
            async fn place_hold(
                &self,
                hold: std::sync::Arc<tollgate_core::hold::Hold>,
            ) -> Result<tollgate_engine::store::Placing, tollgate_engine::store::StoreError> {
                let $own = self;
                $store.holds().place_hold(hold).await
            }

            async fn settle_hold(
                &self,
                settle: tollgate_engine::store::SettleHold,
            ) -> Result<Option<tollgate_engine::store::HoldSettled>, tollgate_engine::store::StoreError> {
                let $own = self;
                $store.holds().settle_hold(settle).await
            }

            async fn end_holds(
                &self,
                holds: Vec<tollgate_core::id::HoldId>,
                ending: tollgate_engine::store::Ending,
            ) -> Result<Vec<Option<tollgate_core::hold::Hold>>, tollgate_engine::store::StoreError> {
                let $own = self;
                $store.holds().end_holds(holds, ending).await
            }

            async fn extend_hold(
                &self,
                hold: tollgate_core::id::HoldId,
                expires_at: tollgate_core::time::Timestamp,
            ) -> Result<Option<tollgate_core::hold::Hold>, tollgate_engine::store::StoreError> {
                let $own = self;
                $store.holds().extend_hold(hold, expires_at).await
            }

            async fn settled(
                &self,
                query: std::sync::Arc<tollgate_core::query::UsageQuery>,
                settings: std::sync::Arc<tollgate_engine::settings::Settings>,
            ) -> Result<tollgate_engine::store::Settled, tollgate_engine::store::StoreError> {
                let $own = self;
                $store.holds().settled(query, settings).await
            }

            async fn hold(
                &self,
                hold: tollgate_core::id::HoldId,
            ) -> Result<Option<tollgate_core::hold::Hold>, tollgate_engine::store::StoreError> {
                let $own = self;
                $store.holds().hold(hold).await
            }

            async fn open_holds(
                &self,
            ) -> Result<Vec<tollgate_core::hold::Hold>, tollgate_engine::store::StoreError> {
                let $own = self;
                $store.holds().open_holds().await
            }
        }

        #[async_trait::async_trait]
        impl tollgate_engine::store::Journal for $name {
            async fn note_violation(
                &self,
                violation: tollgate_engine::store::Violation,
            ) -> Result<(), tollgate_engine::store::StoreError> {
                let $own = self;
                $store.journal().note_violation(violation).await
            }

            async fn violations(
                &self,
                page: tollgate_engine::store::ViolationPage,
            ) -> Result<Vec<(u64, tollgate_engine::store::Violation)>, tollgate_engine::store::StoreError>
            {
                let $own = self;
                $store.journal().violations(page).await
            }

            async fn emit(
                &self,
                crossings: Vec<tollgate_engine::store::Crossing>,
            ) -> Result<(), tollgate_engine::store::StoreError> {
                let $own = self;
                $store.journal().emit(crossings).await
            }

            async fn outbox(
                &self,
                after: u64,
                at_most: usize,
            ) -> Result<Vec<(u64, tollgate_engine::store::Crossing)>, tollgate_engine::store::StoreError>
            {
                let $own = self;
                $store.journal().outbox(after, at_most).await
            }
        }
    };
}
