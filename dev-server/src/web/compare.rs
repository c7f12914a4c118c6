//! Two traces or generations side by side: rows aligned by kind, name and order, words that differ, and figures.

use maud::{Markup, html};
use similar::{Algorithm, ChangeTag, DiffOp, TextDiff, capture_diff_slices_deadline};
use std::time::{Duration, Instant};

use crate::collect::routes::{decode, segment};
use crate::model::entities::Entity;
use crate::model::figures::{self, dollars};
use crate::store::archive::Archive;
use crate::store::filter::{Filter, Scope};
use crate::store::rows::{self, NodeRow, Sort, Sums};
use crate::web::ask::{Ask, Page, Refusal};
use crate::web::chat::{self, pretty};
use crate::web::text::{cost, duration, kind, listed, node_path, shown, time, tokens};
use crate::web::trace::{Tree, TreeRow};
use crate::web::{detail, layout};

/// Longest look for the fewest differences; then a coarser answer will do.
const DIFF_TIME: Duration = Duration::from_millis(300);
/// Pairs of rows whose texts are compared; beyond, figures only.
const COMPARED_ROWS: usize = 300;
/// Characters of a text that are compared.
const COMPARED_CHARACTERS: usize = 20_000;

pub fn page(ask: &Ask<'_>, archive: &mut Archive) -> Page {
    let references: Vec<&str> =
        ask.query.iter().filter(|(name, _)| name == "id").map(|(_, value)| value.as_str()).collect();
    let mut nodes = Vec::new();
    for reference in references.iter().take(2) {
        nodes.push(find(archive, reference)?);
    }
    // What came first stands first, whichever was marked first: the other one is what has changed.
    nodes.sort_by_key(NodeRow::began);
    match nodes.as_slice() {
        [a, b] => two(ask, archive, a, b),
        [a] => choose(ask, archive, a),
        _ => Err(Refusal::Bad("Mark two rows of a list, then compare them.".into())),
    }
}

/// `repository/kind/id`, each encoded.
pub fn find(archive: &Archive, reference: &str) -> Result<NodeRow, Refusal> {
    let parts: Vec<_> = reference.split('/').map(|part| decode(part, false)).collect();
    let [repo, kind, id] = parts.as_slice() else {
        return Err(Refusal::Bad("What is compared is not named.".into()));
    };
    rows::node(&archive.db, repo, kind, id)?
        .ok_or(Refusal::NotFound("One of the two is not here (any more)."))
}

fn reference(node: &NodeRow) -> String {
    format!("{}/{}/{}", segment(&node.repo), segment(&node.kind), segment(&node.id))
}

/// The second of the two is still to be chosen: the same name first.
fn choose(ask: &Ask<'_>, archive: &Archive, first: &NodeRow) -> Page {
    let named = rows::only("coalesce(n.name, '')", first.name.as_deref().unwrap_or_default());
    let mut others = rows::nodes(&archive.db, &first.kind, &named, Sort::Time, 0, 50)?;
    let all = Filter::new(&[], Scope::Nodes);
    others.extend(rows::nodes(&archive.db, &first.kind, &all, Sort::Time, 0, 50)?);
    let mut seen = vec![first.node];
    others.retain(|other| {
        !seen.contains(&other.node) && {
            seen.push(other.node);
            true
        }
    });
    let body = html! {
        div.head { h1 { "Compare " (listed(first.title())) " with…" } }
        table.list { tbody { @for other in &others {
            tr.row {
                td.time { (time(other.began(), ask.now)) }
                td.what { a.name href={ "/compare?id=" (segment(&reference(first))) "&id=" (segment(&reference(other))) } { (listed(other.title())) }
                    @if let Some(preview) = &other.preview { span.preview dir="auto" { (listed(preview)) } } }
                td.figure data-label="duration" { (duration(other)) }
                td.figure data-label="cost" { (cost(if other.kind == "trace" { &other.sums } else { &other.own })) }
            }
        } } }
        @if others.is_empty() { p.empty { "There is nothing else of its kind." } }
    };
    Ok(layout::page(ask, 200, "Compare", body))
}

