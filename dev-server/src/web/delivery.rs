//! What programs tried to send and what they were answered, and the switches that make it go wrong.

use maud::{Markup, html};

use crate::collect::counts::Outcome;
use crate::collect::misbehave::SETTINGS;
use crate::model::entities::plain;
use crate::model::figures::{ago, bytes, count, duration, lasting};
use crate::model::loggers::{self, Logger};
use crate::model::spool;
use crate::web::ask::{Ask, Page};
use crate::web::layout;
use crate::web::text::{listed, plural, time};

const SHOWN_ATTEMPTS: usize = 100;
const SHOWN_LOGGERS: usize = 6;
const SHOWN_SET_ASIDE: usize = 20;
/// Bytes of segments that are read each time; of further ones, only how many records they have.
const READ_BYTES: u64 = 16 << 20;
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
        @if let Some((requests, why)) = failure {
            p.problem role="alert" { "The pages lack what " (plural(requests, "request")) " brought: the database could not be written (" (listed(&why)) ")." }
        }
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
    let mut set: Vec<_> = behaviour
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| *name != "seed" && is_set(value))
        .collect();
    // A header of failures, of which there are none.
    if set.iter().all(|(name, _)| *name == "retry_after") {
        set.clear();
    }
    html! {
        @if !set.is_empty() {
            p.set { "Now: " @for (name, value) in &set { span.badge.bad { (listed(&name.replace('_', " "))) " " (listed(&plain(value))) } " " } }
        }
    }
}

/// What keeps a logger's records here.
fn reason(logger: &Logger, now_ms: i64) -> Markup {
    let note = logger.note.as_ref();
    let error = note.and_then(|note| note.last_error.as_deref());
    let at = note.and_then(|note| note.error_at_ms).and_then(|at| u64::try_from(at / 1000).ok());
    html! {
        @if !logger.is_alive {
            "Its process has ended. The next logger for the same endpoint, repository and key sends them."
            @if let Some(error) = error { " Its last error: " (listed(error)) }
        } @else if let Some(trouble) = logger.trouble() {
            span.bad { (listed(trouble)) } @if let Some(at) = at { " (" (ago(at)) " ago)" }
            @if let Some(next) = note.and_then(|note| note.next_attempt_ms) {
                " · " span.next { @if next > now_ms { "next attempt in " (lasting((next - now_ms).unsigned_abs().div_ceil(1000))) }
                    @else { "next attempt now" } }
            }
        } @else if note.is_none() && logger.waiting > 0 { "Its version of the library does not say why." }
        @else if logger.waiting > 0 { "They go with the next batch." }
        @else if let (Some(error), Some(at)) = (error, at) { "Delivering. Its last error, " (ago(at)) " ago: " (listed(error)) }
        @else { "Everything that it logged has left." }
    }
}

fn logger_row(logger: &Logger, now_ms: i64) -> Markup {
    let note = logger.note.as_ref();
    let is_stuck = logger.is_alive && logger.trouble().is_some();
    let state = match (logger.is_alive, is_stuck, logger.waiting) {
        (false, ..) => "left behind",
        (_, true, _) => "cannot deliver",
        (_, _, 0) => "up to date",
        _ => "delivering",
    };
    let program =
        std::fs::read_to_string(format!("/proc/{}/comm", logger.pid)).ok().filter(|_| logger.is_alive);
    let figure = |label: &'static str, number: Option<u64>, is_bad: bool| {
        html! { td.figure data-label=(label) { @match number {
            Some(number) => { span.bad[is_bad && number > 0] { (count(number)) } }
            None => { span.none { "–" } }
        } } }
    };
    html! {
        tr.row.failed[is_stuck] {
            td { span.badge.bad[is_stuck] { (state) } }
            td.what {
                span.name { @if let Some(program) = program { (listed(&program)) ", " } "process " (logger.pid) }
                @if let Some(note) = note { span.quiet { " to " (listed(&note.to)) @if !note.repository.is_empty() { ", " (listed(&note.repository)) } } }
                span.reason { (reason(logger, now_ms)) }
                @if let Some(first) = &logger.first { span.preview { "First: " (listed(&spool::text(first))) } }
                @if logger.unread > 0 { span.reason.bad { (plural(logger.unread, "file")) " could not be read" } }
                @for place in &logger.places { span.place { (listed(&place.display().to_string())) } }
            }
            (figure("accepted", logger.accepted(), false))
            (figure("delivered", note.map(|note| note.delivered), false))
            td.figure data-label="waiting" {
                (count(logger.waiting))
                @if let Some(oldest) = logger.oldest { span.since { "for " (ago(oldest)) } }
            }
            (figure("dropped", note.map(|note| note.dropped), true))
            (figure("set aside", note.map(|note| note.quarantined), true))
        }
    }
}

/// What loggers of this machine hold and why, and what they set aside and why, read from the library's own files.
fn held(ask: &Ask<'_>) -> Markup {
    let found = spool::read_up_to(&spool::usual_places(), READ_BYTES, SHOWN_SET_ASIDE);
    let set_aside = found.quarantine.len() as u64 + found.more_set_aside;
    let mut loggers = loggers::loggers(&found.holders);
    // Those that send here come first.
    let here = format!(":{}", ask.server.port);
    loggers.sort_by_key(|logger| !logger.note.as_ref().is_some_and(|note| note.to.ends_with(&here)));
    let waiting: u64 = loggers.iter().map(|logger| logger.waiting).sum();
    let left_out = loggers.iter().skip(SHOWN_LOGGERS);
    let left_out_records: u64 = left_out.clone().map(|logger| logger.waiting).sum();
    let now_ms = ask.now.us / 1000;
    html! {
        section.held aria-label="What has not left this machine" {
            h2 { "Not left this machine yet" }
            p.fine.sum {
                @if waiting > 0 { strong { (plural(waiting, "record")) } @if waiting == 1 { " waits." } @else { " wait." } }
                @else { "Everything that was logged has left: no record waits." }
                @if found.attachments > 0 { " " (plural(found.attachments, "attachment")) " to be uploaded." }
                @if !found.quarantine.is_empty() { " " span.bad { (plural(set_aside, "record")) " set aside." } }
            }
            @if !loggers.is_empty() {
                table.list.loggers {
                    thead { tr { th scope="col" { "State" } th scope="col" { "Logger" } @for label in ["Accepted", "Delivered", "Waiting", "Dropped", "Set aside"] { th.figure scope="col" { (label) } } } }
                    tbody {
                        @for logger in loggers.iter().take(SHOWN_LOGGERS) { (logger_row(logger, now_ms)) }
                    }
                }
                @if loggers.len() > SHOWN_LOGGERS {
                    p.fine { "And " (plural(left_out_records, "record")) " of " (plural(left_out.count() as u64, "other logger")) ": " code { "maxim-dev spool" } " lists them all." }
                }
            }
            @if !found.quarantine.is_empty() {
                h3 { "Set aside" }
                table.list { tbody {
                    @for aside in found.quarantine.iter().take(SHOWN_SET_ASIDE) {
                        tr.row.failed { td { span.badge.bad { "set aside" } }
                            td.what { span.name { (listed(&aside.reason)) } span.preview { (listed(&aside.record)) }
                                span.place { (listed(&aside.path.display().to_string())) } } }
                    }
                } }
                @if set_aside > SHOWN_SET_ASIDE as u64 { p.fine { "Some of the newest of " (count(set_aside)) "." } }
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
