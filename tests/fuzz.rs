//! Calls by chance: every export with every sort of argument, from several threads, on handles that live,
//! are freed by another thread or never were. No crash, no panic at the boundary, no hang, books that
//! balance, and not one malformed line at the server.
//!
//! The calls are generated from `include/maxim.api.json`; `tests/c/fuzz.h` makes the arguments. A few seconds
//! with the same seed every time; `make fuzz` takes longer, and another seed (`MAXIM_FUZZ_SECONDS`,
//! `MAXIM_FUZZ_SEED`). A failure names its seed.

mod common;

use std::fmt::Write as _;
use std::process::Command;

use common::{Function, Scratch, Server};

const SECONDS: u64 = 4;
const SEED: u64 = 1;
const THREADS: &str = "3";

/// The kind of a handle, as `fuzz.h` has it.
fn handle(kind: &str) -> Option<&'static str> {
    match kind.trim_start_matches("const ").trim_end_matches(['*', ' ']) {
        "maxim_logger" => Some("LOGGER"),
        "maxim_log_client" => Some("CLIENT"),
        "maxim_flow" => Some("FLOW"),
        _ => None,
    }
}

/// An expression that makes a value of a type.
fn any(kind: &str, name: &str) -> String {
    match kind {
        // What is said to be there must be there.
        "size_t" if name == "tag_count" => "below(c, MOST_TAGS + 1)".to_owned(),
        "size_t" if name == "capacity" => "one_in(c, 2)".to_owned(),
        "maxim_str" => format!("any_text(c, \"{name}\")"),
        "bool" => format!("any_bool(c, \"{name}\")"),
        "double" => "any_double(c)".to_owned(),
        "int32_t"
        | "uint32_t"
        | "int64_t"
        | "uint64_t"
        | "size_t"
        | "maxim_status"
        | "maxim_entity"
        | "maxim_level"
        | "maxim_environment"
        | "maxim_format"
        | "maxim_overflow_policy"
        | "maxim_attachment_kind"
        | "maxim_result_flags"
        | "maxim_switch"
        | "maxim_protocol"
        | "maxim_otlp_encoding" => {
            format!("({kind})any_number(c, \"{name}\")")
        }
        "const uint8_t *" => "any_data(c)".to_owned(),
        "void *" => "one_in(c, 2) ? NULL : &user".to_owned(),
        "maxim_error_callback" => "ANY_CALLBACK(c, on_error)".to_owned(),
        "maxim_debug_callback" => "on_debug".to_owned(),
        "maxim_mask_callback" => "NULL".to_owned(),
        "maxim_flush_callback" => "ANY_CALLBACK(c, on_flush)".to_owned(),
        "char *" => "one_in(c, 40) ? NULL : filled(c, 1)".to_owned(),
        "size_t *" => "one_in(c, 4) ? NULL : filled(c, sizeof(size_t))".to_owned(),
        "maxim_id *" => "one_in(c, 4) ? NULL : filled(c, sizeof(maxim_id))".to_owned(),
        "uint32_t *" => "one_in(c, 4) ? NULL : filled(c, sizeof(uint32_t))".to_owned(),
        pointer if pointer.ends_with("**") => "one_in(c, 40) ? NULL : filled(c, sizeof(void *))".to_owned(),
        pointer if handle(pointer).is_some() => format!("any_handle(c, {})", handle(pointer).unwrap()),
        // What is initialised has room for whatever size is said.
        pointer if name == "out" && !pointer.ends_with("**") => {
            "one_in(c, 40) ? NULL : filled(c, 64 << 10)".to_owned()
        }
        "const maxim_tag *" => "any_tags(c)".to_owned(),
        pointer if pointer.starts_with("const ") || pointer == "maxim_stats *" => {
            let name = pointer.trim_start_matches("const ");
            format!("one_in(c, 40) ? NULL : any_{}(c)", name.trim_end_matches(['*', ' ']))
        }
        other => panic!("no value is known for `{other} {name}`: add one here"),
    }
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
    for (name, fields) in common::sized_structs() {
        let _ = writeln!(source, "static void *any_{name}(struct chance *c) {{\n    {name} it = {{0}};");
        for (kind, field) in &fields[1..] {
            // What a call writes need not be made up.
            let value = if name == "maxim_stats" { "0".to_owned() } else { any(kind, field) };
            // Not said is what most callers say.
            let _ = writeln!(source, "    if (!one_in(c, 3)) it.{field} = {value};");
            if ["endpoint", "base_url", "otlp_url", "spool_dir"].contains(&&**field) {
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
        if let Some(at) = parameters.iter().position(|(kind, _)| kind == "maxim_stats *") {
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
