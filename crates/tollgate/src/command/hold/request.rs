//! The flags that say what somebody wants to do: the same for a check and a hold.

use super::put;
use crate::assignment::{Assignments, pairs};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use tollgate_core::decimal::Decimal;

/// Flags that describe a use before it happens.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Request {
    /// Category of the use, such as ai.completion
    #[arg(long)]
    category: String,
    #[command(flatten)]
    amounts: Amounts,
    /// Organization that will use it [default: the key's]
    #[arg(long)]
    organization: Option<String>,
    /// Team that will use it
    #[arg(long)]
    team: Option<String>,
    /// Project it is for
    #[arg(long)]
    project: Option<String>,
    /// User who will use it
    #[arg(long)]
    user: Option<String>,
    /// Dimensions, such as provider and model
    #[arg(long, value_name = "KEY=VALUE,…")]
    dimension: Vec<Assignments>,
    /// How much it matters
    #[arg(long, value_enum)]
    priority: Option<Priority>,
}

/// How much of what.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Amounts {
    /// Amounts by measure: the most that will be used, or what was used
    #[arg(long, value_name = "MEASURE=AMOUNT,…")]
    measure: Vec<Assignments>,
    /// What it costs, where you know it better than the price book
    #[arg(long, value_name = "AMOUNT")]
    cost: Option<String>,
}

/// How much a request matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Priority {
    Deferrable,
    Normal,
    Critical,
}

impl Request {
    /// A request for money alone.
    pub(crate) fn with_cost(mut self, cost: &str) -> Self {
        self.amounts.cost = Some(cost.to_owned());
        self
    }

    /// The request as JSON.
    pub(crate) fn body(&self) -> Result<Map<String, Value>, String> {
        let mut body = Map::new();
        put(&mut body, "category", Some(self.category.as_str()));
        put(&mut body, "organization", self.organization.as_deref());
        put(&mut body, "team", self.team.as_deref());
        put(&mut body, "project", self.project.as_deref());
        put(&mut body, "user", self.user.as_deref());
        self.amounts.write(&mut body)?;
        put(&mut body, "dimensions", object(&self.dimension, "--dimension")?);
        let priority = self.priority.and_then(|priority| priority.to_possible_value());
        put(
            &mut body,
            "priority",
            priority.map(|priority| priority.get_name().to_owned()),
        );
        Ok(body)
    }
}

impl Amounts {
    /// Writes the amounts into a body, each as the text that was typed.
    pub(super) fn write(&self, body: &mut Map<String, Value>) -> Result<(), String> {
        for (name, amount) in pairs(&self.measure) {
            Decimal::parse(amount).map_err(|error| format!("--measure {name}: `{amount}` {error}"))?;
        }
        if let Some(cost) = &self.cost {
            Decimal::parse(cost).map_err(|error| format!("--cost: `{cost}` {error}"))?;
        }
        put(body, "measures", object(&self.measure, "--measure")?);
        put(body, "cost", self.cost.as_deref());
        Ok(())
    }
}

/// The pairs of a flag as a JSON object, if there are any.
fn object(flags: &[Assignments], flag: &str) -> Result<Option<Value>, String> {
    let mut fields = Map::new();
    for (key, value) in pairs(flags) {
        if fields.insert(key.to_owned(), value.into()).is_some() {
            return Err(format!("{flag} {key}: it is given twice"));
        }
    }
    Ok((!fields.is_empty()).then_some(Value::Object(fields)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_a_request() {
        let request = Request {
            category: "ai.completion".to_owned(),
            user: Some("u1".to_owned()),
            dimension: vec!["provider=openai,model=gpt-4o".parse().unwrap()],
            priority: Some(Priority::Deferrable),
            amounts: Amounts {
                measure: vec!["input_tokens=0.10".parse().unwrap()],
                cost: None,
            },
            ..Request::default()
        };
        let body = Value::Object(request.with_cost("5.00").body().unwrap()).to_string();
        assert_eq!(
            body,
            r#"{"category":"ai.completion","cost":"5.00","dimensions":{"model":"gpt-4o","provider":"openai"},"measures":{"input_tokens":"0.10"},"priority":"deferrable","user":"u1"}"#
        );
    }

    #[test]
    fn what_is_no_amount_or_given_twice_is_refused() {
        let written = |amounts: Amounts| amounts.write(&mut Map::new());
        let measure = |text: &str| Amounts {
            measure: vec![text.parse().unwrap()],
            cost: None,
        };
        assert!(
            written(measure("a=x"))
                .unwrap_err()
                .starts_with("--measure a: `x`")
        );
        assert!(written(measure("a=1,a=2")).unwrap_err().contains("twice"));
        assert!(written(measure("a=1e3")).is_ok());
        let cost = Amounts {
            measure: Vec::new(),
            cost: Some("five".to_owned()),
        };
        assert!(written(cost).unwrap_err().starts_with("--cost: `five`"));
    }
}
