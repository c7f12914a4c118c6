//! Writing into the database: each line becomes a record, a change of the node it is about, and words to search.
//!
//! A node is an entity; its root is the entity at the top of what is known above it (a trace, as a rule), and holds
//! the sums of everything below. Sums are taken anew at the end of a batch, for the roots that changed in it.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Result, params};
use serde_json::Value;

use crate::model::entities::plain;
use crate::model::figures::{Tokens, unix_us};
use crate::model::line::{self, LARGE_LOG_FOLDER};
use crate::model::otlp::Span;
use crate::store::event::{self, Said};
use crate::store::kept::Kept;
use crate::store::prices::Prices;
use crate::store::schema;

/// Attachments above this are not kept, only counted.
const MAX_UPLOAD_BYTES: u64 = 16 << 20;
/// Bytes of one record's texts that a search finds.
const MAX_INDEXED_BYTES: usize = 4 << 20;
/// Part of the records that is deleted at once when the cap is reached.
const DELETED_PART: i64 = 10;

/// Whether the content of an upload is kept. Of a line it is, whatever its size: the line is one like others.
pub fn keeps_upload(key: &str, bytes: u64) -> bool {
    bytes <= MAX_UPLOAD_BYTES || key.contains(LARGE_LOG_FOLDER)
}

pub struct Archive {
    pub db: Connection,
    pub prices: Prices,
    max_bytes: u64,
    changed_roots: HashSet<i64>,
    /// Records that were deleted to keep to the cap, in this run.
    pub deleted: u64,
}

/// Accepted data on its way into the archive.
pub enum Item {
    Lines {
        repo: String,
        text: Vec<u8>,
    },
    Entries(Vec<String>),
    /// Units of OpenTelemetry spans.
    Spans(Vec<String>),
    /// A document in a format of its own, and what was said of it.
    Raw {
        query: Vec<(String, String)>,
        text: Vec<u8>,
    },
    Flow {
        id: String,
        name: String,
    },
    Upload {
        key: String,
        mime: String,
        bytes: u64,
        content: Option<Vec<u8>>,
    },
    Clear,
}

impl Item {
    /// Lines, entries or spans in it.
    pub fn len(&self) -> usize {
        match self {
            Item::Lines { text, .. } | Item::Raw { text, .. } => line::split(text).count(),
            Item::Entries(entries) => entries.len(),
            Item::Spans(units) => units.len(),
            Item::Flow { .. } | Item::Upload { .. } | Item::Clear => 1,
        }
    }
}

struct Node {
    id: i64,
    root: i64,
}

impl Archive {
    pub fn open(path: Option<&Path>, max_bytes: u64, prices: Prices) -> Result<Archive, String> {
        let db = schema::open(path)?;
        Ok(Archive { db, prices, max_bytes, changed_roots: HashSet::new(), deleted: 0 })
    }

    pub fn begin(&mut self) -> Result<()> {
        self.db.execute_batch("BEGIN")
    }

    pub fn commit(&mut self) -> Result<()> {
        self.sum_up()?;
        self.db.execute_batch("COMMIT")?;
        self.keep_to_cap()
    }

    /// Takes one line in, and gives the event that it is.
    pub fn line(&mut self, repo: &str, text: &[u8], at: i64) -> Result<Option<Value>> {
        let shown = String::from_utf8_lossy(text);
        let Some(said) = Said::new(text) else {
            let id = self.record(at, repo, None, &shown)?;
            self.index(id, &shown)?;
            return Ok(Some(
                serde_json::json!({"at": at, "source_kind": "line", "repo": repo, "kind": "malformed",
                "level": "warn", "message": event::shown(&Value::String(shown.into_owned()))}),
            ));
        };
        let large = if said.action == "process-large-log" { self.large_log(&said)? } else { None };
        if let Some(large) = large {
            let event = self.line(repo, &large, at);
            // Its content is a record now: a second one would take as much room again.
            let forget = "UPDATE uploads SET content = NULL WHERE key = ?1 AND bytes > ?2";
            let key = said.text("key").unwrap_or_default();
            self.db.prepare_cached(forget)?.execute(params![key, MAX_UPLOAD_BYTES as i64])?;
            return event;
        }
        let subject = self.node(repo, &said.kind, &said.id, at)?;
        let node = match &said.made {
            Some((kind, id)) => {
                let child = self.node(repo, kind, id, at)?;
                self.adopt(&subject, &child)?;
                self.node(repo, kind, id, at)?
            }
            None => subject,
        };
        let record = self.record(at, repo, Some(node.id), &shown)?;
        self.index(record, &said.words())?;
        self.said(repo, &node, &said, at, record).map(Some)
    }

