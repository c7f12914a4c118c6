//! Terms of a search as SQL. Every value goes in as a parameter; only names from the tables here become text.

use rusqlite::types::Value as Sql;

use crate::store::query::{Op, Term, Test, Wanted};

/// What is listed, and so what a term is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Rows `n` of `nodes` that are roots; terms also look at what is below them.
    Traces,
    /// Rows `n` of `nodes`, each for itself.
    Nodes,
    /// Rows `l` of `entries`.
    Logs,
}

/// A condition and its parameters; `true` for no terms.
#[derive(Debug)]
pub struct Filter {
    pub condition: String,
    pub parameters: Vec<Sql>,
}

impl Filter {
    pub fn new(terms: &[Term], scope: Scope) -> Filter {
        let mut filter = Filter { condition: "1".into(), parameters: Vec::new() };
        for term in terms {
            let condition = filter.test(&term.test, scope);
            let not = if term.is_negated { "NOT " } else { "" };
            filter.condition.push_str(&format!(" AND {not}coalesce(({condition}), 0)"));
        }
        filter
    }

    fn bind(&mut self, value: impl Into<Sql>) -> String {
        self.parameters.push(value.into());
        format!("?{}", self.parameters.len())
    }

    fn test(&mut self, test: &Test, scope: Scope) -> String {
        let (key, part, op, wanted) = match test {
            Test::Words(words) => return self.words(words, scope),
            Test::Field { key, part, op, wanted } => (*key, part, *op, wanted),
        };
        if key == "tag" || key == "meta" {
            return self.tag(key, part.as_deref(), op, wanted, scope);
        }
        if key == "is" {
            return state(wanted, scope);
        }
        match scope {
            Scope::Logs => match log_column(key) {
                Some(column) => self.compare(column, key, op, wanted),
                None => "0".into(),
            },
            Scope::Traces if is_of_any(key) => {
                let column = node_column("x", key, Scope::Nodes).unwrap_or_else(|| "NULL".into());
                let condition = self.compare(&column, key, op, wanted);
                format!("n.id IN (SELECT x.root FROM nodes x WHERE {condition})")
            }
            _ => match node_column("n", key, scope) {
                Some(column) => self.compare(&column, key, op, wanted),
                None => "0".into(),
            },
        }
    }

    fn compare(&mut self, column: &str, key: &str, op: Op, wanted: &Wanted) -> String {
        match (key, wanted) {
            ("since", Wanted::Us(us)) => format!("{column} >= {}", self.bind(*us)),
            ("until", Wanted::Us(us)) => format!("{column} < {}", self.bind(*us)),
            (_, Wanted::Us(us)) => format!("{column} {} {}", op.sql(), self.bind(*us)),
            (_, Wanted::Number(number)) => format!("{column} {} {}", op.sql(), self.bind(*number)),
            ("level", Wanted::Text(text)) if column.starts_with("CASE") => {
                format!("{column} = {}", self.bind(text.to_lowercase()))
            }
            (_, Wanted::Text(text)) => match op {
                Op::Contains => format!("instr(lower({column}), {}) > 0", self.bind(text.to_lowercase())),
                _ => format!("lower({column}) {} {}", op.sql(), self.bind(text.to_lowercase())),
            },
        }
    }

    fn tag(&mut self, key: &str, part: Option<&str>, op: Op, wanted: &Wanted, scope: Scope) -> String {
        let Wanted::Text(text) = wanted else { return "0".into() };
        let scope_column = match scope {
            Scope::Logs => "l.id IN (SELECT g.entry FROM tags g WHERE ",
            Scope::Traces => "n.id IN (SELECT y.root FROM tags g JOIN nodes y ON y.id = g.node WHERE ",
            Scope::Nodes => "n.id IN (SELECT g.node FROM tags g WHERE ",
        };
        let of_kind = format!("g.kind = {}", self.bind(key.to_owned()));
        let named =
            part.map(|part| format!(" AND g.name = {}", self.bind(part.to_owned()))).unwrap_or_default();
        let column = if part.is_some() { "g.value" } else { "g.name || '=' || g.value" };
        let value = self.compare(column, "tag", op, &Wanted::Text(text.clone()));
        format!("{scope_column}{of_kind}{named} AND {value})")
    }

