//! Lists as they stand in answers.

use crate::parameter::Page;
use serde::Serialize;
use utoipa::ToSchema;

/// Part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items, in order.
    pub(crate) data: Vec<T>,
    /// What to send as `cursor` for the next part; `null` at the end.
    pub(crate) next_cursor: Option<String>,
}

impl<T> List<T> {
    /// The part of a page, of items that come in the order of their ids; the cursor is the id of the last item shown.
    pub(crate) fn of<I: ToString>(items: impl Iterator<Item = (I, T)>, page: &Page) -> Self {
        let mut shown = items
            .map(|(id, item)| (id.to_string(), item))
            .skip_while(|(id, _)| page.cursor.as_ref().is_some_and(|cursor| id <= cursor));
        let mut last = None;
        let mut data = Vec::new();
        for (id, item) in shown.by_ref().take(page.limit) {
            data.push(item);
            last = Some(id);
        }
        Self {
            data,
            next_cursor: shown.next().and(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn following_the_cursor_shows_every_item_once() {
        let mut page = Page {
            limit: 2,
            cursor: None,
        };
        let mut seen = Vec::new();
        loop {
            let list = List::of(["a", "b", "c", "d", "e"].map(|id| (id, id)).into_iter(), &page);
            seen.extend(list.data);
            page.cursor = list.next_cursor;
            if page.cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["a", "b", "c", "d", "e"]);
        let whole = Page {
            limit: 5,
            cursor: None,
        };
        assert_eq!(List::of([("a", 1)].into_iter(), &whole).next_cursor, None);
    }
}