fn tree_of(archive: &Archive, node: &NodeRow) -> Result<Tree, Refusal> {
    if node.root == node.node {
        return Ok(Tree::new(rows::below(&archive.db, node.node)?, node.node));
    }
    Ok(Tree::new(vec![node.clone()], node.node))
}

fn two(ask: &Ask<'_>, archive: &Archive, a: &NodeRow, b: &NodeRow) -> Page {
    let (left, right) = (tree_of(archive, a)?, tree_of(archive, b)?);
    let key = |row: &TreeRow| (row.node.kind.clone(), row.node.name.clone(), row.depth);
    let (keys_a, keys_b): (Vec<_>, Vec<_>) =
        (left.rows.iter().map(key).collect(), right.rows.iter().map(key).collect());
    let operations =
        capture_diff_slices_deadline(Algorithm::Myers, &keys_a, &keys_b, Some(Instant::now() + DIFF_TIME));
    let mut pairs: Vec<(Option<&TreeRow>, Option<&TreeRow>)> = Vec::new();
    for operation in operations {
        match operation {
            DiffOp::Equal { old_index, new_index, len } => {
                pairs.extend(
                    (0..len).map(|at| (left.rows.get(old_index + at), right.rows.get(new_index + at))),
                );
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                pairs.extend((old_index..old_index + old_len).map(|at| (left.rows.get(at), None)));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                pairs.extend((new_index..new_index + new_len).map(|at| (None, right.rows.get(at))));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                // Two of one kind in the same place are each other's, whatever they are called.
                let same = (0..old_len.min(new_len))
                    .take_while(|at| {
                        left.rows[old_index + at].node.kind == right.rows[new_index + at].node.kind
                    })
                    .count();
                pairs.extend(
                    (0..same).map(|at| (left.rows.get(old_index + at), right.rows.get(new_index + at))),
                );
                pairs.extend((same..old_len).map(|at| (left.rows.get(old_index + at), None)));
                pairs.extend((same..new_len).map(|at| (None, right.rows.get(new_index + at))));
            }
        }
    }
    let total = |tree: &Tree| tree.rows.first().map(|row| row.sums).unwrap_or_default();
    let (sum_a, sum_b) = (total(&left), total(&right));
    let mut sections = Vec::new();
    let mut same = 0;
    for (at, (row_a, row_b)) in pairs.iter().enumerate() {
        let markup = pair(archive, *row_a, *row_b, at < COMPARED_ROWS)?;
        same += usize::from(markup.is_none());
        sections.extend(markup);
    }
    let root = |node: &NodeRow| {
        rows::node_by_number(&archive.db, node.root).map(|root| root.unwrap_or_else(|| node.clone()))
    };
    let body = html! {
        p.crumbs { a href="/" data-up { "Traces" } }
        div.head { h1 { "What changed" } }
        table.compared {
            thead { tr { th scope="col" { span.visually-hidden { "Figure" } }
                th scope="col" { a href=(node_path(&root(a)?, a)) { (listed(a.title())) } " " (time(a.began(), ask.now)) }
                th scope="col" { a href=(node_path(&root(b)?, b)) { (listed(b.title())) } " " (time(b.began(), ask.now)) }
                th.figure scope="col" { "Difference" } } }
            tbody {
                tr { th scope="row" { "Duration" } td { (duration(a)) } td { (duration(b)) } td.figure { (change_of(a.duration().map(|us| us as f64), b.duration().map(|us| us as f64), |us| figures::duration(us as u64))) } }
                tr { th scope="row" { "Tokens" } td { (tokens(&sum_a)) } td { (tokens(&sum_b)) } td.figure { (change_of(all(&sum_a), all(&sum_b), |count| format!("{count:.0}"))) } }
                tr { th scope="row" { "Cost" } td { (cost(&sum_a)) } td { (cost(&sum_b)) } td.figure { (change_of(sum_a.cost, sum_b.cost, dollars)) } }
                tr { th scope="row" { "Parts" } td { (left.rows.len()) } td { (right.rows.len()) } td.figure { (change_of(Some(left.rows.len() as f64), Some(right.rows.len() as f64), |count| format!("{count:.0}"))) } }
            }
        }
        @for section in &sections { (section) }
        @if same > 0 { p.fine { (same) " of " (pairs.len()) " rows say the same on both sides." } }
    };
    Ok(layout::page(ask, 200, "Compare", body))
}

