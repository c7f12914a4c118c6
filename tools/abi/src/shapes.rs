//! `src/ffi/entities.shapes`, expanded: a Rust function for each entity that a shape names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

const HEAD: &str = "\
// The exports of the entities, and the initialisers of the structs: made of src/ffi/entities.shapes and the list in
// src/ffi/structs.rs by tools/abi at each build.

use super::boundary::boundary;
use super::entities::*;
use super::logger::{maxim_logger, with_logger};
use super::maxim_result_flags;
use super::results::result_mode;
use super::structs::*;
use super::types::*;
use crate::maxim::Entity;
use crate::text::json::Shape;
use crate::text::object::key;
";

/// The entities in the order of the header.
pub const ENTITIES: [&str; 7] = ["session", "trace", "span", "generation", "retrieval", "tool_call", "error"];

#[derive(Default)]
struct Shaped {
    entities: Vec<String>,
    old: Vec<String>,
    doc: Vec<String>,
    verb: String,
    parameters: String,
    body: String,
}

/// Makes the exports.
pub fn expand(table: &str, structs: &BTreeMap<String, Vec<(String, String)>>) -> Result<String, String> {
    let shapes = parse(table)?;
    let mut out = HEAD.to_owned();
    for entity in ENTITIES {
        for shape in shapes.iter().filter(|shape| shape.entities.iter().any(|named| named == entity)) {
            let current = format!("maxim_{entity}_{}", shape.verb);
            function(&mut out, shape, entity, &current, None);
            let prefix = format!("{entity}_");
            for old in shape.old.iter().filter(|old| old.starts_with(&prefix)) {
                function(&mut out, shape, entity, &format!("maxim_{old}"), Some(&current));
            }
        }
    }
    for name in structs.keys() {
        let noun = name.trim_start_matches("maxim_").replace('_', " ");
        let _ = write!(
            out,
            "
/// Sets {a} to the defaults of {init}_INIT, for languages that have no macros.
///
/// @param out The struct. Not NULL.
/// @param struct_size How many bytes the caller's {name} has; they become zero where the library knows no default.
/// @initialiser
#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn {name}_init(out: *mut {name}, struct_size: usize) -> maxim_status {{
    boundary(|| initialise(out, struct_size))
}}
",
            a = article(&noun),
            init = name.to_uppercase(),
        );
    }
    Ok(out)
}

fn parse(table: &str) -> Result<Vec<Shaped>, String> {
    let mut shapes = Vec::new();
    let mut shape = Shaped::default();
    for (number, line) in table.lines().enumerate() {
        let wrong = |what: &str| format!("entities.shapes:{}: {what}: {line}", number + 1);
        if let Some(words) = line.strip_prefix("for ") {
            shape.entities = words.split_whitespace().map(str::to_owned).collect();
            if let Some(unknown) = shape.entities.iter().find(|entity| !ENTITIES.contains(&entity.as_str())) {
                return Err(wrong(&format!("{unknown} is no entity")));
            }
        } else if let Some(words) = line.strip_prefix("also ") {
            shape.old = words.split_whitespace().map(str::to_owned).collect();
        } else if let Some(doc) = line.strip_prefix("///") {
            shape.doc.push(doc.strip_prefix(' ').unwrap_or(doc).to_owned());
        } else if let Some(signature) = line.strip_prefix("fn ") {
            let (verb, parameters) = signature.split_once('(').ok_or_else(|| wrong("no parameters"))?;
            shape.verb = verb.to_owned();
            shape.parameters =
                parameters.strip_suffix(')').ok_or_else(|| wrong("no end of the parameters"))?.to_owned();
        } else if let Some(body) = line.strip_prefix("= ") {
            shape.body = body.to_owned();
            if shape.entities.is_empty() || shape.verb.is_empty() || shape.doc.is_empty() {
                return Err(wrong("a shape has `for`, documentation and `fn`"));
            }
            shapes.push(std::mem::take(&mut shape));
        } else if !line.is_empty() && !line.starts_with('#') {
            return Err(wrong("not understood"));
        }
    }
    Ok(shapes)
}

fn function(out: &mut String, shape: &Shaped, entity: &str, name: &str, successor: Option<&str>) {
    let words = entity.replace('_', " ");
    let variant: String = entity.split('_').map(capital).collect();
    let named = format!("(\"{entity}_id\", {entity}_id)");
    let fill = |text: &str| {
        text.replace("$named", &named)
            .replace("$noun", entity)
            .replace("$Entity", &format!("Entity::{variant}"))
            .replace("$id", &format!("required_id(\"{entity}_id\", {entity}_id)?"))
            .replace("$a", &article(&words))
    };
    out.push('\n');
    for line in &shape.doc {
        let _ = writeln!(out, "{}", format!("/// {}", fill(line)).trim_end());
    }
    if let Some(successor) = successor {
        let _ = writeln!(out, "#[deprecated(note = \"use {successor}\")]");
    }
    let _ = writeln!(out, "#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn {name}(");
    let _ = writeln!(out, "    logger: *mut maxim_logger,");
    if shape.verb != "create" {
        let _ = writeln!(out, "    {entity}_id: maxim_str,");
    }
    for parameter in shape.parameters.split(", ").filter(|parameter| !parameter.is_empty()) {
        let _ = writeln!(out, "    {parameter},");
    }
    let body = fill(&shape.body);
    let body = if body.starts_with("log.") { format!("with_logger(logger, |log| {body})") } else { body };
    let _ = writeln!(out, ") -> maxim_status {{\n    boundary(|| {body})\n}}");
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn article(noun: &str) -> String {
    let an = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if an { "an" } else { "a" })
}
