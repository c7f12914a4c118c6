//! Calls by chance: every export with every sort of argument, from several threads, on handles that live,
//! are freed by another thread or never were. No crash, no panic at the boundary, no hang, books that
//! balance, and not one malformed line at the server.
//!
//! The calls are generated from `include/maxim.h`; `tests/c/fuzz.h` makes the arguments. A few seconds
//! with the same seed every time; `make fuzz` takes longer, and another seed (`MAXIM_FUZZ_SECONDS`,
//! `MAXIM_FUZZ_SEED`). A failure names its seed.

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use common::{Function, Scratch, Server};

const SECONDS: u64 = 4;
const SEED: u64 = 1;
const THREADS: &str = "3";

/// The kind of a handle, as `fuzz.h` has it.
fn handle(kind: &str) -> Option<&'static str> {
    match kind.trim_start_matches("struct ").trim_end_matches(['*', ' ']) {
        "maxim_logger" => Some("LOGGER"),
        "maxim_log_client" => Some("CLIENT"),
        "maxim_flow" => Some("FLOW"),
        _ => None,
    }
}

/// An expression that makes a value of a type.
fn any(kind: &str, name: &str) -> String {
    match kind {
        "struct maxim_str" => format!("any_text(c, \"{name}\")"),
        "bool" => format!("any_bool(c, \"{name}\")"),
        "double" => "any_double(c)".to_owned(),
        "int32_t" | "uint32_t" | "int64_t" | "uint64_t" | "size_t" | "maxim_status" => {
            format!("({kind})any_number(c, \"{name}\")")
        }
        "const uint8_t *" => "any_data(c)".to_owned(),
        "void *" => "one_in(c, 2) ? NULL : &user".to_owned(),
        "maxim_error_callback" => "ANY_CALLBACK(c, on_error)".to_owned(),
        "maxim_debug_callback" => "on_debug".to_owned(),
        "maxim_flush_callback" => "ANY_CALLBACK(c, on_flush)".to_owned(),
        "struct maxim_id *" => "one_in(c, 4) ? NULL : filled(c, sizeof(maxim_id))".to_owned(),
        "uint32_t *" => "one_in(c, 4) ? NULL : filled(c, sizeof(uint32_t))".to_owned(),
        pointer if pointer.ends_with("**") => "one_in(c, 40) ? NULL : filled(c, sizeof(void *))".to_owned(),
        pointer if handle(pointer).is_some() => format!("any_handle(c, {})", handle(pointer).unwrap()),
        pointer if pointer.starts_with("const struct ") || pointer == "struct maxim_stats *" => {
            let name = pointer.trim_start_matches("const ").trim_start_matches("struct ");
            format!("one_in(c, 40) ? NULL : any_{}(c)", name.trim_end_matches(['*', ' ']))
        }
        other => panic!("no value is known for `{other} {name}`: add one here"),
    }
}

/// The fields of every struct that begins with its size, by the struct's name.
fn structs() -> BTreeMap<String, Vec<(String, String)>> {
    let header = std::fs::read_to_string(common::root().join("include/maxim.h")).unwrap();
    let mut code = String::new();
    let mut rest = &header[..];
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    let mut found = BTreeMap::new();
    for declaration in code.split("typedef struct ").skip(1) {
        let Some((name, fields)) = declaration.split_once('{') else { continue };
        let Some((fields, _)) = fields.split_once('}') else { continue };
        let fields: Vec<(String, String)> = fields
            .split(';')
            .map(|field| field.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|field| !field.is_empty())
            .map(|field| {
                let at = field.rfind([' ', '*']).unwrap() + 1;
                (field[..at].trim().to_owned(), field[at..].to_owned())
            })
            .collect();
        if fields[0].1 == "struct_size" {
            found.insert(name.trim().to_owned(), fields);
        }
    }
    assert!(found.len() > 10, "the header was not understood: {found:?}");
    found
}

/// How rarely a call is made: those that make, end or wait would leave little else.
fn rarity(function: &Function) -> u64 {
    let name = &function.name;
    match () {
        () if name.ends_with("_cleanup") || name.ends_with("_disconnect") => 200,
        () if name.ends_with("_free") => 40,
        () if function.parameters.iter().any(|(_, name)| name == "timeout_ms") => 20,
        () => 1,
    }
}

