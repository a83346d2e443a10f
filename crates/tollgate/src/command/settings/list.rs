//! Lists, followed from page to page.

use crate::client::{Client, Path};
use crate::output::{Column, Row, Sheet};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Things asked for with each request.
const PAGE: usize = 500;

/// A page, and the whole as well.
#[derive(Default, Deserialize, Serialize)]
struct Page {
    data: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

/// Every page of a list as one sheet, or as many rows as are wanted.
pub(crate) fn all(
    client: &Client,
    path: &Path,
    columns: Vec<Column>,
    most: Option<usize>,
) -> anyhow::Result<Sheet> {
    let most = most.unwrap_or(usize::MAX);
    let mut whole = Page::default();
    loop {
        let wanted = PAGE.min(most - whole.data.len());
        let path = path
            .clone()
            .with("limit", Some(wanted))
            .with("cursor", whole.next_cursor.as_ref());
        let page: Page =
            serde_json::from_str(&client.get(&path)?.body).context("the server's answer is no list")?;
        whole.data.extend(page.data);
        whole.next_cursor = page.next_cursor;
        if whole.next_cursor.is_none() || whole.data.len() >= most {
            break;
        }
    }
    let answer = serde_json::to_string(&whole)?;
    let rows = whole
        .data
        .into_iter()
        .map(Row::parse)
        .collect::<serde_json::Result<_>>()?;
    Ok(Sheet {
        answer,
        columns,
        rows,
        total: None,
    })
}
