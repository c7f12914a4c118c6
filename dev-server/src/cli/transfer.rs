//! `maxim-dev tree`, `export`, `import` and `replay`: data out of a running server, into one, and on to an endpoint.

use std::io::{self, BufRead, Read as _};
use std::path::Path;

use crate::cli::args::ReplayOptions;
use crate::cli::{client, say};
use crate::collect::routes::segment;
use crate::model::clock::now_us;
use crate::model::otlp;
use crate::store::archive::Item;
use crate::web::transfer::{Foreign, parse_line};

/// Bytes of lines in one request, and entries in one, as the services take them.
const MAX_BATCH_BYTES: usize = 900 * 1024;
const MAX_BATCH_ENTRIES: usize = 100;

pub fn print(port: u16, target: &str) -> io::Result<()> {
    for line in client::get(port, target)?.lines() {
        say(&format!("{}\n", line?))?;
    }
    Ok(())
}

pub fn import(port: u16, path: &Path) -> io::Result<()> {
    let text = read(path)?;
    let mut answer = String::new();
    client::request(port, "POST", "/import", text.as_bytes())?.read_to_string(&mut answer)?;
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
    if !answer["imported"].is_u64() {
        return Err(io::Error::other("the server keeps nothing; start it with --mode tree or --db FILE"));
    }
    say(&format!(
        "{} lines are at http://127.0.0.1:{port}/{}\n",
        answer["imported"],
        left_out(answer["left_out"].as_u64().unwrap_or_default())
    ))
}

fn left_out(lines: u64) -> String {
    if lines > 0 { format!("; {lines} others of the file are no records") } else { String::new() }
}

/// Sends what was recorded, in its order, with the key of `MAXIM_API_KEY`.
pub fn replay(options: &ReplayOptions) -> io::Result<()> {
    let key = std::env::var("MAXIM_API_KEY").ok().filter(|key| !key.trim().is_empty());
    let key = key.ok_or_else(|| io::Error::other("MAXIM_API_KEY is not set"))?;
    let base = options.to.trim_end_matches('/');
    let is_local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|own| base.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')));
    if !base.starts_with("https://") && !is_local {
        return Err(io::Error::other(
            "--to is an https URL, or http on this machine: the key goes with the data",
        ));
    }
    let agent: ureq::Agent =
        ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into();
    let mut sent = 0;
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
            if !is_joined && let Some(batch) = waiting.replace(next) {
                send(&batch)?;
            }
        }
    }
    if let Some(why) = foreign.refusal(read_records) {
        return Err(io::Error::other(format!("{}: {why}", options.path.display())));
    }
    for (repo, line) in otlp::lines(&units) {
        let next = Batch::Lines(options.repository.clone().unwrap_or(repo), vec![line]);
        let is_joined = waiting.as_mut().is_some_and(|batch| batch.join(&next));
        if !is_joined && let Some(batch) = waiting.replace(next) {
            send(&batch)?;
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
