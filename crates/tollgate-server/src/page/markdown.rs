//! The little of Markdown that our own pages use: headings, paragraphs, tables, code and links within a page.

use std::fmt::Write as _;

/// The page as HTML. The first code of a table's row names the row, so that a problem's `type` leads to it.
pub(super) fn html(markdown: &str) -> String {
    let mut html = String::new();
    for block in markdown
        .split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty())
    {
        let (first, _) = block.split_once(' ').unwrap_or((block, ""));
        let level = first.len();
        if first.bytes().all(|b| b == b'#') {
            let _ = write!(
                html,
                "<h{level}>{}</h{level}>",
                inline(block.get(level..).unwrap_or_default().trim())
            );
        } else if block.starts_with('|') {
            table(block, &mut html);
        } else {
            let _ = write!(html, "<p>{}</p>", inline(block));
        }
    }
    html
}

fn table(block: &str, html: &mut String) {
    html.push_str("<table>");
    for (number, line) in block
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.starts_with("| ---"))
    {
        let cells = line.trim_matches('|').split('|').map(str::trim);
        let tag = if number == 0 { "th" } else { "td" };
        match line.split('`').nth(1).filter(|_| number > 0) {
            Some(name) => _ = write!(html, "<tr id=\"{}\">", escaped(name)),
            None => html.push_str("<tr>"),
        }
        for cell in cells {
            let _ = write!(html, "<{tag}>{}</{tag}>", inline(cell));
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
}

/// Text with its code marked.
fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(number, part)| {
            if number % 2 == 1 {
                format!("<code>{}</code>", escaped(part))
            } else {
                escaped(part)
            }
        })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn a_table_row_is_named_by_its_first_code() {
        let page = "# A <b>\n\nText with `x < y`.\n\n| code | means |\n| --- | --- |\n| `too_deep` | deep & `low` |\n";
        assert_eq!(
            html(page),
            "<h1>A &lt;b&gt;</h1><p>Text with <code>x &lt; y</code>.</p><table><tr><th>code</th><th>means</th></tr>\
             <tr id=\"too_deep\"><td><code>too_deep</code></td><td>deep &amp; <code>low</code></td></tr></table>"
        );
    }
}
