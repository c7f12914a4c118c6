//! What pages read out of the database.

use rusqlite::types::{FromSql, FromSqlResult, Value as Sql, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params_from_iter};

use crate::store::filter::Filter;

/// A row of a query: its members, each with the column, or the columns, that it is read from.
macro_rules! row {
    ($(#[$of:meta])* $name:ident of $columns:ident: $id:ident: $id_type:ty = $id_column:literal,
     $($member:ident: $type:ty = $column:literal,)+) => {
        $(#[$of])*
        #[derive(Clone, Debug)]
        pub struct $name {
            pub $id: $id_type,
            $(pub $member: $type,)+
        }

        const $columns: &str = concat!($id_column, $(", ", $column),+);

        impl $name {
            fn read(row: &Row<'_>) -> Result<$name> {
                let mut at = 0;
                Ok($name { $id: Column::read(row, &mut at)?, $($member: Column::read(row, &mut at)?,)+ })
            }
        }
    };
}

/// What is read from a row's next column, or columns.
trait Column: Sized {
    fn read(row: &Row<'_>, at: &mut usize) -> Result<Self>;
}

impl<T: FromSql> Column for T {
    fn read(row: &Row<'_>, at: &mut usize) -> Result<T> {
        *at += 1;
        row.get(*at - 1)
    }
}

impl Column for Sums {
    fn read(row: &Row<'_>, at: &mut usize) -> Result<Sums> {
        let mut number = || Column::read(row, at).map(|number: i64| number.max(0) as u64);
        let (input, output, cached) = (number()?, number()?, number()?);
        Ok(Sums { input, output, cached, cost: Column::read(row, at)?, is_given: Column::read(row, at)? })
    }
}

row! {
    /// A node as a list shows it; for a root, the sums are of everything below it.
    NodeRow of NODE_COLUMNS:
    node: i64 = "n.id",
    parent: Option<i64> = "n.parent",
    root: i64 = "n.root",
    repo: String = "n.repo",
    kind: String = "n.kind",
    id: String = "n.eid",
    is_created: bool = "n.created",
    name: Option<String> = "n.name",
    session: Option<String> = "n.session",
    preview: Option<String> = "n.preview",
    provider: Option<String> = "n.provider",
    model: Option<String> = "n.model",
    start: Option<i64> = "n.start_us",
    end: Option<i64> = "n.end_us",
    first_at: i64 = "n.first_at",
    own: Sums = "n.tokens_in, n.tokens_out, n.tokens_cached, n.cost, n.cost_given",
    sums: Sums = "n.sum_tokens_in, n.sum_tokens_out, n.sum_tokens_cached, n.sum_cost, n.sum_given",
    error: Option<String> = "n.error",
    errors: i64 = "n.errors",
    below: i64 = "n.below",
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    pub input: u64,
    pub output: u64,
    pub cached: u64,
    pub cost: Option<f64>,
    /// Whether a cost among it was logged, rather than estimated.
    pub is_given: bool,
}

impl Sums {
    pub fn add(&mut self, other: &Sums) {
        self.input += other.input;
        self.output += other.output;
        self.cached += other.cached;
        self.is_given |= other.is_given;
        self.cost = match (self.cost, other.cost) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
    }
}

impl NodeRow {
    /// What it is called where there is little room.
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    pub fn began(&self) -> i64 {
        self.start.unwrap_or(self.first_at)
    }

    pub fn duration(&self) -> Option<u64> {
        self.start.zip(self.end).and_then(|(start, end)| u64::try_from(end.saturating_sub(start)).ok())
    }

    pub fn is_open(&self) -> bool {
        self.start.is_some() && self.end.is_none()
    }
}

/// How a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Time,
    Cost,
    Duration,
    Tokens,
}

impl Sort {
    pub fn named(name: &str) -> Sort {
        match name {
            "cost" => Sort::Cost,
            "dur" => Sort::Duration,
            "tokens" => Sort::Tokens,
            _ => Sort::Time,
        }
    }

    fn sql(self, is_roots: bool) -> &'static str {
        match (self, is_roots) {
            (Sort::Time, _) => "n.id DESC",
            (Sort::Cost, true) => "n.sum_cost DESC NULLS LAST, n.id DESC",
            (Sort::Cost, false) => "n.cost DESC NULLS LAST, n.id DESC",
            (Sort::Duration, _) => "n.end_us - n.start_us DESC NULLS LAST, n.id DESC",
            (Sort::Tokens, true) => "n.sum_tokens_in + n.sum_tokens_out DESC, n.id DESC",
            (Sort::Tokens, false) => "n.tokens_in + n.tokens_out DESC, n.id DESC",
        }
    }
}

/// Nodes of that kind; `traces` are those that stand at the top.
pub fn nodes(
    db: &Connection,
    kind: &str,
    filter: &Filter,
    sort: Sort,
    offset: u64,
    limit: u64,
) -> Result<Vec<NodeRow>> {
    let order = sort.sql(kind == "trace");
    let sql = format!(
        "SELECT {NODE_COLUMNS} FROM nodes n WHERE n.kind = '{}' AND {} ORDER BY {order} LIMIT {limit} OFFSET {offset}",
        kind.replace('\'', ""),
        filter.condition
    );
    db.prepare_cached(&sql)?.query_map(params_from_iter(&filter.parameters), NodeRow::read)?.collect()
}

/// A page of nodes, and how many there are in all. A search is made once for both.
pub fn nodes_and_count(
    db: &Connection,
    kind: &str,
    filter: &Filter,
    sort: Sort,
    offset: u64,
    limit: u64,
) -> Result<(Vec<NodeRow>, u64)> {
    if filter.parameters.is_empty() {
        let total = count_nodes(db, kind, filter)?;
        return Ok((nodes(db, kind, filter, sort, offset, limit)?, total));
    }
    let sql = format!(
        "SELECT n.id, count(*) OVER () FROM nodes n WHERE n.kind = '{}' AND {} ORDER BY {} LIMIT {limit} OFFSET {offset}",
        kind.replace('\'', ""),
        filter.condition,
        sort.sql(kind == "trace"),
    );
    let found: Vec<(i64, i64)> = db
        .prepare_cached(&sql)?
        .query_map(params_from_iter(&filter.parameters), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let total = match found.first() {
        Some((_, total)) => *total as u64,
        // Behind the last row there is none that could tell.
        None if offset > 0 => count_nodes(db, kind, filter)?,
        None => 0,
    };
    let rows = found.iter().map(|(id, _)| node_by_number(db, *id)).collect::<Result<Vec<_>>>()?;
    Ok((rows.into_iter().flatten().collect(), total))
}

pub fn count_nodes(db: &Connection, kind: &str, filter: &Filter) -> Result<u64> {
    let sql = format!(
        "SELECT count(*) FROM nodes n WHERE n.kind = '{}' AND {}",
        kind.replace('\'', ""),
        filter.condition
    );
    db.prepare_cached(&sql)?
        .query_row(params_from_iter(&filter.parameters), |row| row.get::<_, i64>(0))
        .map(|n| n as u64)
}

pub fn node(db: &Connection, repo: &str, kind: &str, id: &str) -> Result<Option<NodeRow>> {
    let sql = format!("SELECT {NODE_COLUMNS} FROM nodes n WHERE n.repo = ?1 AND n.kind = ?2 AND n.eid = ?3");
    db.prepare_cached(&sql)?.query_row([repo, kind, id], NodeRow::read).optional()
}

pub fn node_by_number(db: &Connection, node: i64) -> Result<Option<NodeRow>> {
    let sql = format!("SELECT {NODE_COLUMNS} FROM nodes n WHERE n.id = ?1");
    db.prepare_cached(&sql)?.query_row([node], NodeRow::read).optional()
}

/// Everything below a root, itself included, in the order in which it was first spoken of.
pub fn below(db: &Connection, root: i64) -> Result<Vec<NodeRow>> {
    let sql = format!("SELECT {NODE_COLUMNS} FROM nodes n WHERE n.root = ?1 ORDER BY n.id");
    db.prepare_cached(&sql)?.query_map([root], NodeRow::read)?.collect()
}

pub fn traces_of_session(db: &Connection, repo: &str, session: &str) -> Result<Vec<NodeRow>> {
    let sql = format!(
        "SELECT {NODE_COLUMNS} FROM nodes n WHERE n.repo = ?1 AND n.session = ?2 AND n.kind = 'trace' \
         ORDER BY coalesce(n.start_us, n.first_at), n.id LIMIT 1000"
    );
    db.prepare_cached(&sql)?.query_map([repo, session], NodeRow::read)?.collect()
}

/// A line as it came.
#[derive(Clone, Debug)]
pub struct Record {
    pub at: i64,
    pub text: String,
}

fn record(row: &Row<'_>) -> Result<Record> {
    Ok(Record { at: row.get(0)?, text: row.get(1)? })
}

/// All lines and spans below a root, in their order.
pub fn records_below(db: &Connection, root: i64) -> Result<Vec<Record>> {
    db.prepare_cached(
        "SELECT r.at, r.text FROM records r JOIN nodes n ON n.id = r.node WHERE n.root = ?1 ORDER BY r.id",
    )?
    .query_map([root], record)?
    .collect()
}

pub fn records_of_node(db: &Connection, node: i64) -> Result<Vec<Record>> {
    db.prepare_cached("SELECT at, text FROM records WHERE node = ?1 ORDER BY id")?
        .query_map([node], record)?
        .collect()
}

row! {
    /// An entry of the application log.
    EntryRow of ENTRY_COLUMNS:
    id: i64 = "l.id",
    at: i64 = "l.at",
    level: String = "coalesce(l.level, '')",
    message: String = "coalesce(l.message, '')",
    flow: Option<String> = "l.flow",
    step: Option<i64> = "l.step",
    source: Option<String> = "l.source",
    link: Option<String> = "l.link",
    error_name: Option<String> = "l.error_name",
    labels: Labels = "l.labels",
    text: String = "l.text",
}

/// Labels, one a line where they are kept.
#[derive(Clone, Debug)]
pub struct Labels(pub Vec<String>);

impl FromSql for Labels {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Labels> {
        let lines: Option<String> = FromSql::column_result(value)?;
        Ok(Labels(lines.map(|lines| lines.split('\n').map(str::to_owned).collect()).unwrap_or_default()))
    }
}

pub fn entries(
    db: &Connection,
    filter: &Filter,
    order: &str,
    offset: u64,
    limit: u64,
) -> Result<Vec<EntryRow>> {
    let sql = format!(
        "SELECT {ENTRY_COLUMNS} FROM entries l WHERE {} ORDER BY {order} LIMIT {limit} OFFSET {offset}",
        filter.condition
    );
    db.prepare_cached(&sql)?.query_map(params_from_iter(&filter.parameters), EntryRow::read)?.collect()
}

pub fn count_entries(db: &Connection, filter: &Filter) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM entries l WHERE {}", filter.condition);
    db.prepare_cached(&sql)?
        .query_row(params_from_iter(&filter.parameters), |row| row.get::<_, i64>(0))
        .map(|n| n as u64)
}

/// A filter for one column's value.
pub fn only(column: &str, value: &str) -> Filter {
    Filter { condition: format!("{column} = ?1"), parameters: vec![Sql::Text(value.to_owned())] }
}

row! {
    /// A flow, and what its entries come to.
    FlowRow of FLOW_COLUMNS:
    id: String = "l.flow",
    name: Option<String> = "max(f.name)",
    steps: i64 = "count(*)",
    first: i64 = "min(l.at)",
    last: i64 = "max(l.at)",
    errors: i64 = "coalesce(sum(l.level = 'error'), 0)",
}

pub fn flows(db: &Connection) -> Result<Vec<FlowRow>> {
    let sql = format!(
        "SELECT {FLOW_COLUMNS} FROM entries l LEFT JOIN flows f ON f.id = l.flow WHERE l.flow IS NOT NULL \
         GROUP BY l.flow ORDER BY max(l.id) DESC LIMIT 500"
    );
    db.prepare_cached(&sql)?.query_map([], FlowRow::read)?.collect()
}

/// Errors that say the same.
pub struct ErrorGroup {
    pub kind: Option<String>,
    pub message: String,
    pub count: i64,
    pub first: i64,
    pub last: i64,
    /// One of them: a node, or none for log entries.
    pub node: Option<i64>,
    pub is_entry: bool,
}

pub fn error_groups(db: &Connection) -> Result<Vec<ErrorGroup>> {
    let sql = "SELECT error_type, error, count(*), min(first_at), max(last_at) AS last, max(id), 0 FROM nodes \
               WHERE error IS NOT NULL GROUP BY error_type, error \
               UNION ALL SELECT error_name, coalesce(message, ''), count(*), min(at), max(at) AS last, NULL, 1 \
               FROM entries WHERE level = 'error' GROUP BY error_name, message ORDER BY last DESC LIMIT 500";
    let read = |row: &Row<'_>| {
        Ok(ErrorGroup {
            kind: row.get(0)?,
            message: row.get(1)?,
            count: row.get(2)?,
            first: row.get(3)?,
            last: row.get(4)?,
            node: row.get(5)?,
            is_entry: row.get(6)?,
        })
    };
    db.prepare_cached(sql)?.query_map([], read)?.collect()
}

