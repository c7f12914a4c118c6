//! What programs tried to send and what they were answered, and the switches that make it go wrong.

use maud::{Markup, html};

use crate::cli::spool::ago;
use crate::collect::counts::Outcome;
use crate::collect::misbehave::SETTINGS;
use crate::model::figures::{bytes, count, duration};
use crate::model::spool;
use crate::web::text::{listed, time};
use crate::web::{Ask, Page, layout, plural};

const SHOWN_ATTEMPTS: usize = 100;
const SHOWN_HOLDERS: usize = 4;
const SHOWN_SET_ASIDE: usize = 20;
/// What a developer most wants to see a program live through, as one press each.
const TRIALS: [(&str, &str); 8] = [
    ("429 for five requests", r#"{"fail":"429:5","retry_after":"1"}"#),
    ("503 until cleared", r#"{"status":503}"#),
    ("every third fails", r#"{"random_fail":33}"#),
    ("a second late", r#"{"delay_ms":1000}"#),
    ("cut the next three", r#"{"drop":3}"#),
    ("accept, then cut", r#"{"drop_after_accept":1}"#),
    ("wrong key", r#"{"unauthorized":true}"#),
    ("uploads fail", r#"{"upload_fail":"500:5"}"#),
];

pub fn page(ask: &Ask<'_>) -> Page {
    let behaviour = ask.server.behaviour.lock().to_json();
    let live = html! { (figures(ask)) (set(&behaviour)) (held(ask)) (attempts(ask)) };
    if ask.is_fragment() {
        return Ok(layout::fragment(live));
    }
    let body = html! {
        div.head { h1 { "Delivery" }
            button.live type="button" data-pause aria-pressed="false" { span.dot aria-hidden="true" {} span.label { "Live" } } }
        p.lead { "What programs sent, and what they were answered. Make it go wrong and see what yours does: nothing is lost, retries come, counts add up." }
        section.trials aria-label="Misbehaviour" {
            @for (label, change) in TRIALS { button type="button" data-control=(change) { (label) } }
            button.primary type="button" data-control-clear { "Behave again" }
        }
        p #control-problem.problem role="alert" hidden {}
        div data-live="rows" { (live) }
        details.about {
            summary { "All switches" }
            p.fine { "Set one here, by " code { "POST /control" } " or as a flag at the start." }
            table.switches { tbody { @for setting in SETTINGS {
                tr { th scope="row" { code { (setting.name) } } td { (setting.help) }
                    td { form data-control-name=(setting.name) {
                        @if setting.is_switch() { button name="on" { "Switch on" } }
                        @else { input name="value" aria-label=(setting.name) placeholder=(setting.value) autocomplete="off"; button { "Set" } }
                    } } }
            } } }
        }
    };
    Ok(layout::page(ask, 200, "Delivery", body))
}

fn figures(ask: &Ask<'_>) -> Markup {
    let store = ask.server.store.lock();
    let stats = &store.stats;
    let failure = ask.server.library.as_ref().and_then(|library| library.failure.lock().clone());
    html! {
        @if let Some(failure) = failure { p.problem role="alert" { "The database could not be written: " (listed(&failure)) } }
        dl.figures.large {
            div { dt { "Requests" } dd { (count(stats.requests)) } }
            div { dt { "Answered" } dd { (count(stats.answered)) } }
            div { dt { "Refused" } dd.bad[stats.rejected > 0] { (count(stats.rejected)) } }
            div { dt { "Cut" } dd.bad[stats.dropped + stats.aborted > 0] { (count(stats.dropped + stats.aborted)) } }
            div { dt { "Lines" } dd { (count(stats.lines)) } }
            div { dt { "Log entries" } dd { (count(stats.entries + stats.raw_lines)) } }
            div { dt { "Uploads" } dd { (count(stats.uploads)) } }
            div { dt { "Volume" } dd { (bytes(stats.bytes + stats.upload_bytes)) } }
            @if stats.malformed_lines > 0 { div { dt { "Malformed" } dd.bad { (count(stats.malformed_lines)) } } }
            @if stats.credential_leaks > 0 { div { dt { "Keys in uploads" } dd.bad { (count(stats.credential_leaks)) } } }
        }
    }
}

fn set(behaviour: &serde_json::Value) -> Markup {
    let is_set =
        |value: &serde_json::Value| !(value.is_null() || value == false || value == 0 || value == 0.0);
    let set: Vec<_> = behaviour
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| *name != "seed" && is_set(value))
        .collect();
    html! {
        @if !set.is_empty() {
            p.set { "Now: " @for (name, value) in &set { span.badge.bad { (listed(&name.replace('_', " "))) " " (listed(&crate::store::event::plain(value))) } " " } }
        }
    }
}

/// Why records wait, as far as it can be seen from here.
fn reason(ask: &Ask<'_>, holder: &spool::Holder) -> String {
    if !holder.is_alive {
        return "its process has ended: the next logger of the same repository and key sends them".to_owned();
    }
    let attempts = ask.server.attempts.lock();
    let last = attempts.all.iter().rev().find(|attempt| attempt.method == "POST");
    match last {
        Some(attempt) if attempt.outcome != Outcome::Answered => match attempt.status {
            0 => "its process is running, and the last request here was cut; it tries again".to_owned(),
            status => format!("its process is running, and the last request here was answered {status}; it tries again"),
        },
        _ => "its process is running: they go with the next batch, or its service is another one that does not take them"
            .to_owned(),
    }
}

/// What loggers of this machine hold and why, and what they set aside and why, read from the library's own files.
fn held(ask: &Ask<'_>) -> Markup {
    let mut found = spool::read(&spool::usual_places());
    // Whoever runs comes first; those that have ended wait for somebody else.
    found.holders.sort_by_key(|holder| !holder.is_alive);
    let more = found.holders.len().saturating_sub(SHOWN_HOLDERS);
    let more_records: u64 =
        found.holders.iter().skip(SHOWN_HOLDERS).map(|holder| holder.records.len() as u64).sum();
    html! {
        section.held {
            h2 { "Not left this machine yet" }
            @if found.holders.is_empty() && found.quarantine.is_empty() && found.attachments == 0 {
                p.fine { "Everything that was logged has left: no logger of yours holds a record, and none was set aside." }
            } @else {
                table.list { tbody {
                    @for holder in found.holders.iter().take(SHOWN_HOLDERS) {
                        tr.row { td { span.badge { @if holder.is_alive { "waiting" } @else { "left behind" } } }
                            td.what { span.name { (plural(holder.records.len() as u64, "record")) } " of process " (holder.pid)
                                @if let Some(oldest) = holder.oldest { ", the oldest for up to " (ago(oldest)) }
                                ": " (reason(ask, holder))
                                @if holder.settled > 0 { span.quiet { " · " (count(holder.settled)) " beside them have left" } }
                                @if let Some(heartbeat) = holder.heartbeat.filter(|_| holder.is_alive) { span.quiet { " · last sign of life " (ago(heartbeat)) " ago" } }
                                @if let Some(first) = holder.records.first() { span.preview { (listed(&String::from_utf8_lossy(first))) } } }
                            td.wide.quiet { (holder.place.display().to_string()) } }
                    }
                    @if more > 0 { tr.row { td {} td.what { "and " (plural(more_records, "record")) " of " (plural(more as u64, "other logger")) ": " code { "maxim-dev spool" } " lists them all" } td.wide {} } }
                    @for aside in found.quarantine.iter().take(SHOWN_SET_ASIDE) {
                        tr.row.failed { td { span.badge.bad { "set aside" } }
                            td.what { span.name { (listed(&aside.reason)) } span.preview { (listed(&aside.record)) } }
                            td.wide.quiet { (aside.path.display().to_string()) } }
                    }
                    @if found.attachments > 0 { tr.row { td { span.badge { "waiting" } } td.what { (plural(found.attachments, "attachment")) " to be uploaded" } td.wide {} } }
                } }
            }
        }
        h2 { "Requests" }
    }
}

fn attempts(ask: &Ask<'_>) -> Markup {
    let attempts = ask.server.attempts.lock();
    html! {
        table.list.attempts {
            thead { tr { th scope="col" { "Time" } th scope="col" { "Answer" } th scope="col" { "Request" } th.figure scope="col" { "Lines" } th.figure.wide scope="col" { "Size" } th.figure scope="col" { "Took" } th.wide scope="col" { "Program" } } }
            tbody {
                @for attempt in attempts.all.iter().rev().take(SHOWN_ATTEMPTS) {
                    @let is_bad = attempt.outcome != Outcome::Answered;
                    tr.row.failed[is_bad] {
                        td.time { (time(attempt.at_us as i64, ask.now)) }
                        td { span.badge.bad[is_bad] { @match (attempt.outcome, attempt.status) { (Outcome::Dropped, _) => "cut", (Outcome::Aborted, _) => "gone", (_, status) => (status) } } }
                        td.what { span.method { (attempt.method) } " " span.name { (listed(&attempt.path)) } }
                        td.figure data-label="lines" { @if attempt.lines > 0 { (count(attempt.lines)) } @else { span.none { "–" } } }
                        td.figure.wide { (bytes(attempt.bytes)) }
                        td.figure data-label="took" { (duration(attempt.took_us)) }
                        td.wide.quiet { (listed(&attempt.agent)) }
                    }
                }
            }
        }
        @if attempts.all.is_empty() { p.empty { "No program has sent anything yet." } }
    }
}
