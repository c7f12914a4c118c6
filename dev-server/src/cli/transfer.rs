//! `maxim-dev tree`, `export`, `import` and `replay`: data out of a running server, into one, and on to an endpoint.

use std::io::{self, BufRead, Read as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::cli::args::ReplayOptions;
use crate::cli::{client, say};
use crate::collect::limits::MAX_COLLECTED_BYTES;
use crate::collect::routes::{may_have_key, segment};
use crate::model::clock::now_us;
use crate::model::figures::bytes;
use crate::model::otlp;
use crate::store::archive::Item;
use crate::web::transfer::{Foreign, parse_line};

/// Bytes of a file that are imported at a time.
const IMPORT_BYTES: usize = 64 << 20;
/// The time between two messages of how far a long work is.
const TOLD_EVERY: Duration = Duration::from_secs(5);
/// Bytes of lines in one request, and entries in one, as the services take them.
const MAX_BATCH_BYTES: usize = 900 * 1024;
const MAX_BATCH_ENTRIES: usize = 100;

pub fn print(port: u16, target: &str) -> io::Result<()> {
    for line in client::get(port, target)?.lines() {
        say(&format!("{}\n", line?))?;
    }
    Ok(())
}

/// Brings a file in: whole or not at all, but for one that is larger than a server takes at a time.
pub fn import(port: u16, path: &Path) -> io::Result<()> {
    let text = read(path)?;
    let parts = parts(&text, IMPORT_BYTES);
    let (mut imported, mut foreign, mut sent) = (0, 0, 0);
    for &(first, part) in &parts {
        let failed = |error: io::Error| match imported {
            0 => error,
            _ => io::Error::new(error.kind(), format!("after {imported} lines: {error}")),
        };
        if part.len() as u64 > MAX_COLLECTED_BYTES {
            let (given, most) = (bytes(part.len() as u64), bytes(MAX_COLLECTED_BYTES));
            let why =
                format!("{}: line {first} has {given}, and a server takes {most} at a time", path.display());
            return Err(failed(io::Error::other(why)));
        }
        let mut answer = String::new();
        client::request(port, "POST", &format!("/import?line={first}"), part.as_bytes())
            .and_then(|mut body| body.read_to_string(&mut answer))
            .map_err(failed)?;
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
        let Some(taken) = answer["imported"].as_u64() else {
            return Err(io::Error::other("the server keeps nothing; start it with --mode tree or --db FILE"));
        };
        imported += taken;
        foreign += answer["left_out"].as_u64().unwrap_or_default();
        sent += part.len() as u64;
        if parts.len() > 1 {
            eprintln!("maxim-dev: {} of {} imported", bytes(sent), bytes(text.len() as u64));
        }
    }
    say(&format!("{imported} lines are at http://127.0.0.1:{port}/{}\n", left_out(foreign)))
}

/// A file in parts of whole lines, about so large, each with the number of its first line; one that is a single document
/// is one part.
fn parts(text: &str, most: usize) -> Vec<(usize, &str)> {
    let first = text.lines().next().unwrap_or_default();
    let is_whole = first.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(first).is_err();
    let (mut parts, mut rest, mut number) = (Vec::new(), text, 1);
    while rest.len() > most && !is_whole {
        let line_end = |from: &str| from.find('\n').map_or(from.len(), |at| at + 1);
        let within = rest.as_bytes()[..most].iter().rposition(|&byte| byte == b'\n');
        let (part, after) = rest.split_at(within.map_or_else(|| line_end(rest), |at| at + 1));
        parts.push((number, part));
        number += part.lines().count();
        rest = after;
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push((number, rest));
    }
    parts
}

fn left_out(lines: u64) -> String {
    if lines > 0 { format!("; {lines} others of the file are no records") } else { String::new() }
}

/// Sends what was recorded, in its order, with the key of `MAXIM_API_KEY`.
pub fn replay(options: &ReplayOptions) -> io::Result<()> {
    let key = std::env::var("MAXIM_API_KEY").ok().filter(|key| !key.trim().is_empty());
    let key = key.ok_or_else(|| io::Error::other("MAXIM_API_KEY is not set"))?;
    let base = options.to.trim_end_matches('/');
    if !may_have_key(base) {
        return Err(io::Error::other(
            "--to is an https URL, or http on this machine: the key goes with the data",
        ));
    }
    let agent = client::agent(base);
    let (mut sent, mut told) = (0, Instant::now());
    let mut send = |batch: &Batch| -> io::Result<()> {
        let (url, header, body) = match batch {
            Batch::Lines(repo, lines) => {
                (format!("{base}/api/sdk/v3/log?id={}", segment(repo)), "x-maxim-api-key", lines.join("\n"))
            }
            Batch::Entries(entries) => {
                (format!("{base}/v1/logs"), "x-api-key", format!("{{\"logs\":[{}]}}", entries.join(",")))
            }
        };
        let answer =
            agent.post(&url).header(header, &key).header("content-type", "application/json").send(body);
        let status =
            answer.map_err(|error| io::Error::other(format!("after {sent} records: {error}")))?.status();
        if !status.is_success() {
            let advice = if status == 401 { " (is MAXIM_API_KEY right?)" } else { "" };
            return Err(io::Error::other(format!(
                "after {sent} records: the service answered {status}{advice}"
            )));
        }
        sent += batch.len();
        if told.elapsed() >= TOLD_EVERY {
            eprintln!("maxim-dev: {sent} records sent");
            told = Instant::now();
        }
        Ok(())
    };
    let mut waiting: Option<Batch> = None;
    let (mut units, mut foreign, mut read_records) = (Vec::new(), Foreign::default(), 0);
    for (number, line) in read(&options.path)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty())
    {
        let items = parse_line(line, now_us() as i64).map_err(|why| {
            io::Error::other(format!("{}: line {}: {why}", options.path.display(), number + 1))
        })?;
        let Some(items) = items else {
            foreign.add(number + 1, line);
            continue;
        };
        read_records += items.iter().map(|(item, _)| item.len() as u64).sum::<u64>();
        // Spans go as lines at the end, when the parents of all are known.
        for (item, _) in &items {
            if let Item::Spans(more) = item {
                units.extend(more.iter().filter_map(|unit| serde_json::from_str(unit).ok()));
            }
        }
        for next in items.into_iter().filter_map(|(item, _)| Batch::of(item, options.repository.as_deref())) {
            let is_joined = waiting.as_mut().is_some_and(|batch| batch.join(&next));
            if !is_joined {
                if let Some(batch) = waiting.replace(next) {
                    send(&batch)?;
                }
            }
        }
    }
    if let Some(why) = foreign.refusal(read_records) {
        return Err(io::Error::other(format!("{}: {why}", options.path.display())));
    }
    for (repo, line) in otlp::lines(&units) {
        let next = Batch::Lines(options.repository.clone().unwrap_or(repo), vec![line]);
        let is_joined = waiting.as_mut().is_some_and(|batch| batch.join(&next));
        if !is_joined {
            if let Some(batch) = waiting.replace(next) {
                send(&batch)?;
            }
        }
    }
    if let Some(batch) = waiting {
        send(&batch)?;
    }
    say(&format!("{sent} records were sent to {base}{}\n", left_out(foreign.count)))
}

