//! Recorded events on the wire: what stands in the record, with its charge line by line.

use crate::wire::limit::TouchedLimit;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tollgate_core::charge::{Charge, ChargeLine, CostSource, LineKind, Unpriced};
use tollgate_core::event::Event;
use tollgate_core::id::{EventId, PriceId};
use tollgate_core::money::Currency;
use tollgate_core::text::Label;
use tollgate_core::time::Timestamp;
use tollgate_engine::EventView;
use tollgate_engine::store::StoredEvent;
use utoipa::ToSchema;

/// An event as it was recorded.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecordedEvent)]
pub(crate) struct RecordedEvent {
    /// The server's id.
    #[schema(value_type = String, pattern = "^evt_[0-9a-f]{32}$")]
    event: EventId,
    /// The caller's id.
    id: String,
    /// Where it came from.
    source: String,
    /// What was used.
    category: String,
    /// Who pays.
    organization: String,
    /// Which team used it.
    team: Option<String>,
    /// For which project.
    project: Option<String>,
    /// Which person or machine used it.
    user: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// How much, by measure, `requests` included; negative on a void.
    measures: BTreeMap<String, String>,
    /// Its dimensions.
    dimensions: BTreeMap<String, String>,
    /// Its metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    metadata: Option<Box<RawValue>>,
    #[serde(flatten)]
    charge: ChargeView,
    /// The event that this one takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    corrects: Option<EventId>,
    /// The void that took this one back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    voided_by: Option<EventId>,
    /// The limits there are now that count it; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Vec<TouchedLimit>>,
}

/// What an event cost, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Charge)]
struct ChargeView {
    /// What it cost; `null` when nobody knows.
    cost: Option<String>,
    /// The currency of its organization.
    currency: String,
    /// How the cost is known: `priced`, `asserted` or `unpriced`.
    cost_source: &'static str,
    /// The price that gave the cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    price: Option<PriceId>,
    /// Why there is no cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The measure that no component prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    measure: Option<String>,
    /// What keeps the prices of the category from matching, for `no_price`, where one nearly does by now (of a single event): a dimension that the event lacks, the
    /// currency, the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The charge by component; their sum is the cost.
    lines: Vec<LineView>,
}

/// One component of a price applied to one measure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChargeLine)]
struct LineView {
    /// The measure charged.
    measure: String,
    /// How much of it.
    quantity: String,
    /// What it costs, rounded once.
    amount: String,
    /// `usage`, `reversal` or `adjustment`.
    kind: &'static str,
}

impl RecordedEvent {
    /// Shows an event of an organization with this currency.
    pub(crate) fn new(stored: &StoredEvent, currency: Currency) -> Self {
        let event = &stored.event;
        let text = |label: &Option<Label>| label.as_ref().map(ToString::to_string);
        Self {
            event: event.event,
            id: event.id.to_string(),
            source: event.source.to_string(),
            category: event.category.to_string(),
            organization: event.scope.organization.to_string(),
            team: text(&event.scope.team),
            project: text(&event.scope.project),
            user: text(&event.scope.user),
            timestamp: event.at,
            received_at: stored.received_at,
            measures: measures(event),
            dimensions: event
                .dimensions
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect(),
            metadata: event
                .metadata
                .as_deref()
                .and_then(|text| RawValue::from_string(text.to_owned()).ok()),
            charge: ChargeView::new(&stored.charge, currency),
            corrects: event.corrects,
            voided_by: None,
            limits: None,
        }
    }
}

impl From<EventView> for RecordedEvent {
    fn from(view: EventView) -> Self {
        let mut shown = Self::new(&view.stored, view.currency);
        shown.voided_by = view.voided_by;
        shown.charge.detail = view.near_miss.map(|near_miss| near_miss.to_string());
        shown.limits = Some(
            view.limits
                .iter()
                .map(|limit| TouchedLimit::from(&**limit))
                .collect(),
        );
        shown
    }
}

fn measures(event: &Event) -> BTreeMap<String, String> {
    let requests = ("requests".to_owned(), event.requests.to_string());
    let others = event
        .measures
        .iter()
        .map(|(key, quantity)| (key.to_string(), quantity.to_string()));
    others.chain([requests]).collect()
}

impl ChargeView {
    fn new(charge: &Charge, currency: Currency) -> Self {
        let (cost_source, price, reason) = match &charge.source {
            CostSource::Priced(price) => ("priced", Some(*price), None),
            CostSource::Asserted => ("asserted", None, None),
            CostSource::Unpriced(reason) => ("unpriced", None, Some(reason)),
        };
        Self {
            cost: charge.cost.map(|cost| cost.to_string()),
            currency: currency.to_string(),
            cost_source,
            price,
            reason: reason.map(Unpriced::as_str),
            measure: reason.and_then(|reason| match reason {
                Unpriced::NoComponent(measure) => Some(measure.to_string()),
                Unpriced::NoPrice | Unpriced::TooLarge => None,
            }),
            detail: None,
            lines: charge.lines.iter().map(LineView::from).collect(),
        }
    }
}

impl From<&ChargeLine> for LineView {
    fn from(line: &ChargeLine) -> Self {
        Self {
            measure: line.measure.to_string(),
            quantity: line.quantity.to_string(),
            amount: line.amount.to_string(),
            kind: match line.kind {
                LineKind::Usage => "usage",
                LineKind::Reversal => "reversal",
                LineKind::Adjustment => "adjustment",
            },
        }
    }
}
