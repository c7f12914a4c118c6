//! Lists of traces, generations and sessions, and the completion of searches.

use maud::{Markup, html};
use serde_json::json;

use crate::collect::http::Response;
use crate::collect::routes::segment;
use crate::store::archive::Archive;
use crate::store::filter::{Filter, Scope};
use crate::store::query::KEYS;
use crate::store::rows::{self, NodeRow, Sort};
use crate::web::ask::{Ask, Page};
use crate::web::layout;
use crate::web::text::{cost, duration, listed, node_path, path, plainly_listed, plural, time, tokens};

const PAGE_ROWS: u64 = 100;

pub fn page(ask: &Ask<'_>, archive: &mut Archive, first: &str) -> Page {
    let (kind, scope, title) = match first {
        "generations" => ("generation", Scope::Nodes, "Generations"),
        "sessions" => ("session", Scope::Nodes, "Sessions"),
        _ => ("trace", Scope::Traces, "Traces"),
    };
    let (terms, problem) = ask.terms();
    let filter = Filter::new(&terms, scope);
    let sort = Sort::named(ask.parameter("sort").unwrap_or_default());
    let offset = ask.number("from");
    let (nodes, total) = rows::nodes_and_count(&archive.db, kind, &filter, sort, offset, PAGE_ROWS)?;
    if kind == "session" {
        return sessions(ask, archive, &nodes, total, problem);
    }
    let longest = nodes.iter().filter_map(NodeRow::duration).max().unwrap_or(1).max(1);
    let roots = if kind == "trace" { nodes.clone() } else { roots_of(archive, &nodes)? };
    let list = html! {
        @for (node, root) in nodes.iter().zip(&roots) { (row(ask, node, root, longest)) }
    };
    let body = html! {
        (head(title, total, problem.as_deref()))
        (quick(ask))
        form action="/compare" method="get" {
            table.list data-live="rows" {
                thead {
                    tr {
                        th scope="col" { span.visually-hidden { "Mark" } }
                        (column(ask, "Time", "time", sort == Sort::Time))
                        th scope="col" { @if kind == "trace" { "Trace" } @else { "Generation" } }
                        @if kind == "trace" { th.wide scope="col" { "Session" } } @else { th.wide scope="col" { "Model" } }
                        (column(ask, "Duration", "dur", sort == Sort::Duration))
                        (column(ask, "Tokens", "tokens", sort == Sort::Tokens))
                        (column(ask, "Cost", "cost", sort == Sort::Cost))
                        th.figure.wide scope="col" { "Errors" }
                    }
                }
                tbody { (list) }
            }
            @if nodes.is_empty() { (empty(ask, total)) }
            div.actions { button.secondary { "Compare the two marked" } }
        }
        (pages(ask, offset, PAGE_ROWS, total))
        p.fine { "Costs with ≈ are estimates by list prices of " (archive.prices.date) "." }
    };
    Ok(if ask.is_fragment() { layout::fragment(list) } else { layout::page(ask, 200, title, body) })
}

fn roots_of(archive: &Archive, nodes: &[NodeRow]) -> rusqlite::Result<Vec<NodeRow>> {
    nodes
        .iter()
        .map(|node| Ok(rows::node_by_number(&archive.db, node.root)?.unwrap_or_else(|| node.clone())))
        .collect()
}

pub fn head(title: &str, total: u64, problem: Option<&str>) -> Markup {
    html! {
        div.head {
            h1 { (title) }
            span.total { (plural(total, &title.to_lowercase().trim_end_matches('s').replace("entrie", "entry"))) }
            button.live type="button" data-pause aria-pressed="false" { span.dot aria-hidden="true" {} span.label { "Live" } }
        }
        @if let Some(problem) = problem { p.problem role="alert" { (listed(problem)) } }
    }
}

/// Searches that are asked for most, as one press each; pressed again, they go.
const QUICK: [(&str, &str); 4] = [
    ("last hour", "since:1h"),
    ("today", "since:today"),
    ("yesterday", "since:yesterday until:today"),
    ("failed", "is:error"),
];