enum Batch {
    Lines(String, Vec<String>),
    Entries(Vec<String>),
}

impl Batch {
    fn of(item: Item, repository: Option<&str>) -> Option<Batch> {
        match item {
            Item::Lines { repo, text } => {
                let text = String::from_utf8_lossy(&text).trim_end_matches('\n').to_owned();
                Some(Batch::Lines(repository.map_or(repo, str::to_owned), vec![text]))
            }
            Item::Entries(entries) => Some(Batch::Entries(entries)),
            _ => None,
        }
    }

    fn len(&self) -> usize {
        match self {
            Batch::Lines(_, lines) => lines.iter().map(|lines| lines.lines().count()).sum(),
            Batch::Entries(entries) => entries.len(),
        }
    }

    fn bytes(&self) -> usize {
        let (Batch::Lines(_, texts) | Batch::Entries(texts)) = self;
        texts.iter().map(|text| text.len() + 1).sum()
    }

    /// Takes the other in, if both fit into one request.
    fn join(&mut self, other: &Batch) -> bool {
        let fits = self.bytes() + other.bytes() <= MAX_BATCH_BYTES;
        match (self, other) {
            (Batch::Lines(repo, lines), Batch::Lines(other, more)) if fits && repo == other => {
                lines.extend_from_slice(more)
            }
            (Batch::Entries(entries), Batch::Entries(more))
                if fits && entries.len() + more.len() <= MAX_BATCH_ENTRIES =>
            {
                entries.extend_from_slice(more);
            }
            _ => return false,
        }
        true
    }
}

fn read(path: &Path) -> io::Result<String> {
    if path.as_os_str() == "-" {
        return io::read_to_string(io::stdin());
    }
    std::fs::read_to_string(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_imported_in_parts_of_whole_lines_whose_numbers_go_on() {
        let text = "one\ntwo\nthree is longer than the others\nfour\n";
        let found = parts(text, 10);
        assert_eq!(found, [(1, "one\ntwo\n"), (3, "three is longer than the others\n"), (4, "four\n")]);
        assert_eq!(parts(text, 100), [(1, text)]);
        assert_eq!(parts("", 100), [(1, "")]);
        // A document over many lines cannot be cut.
        let document = "{\n\"resourceSpans\": []\n}\n";
        assert_eq!(parts(document, 5), [(1, document)]);
        assert_eq!(parts("{}\n{}\n", 3), [(1, "{}\n"), (2, "{}\n")]);
    }
}