fn program(functions: &[Function]) -> String {
    let mut source = String::from("#include \"fuzz.h\"\n");
    for (name, fields) in structs() {
        let _ = writeln!(source, "static void *any_{name}(struct chance *c) {{\n    {name} it = {{0}};");
        for (kind, field) in &fields[1..] {
            // What a call writes need not be made up.
            let value = if name == "maxim_stats" { "0".to_owned() } else { any(kind, field) };
            // Not said is what most callers say.
            let _ = writeln!(source, "    if (!one_in(c, 3)) it.{field} = {value};");
            if ["endpoint", "base_url", "spool_dir"].contains(&&**field) {
                let _ = writeln!(source, "    if (!it.{field}.data) it.{field} = {value};");
            }
        }
        let _ = writeln!(source, "    return cut(c, &it, sizeof it, any_size(c, sizeof it));\n}}");
    }
    for function in functions {
        let Function { name, returns, parameters, .. } = function;
        let _ = writeln!(source, "static void call_{name}(struct chance *c) {{\n    (void)c;");
        let made = parameters.iter().position(|(kind, _)| kind.ends_with("**"));
        let made = made.map(|at| (at, handle(&parameters[at].0).unwrap()));
        if let Some((_, kind)) = made {
            let _ = writeln!(source, "    if (!may_make({kind})) return;");
        }
        for (at, (kind, name)) in parameters.iter().enumerate() {
            let _ = writeln!(source, "    {kind} a{at} = {};", any(kind, name));
        }
        let arguments: Vec<String> = (0..parameters.len()).map(|at| format!("a{at}")).collect();
        let call = format!("{name}({})", arguments.join(", "));
        if returns == "maxim_status" {
            let _ = writeln!(source, "    maxim_status status = {call};\n    check_status(c, status);");
        } else {
            let _ = writeln!(source, "    (void){call};");
        }
        if let Some((at, kind)) = made {
            let _ = writeln!(source, "    if (status == MAXIM_OK) was_made(c, {kind}, *a{at});");
        }
        if name.ends_with("_free") {
            let kind = handle(&parameters[0].0).unwrap();
            let _ = writeln!(source, "    if (status == MAXIM_OK) was_freed({kind}, a0);");
        }
        if let Some(at) = parameters.iter().position(|(kind, _)| kind == "struct maxim_stats *") {
            let _ = writeln!(
                source,
                "    if (status == MAXIM_OK && a{at}->struct_size >= sizeof *a{at}) check_books(c, a{at});"
            );
        }
        source.push_str("}\n");
    }
    source.push_str("static const struct call calls[] = {\n");
    for function in functions {
        let name = &function.name;
        let _ = writeln!(source, "    {{\"{name}\", call_{name}, {}}},", rarity(function));
    }
    source.push_str("};\n#include \"fuzz_main.h\"\n");
    source
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
}

#[test]
fn calls_by_chance_crash_nothing_and_break_no_line() {
    let seconds = setting("MAXIM_FUZZ_SECONDS").unwrap_or(SECONDS);
    let seed = setting("MAXIM_FUZZ_SEED").unwrap_or(SEED);
    let calls = setting("MAXIM_FUZZ_CALLS").unwrap_or(0);
    let scratch = Scratch::new("fuzz");
    let source = scratch.path().join("fuzz.c");
    std::fs::write(&source, program(&common::exported_functions())).unwrap();
    std::fs::write(scratch.path().join("file"), b"\x89PNG\r\n\x1a\nnot much of a picture").unwrap();
    let program =
        common::compile_with(source.to_str().unwrap(), &scratch, &common::library("hooks/libmaxim.so"));
    let server = Server::start(&[]);
    let output = Command::new(program)
        .args([seed.to_string(), seconds.to_string(), THREADS.to_owned(), calls.to_string()])
        .env("MAXIM_BASE_URL", server.url())
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
        .current_dir(scratch.path())
        .output()
        .unwrap();
    let said = common::both(&output);
    assert!(output.status.success(), "MAXIM_FUZZ_SEED={seed}: {}: {said}", output.status);
    assert_eq!(server.count("malformed_lines"), 0, "MAXIM_FUZZ_SEED={seed}");
    assert!(server.count("lines") > 0, "MAXIM_FUZZ_SEED={seed}: nothing got through: {said}");
    println!("MAXIM_FUZZ_SEED={seed}: {} lines arrived; {said}", server.count("lines"));
}