pub fn quick(ask: &Ask<'_>) -> Markup {
    let asked = ask.parameter("q").unwrap_or_default();
    let is_sessions = ask.path.first().is_some_and(|first| first == "sessions");
    // One time at a time: a term of a time that is there gives way.
    let without = |is_time: bool, terms: &str| {
        let others = asked.split_whitespace().filter(|word| match is_time {
            true => !word.starts_with("since:") && !word.starts_with("until:"),
            false => *word != terms,
        });
        others.collect::<Vec<_>>().join(" ")
    };
    html! {
        nav.quick aria-label="Quick searches" {
            @for (label, terms) in QUICK.into_iter().filter(|(_, terms)| !is_sessions || *terms != "is:error") {
                @let is_set = format!(" {asked} ").contains(&format!(" {terms} "));
                @let others = without(terms.starts_with("since:"), terms);
                @let wanted = if is_set { others } else { format!("{others} {terms}").trim().to_owned() };
                a href=(ask.with("q", &wanted)) aria-current=[is_set.then_some("true")] { (label) }
            }
        }
    }
}

fn column(ask: &Ask<'_>, label: &str, name: &str, is_sorted: bool) -> Markup {
    let class = if name == "time" { "" } else { "figure" };
    html! {
        th.(class) scope="col" aria-sort=[is_sorted.then_some("descending")] {
            a href=(ask.with("sort", if name == "time" { "" } else { name })) { (label) @if is_sorted { " ↓" } }
        }
    }
}

fn row(ask: &Ask<'_>, node: &NodeRow, root: &NodeRow, longest: u64) -> Markup {
    let is_trace = node.kind == "trace";
    let sums = if is_trace { node.sums } else { node.own };
    let reference = format!("{}/{}/{}", segment(&node.repo), segment(&node.kind), segment(&node.id));
    let width = node.duration().map(|us| format!("{:.2}%", (us as f64 / longest as f64 * 100.0).max(0.5)));
    let errors = if is_trace { node.errors } else { i64::from(node.error.is_some()) };
    html! {
        tr.row.failed[errors > 0] {
            td.mark {
                input type="checkbox" name="id" value=(reference) aria-label={ "Mark " (plainly_listed(node.title())) } autocomplete="off";
            }
            td.time { (time(node.began(), ask.now)) }
            td.what {
                a.name href=(node_path(root, node)) { (listed(node.title())) }
                @if errors > 0 { span.badge.bad { (errors) @if errors == 1 { " error" } @else { " errors" } } }
                @if !node.is_created { span.badge { "its creation did not arrive" } }
                @if let Some(preview) = &node.preview { span.preview dir="auto" { (listed(preview)) } }
                @if let Some(width) = &width {
                    svg.length width="100%" height="3" aria-hidden="true" { rect width=(width) height="3" rx="1.5" {} }
                }
            }
            @if is_trace {
                td.wide { @if let Some(session) = &node.session {
                    a.quiet href=(path(&["session", &node.repo, session])) { (listed(session)) }
                } }
            } @else {
                td.wide { span.model { (listed(node.model.as_deref().unwrap_or("–"))) } }
            }
            td.figure data-label="duration" { (duration(node)) }
            td.figure data-label="tokens" { (tokens(&sums)) }
            td.figure data-label="cost" { (cost(&sums)) }
            td.figure.wide { @if errors > 0 { span.bad { (errors) } } @else { span.none { "–" } } }
        }
    }
}

