//! Errors, those that say the same as one row.

use maud::html;

use crate::collect::routes::segment;
use crate::store::archive::Archive;
use crate::store::rows;
use crate::web::ask::{Ask, Page};
use crate::web::layout;
use crate::web::text::{listed, node_path, time};
use crate::web::traces::head;

pub fn page(ask: &Ask<'_>, archive: &mut Archive) -> Page {
    let groups = rows::error_groups(&archive.db)?;
    let mut rows_of = Vec::new();
    for group in &groups {
        let link = match group.node {
            Some(node) => {
                let node = rows::node_by_number(&archive.db, node)?;
                let root = node
                    .as_ref()
                    .map(|node| rows::node_by_number(&archive.db, node.root))
                    .transpose()?
                    .flatten();
                node.zip(root).map(|(node, root)| node_path(&root, &node))
            }
            None => Some(format!(
                "/logs?q={}",
                segment(&format!("level:error \"{}\"", group.message.replace('"', " ")))
            )),
        };
        let all = group
            .node
            .map(|_| format!("/?q={}", segment(&format!("error:\"{}\"", group.message.replace('"', " ")))));
        rows_of.push((group, link, all));
    }
    let list = html! {
        @for (group, link, all) in &rows_of {
            tr.row {
                td.figure.count data-label="times" { @if let Some(all) = all { a href=(all) { (group.count) } } @else { (group.count) } }
                td.what {
                    @if let Some(link) = link { a.name href=(link) { (listed(&group.message)) } } @else { span.name { (listed(&group.message)) } }
                    @if let Some(kind) = &group.kind { span.badge.bad { (listed(kind)) } }
                    @if group.is_entry { span.badge { "log entry" } }
                }
                td.time.wide data-label="first" { (time(group.first, ask.now)) }
                td.time data-label="last" { (time(group.last, ask.now)) }
            }
        }
    };
    let body = html! {
        (head("Errors", groups.len() as u64, None))
        table.list data-live="rows" {
            thead { tr {
                th.figure scope="col" { "Times" } th scope="col" { "Error" } th.wide scope="col" { "First" } th scope="col" { "Last" }
            } }
            tbody { (list) }
        }
        @if groups.is_empty() { p.empty { "Nothing has failed." } }
    };
    Ok(if ask.is_fragment() { layout::fragment(list) } else { layout::page(ask, 200, "Errors", body) })
}
