//! `maxim-dev tail`: what arrives at a running server, a line each, as far as a search asks for it.

use std::io::{self, BufRead as _};

use serde_json::Value;

use crate::cli::args::TailOptions;
use crate::cli::{client, has_colours, say};
use crate::draw::text::{Style, Text};
use crate::model::clock::{now_us, utc_offset_us};
use crate::model::figures::{dollars, duration};
use crate::model::plain::{escape_json, shorten};
use crate::store::query::{self, Now};

pub fn tail(options: &TailOptions) -> io::Result<()> {
    let now = Now { us: now_us() as i64, utc_offset_us: utc_offset_us() };
    let terms = query::parse(&options.query, now).map_err(io::Error::other)?;
    let has_colours = has_colours();
    let lines = client::get(options.port, "/live/lines")?;
    for text in lines.lines() {
        let text = text?;
        let Ok(event) = serde_json::from_str::<Value>(&text) else { continue };
        if let Some(left_out) = event["left_out"].as_u64() {
            eprintln!("maxim-dev: {left_out} events were left out");
            continue;
        }
        if query::matches(&terms, &event) {
            let line =
                if options.is_json { format!("{}\n", escape_json(text)) } else { line(&event, has_colours) };
            say(&line)?;
        }
    }
    Ok(())
}

/// An event on one line, whatever is in it.
pub fn line(event: &Value, has_colours: bool) -> String {
    let word = |name: &str| event[name].as_str().map(shorten).unwrap_or_default();
    let at = event["at"].as_i64().unwrap_or(0) + utc_offset_us();
    let time =
        chrono::DateTime::from_timestamp_micros(at).map(|time| time.format("%H:%M:%S%.3f").to_string());
    let is_entry = event["source_kind"] == "entry";
    let level = word("level");
    let style = Style::of_level(&level);
    let mut text = Text::new(Style::Dim, time.unwrap_or_default());
    let kind = if is_entry { level } else { word("kind").replace('_', " ") };
    text.push(style, format!("{kind:<10}"));
    if !is_entry {
        let action = word("action");
        let action = if action.starts_with("add-") { "begin" } else { &action };
        text.push(Style::Plain, format!("{:<7}", if action == "create" { "begin" } else { action }));
    }
    text.push(Style::Name, word("name"));
    text.push(Style::Plain, word("model"));
    text.push(Style::Plain, word("message"));
    text.push(Style::Plain, word("output"));
    text.push(Style::Bad, word("error"));
    let figure = |name: &str| event[name].as_f64().filter(|figure| *figure > 0.0);
    text.push(Style::Figure, figure("tokens").map(|tokens| format!("{tokens} tokens")).unwrap_or_default());
    text.push(Style::Figure, figure("cost").map(dollars).unwrap_or_default());
    text.push(Style::Figure, figure("dur").map(|us| duration(us as u64)).unwrap_or_default());
    text.push(Style::Dim, word("id"));
    text.push(Style::Dim, word("flow"));
    text.line(has_colours)
}
