//! The API document and the pages: complete, and true to the table of routes.

use super::client::Call;
use super::ground::{Ground, completion, price};
use crate::problem::Code;
use crate::route::routes;
use crate::wire::event::{Batch, DATA_FIELDS, FIELDS, Form};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tollgate_core::category::CategoryParts;
use tollgate_core::flaw::FlawCode;
use tollgate_core::limit::{BudgetParts, QuotaParts};
use tollgate_core::price::PriceParts;
use tollgate_core::query::QueryParts;

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

pub(super) fn document() -> Value {
    serde_json::from_str(&crate::openapi()).unwrap()
}

#[test]
fn the_document_has_every_route_and_no_other() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().unwrap();
    let described: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, item)| {
            METHODS
                .iter()
                .filter(|m| !item[**m].is_null())
                .map(|m| (m.to_uppercase(), path.clone()))
        })
        .collect();
    let there = routes()
        .iter()
        .map(|route| (route.method.to_owned(), route.path.to_owned()))
        .collect();
    assert_eq!(described, there);
}

#[test]
fn every_operation_says_what_it_does_needs_and_answers() {
    let document = document();
    for route in routes() {
        let operation = &document["paths"][route.path][route.method.to_lowercase()];
        let place = format!("{} {}", route.method, route.path);
        assert!(
            operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
            "{place}"
        );
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{place}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{place}");
        assert!(
            responses.values().all(|response| response["description"] != ""),
            "{place}"
        );
        let open = operation["security"] == json!([{}]);
        assert_eq!(open, route.need.right().is_none(), "{place}");
        for status in ["401", "403"] {
            assert_eq!(responses.contains_key(status), !open, "{place} {status}");
        }
        for name in route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        {
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(
                parameters.iter().any(|p| p["name"] == name && p["in"] == "path"),
                "{place} {name}"
            );
        }
    }
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        assert!(
            document.pointer(reference.trim_start_matches('#')).is_some(),
            "{reference} leads nowhere"
        );
    }
}

/// The fields of a schema, all its parts together.
pub(super) fn fields(document: &Value, schema: &str) -> BTreeSet<String> {
    let properties = document["components"]["schemas"][schema]["properties"].as_object();
    properties
        .unwrap_or_else(|| panic!("no schema {schema}"))
        .keys()
        .cloned()
        .collect()
}

