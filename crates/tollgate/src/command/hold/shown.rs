//! How decisions and holds are shown.

use crate::output::{Column, Output, Sheet, say};
use serde_json::Value;

/// Prints the limits that were looked at; machines get the whole answer.
pub(super) fn print(answer: String, output: &Output) -> anyhow::Result<()> {
    let columns = vec![
        Column::text("limit", "/name"),
        Column::text("kind", "/kind"),
        Column::text("scope", "/scope/id"),
        Column::text("selector", "/selector"),
        Column::text("measure", "/measure"),
        Column::text("mode", "/mode"),
        Column::number("limit", "/limit"),
        Column::number("used", "/used"),
        Column::number("held", "/held"),
        Column::number("remaining", "/remaining"),
        Column::number("percent", "/percent"),
        Column::text("resets", "/resets_at"),
    ];
    output.print(&Sheet::of_list(answer, "limits", columns)?)?;
    Ok(())
}

/// Prints the fields of one thing.
pub(super) fn print_fields(answer: String, output: &Output) -> anyhow::Result<()> {
    output.print(&Sheet::of_fields(answer)?)?;
    Ok(())
}

/// Says what limits advise.
pub(super) fn say_suggestion(answer: &Value) {
    let advice = |text: &str| say(&format!("advice: {text}"));
    let suggestion = &answer["suggestion"];
    let named = |field: &str| suggestion[field].as_str();
    match (answer["action"].as_str(), named("provider"), named("model")) {
        (Some("throttle" | "queue"), ..) => match suggestion["delay_ms"].as_u64() {
            Some(delay) => advice(&format!("wait {delay} ms first")),
            None => advice("wait"),
        },
        (Some("downgrade" | "switch"), Some(provider), Some(model)) => {
            advice(&format!("use {model} of {provider}"))
        }
        (Some("downgrade" | "switch"), None, Some(model)) => advice(&format!("use {model}")),
        (Some(action @ ("warn" | "notify")), ..) => advice(&format!("{action}: a limit fills up")),
        _ => {}
    }
}