fn all(sums: &Sums) -> Option<f64> {
    Some((sums.input + sums.output) as f64)
}

fn change_of(a: Option<f64>, b: Option<f64>, text: impl Fn(f64) -> String) -> Markup {
    match (a, b) {
        (Some(a), Some(b)) if a != b => {
            let (sign, class) = if b > a { ("+", "more") } else { ("−", "less") };
            html! { span.(class) {
                span.piece-of { (sign) (text((b - a).abs())) }
                @if a > 0.0 { " " span.piece-of { "(" (sign) (format!("{:.0} %", ((b - a) / a * 100.0).abs())) ")" } }
            } }
        }
        (Some(_), Some(_)) => html! { span.none { "=" } },
        _ => html! { span.none { "–" } },
    }
}

/// One pair of rows; nothing when both say the same.
fn pair(
    archive: &Archive,
    a: Option<&TreeRow>,
    b: Option<&TreeRow>,
    with_texts: bool,
) -> Result<Option<Markup>, Refusal> {
    let Some(either) = a.or(b) else { return Ok(None) };
    let heading = |what: &str| {
        html! {
            h2 { (kind(&either.node.kind)) " " (listed(either.node.name.as_deref().unwrap_or(&either.node.id)))
                @if !what.is_empty() { " " span.badge { (what) } } }
        }
    };
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (Some(_), None) => return Ok(Some(html! { section.pair.gone { (heading("only in the first")) } })),
        _ => return Ok(Some(html! { section.pair.new { (heading("only in the second")) } })),
    };
    if !with_texts {
        return Ok(None);
    }
    let (entity_a, entity_b) = (detail::entity(archive, &a.node)?, detail::entity(archive, &b.node)?);
    let (Some(entity_a), Some(entity_b)) = (entity_a, entity_b) else { return Ok(None) };
    let mut differing = Vec::new();
    for (label, texts) in ["Name", "Model", "Parameters", "Input", "Output", "Error", "Tags"]
        .into_iter()
        .zip(texts(&entity_a).into_iter().zip(texts(&entity_b)))
    {
        if texts.0 != texts.1 {
            differing.push((label, words(&texts.0, &texts.1)));
        }
    }
    if differing.is_empty() {
        return Ok(None);
    }
    Ok(Some(html! {
        section.pair {
            (heading(""))
            p.fine {
                "Duration " (change_of(a.node.duration().map(|us| us as f64), b.node.duration().map(|us| us as f64), |us| figures::duration(us as u64)))
                " · tokens " (change_of(all(&a.node.own), all(&b.node.own), |count| format!("{count:.0}")))
                " · cost " (change_of(a.node.own.cost, b.node.own.cost, dollars))
            }
            @for (label, words) in &differing { h3 { (label) } div.differ dir="auto" { (words) } }
        }
    }))
}

fn texts(entity: &Entity) -> [String; 7] {
    let messages = |messages: Vec<chat::Message>| {
        let texts: Vec<_> =
            messages.iter().map(|message| format!("{}: {}", message.role, message.text())).collect();
        texts.join("\n")
    };
    let object = |name: &str| match entity.get(name) {
        serde_json::Value::Null => String::new(),
        value => pretty(value),
    };
    [
        entity.text("name").to_owned(),
        format!("{} {}", entity.text("provider"), entity.text("model")).trim().to_owned(),
        object("modelParameters"),
        messages(chat::input(entity)),
        messages(chat::output(entity)),
        detail::failure(entity).unwrap_or_default(),
        object("tags"),
    ]
}

/// Both texts as one, with the words that only one of them has marked.
fn words(a: &str, b: &str) -> Markup {
    let cut = |text: &str| text.chars().take(COMPARED_CHARACTERS).collect::<String>();
    let (a, b) = (cut(a), cut(b));
    let difference = TextDiff::configure().timeout(DIFF_TIME).diff_words(&a, &b);
    html! {
        @for change in difference.iter_all_changes() {
            @match change.tag() {
                ChangeTag::Equal => (shown(change.value())),
                ChangeTag::Delete => del { (shown(change.value())) },
                ChangeTag::Insert => ins { (shown(change.value())) },
            }
        }
    }
}
