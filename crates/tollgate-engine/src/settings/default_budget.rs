//! The default budget: what each user may spend in a month where nobody has said otherwise (LIM-4).
//!
//! It is a switch of the configuration and no setting: it cannot be edited, and a budget of one's own takes its place.

use super::Settings;
use tollgate_core::id::{BudgetId, IdentityKey};
use tollgate_core::limit::{BudgetParts, Counted, Limit, SubjectParts};
use tollgate_core::money::{Currency, Money};
use tollgate_core::period::Period;
use tollgate_core::price::NumberText;
use tollgate_core::scope::ScopeKind;

/// Gives every organization in USD whose users have no monthly budget the default one.
pub(super) fn add(settings: &mut Settings, ceiling: Money) {
    let organizations: Vec<String> = settings
        .organizations
        .values()
        .filter(|organization| organization.currency == Currency::USD)
        .map(|organization| organization.id.to_string())
        .filter(|organization| !settings.limits.iter().any(|limit| is_own(limit, organization)))
        .collect();
    for organization in organizations {
        let parts = BudgetParts {
            name: "default".to_owned(),
            scope: Some(SubjectParts {
                kind: ScopeKind::User,
                id: "*".to_owned(),
            }),
            limit: Some(NumberText::new(ceiling.to_string())),
            ..BudgetParts::named(&organization)
        };
        let limit = parts
            .judge(id(&organization), Currency::USD)
            .expect("an organization's name and an amount that is not negative make a budget");
        settings.limits.insert(limit);
    }
}

fn is_own(limit: &Limit, organization: &str) -> bool {
    limit.organization.as_str() == organization
        && limit.subject.kind == ScopeKind::User
        && limit.subject.instance.is_none()
        && limit.selector.as_str() == "*"
        && limit.matches.is_empty()
        && limit.window == Period::Month
        && matches!(limit.counted, Counted::Cost(_))
}

/// The same id after every start, so that open holds keep their claims.
fn id(organization: &str) -> BudgetId {
    let fixed = IdentityKey::from_bytes(*b"tollgate default");
    BudgetId::from_bits(fixed.hold_id(organization, "default budget").bits())
}
