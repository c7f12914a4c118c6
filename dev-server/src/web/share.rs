//! One trace as one HTML file that opens anywhere: no server, no script, nothing fetched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::model::figures;
use crate::store::archive::Archive;
use crate::web::ask::{Ask, Page};
use crate::web::text::{cost, duration, kind_class, listed, plural, tokens};
use crate::web::{assets, detail, layout, trace};

pub fn page(ask: &Ask<'_>, archive: &mut Archive, repo: &str, id: &str) -> Page {
    let (root, tree) = trace::load(ask, archive, repo, id)?;
    let mut rows = Vec::new();
    for row in &tree.rows {
        let said = match detail::entity(archive, &row.node)? {
            Some(entity) => detail::said(archive, &entity)?,
            None => html! {},
        };
        rows.push((row, said));
    }
    let style = assets::style();
    let digest = STANDARD.encode(Sha256::digest(style));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    );
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (layout::about(root.title()))
                meta http-equiv="Content-Security-Policy" content=(policy);
                // The style sheet is ours, and the policy admits no other.
                style { (PreEscaped(style)) }
            }
            body.share {
                main {
                    div.head { h1 { (listed(root.title())) } @if root.errors > 0 { span.badge.bad { (plural(root.errors.unsigned_abs(), "error")) } } }
                    dl.figures {
                        div { dt { "Duration" } dd { (duration(&root)) } }
                        div { dt { "Tokens" } dd { (tokens(&root.sums)) } }
                        div { dt { "Cost" } dd { (cost(&root.sums)) } }
                        div { dt { "Began" } dd { (detail::when(&root)) } }
                        div { dt { "Id" } dd.id { (listed(&root.id)) } }
                    }
                    div.rows {
                        @for (row, said) in &rows {
                            details.shared.(kind_class(&row.node.kind)).(trace::level_class(row)).failed[row.node.error.is_some()] open[row.depth == 0] {
                                summary.span-row {
                                    span.span-name { (trace::twig(row)) span.dot aria-hidden="true" {}
                                        span.title dir="auto" { (listed(row.node.name.as_deref().or(row.node.error.as_deref()).unwrap_or(&row.node.kind))) }
                                        @if let Some(model) = &row.node.model { span.model { (listed(model)) } }
                                        @if row.sums.cost.is_some() { span.span-cost { (cost(&row.sums)) } }
                                    }
                                    span.span-time { (duration(&row.node)) }
                                    (trace::bar(&tree, &row.node))
                                }
                                div.shared-body { (said) }
                            }
                        }
                    }
                    p.fine { "Written by maxim-dev at " (figures::rfc3339(ask.now.us)) ". Costs with ≈ are estimates by list prices of " (archive.prices.date) "." }
                }
            }
        }
    };
    Ok(layout::html_with_policy(200, &markup, &policy))
}