    fn words(&mut self, words: &str, scope: Scope) -> String {
        // A phrase, whose last word may go on; quotation marks were taken out.
        let phrase = self.bind(format!("\"{}\"*", words.trim()));
        match scope {
            Scope::Logs => format!("l.id IN (SELECT rowid FROM search WHERE search MATCH {phrase})"),
            Scope::Nodes => format!(
                "n.id IN (SELECT r.node FROM records r WHERE r.id IN (SELECT rowid FROM search WHERE search MATCH {phrase}))"
            ),
            Scope::Traces => format!(
                "n.id IN (SELECT y.root FROM nodes y WHERE y.id IN (SELECT r.node FROM records r WHERE r.id IN \
                 (SELECT rowid FROM search WHERE search MATCH {phrase})))"
            ),
        }
    }
}

/// `is:error`, `is:ok` and `is:open`, of which more than one can hold.
fn state(wanted: &Wanted, scope: Scope) -> String {
    let failed = match scope {
        Scope::Traces => "n.errors > 0",
        Scope::Nodes => "n.error IS NOT NULL",
        Scope::Logs => "l.level = 'error'",
    };
    match wanted {
        Wanted::Text(text) if text == "error" => failed.to_owned(),
        Wanted::Text(text) if text == "ok" => format!("NOT ({failed})"),
        Wanted::Text(text) if text == "open" && scope != Scope::Logs => {
            "n.start_us IS NOT NULL AND n.end_us IS NULL".to_owned()
        }
        _ => "0".to_owned(),
    }
}

/// Keys that hold for a trace when they hold for anything in it.
fn is_of_any(key: &str) -> bool {
    matches!(key, "model" | "provider" | "name" | "kind" | "id" | "error")
}

fn node_column(table: &str, key: &str, scope: Scope) -> Option<String> {
    let is_sum = scope == Scope::Traces;
    let own = |name: &str| Some(format!("{table}.{name}"));
    let figure = |name: &str| own(&if is_sum { format!("sum_{name}") } else { name.to_owned() });
    let errors = if is_sum { format!("{table}.errors > 0") } else { format!("{table}.error IS NOT NULL") };
    match key {
        "model" | "provider" | "name" | "kind" | "session" | "repo" => own(key),
        "id" => own("eid"),
        "error" => Some(format!("({table}.error || ' ' || coalesce({table}.error_type, ''))")),
        "level" => Some(format!("CASE WHEN {errors} THEN 'error' ELSE 'info' END")),
        "cost" => figure("cost"),
        "in" => figure("tokens_in"),
        "out" => figure("tokens_out"),
        "cached" => figure("tokens_cached"),
        "tokens" if is_sum => Some(format!("({table}.sum_tokens_in + {table}.sum_tokens_out)")),
        "tokens" => Some(format!("({table}.tokens_in + {table}.tokens_out)")),
        "dur" => Some(format!("({table}.end_us - {table}.start_us)")),
        "since" | "until" => Some(format!("coalesce({table}.start_us, {table}.first_at)")),
        _ => None,
    }
}

fn log_column(key: &str) -> Option<&'static str> {
    Some(match key {
        "level" => "l.level",
        "message" | "name" => "l.message",
        "flow" => "l.flow",
        "source" => "l.source",
        "session" => "l.session",
        "user" => "l.user",
        "env" => "l.environment",
        "error" => {
            "(coalesce(l.error_name, '') || ' ' || CASE WHEN l.level = 'error' THEN l.message ELSE '' END)"
        }
        "since" | "until" => "l.at",
        _ => return None,
    })
}
