//! The queue on disk: bodies that are to be forwarded, in order, and records that the service refuses.
//!
//! One SQLite file, readable by its owner only, used by one process at a time. A body is a row, whatever the number of
//! records in it; a commit holds those of many requests. With `synchronous=FULL` a commit is on the disk when it
//! returns, so what was answered survives a power loss; with `NORMAL` it survives SIGKILL, but the last commits
//! may not survive a power loss.

use std::path::Path;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, Result, params};
use serde_json::{Value, json};

use crate::model::clock::now_us;
use crate::model::line;
use crate::relay::body::{Kind, Put};
use crate::relay::fold::{Changed, Folders};
use crate::store::schema;

const VERSION: i64 = 1;
const TABLES: &str = "
CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, target TEXT NOT NULL, at INTEGER NOT NULL,
    records INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX queue_target ON queue(kind, target, id);
CREATE TABLE refused (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind INTEGER NOT NULL, target TEXT NOT NULL, reason TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE open (repository TEXT NOT NULL, key TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (repository, key));
CREATE TABLE totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";
/// Longest wait for something to forward.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// Refused records that are kept; the oldest go.
const MAX_REFUSED: i64 = 10_000;

/// A row of the queue.
pub struct Queued {
    pub id: i64,
    pub records: u64,
    pub body: Vec<u8>,
}

/// A record that is refused for what it is, and why.
pub struct Refused {
    pub body: Vec<u8>,
    pub reason: String,
}

/// What became of the records: accepted = delivered + held + refused. For an endpoint of OpenTelemetry the records
/// are spans and log records, and the lines that they came from are counted apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    pub folded_lines: u64,
    pub accepted: u64,
    pub delivered: u64,
    pub refused: u64,
    pub held: u64,
    pub bytes_held: u64,
}

pub struct Store {
    db: Connection,
    max_bytes: u64,
    totals: Totals,
    /// For an endpoint of OpenTelemetry: how long an entity may be open, and what is open. The latter is read anew from
    /// the store after a commit that failed.
    folds: Option<Duration>,
    folders: Option<Folders>,
    /// The last trouble of forwarding, for who asks.
    pub trouble: Option<String>,
}

/// The store, and who waits for something to be in it.
pub struct Shared {
    store: Mutex<Store>,
    pub filled: parking_lot::Condvar,
}

impl Shared {
    pub fn new(store: Store) -> Shared {
        Shared { store: Mutex::new(store), filled: parking_lot::Condvar::new() }
    }

    pub fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock()
    }

    /// Waits until something is stored, or a time has come.
    pub fn rest(&self, until: Option<Instant>) {
        let mut store = self.lock();
        let mark = store.totals.accepted;
        let until = until.unwrap_or_else(|| Instant::now() + LONGEST_REST);
        self.filled.wait_while_until(&mut store, |store| store.totals.accepted == mark, until);
    }
}