/// The fields that a type of the core takes, as its refusal of another lists them.
fn taken<T: for<'de> serde::Deserialize<'de>>() -> BTreeSet<String> {
    let flaw = crate::json::read::<T>(r#"{"qqqqqqqqqqqqqqqqqqqqqqqq":1}"#)
        .err()
        .unwrap();
    let (_, list) = flaw.detail.split_once("the fields are ").unwrap();
    list.split(", ").map(str::to_owned).collect()
}

#[test]
fn schemas_that_describe_types_of_the_core_have_their_fields() {
    let document = document();
    let check =
        |schema: &str, taken: BTreeSet<String>| assert_eq!(fields(&document, schema), taken, "{schema}");
    let named = |fields: &[&str]| fields.iter().map(|field| (*field).to_owned()).collect();
    check("Event", named(FIELDS));
    check("CloudEventFields", named(DATA_FIELDS));
    check("Category", taken::<CategoryParts>());
    check("Measure", taken::<tollgate_core::category::MeasureParts>());
    check("Display", taken::<tollgate_core::category::DisplayParts>());
    check("Price", taken::<PriceParts>());
    check("PriceComponent", taken::<tollgate_core::price::ComponentParts>());
    check("PriceTier", taken::<tollgate_core::price::TierParts>());
    check("PriceBound", taken::<tollgate_core::price::BoundParts>());
    check(
        "PriceMultiplier",
        taken::<tollgate_core::price::MultiplierParts>(),
    );
    check("HoldRequest", named(crate::wire::limit::request::FIELDS));
    check("Quota", taken::<QuotaParts>());
    check("Budget", taken::<BudgetParts>());
    check("LimitScope", taken::<tollgate_core::limit::SubjectParts>());
    check("LimitRung", taken::<tollgate_core::limit::RungParts>());
    check("Query", taken::<QueryParts>());
    check("QueryFilter", taken::<tollgate_core::query::FilterParts>());
}

#[test]
fn examples_of_bodies_are_read() {
    let document = document();
    let example = |schema: &str| {
        let schema = &document["components"]["schemas"][schema];
        let example = [&schema["example"], &schema["examples"][0]]
            .into_iter()
            .find(|example| !example.is_null());
        example
            .unwrap_or_else(|| panic!("{schema} has no example"))
            .to_string()
    };
    crate::json::read::<CategoryParts>(&example("Category")).unwrap();
    crate::json::read::<PriceParts>(&example("Price")).unwrap();
    crate::json::read::<QuotaParts>(&example("Quota")).unwrap();
    crate::json::read::<BudgetParts>(&example("Budget")).unwrap();
    assert_eq!(crate::wire::limit::request::read(&example("HoldRequest")).1, []);
    crate::json::read::<QueryParts>(&example("Query")).unwrap();
    crate::json::read::<crate::wire::key::KeyBody>(&example("Key")).unwrap();
    crate::json::read::<crate::wire::organization::OrganizationBody>(&example("Organization")).unwrap();
    for (schema, form) in [("Event", Form::Json), ("CloudEvent", Form::Cloud)] {
        let example = example(schema);
        let batch = Batch::parse(form, &Default::default(), &example, 1).unwrap();
        assert_eq!(batch.drafts.len(), 1, "{schema}");
    }
}

#[test]
fn every_code_is_described_for_people() {
    let page = crate::page::problems_page();
    for code in Code::ALL {
        let (status, _) = code.row();
        let row = format!(
            "<tr id=\"{0}\"><td><code>{0}</code></td><td>{status}</td>",
            code.as_str()
        );
        assert!(
            page.contains(&row),
            "docs/problems.md lacks {} with status {status}",
            code.as_str()
        );
    }
    for code in FlawCode::ALL {
        assert!(
            page.contains(&format!("<td><code>{}</code></td>", code.as_str())),
            "{}",
            code.as_str()
        );
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_security_headers() {
    let ground = Ground::new().await;
    for call in [
        Call::new("GET", "/"),
        Call::new("GET", "/nothing"),
        Call::new("GET", "/v1/prices"),
        Call::new("POST", "/v1/events").json(&completion("a")),
        Call::new("POST", "/v1/prices").json(&price()),
    ] {
        let reply = ground
            .send(call.clone().header("x-request-id", "mine-1.a_b"))
            .await;
        assert_eq!(reply.header("x-request-id"), Some("mine-1.a_b"));
        assert!(
            reply
                .header("content-security-policy")
                .unwrap()
                .starts_with("default-src 'none'")
        );
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        for not_taken in ["", "a b", "<script>", &"x".repeat(65)] {
            let reply = ground.send(call.clone().header("x-request-id", not_taken)).await;
            let id = reply.header("x-request-id").unwrap();
            assert!(id.len() == 32 && id != not_taken, "{id}");
        }
    }
}

#[tokio::test]
async fn pages_and_what_they_load_are_served() {
    let ground = Ground::new().await;
    for (path, media) in [
        ("/", "text/html; charset=utf-8"),
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/problems", "text/html; charset=utf-8"),
        ("/openapi.json", "application/json"),
        ("/assets/style.css", "text/css; charset=utf-8"),
        ("/assets/reference.js", "text/javascript; charset=utf-8"),
        ("/assets/icon.svg", "image/svg+xml"),
    ] {
        let reply = Call::new("GET", path).send(ground.address).await;
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some(media)),
            "{path}"
        );
        let head = Call::new("HEAD", path).send(ground.address).await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
    }
    assert_eq!(ground.get("/assets/lib.rs").await.status, 404);
    assert_eq!(ground.get("/assets/..%2flib.rs").await.status, 404);
}