    /// Changes a node by what was said of it, and gives the event that this is.
    fn said(&mut self, repo: &str, node: &Node, said: &Said, at: i64, record: i64) -> Result<Value> {
        let cost = if said.is_merged { self.change(node, said, at, record)? } else { None };
        if !said.is_merged {
            let touch = "UPDATE nodes SET last_at = ?2, last_record = ?3 WHERE id = ?1";
            self.db.prepare_cached(touch)?.execute(params![node.id, at, record])?;
        }
        let sql = "INSERT INTO tags (kind, name, value, node, record) VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (node, kind, name) WHERE node IS NOT NULL DO UPDATE SET value = ?3, record = ?5";
        for (kind, name, value) in said.labels() {
            self.db.prepare_cached(sql)?.execute(params![kind, name, value, node.id, record])?;
        }
        self.changed_roots.insert(node.root);
        let mut event = said.event(repo, at, cost);
        event["root"] = node.root.into();
        Ok(event)
    }

    /// A span of OpenTelemetry. It goes below its parent as soon as that is known, and below its trace until then.
    pub fn span(&mut self, text: &str, at: i64) -> Result<Option<Value>> {
        let unit: Value = serde_json::from_str(text).unwrap_or_default();
        let Ok(span) = Span::new(&unit) else { return Ok(None) };
        let repo = &span.repository;
        let trace = self.node(repo, "trace", &span.trace_id, at)?;
        let is_trace = span.kind == "trace";
        let node = if is_trace {
            self.node(repo, "trace", &span.trace_id, at)?
        } else {
            let found = "SELECT node FROM spans WHERE trace = ?1 AND span = ?2";
            let parent: Option<i64> = match &span.parent {
                Some(parent) => self
                    .db
                    .prepare_cached(found)?
                    .query_row([&span.trace, parent], |row| row.get(0))
                    .optional()?,
                None => None,
            };
            let node = self.node(repo, span.kind, &span.span, at)?;
            self.db
                .prepare_cached("UPDATE nodes SET parent = ?2, root = ?3 WHERE id = ?1 AND id <> ?2")?
                .execute(params![node.id, parent.unwrap_or(trace.id), trace.root])?;
            Node { id: node.id, root: trace.root }
        };
        self.db
            .prepare_cached(
                "UPDATE nodes SET parent = ?3 WHERE id IN (SELECT node FROM spans WHERE trace = ?1 AND parent = ?2) \
                 AND id <> ?3",
            )?
            .execute(params![span.trace, span.span, node.id])?;
        let record = self.record(at, repo, Some(node.id), text)?;
        self.db
            .prepare_cached("INSERT OR REPLACE INTO spans (trace, span, parent, node, record) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![span.trace, span.span, span.parent, node.id, record])?;
        let mut words = format!("{} {}", span.trace, span.span);
        event::collect_words(&Value::Object(span.data.clone()), &mut words);
        self.index(record, &words)?;
        if let Some(session) = span.data.get("sessionId").and_then(Value::as_str) {
            self.node(repo, "session", session, at)?;
            if !is_trace {
                self.db
                    .prepare_cached("UPDATE nodes SET session = coalesce(session, ?2) WHERE id = ?1")?
                    .execute(params![trace.id, session])?;
            }
        }
        if !is_trace && span.parent.is_none() {
            // A call that is a trace of its own: the list shows it under its name.
            let sql = "UPDATE nodes SET created = 1, name = coalesce(name, ?2), start_us = coalesce(start_us, ?3), \
                       end_us = coalesce(end_us, ?4) WHERE id = ?1";
            let time = |name: &str| span.data.get(name).and_then(Value::as_str).and_then(unix_us);
            self.db.prepare_cached(sql)?.execute(params![
                trace.id,
                span.data.get("name").and_then(Value::as_str),
                time("startTimestamp"),
                time("endTimestamp")
            ])?;
        }
        let said = Said {
            kind: span.kind.to_owned(),
            id: span.id().to_owned(),
            action: "create".to_owned(),
            made: None,
            is_merged: true,
            data: span.data,
        };
        self.said(repo, &node, &said, at, record).map(Some)
    }

    pub fn entry(&mut self, text: &str, at: i64) -> Result<Option<Value>> {
        let entry: Value = serde_json::from_str(text).unwrap_or_default();
        let word = |name: &str| entry[name].as_str();
        let id = self.record(at, "", None, text)?;
        let mut words = String::new();
        event::collect_words(&entry, &mut words);
        self.index(id, &words)?;
        let link = ["traceId", "trace_id"]
            .iter()
            .find_map(|name| entry["data"][*name].as_str())
            .or(word("requestId"));
        let labels: Vec<_> =
            entry["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let said_at = entry["timestamp"].as_i64().map_or(at, |ms| ms.saturating_mul(1000));
        self.db
            .prepare_cached(
                "INSERT INTO entries (id, at, level, message, flow, step, source, session, user, environment, error_name,
                 link, labels, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(params![
                id, said_at, word("level"), word("message"), word("flowId"), entry["stepIndex"].as_i64(), word("source"),
                word("sessionId"), word("userId"), word("environment"), word("errorName"), link,
                (!labels.is_empty()).then(|| labels.join("\n")), text
            ])?;
        let insert = "INSERT INTO tags (kind, name, value, entry, record) VALUES (?1, ?2, ?3, ?4, ?4)";
        for label in labels {
            self.db.prepare_cached(insert)?.execute(params!["tag", label, "", id])?;
        }
        for (name, value) in entry["data"].as_object().into_iter().flatten() {
            self.db.prepare_cached(insert)?.execute(params!["meta", name, plain(value), id])?;
        }
        Ok(Some(event::entry_event(&entry, said_at)))
    }

    /// A line of a document in a format of its own. Its first one has the options.
    pub fn raw_line(
        &mut self,
        query: &[(String, String)],
        number: i64,
        text: &[u8],
        at: i64,
    ) -> Result<Option<Value>> {
        let format = query.iter().find(|(name, _)| name == "format").map_or("", |(_, format)| format);
        let options: Vec<_> = query
            .iter()
            .filter(|(name, _)| number == 0 && name != "format")
            .map(|(name, value)| format!("{name}={value}").replace('\n', " "))
            .collect();
        let text = String::from_utf8_lossy(text);
        let id = self.record(at, "", None, &text)?;
        self.index(id, &text)?;
        self.db
            .prepare_cached("INSERT INTO entries (id, at, level, message, source, step, labels, text) VALUES (?1, ?2, 'info', ?3, ?4, ?5, ?6, ?3)")?
            .execute(params![
                id, at, text, format!("raw {format}"), number, (!options.is_empty()).then(|| options.join("\n"))
            ])?;
        let entry = serde_json::json!({"level": "info", "message": text, "source": format!("raw {format}")});
        Ok(Some(event::entry_event(&entry, at)))
    }

    pub fn flow(&mut self, id: &str, name: &str, at: i64) -> Result<()> {
        let sql = "INSERT OR REPLACE INTO flows (id, name, at) VALUES (?1, ?2, ?3)";
        self.db.prepare_cached(sql)?.execute(params![id, name, at]).map(drop)
    }

    pub fn upload(
        &mut self,
        key: &str,
        mime: &str,
        bytes: u64,
        content: Option<&[u8]>,
        at: i64,
    ) -> Result<()> {
        let sql =
            "INSERT OR REPLACE INTO uploads (key, mime, bytes, content, at) VALUES (?1, ?2, ?3, ?4, ?5)";
        self.db.prepare_cached(sql)?.execute(params![key, mime, bytes as i64, content, at]).map(drop)
    }

    pub fn clear(&mut self) -> Result<()> {
        self.db.execute_batch(
            "DELETE FROM records; DELETE FROM nodes; DELETE FROM entries; DELETE FROM flows; DELETE FROM tags;
             DELETE FROM uploads; DELETE FROM spans; INSERT INTO search (search) VALUES ('delete-all');",
        )
    }

    /// The number of the newest record.
    pub fn newest(&self) -> Result<i64> {
        self.db.query_row("SELECT coalesce(max(id), 0) FROM records", [], |row| row.get(0))
    }

    /// What is kept behind that record, for a tree.
    pub fn kept(&self, after: i64) -> Result<Kept> {
        let mut kept = Kept::read(&self.db, after)?;
        kept.left_out += self.deleted;
        Ok(kept)
    }

    fn large_log(&self, said: &Said) -> Result<Option<Vec<u8>>> {
        let key = said.text("key").unwrap_or_default();
        let mut statement = self.db.prepare_cached("SELECT content FROM uploads WHERE key = ?1")?;
        let content: Option<Option<Vec<u8>>> = statement.query_row([key], |row| row.get(0)).optional()?;
        // The text may not lead to another upload: that would allow an endless chain.
        Ok(content.flatten().filter(|text| !text.starts_with(b"storage{")))
    }

    fn record(&mut self, at: i64, repo: &str, node: Option<i64>, text: &str) -> Result<i64> {
        let sql = "INSERT INTO records (at, repo, node, text) VALUES (?1, ?2, ?3, ?4)";
        self.db.prepare_cached(sql)?.insert(params![at, repo, node, text])
    }

    fn index(&mut self, record: i64, words: &str) -> Result<()> {
        let sql = "INSERT INTO search (rowid, text) VALUES (?1, ?2)";
        let mut end = words.len().min(MAX_INDEXED_BYTES);
        while !words.is_char_boundary(end) {
            end -= 1;
        }
        let words = &words[..end];
        self.db.prepare_cached(sql)?.execute(params![record, words]).map(drop)
    }

    fn node(&mut self, repo: &str, kind: &str, id: &str, at: i64) -> Result<Node> {
        let select = "SELECT id, root FROM nodes WHERE repo = ?1 AND kind = ?2 AND eid = ?3";
        let found = self
            .db
            .prepare_cached(select)?
            .query_row(params![repo, kind, id], |row| Ok(Node { id: row.get(0)?, root: row.get(1)? }))
            .optional()?;
        if let Some(node) = found {
            return Ok(node);
        }
        let insert =
            "INSERT INTO nodes (repo, kind, eid, root, first_at, last_at) VALUES (?1, ?2, ?3, 0, ?4, ?4)";
        let id = self.db.prepare_cached(insert)?.insert(params![repo, kind, id, at])?;
        self.db.prepare_cached("UPDATE nodes SET root = id WHERE id = ?1")?.execute([id])?;
        Ok(Node { id, root: id })
    }

    /// Makes `child` a child of `parent`, once, and moves what is below it to its new root.
    fn adopt(&mut self, parent: &Node, child: &Node) -> Result<()> {
        // A child that has its own root has no parent yet; a loop would have no root.
        if child.root != child.id || parent.root == child.id {
            return Ok(());
        }
        self.db
            .prepare_cached("UPDATE nodes SET parent = ?2 WHERE id = ?1")?
            .execute(params![child.id, parent.id])?;
        self.db
            .prepare_cached("UPDATE nodes SET root = ?2 WHERE root = ?1")?
            .execute(params![child.id, parent.root])?;
        Ok(())
    }

    /// Changes a node's columns by what was said, and gives the cost that is known of it now.
    fn change(&mut self, node: &Node, said: &Said, at: i64, record: i64) -> Result<Option<f64>> {
        let tokens = said.tokens();
        let error = said.error();
        let created = said.made.is_some() || said.action == "create";
        self.db
            .prepare_cached(
                "UPDATE nodes SET created = created | ?2, name = coalesce(?3, name), session = coalesce(?4, session),
                 preview = coalesce(preview, ?5), provider = coalesce(?6, provider), model = coalesce(model, ?7),
                 start_us = coalesce(?8, start_us), end_us = coalesce(?9, end_us), last_at = ?10, last_record = ?11,
                 tokens_in = coalesce(?12, tokens_in), tokens_out = coalesce(?13, tokens_out),
                 tokens_cached = coalesce(?14, tokens_cached), cost = coalesce(?15, cost),
                 cost_given = cost_given | (?15 IS NOT NULL), error = coalesce(?16, error),
                 error_type = coalesce(?17, error_type) WHERE id = ?1",
            )?
            .execute(params![
                node.id, created, said.text("name"), said.text("sessionId"), said.preview(), said.text("provider"),
                said.model(), said.time("startTimestamp"), said.time("endTimestamp"), at, record,
                tokens.map(|tokens| tokens.input.max(tokens.total) as i64), tokens.map(|tokens| tokens.output as i64),
                tokens.map(|tokens| tokens.cached as i64), said.cost(), error.as_ref().map(|(message, _)| message),
                error.as_ref().and_then(|(_, kind)| kind.as_ref())
            ])?;
        if tokens.is_none() && said.model().is_none() {
            return Ok(said.cost());
        }
        let known = self
            .db
            .prepare_cached("SELECT model, tokens_in, tokens_out, tokens_cached, cost_given, cost FROM nodes WHERE id = ?1")?
            .query_row([node.id], |row| {
                let number = |at| row.get::<_, i64>(at).map(|number| number as u64);
                let tokens =
                    Tokens { input: number(1)?, output: number(2)?, cached: number(3)?, ..Tokens::default() };
                Ok((row.get::<_, Option<String>>(0)?, tokens, row.get::<_, bool>(4)?, row.get::<_, Option<f64>>(5)?))
            })?;
        let (Some(model), tokens, false, _) = known else { return Ok(known.3) };
        if tokens.is_zero() {
            return Ok(None);
        }
        let estimate = self.prices.estimate(&model, &tokens);
        self.db
            .prepare_cached("UPDATE nodes SET cost = ?2 WHERE id = ?1")?
            .execute(params![node.id, estimate])?;
        Ok(estimate)
    }

    fn sum_up(&mut self) -> Result<()> {
        let mut statement = self.db.prepare_cached(
            "UPDATE nodes SET (sum_tokens_in, sum_tokens_out, sum_tokens_cached, sum_cost, sum_given, errors, below) =
             (SELECT sum(tokens_in), sum(tokens_out), sum(tokens_cached), sum(cost), max(cost_given),
              count(error), count(*) - 1 FROM nodes x WHERE x.root = ?1) WHERE id = ?1",
        )?;
        for root in self.changed_roots.drain() {
            statement.execute([root])?;
        }
        Ok(())
    }

    /// Deletes the oldest records, and what only they spoke of, when the database is larger than it may be.
    fn keep_to_cap(&mut self) -> Result<()> {
        while schema::used_bytes(&self.db)? > self.max_bytes {
            let (first, last): (Option<i64>, Option<i64>) =
                self.db.query_row("SELECT min(id), max(id) FROM records", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            let (Some(first), Some(last)) = (first, last) else {
                // No record is left: uploads alone are above the cap.
                self.db.execute(
                    "DELETE FROM uploads WHERE key IN (SELECT key FROM uploads ORDER BY at LIMIT 100)",
                    [],
                )?;
                if self.db.changes() == 0 {
                    return Ok(());
                }
                continue;
            };
            let cut = first + (last - first) / DELETED_PART;
            self.deleted += (cut - first + 1) as u64;
            let oldest: i64 = self
                .db
                .query_row("SELECT at FROM records WHERE id = ?1", [cut], |row| row.get(0))
                .unwrap_or(0);
            self.begin()?;
            self.db.execute("DELETE FROM search WHERE rowid BETWEEN ?1 AND ?2", [first, cut])?;
            self.db.execute("DELETE FROM records WHERE id <= ?1", [cut])?;
            self.db.execute("DELETE FROM entries WHERE id <= ?1", [cut])?;
            self.db.execute("DELETE FROM tags WHERE record <= ?1", [cut])?;
            self.db.execute("DELETE FROM nodes WHERE last_record <= ?1", [cut])?;
            self.db.execute("DELETE FROM spans WHERE record <= ?1", [cut])?;
            self.db.execute("DELETE FROM flows WHERE at < ?1", [oldest])?;
            self.db.execute("DELETE FROM uploads WHERE at < ?1", [oldest])?;
            self.db.execute_batch("COMMIT; PRAGMA incremental_vacuum(1000);")?;
        }
        Ok(())
    }
}
