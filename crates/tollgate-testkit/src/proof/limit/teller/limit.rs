//! Limits come, change and go.

use super::super::naive::Rule;
use super::super::story::Fields;
use super::Teller;
use proptest::sample::Index;
use serde_json::{Value, json};
use tollgate_engine::LimitDraft;
use tollgate_engine::store::Expected;

fn draft(fields: &Value) -> LimitDraft {
    match fields.get("measure") {
        Some(_) => LimitDraft::Quota(serde_json::from_str(&fields.to_string()).unwrap()),
        None => LimitDraft::Budget(serde_json::from_str(&fields.to_string()).unwrap()),
    }
}

impl Teller<'_> {
    pub(super) async fn limit(&mut self, fields: &Fields) {
        let created = self.engine().create_limit(draft(&fields.0), &self.access).await;
        let (record, version) = created.unwrap_or_else(|error| panic!("{fields:?}: {error:?}"));
        assert_eq!(version, 1);
        self.ids.push(record.limit.id);
        self.naive.rules.push(Rule {
            fields: fields.0.clone(),
            is_deleted: false,
        });
    }

    /// One of the limits that are there.
    fn one(&self, which: Index) -> Option<usize> {
        let rules = self.naive.rules.iter().enumerate();
        let there: Vec<usize> = rules
            .filter(|(_, rule)| !rule.is_deleted)
            .map(|(n, _)| n)
            .collect();
        (!there.is_empty()).then(|| *which.get(&there))
    }

    pub(super) async fn edit(&mut self, which: Index, ceiling: &str, mode: &str) {
        let Some(n) = self.one(which) else { return };
        let mut fields = self.naive.rules[n].fields.clone();
        fields["limit"] = json!(ceiling);
        fields["mode"] = json!(mode);
        let before = self.balances().await;
        let updated = self
            .engine()
            .update_limit(self.ids[n], draft(&fields), Expected::Any, &self.access)
            .await;
        assert_eq!(updated.unwrap().0.limit.id, self.ids[n]);
        assert_eq!(
            self.balances().await,
            before,
            "I13: editing a limit changed a balance"
        );
        self.naive.rules[n].fields = fields;
        self.due.retain(|((limit, ..), _)| *limit != n);
    }

    pub(super) async fn delete(&mut self, which: Index) {
        let Some(n) = self.one(which) else { return };
        self.engine()
            .delete_limit(self.ids[n], Expected::Any, &self.access)
            .await
            .unwrap();
        self.naive.rules[n].is_deleted = true;
        self.due.retain(|((limit, ..), _)| *limit != n);
    }
}