/// MIME type, size, and content where it was kept.
pub type Upload = (String, u64, Option<Vec<u8>>);

pub fn upload(db: &Connection, key: &str) -> Result<Option<Upload>> {
    db.prepare_cached("SELECT mime, bytes, content FROM uploads WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64, row.get(2)?)))
        .optional()
}

/// Values of a key that begin as told, the most frequent first, for the completion of a search.
pub fn values(db: &Connection, key: &str, start: &str) -> Result<Vec<String>> {
    let from = |column: &str, table: &str, condition: &str| {
        format!(
            "SELECT {column} AS value FROM {table} WHERE {column} IS NOT NULL AND {condition} \
             AND lower(substr({column}, 1, length(?1))) = lower(?1) GROUP BY value ORDER BY count(*) DESC LIMIT 12"
        )
    };
    let (key, part) = key.split_once('.').unwrap_or((key, ""));
    let sql = match key {
        "model" | "provider" | "name" | "session" | "repo" | "kind" => from(key, "nodes", "1"),
        "id" => from("eid", "nodes", "kind = 'trace'"),
        "error" => from("coalesce(error_type, error)", "nodes", "error IS NOT NULL"),
        "flow" | "source" | "user" | "message" => from(key, "entries", "1"),
        "env" => from("environment", "entries", "1"),
        "tag" | "meta" if !part.is_empty() => {
            let sql = from("value", "tags", &format!("kind = '{key}' AND name = ?2"));
            return db.prepare_cached(&sql)?.query_map([start, part], |row| row.get(0))?.collect();
        }
        "tag" | "meta" => from("name", "tags", &format!("kind = '{key}'")),
        _ => return Ok(Vec::new()),
    };
    db.prepare_cached(&sql)?.query_map([start], |row| row.get(0))?.collect()
}