impl Store {
    pub fn open(
        path: &Path,
        max_bytes: u64,
        is_synced: bool,
        folds: Option<Duration>,
    ) -> std::result::Result<Store, String> {
        let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let db = schema::open_file(path)?;
        let totals = prepare(&db, is_synced).map_err(|error| said(&error))?;
        Ok(Store { db, max_bytes, totals, folds, folders: None, trouble: None })
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    pub fn is_full(&self) -> bool {
        self.totals.bytes_held >= self.max_bytes
    }

    /// Stores all of these or none.
    pub fn put(&mut self, puts: &[&Put]) -> Result<()> {
        let Some(incomplete_after) = self.folds else { return self.commit(puts.iter().copied(), &[], 0) };
        let mut folders = match self.folders.take() {
            Some(folders) => folders,
            None => Folders::new(incomplete_after, self.open_entities()?),
        };
        let (mut folded, mut folded_lines) = (Vec::new(), 0);
        for put in puts {
            match put.kind {
                Kind::Lines => {
                    // What tells of an upload is not needed: it came as a line.
                    let lines = line::split(&put.body).filter(|line| !line.starts_with(b"storage{"));
                    folders.lines(&put.target, lines.inspect(|_| folded_lines += 1));
                }
                Kind::Entries => folded.extend(folders.entries(line::split(&put.body))),
                _ => {}
            }
        }
        folders.expire();
        let (requests, changed) = folders.take();
        folded.extend(requests);
        let all: Vec<_> = puts.iter().copied().filter(|put| put.kind.is_otlp()).chain(&folded).collect();
        if !all.is_empty() || !changed.is_empty() || folded_lines > 0 {
            self.commit(all.into_iter(), &changed, folded_lines)?;
        }
        // Only now, so that after a commit that failed the store is the one truth.
        self.folders = Some(folders);
        Ok(())
    }

    fn open_entities(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut statement = self.db.prepare_cached("SELECT repository, record FROM open")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    fn commit<'a>(
        &mut self,
        puts: impl Iterator<Item = &'a Put>,
        changed: &[Changed],
        folded_lines: u64,
    ) -> Result<()> {
        let mut totals = self.totals;
        totals.folded_lines += folded_lines;
        let transaction = self.db.transaction()?;
        {
            let sql = "INSERT INTO queue (kind, target, at, records, body) VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut insert = transaction.prepare_cached(sql)?;
            for put in puts {
                let (kind, records) = (put.kind as i64, put.records as i64);
                insert.execute(params![kind, put.target, now_us() as i64, records, put.body])?;
                totals.accepted += put.records;
                totals.held += put.records;
                totals.bytes_held += put.body.len() as u64;
            }
            let sql = "INSERT OR REPLACE INTO open (repository, key, record) VALUES (?1, ?2, ?3)";
            let mut keep = transaction.prepare_cached(sql)?;
            let sql = "DELETE FROM open WHERE repository = ?1 AND key = ?2";
            let mut forget = transaction.prepare_cached(sql)?;
            for (repository, key, record) in changed {
                match record {
                    Some(record) => keep.execute(params![repository, key, record])?,
                    None => forget.execute(params![repository, key])?,
                };
            }
        }
        write_totals(&transaction, &totals)?;
        transaction.commit()?;
        self.totals = totals;
        Ok(())
    }

    /// The kinds and targets that something waits for, the one that has waited longest first.
    pub fn waiting(&self) -> Result<Vec<(Kind, String)>> {
        let sql = "SELECT kind, target FROM queue GROUP BY kind, target ORDER BY min(id)";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        let known = |number: i64| Kind::ALL.into_iter().find(|kind| *kind as i64 == number);
        rows.filter_map(|row| row.map(|(kind, target)| known(kind).map(|kind| (kind, target))).transpose())
            .collect()
    }

    /// The oldest bodies for a target, as many as fit into a request but at least one, and whether there are more.
    pub fn next(
        &self,
        kind: Kind,
        target: &str,
        max_bytes: usize,
        max_records: u64,
    ) -> Result<(Vec<Queued>, bool)> {
        let sql = "SELECT id, records, body FROM queue WHERE kind = ?1 AND target = ?2 ORDER BY id";
        let mut statement = self.db.prepare_cached(sql)?;
        let mut rows = statement.query(params![kind as i64, target])?;
        let (mut taken, mut bytes, mut records) = (Vec::new(), 0, 0);
        while let Some(row) = rows.next()? {
            let queued = Queued { id: row.get(0)?, records: row.get::<_, i64>(1)? as u64, body: row.get(2)? };
            bytes += queued.body.len() + 1;
            records += queued.records;
            if !taken.is_empty() && (bytes > max_bytes || records > max_records) {
                return Ok((taken, true));
            }
            taken.push(queued);
        }
        Ok((taken, false))
    }

    /// Takes out what the service has, and puts aside what it refuses.
    pub fn settle(
        &mut self,
        kind: Kind,
        target: &str,
        sent: &[Queued],
        refused: &[Refused],
        rejected: u64,
    ) -> Result<()> {
        let mut totals = self.totals;
        let records: u64 = sent.iter().map(|queued| queued.records).sum();
        let refused_records = (refused.len() as u64 + rejected).min(records);
        totals.delivered += records - refused_records;
        totals.refused += refused_records;
        totals.held -= records.min(totals.held);
        totals.bytes_held -=
            sent.iter().map(|queued| queued.body.len() as u64).sum::<u64>().min(totals.bytes_held);
        let transaction = self.db.transaction()?;
        for queued in sent {
            transaction.prepare_cached("DELETE FROM queue WHERE id = ?1")?.execute([queued.id])?;
        }
        for Refused { body, reason } in refused {
            transaction
                .prepare_cached(
                    "INSERT INTO refused (at, kind, target, reason, body) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![now_us() as i64, kind as i64, target, reason, body])?;
        }
        if !refused.is_empty() {
            let sql = "DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ?1";
            transaction.execute(sql, [MAX_REFUSED])?;
        }
        write_totals(&transaction, &totals)?;
        transaction.commit()?;
        self.totals = totals;
        // Free pages are used again; the file shrinks when all that waited has gone.
        if totals.held == 0 { self.db.execute_batch("PRAGMA incremental_vacuum") } else { Ok(()) }
    }

    pub fn to_json(&self) -> Result<Value> {
        let totals = self.totals;
        let oldest: Option<i64> = self.db.query_row("SELECT min(at) FROM queue", [], |row| row.get(0))?;
        let mut statement =
            self.db.prepare_cached("SELECT reason, body FROM refused ORDER BY id DESC LIMIT 20")?;
        let refused = statement.query_map([], |row| {
            let body: Vec<u8> = row.get(1)?;
            Ok(json!({"reason": row.get::<_, String>(0)?, "record": String::from_utf8_lossy(&body)}))
        })?;
        let refused = refused.collect::<Result<Vec<_>>>()?;
        Ok(json!({
            "folded_lines": totals.folded_lines, "open_entities": self.folders.as_ref().map_or(0, Folders::open),
            "accepted": totals.accepted, "delivered": totals.delivered, "held": totals.held, "refused": totals.refused,
            "bytes_held": totals.bytes_held, "max_bytes": self.max_bytes, "trouble": self.trouble,
            "oldest_held_ms": oldest.map_or(0, |at| (now_us() as i64 - at).max(0) / 1000), "last_refused": refused,
        }))
    }
}

fn prepare(db: &Connection, is_synced: bool) -> Result<Totals> {
    let version = schema::version_of_own(db, VERSION, ["queue", "refused", "open", "totals"])?;
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    // Another relay on the same file would deliver everything twice.
    db.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))?;
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // The log of commits shrinks again after a rush.
    db.query_row("PRAGMA journal_size_limit = 16777216", [], |_| Ok(()))?;
    db.pragma_update(None, "synchronous", if is_synced { "FULL" } else { "NORMAL" })?;
    if version == 0 {
        db.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))?;
    } else {
        // Takes the lock now rather than with the first record.
        db.execute_batch(&format!("BEGIN IMMEDIATE; PRAGMA user_version = {VERSION}; COMMIT;"))?;
    }
    let total = |name: &str| {
        let sql = "SELECT coalesce((SELECT value FROM totals WHERE name = ?1), 0)";
        db.query_row(sql, [name], |row| row.get::<_, i64>(0)).map(|number| number as u64)
    };
    let (held, bytes_held) = db.query_row(
        "SELECT coalesce(sum(records), 0), coalesce(sum(length(body)), 0) FROM queue",
        [],
        |row| Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64)),
    )?;
    Ok(Totals {
        folded_lines: total("folded_lines")?,
        accepted: total("accepted")?,
        delivered: total("delivered")?,
        refused: total("refused")?,
        held,
        bytes_held,
    })
}

fn write_totals(db: &Connection, totals: &Totals) -> Result<()> {
    let sql = "INSERT INTO totals (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
    let mut statement = db.prepare_cached(sql)?;
    for (name, value) in [
        ("folded_lines", totals.folded_lines),
        ("accepted", totals.accepted),
        ("delivered", totals.delivered),
        ("refused", totals.refused),
    ] {
        statement.execute(params![name, value as i64])?;
    }
    Ok(())
}
