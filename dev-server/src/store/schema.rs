//! The database: its tables, where it is, and how large it may be.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Result};

use crate::store::private;

/// Raised whenever the tables change; a file of another version is refused.
const VERSION: i64 = 2;

/// Spans of OpenTelemetry, by which their parents are found; new in version 2.
const SPANS: &str = "
CREATE TABLE spans (
    trace TEXT NOT NULL, span TEXT NOT NULL, parent TEXT, node INTEGER NOT NULL, record INTEGER NOT NULL,
    PRIMARY KEY (trace, span)
);
CREATE INDEX spans_parent ON spans(trace, parent);
CREATE INDEX spans_record ON spans(record);
";

const TABLES: &str = "
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    repo TEXT NOT NULL,
    node INTEGER,
    text TEXT NOT NULL
);
CREATE INDEX records_node ON records(node);
CREATE TABLE nodes (
    id INTEGER PRIMARY KEY,
    repo TEXT NOT NULL, kind TEXT NOT NULL, eid TEXT NOT NULL,
    parent INTEGER, root INTEGER NOT NULL, created INTEGER NOT NULL DEFAULT 0,
    name TEXT, session TEXT, preview TEXT, provider TEXT, model TEXT,
    start_us INTEGER, end_us INTEGER, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
    tokens_in INTEGER NOT NULL DEFAULT 0, tokens_out INTEGER NOT NULL DEFAULT 0,
    tokens_cached INTEGER NOT NULL DEFAULT 0,
    cost REAL, cost_given INTEGER NOT NULL DEFAULT 0,
    error TEXT, error_type TEXT,
    sum_tokens_in INTEGER NOT NULL DEFAULT 0, sum_tokens_out INTEGER NOT NULL DEFAULT 0,
    sum_tokens_cached INTEGER NOT NULL DEFAULT 0, sum_cost REAL, sum_given INTEGER NOT NULL DEFAULT 0,
    errors INTEGER NOT NULL DEFAULT 0, below INTEGER NOT NULL DEFAULT 0,
    last_record INTEGER NOT NULL DEFAULT 0,
    UNIQUE (repo, kind, eid)
);
CREATE INDEX nodes_root ON nodes(root);
CREATE INDEX nodes_kind ON nodes(kind, id);
CREATE INDEX nodes_parent ON nodes(parent);
CREATE INDEX nodes_session ON nodes(repo, session) WHERE session IS NOT NULL;
CREATE INDEX nodes_error ON nodes(error) WHERE error IS NOT NULL;
CREATE INDEX nodes_last ON nodes(last_record);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL, level TEXT, message TEXT, flow TEXT, step INTEGER, source TEXT, session TEXT, user TEXT,
    environment TEXT, error_name TEXT, link TEXT, labels TEXT, text TEXT NOT NULL
);
CREATE INDEX entries_flow ON entries(flow) WHERE flow IS NOT NULL;
CREATE TABLE flows (id TEXT PRIMARY KEY, name TEXT, at INTEGER NOT NULL);
CREATE TABLE tags (
    kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, node INTEGER, entry INTEGER, record INTEGER NOT NULL
);
CREATE INDEX tags_name ON tags(kind, name, value);
CREATE UNIQUE INDEX tags_node ON tags(node, kind, name) WHERE node IS NOT NULL;
CREATE INDEX tags_record ON tags(record);
CREATE TABLE uploads (key TEXT PRIMARY KEY, mime TEXT NOT NULL, bytes INTEGER NOT NULL, content BLOB, at INTEGER NOT NULL);
CREATE VIRTUAL TABLE search USING fts5(text, content='', contentless_delete=1, detail='full',
    tokenize=\"unicode61 remove_diacritics 2 tokenchars '_'\");
";

/// Opens the database in that file, or one in memory.
pub fn open(path: Option<&Path>) -> Result<Connection, String> {
    let db = match path {
        None => Connection::open_in_memory(),
        Some(path) => {
            return open_file(path).and_then(|db| {
                prepare(&db).map(|()| db).map_err(|error| format!("{}: {}", path.display(), words(&error)))
            });
        }
    };
    db.and_then(|db| prepare(&db).map(|()| db)).map_err(|error| error.to_string())
}

/// Opens a database in a file that is private and no link, as it is.
pub fn open_file(path: &Path) -> Result<Connection, String> {
    // Made or checked as the other files are: private, no link.
    private::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // The last component is checked; the way to it may have links, which NOFOLLOW would refuse.
    let path = std::path::absolute(path).and_then(|path| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
        _ => Ok(path),
    });
    let path = path.map_err(|error| error.to_string())?;
    Connection::open_with_flags(&path, flags).map_err(|error| format!("{}: {error}", path.display()))
}

/// An error in words that say what to do.
pub fn words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy) => format!("{error}: another maxim-dev has it open"),
        _ => error.to_string(),
    }
}

fn prepare(db: &Connection) -> Result<()> {
    let version = version_of_own(db, VERSION, ["records", "nodes", "entries", "tags"])?;
    db.set_prepared_statement_cache_capacity(64);
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    // One server at a time: two would delete what the other's pages show.
    db.query_row("PRAGMA locking_mode = EXCLUSIVE", [], |_| Ok(()))?;
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    if version == 0 {
        db.execute_batch(&format!("BEGIN; {TABLES} {SPANS} PRAGMA user_version = {VERSION}; COMMIT;"))?;
    } else if version == 1 {
        db.execute_batch(&format!("BEGIN; {SPANS} PRAGMA user_version = {VERSION}; COMMIT;"))?;
    }
    // Takes the lock now rather than with the first record.
    db.execute_batch("BEGIN IMMEDIATE; COMMIT;")
}

/// The version of a database of this program, 0 of one that is still empty. Asked before anything is changed: the file
/// may be somebody else's.
pub fn version_of_own<const N: usize>(db: &Connection, newest: i64, tables: [&str; N]) -> Result<i64> {
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let mut statement = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
    let found = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>>>()?;
    let is_own = match version {
        0 => found.is_empty(),
        _ => tables.iter().all(|table| found.iter().any(|name| name == table)),
    };
    let refusal = if !is_own {
        "it is a database of another program, or of another use of this one".to_owned()
    } else if !(0..=newest).contains(&version) {
        format!("the file is of version {version}, and this program reads version {newest}")
    } else {
        return Ok(version);
    };
    Err(rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_MISMATCH),
        Some(refusal),
    ))
}

/// Bytes that the content takes, free pages left out.
pub fn used_bytes(db: &Connection) -> Result<u64> {
    let number = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    Ok(((number("page_count")? - number("freelist_count")?) * number("page_size")?).max(0) as u64)
}