fn sessions(
    ask: &Ask<'_>,
    archive: &Archive,
    nodes: &[NodeRow],
    total: u64,
    problem: Option<String>,
) -> Page {
    let mut rows_of = Vec::new();
    for node in nodes {
        let traces = rows::traces_of_session(&archive.db, &node.repo, &node.id)?;
        let mut sums = rows::Sums::default();
        traces.iter().for_each(|trace| sums.add(&trace.sums));
        rows_of.push((node, traces.len(), sums, traces.iter().map(|trace| trace.errors).sum::<i64>()));
    }
    let list = html! {
        @for (node, traces, sums, errors) in &rows_of {
            tr.row.failed[*errors > 0] {
                td.time { (time(node.began(), ask.now)) }
                td.what {
                    a.name href=(path(&["session", &node.repo, &node.id])) { (listed(node.title())) }
                    @if *errors > 0 { span.badge.bad { (errors) " failed" } }
                }
                td.figure data-label="traces" { (traces) }
                td.figure data-label="tokens" { (tokens(sums)) }
                td.figure data-label="cost" { (cost(sums)) }
            }
        }
    };
    let body = html! {
        (head("Sessions", total, problem.as_deref()))
        (quick(ask))
        table.list data-live="rows" {
            thead { tr {
                th scope="col" { "Time" } th scope="col" { "Session" } th.figure scope="col" { "Traces" }
                th.figure scope="col" { "Tokens" } th.figure scope="col" { "Cost" }
            } }
            tbody { (list) }
        }
        @if nodes.is_empty() { (empty(ask, total)) }
        (pages(ask, ask.number("from"), PAGE_ROWS, total))
    };
    Ok(if ask.is_fragment() { layout::fragment(list) } else { layout::page(ask, 200, "Sessions", body) })
}

/// What is said where a list is empty.
pub fn empty(ask: &Ask<'_>, total: u64) -> Markup {
    html! {
        div.empty {
            @if total > 0 { p { "There are no more rows." } }
            @else if ask.parameter("q").is_some() { p { "Nothing that was logged is like that." } }
            @else {
                p { strong { "Nothing has arrived yet." } " What a program logs shows here within a second:" }
                pre tabindex="0" { "export MAXIM_BASE_URL=http://127.0.0.1:" (ask.server.port) "\nexport MAXIM_API_KEY=any MAXIM_LOG_REPO_ID=any" }
            }
        }
    }
}

pub fn pages(ask: &Ask<'_>, offset: u64, rows: u64, total: u64) -> Markup {
    html! {
        @if total > rows {
            nav.pages aria-label="Rows" {
                @if offset > 0 { a href=(ask.with("from", &offset.saturating_sub(rows).to_string())) { "← newer" } }
                span { (offset + 1) "–" (total.min(offset + rows)) " of " (total) }
                @if offset + rows < total { a href=(ask.with("from", &(offset + rows).to_string())) { "older →" } }
            }
        }
    }
}

/// Keys, or a key's values, that go on with what has been typed.
pub fn complete(ask: &Ask<'_>, archive: &mut Archive) -> Page {
    let word = ask.parameter("word").unwrap_or_default();
    let word = word.strip_prefix('-').unwrap_or(word);
    let found: Vec<_> = match word.find([':', '=', '>', '<']) {
        Some(at) => {
            let (key, operator) = (&word[..at], &word[at..=at]);
            let mut values = match key {
                "level" => ["debug", "info", "warn", "error"].map(str::to_owned).to_vec(),
                "is" => ["error", "open", "ok"].map(str::to_owned).to_vec(),
                "since" | "until" => ["1h", "today", "yesterday", "7d"].map(str::to_owned).to_vec(),
                _ => rows::values(&archive.db, key, word[at + 1..].trim_matches('"'))?,
            };
            values.retain(|value| {
                value.to_lowercase().starts_with(&word[at + 1..].trim_matches('"').to_lowercase())
            });
            let quoted = |value: String| if value.contains(' ') { format!("\"{value}\"") } else { value };
            values
                .into_iter()
                .map(|value| json!({"text": format!("{key}{operator}{}", quoted(value)), "help": "", "done": true}))
                .collect()
        }
        None if word.starts_with("tag.") || word.starts_with("meta.") => {
            let (key, start) = word.split_once('.').unwrap_or((word, ""));
            let names = rows::values(&archive.db, key, start)?;
            names.into_iter().map(|name| json!({"text": format!("{key}.{name}="), "help": ""})).collect()
        }
        None => KEYS
            .iter()
            .filter(|key| key.name.starts_with(word))
            .map(|key| {
                let ending = match key.name {
                    "tag" | "meta" => ".",
                    "cost" | "dur" | "tokens" | "in" | "out" | "cached" => ">",
                    _ => ":",
                };
                json!({"text": format!("{}{ending}", key.name), "help": key.help})
            })
            .collect(),
    };
    Ok(Response::json(200, &found.into()))
}
