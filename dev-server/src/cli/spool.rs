//! `maxim-dev spool`: what loggers on this machine hold that has not left, and what they set aside and why.

use std::io;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::args::SpoolOptions;
use crate::cli::{about, has_colours, say};
use crate::draw::text::{Style, Text};
use crate::model::clock::now_us;
use crate::model::figures::{ago, count, lasting};
use crate::model::loggers::{self, Logger};
use crate::model::plain::{escape_json, shorten};
use crate::model::{line, spool};

pub fn run(options: &SpoolOptions) -> io::Result<()> {
    let mut places = if options.places.is_empty() { spool::usual_places() } else { Vec::new() };
    for given in &options.places {
        places.extend(spool::places_of(given).map_err(|error| about(given, &error))?);
    }
    let found = spool::read(&places);
    // What a logger has just taken is in memory, wherever its directory is: who looks at one directory hears of others.
    let elsewhere = match options.places.is_empty() {
        true => Vec::new(),
        false => spool::waiting_elsewhere(&spool::usual_places(), &places),
    };
    if options.is_export {
        return export(&found);
    }
    if options.is_json {
        let holders: Vec<_> = found
            .holders
            .iter()
            .map(|h| {
                json!({"identity": h.identity, "instance": h.instance, "pid": h.pid, "alive": h.is_alive,
                       "place": h.place, "records": h.waiting(), "bytes": size(h), "unread": h.unread, "settled": h.settled,
                       "oldest": h.oldest, "heartbeat": h.heartbeat, "note": h.note})
            })
            .collect();
        let aside: Vec<_> = found
            .quarantine
            .iter()
            .map(|q| json!({"path": q.path, "reason": q.reason, "record": q.record}))
            .collect();
        let all = json!({"places": found.places, "holders": holders, "quarantine": aside, "attachments": found.attachments,
            "elsewhere": elsewhere.iter().map(|(place, records)| json!({"place": place, "records": records})).collect::<Vec<_>>()});
        return say(&escape_json(format!("{all}\n")));
    }
    say(&drawn(&found, !options.places.is_empty(), &elsewhere, has_colours()))
}

fn size(holder: &spool::Holder) -> u64 {
    holder.records.iter().map(|record| record.len() as u64).sum()
}

fn draw_logger(logger: &Logger, put: &mut dyn FnMut(Text)) {
    let (style, owner) = if logger.is_alive { (Style::Figure, "running") } else { (Style::Warn, "ended") };
    let mut head = Text::new(style, format!("process {} {owner}", logger.pid));
    if let Some(note) = &logger.note {
        head.push(Style::Name, shorten(&format!("{} {}", note.to, note.repository)));
        let accepted = logger.accepted().unwrap_or(0);
        for (number, what) in [
            (accepted, "accepted"),
            (note.delivered, "delivered"),
            (note.dropped, "dropped"),
            (note.quarantined, "set aside"),
        ] {
            if number > 0 {
                head.push(Style::Plain, format!("{} {what}", count(number)));
            }
        }
    }
    put(head);
    let mut waiting = Text::new(Style::Plain, " ").with(Style::Kind, "waiting");
    waiting.push(Style::Name, format!("{} records", count(logger.waiting)));
    if let Some(oldest) = logger.oldest {
        waiting.push(Style::Plain, format!("the oldest for {}", ago(oldest)));
    }
    if logger.unread > 0 {
        waiting.push(Style::Bad, format!("{} segments could not be read", logger.unread));
    }
    put(waiting);
    let because =
        |why: String| Text::new(Style::Plain, " ").with(Style::Bad, "because").with(Style::Plain, why);
    if logger.is_alive {
        if let Some(trouble) = logger.trouble() {
            put(because(shorten(trouble)).with(Style::Plain, next_attempt(logger)));
        }
    } else if logger.waiting > 0 {
        put(because("the next logger for its endpoint, repository and key sends them".to_owned()));
        if let Some(error) = logger.note.as_ref().and_then(|note| note.last_error.as_deref()) {
            put(Text::new(Style::Plain, " ")
                .with(Style::Bad, "last error")
                .with(Style::Plain, shorten(error)));
        }
    }
    if let Some(record) = &logger.first {
        put(Text::new(Style::Plain, " ").with(Style::Plain, shorten(&spool::text(record))));
    }
    for place in &logger.places {
        put(Text::new(Style::Plain, " ").with(Style::Dim, place.display().to_string()));
    }
}

/// When there is another attempt, after one that failed.
fn next_attempt(logger: &Logger) -> String {
    let next = logger.note.as_ref().and_then(|note| note.next_attempt_ms);
    match next.map(|at| at - (now_us() / 1000) as i64) {
        Some(wait) if wait > 0 => {
            format!("next attempt in {}", lasting(wait.unsigned_abs().div_ceil(1000)))
        }
        Some(_) => "next attempt now".to_owned(),
        None => String::new(),
    }
}

fn drawn(found: &spool::Spool, is_part: bool, elsewhere: &[(PathBuf, u64)], has_colours: bool) -> String {
    let mut text = String::new();
    let mut put = |line: Text| text.push_str(&line.line(has_colours));
    if found.places.is_empty() {
        put(Text::new(Style::Plain, "no logger has kept anything on this machine"));
    }
    for place in &found.places {
        put(Text::new(Style::Dim, place.display().to_string()));
    }
    for logger in loggers::loggers(&found.holders) {
        draw_logger(&logger, &mut put);
    }
    for aside in &found.quarantine {
        put(Text::new(Style::Bad, "set aside")
            .with(Style::Name, shorten(&aside.reason))
            .with(Style::Dim, aside.path.display().to_string()));
        put(Text::new(Style::Plain, " ").with(Style::Plain, shorten(&aside.record)));
    }
    if found.attachments > 0 {
        put(Text::new(Style::Kind, "attachments")
            .with(Style::Name, format!("{} wait to be uploaded", found.attachments)));
    }
    if !found.places.is_empty()
        && found.holders.iter().all(|h| h.waiting() == 0)
        && found.quarantine.is_empty()
    {
        let what = if is_part { "there" } else { "this machine" };
        put(Text::new(Style::Plain, format!("everything that was logged has left {what}")));
    }
    for (place, records) in elsewhere {
        put(Text::new(Style::Warn, "elsewhere")
            .with(Style::Name, format!("{} records wait", count(*records)))
            .with(Style::Dim, place.display().to_string())
            .with(Style::Plain, "(maxim-dev spool without DIR shows them)"));
    }
    text
}

fn export(found: &spool::Spool) -> io::Result<()> {
    for holder in &found.holders {
        for record in &holder.records {
            let text = String::from_utf8_lossy(record);
            let value = match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(entry) if entry.is_object() => json!({"entry": entry}),
                _ if line::parse(record).is_some() => json!({"repo": "spool", "line": text}),
                _ => continue,
            };
            say(&escape_json(format!("{value}\n")))?;
        }
    }
    Ok(())
}
