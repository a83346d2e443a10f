//! Metrics in OpenMetrics text. Labels are bounded: routes by template, statuses by class, methods by the router's table.

use crate::route::Template;
use axum::http::{Method, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tollgate_core::decision::Decision;
use tollgate_engine::Engine;

/// Upper bounds of the latency buckets in seconds: from a check in memory to a scan of years.
const LATENCY_SECONDS: [f64; 14] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
/// The route of requests that no route answers.
const UNMATCHED: &str = "unmatched";

/// Counts what the server does.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    latency: Family<RouteLabels, Histogram, fn() -> Histogram>,
    events: Family<StatusLabels, Counter>,
    decisions: Family<DecisionLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    request: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: &'static str,
}

impl Metrics {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        let mut registry = Registry::with_prefix("tollgate");
        let requests = Family::default();
        registry.register(
            "http_requests",
            "Requests answered, by route and class of status",
            requests.clone(),
        );
        let latency: Family<RouteLabels, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(LATENCY_SECONDS));
        let help = "Time from a request's head to its answer, its body included";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, latency.clone());
        let events = Family::default();
        registry.register(
            "events",
            "Events received, by what became of them",
            events.clone(),
        );
        let decisions = Family::default();
        registry.register(
            "decisions",
            "Requests that limits decided, by what was asked and the answer",
            decisions.clone(),
        );
        registry.register_collector(Box::new(State(engine)));
        Self {
            registry,
            requests,
            latency,
            events,
            decisions,
        }
    }

    /// Counts a request that was answered.
    pub(crate) fn request(
        &self,
        method: &Method,
        template: Option<Template>,
        status: StatusCode,
        took: Duration,
    ) {
        let (method, route) = (known(method), template.map_or(UNMATCHED, |template| template.0));
        let status = match status.as_u16() {
            500.. => "5xx",
            400.. => "4xx",
            300.. => "3xx",
            _ => "2xx",
        };
        self.requests
            .get_or_create(&RequestLabels {
                method,
                route,
                status,
            })
            .inc();
        self.latency
            .get_or_create(&RouteLabels { method, route })
            .observe(took.as_secs_f64());
    }

    /// Counts events by what became of them.
    pub(crate) fn events(&self, counts: [(&'static str, usize); 4]) {
        for (status, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            self.events.get_or_create(&StatusLabels { status }).inc_by(count);
        }
    }

    /// Counts a decision on a `check` or a `hold`.
    pub(crate) fn decision(&self, request: &'static str, decision: &Decision) {
        let outcome = match decision.refusal {
            Some(refusal) => refusal.as_str(),
            None if decision.is_unverified => "unverified",
            None => "allow",
        };
        self.decisions
            .get_or_create(&DecisionLabels { request, outcome })
            .inc();
    }

    /// Everything, as OpenMetrics text.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" | "HEAD" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// The state of the store and the process, looked at when asked.
#[derive(Debug)]
struct State(Arc<Engine>);

impl Collector for State {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let state = self.0.state();
        let up = u64::from(state.stopped.is_none());
        gauge(
            &mut encoder,
            "store_up",
            "Whether the store takes events",
            None,
            up,
        )?;
        gauge(
            &mut encoder,
            "store_queued_events",
            "Events accepted and not yet committed",
            None,
            state.queued_events,
        )?;
        let size = "Size of the store on disk";
        gauge(
            &mut encoder,
            "store_disk",
            size,
            Some(&Unit::Bytes),
            state.disk_bytes,
        )?;
        let behind = "Commits that the rollups on disk do not include yet";
        gauge(
            &mut encoder,
            "store_commits_since_checkpoint",
            behind,
            None,
            state.commits_since_checkpoint,
        )?;
        counter(&mut encoder, "store_events", "Events recorded", state.events)?;
        counter(&mut encoder, "store_commits", "Commits", state.commits)?;
        if let Some(open) = self.0.open_holds() {
            let help = "Holds that have claims on limits";
            gauge(&mut encoder, "open_holds", help, None, open)?;
        }
        if let Some(bytes) = resident_bytes() {
            gauge(
                &mut encoder,
                "process_resident_memory",
                "Memory of the process",
                Some(&Unit::Bytes),
                bytes,
            )?;
        }
        Ok(())
    }
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    value: u64,
) -> Result<(), fmt::Error> {
    let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    gauge.encode(encoder.encode_descriptor(name, help, unit, gauge.metric_type())?)
}

fn counter(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: u64,
) -> Result<(), fmt::Error> {
    let counter = ConstCounter::new(value);
    counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)
}

/// Resident memory of this process; nothing where the system does not say.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
