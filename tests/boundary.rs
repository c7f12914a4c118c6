//! Every export goes through the panic boundary and survives NULL for each of its pointers.
//!
//! The calls are generated from `include/maxim.api.json`, so a new export is tested as soon as it exists.

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;

use common::{Function, Scratch};

/// A good value for a parameter, as C.
fn good(kind: &str, name: &str) -> String {
    match kind {
        "maxim_str" if name.ends_with("_json") => {
            let array = ["evaluators_json", "messages_json"].contains(&name);
            format!("MAXIM_STR(\"{}\")", if array { "[\\\"a\\\"]" } else { "{\\\"a\\\": 1}" })
        }
        "maxim_str" => "MAXIM_STR(\"create\")".to_owned(),
        "maxim_error_callback" | "maxim_debug_callback" | "maxim_flush_callback" => "on_flush".to_owned(),
        "size_t" if name == "struct_size" => "sizeof any_out".to_owned(),
        "int32_t" | "uint32_t" | "int64_t" | "size_t" | "double" | "bool" | "maxim_status"
        | "maxim_entity" | "maxim_level" | "maxim_format" | "maxim_result_flags" => "0".to_owned(),
        "maxim_logger *" => "logger".to_owned(),
        "maxim_log_client *" => "client".to_owned(),
        "maxim_flow *" => "flow".to_owned(),
        "void *" => "NULL".to_owned(),
        "const uint8_t *" => "(const uint8_t *)\"as long as any length\"".to_owned(),
        "const maxim_tag *" => "NULL".to_owned(),
        "const maxim_logger *" => "logger".to_owned(),
        "const maxim_log_client *" => "client".to_owned(),
        "const maxim_flow *" => "flow".to_owned(),
        pointer if pointer.starts_with("const maxim_") => format!("&{}", sample(pointer)),
        pointer if pointer.ends_with("**") => format!("(void *)&{}_out", pointer_name(pointer)),
        "char *" => "(char *)any_out".to_owned(),
        "size_t *" => "(size_t *)any_out".to_owned(),
        "maxim_id *" => "&id_out".to_owned(),
        "uint32_t *" => "&number_out".to_owned(),
        "maxim_stats *" => "&stats_out.stats".to_owned(),
        // The initialisers: each has a struct to fill, in the union.
        pointer if name == "out" && pointer.starts_with("maxim_") => "(void *)&any_out".to_owned(),
        other => panic!("no good value is known for `{other} {name}`: add one here"),
    }
}

fn sample(pointer: &str) -> String {
    format!("{}_sample", pointer_name(pointer))
}

fn pointer_name(pointer: &str) -> &str {
    pointer.trim_start_matches("const ").trim_end_matches(['*', ' '])
}

/// Nothing, in the type of a parameter.
fn nothing(kind: &str) -> &'static str {
    match kind {
        "maxim_str" => "(maxim_str){0}",
        kind if kind.ends_with('*') || kind.ends_with("_callback") => "NULL",
        _ => "0",
    }
}

/// What is wrong for a parameter, in every way that its type has.
fn wrong(kind: &str, name: &str) -> Vec<String> {
    let list = |all: &[&str]| all.iter().map(|each| (*each).to_owned()).collect();
    match kind {
        "maxim_str" => list(&[
            "(maxim_str){0}",
            r#"MAXIM_STR("")"#,
            r#"MAXIM_STR("\xff")"#,
            r#"MAXIM_STR("a b}")"#,
            r#"MAXIM_STR("{")"#,
            r#"MAXIM_STR("{\"a\": 1}")"#,
            r#"MAXIM_STR("[[1]]")"#,
            r#"maxim_str_n("x", (size_t)-2)"#,
        ]),
        "double" => list(&["0.0 / zero", "1.0 / zero"]),
        "size_t" if name == "struct_size" => list(&["0", "3", "1 << 20"]),
        "size_t" => list(&["3", "(size_t)-1"]),
        "bool" | "void *" => Vec::new(),
        // Time is not wasted here.
        "uint32_t" if name == "timeout_ms" => Vec::new(),
        "int64_t" => list(&["-1", "INT64_MAX", "INT64_MIN"]),
        pointer if pointer.ends_with('*') || pointer.ends_with("_callback") => {
            let mut all: Vec<String> = vec!["NULL".to_owned()];
            let is_handle = ["maxim_logger *", "maxim_log_client *", "maxim_flow *"]
                .contains(&pointer.trim_start_matches("const "));
            if is_handle {
                all.extend([
                    "(void *)0x1235".to_owned(),
                    format!("freed_{}", good(kind, name)),
                    format!("closed_{}", good(kind, name)),
                ]);
            } else if pointer.starts_with("const maxim_") && pointer != "const maxim_tag *" {
                all.extend([
                    "(void *)&bad_size".to_owned(),
                    format!("(void *)&zero_{}", pointer_name(pointer)),
                ]);
            }
            all
        }
        _ => list(&["-7", "99"]),
    }
}

fn call(function: &Function, arguments: &[String]) -> String {
    format!("{}({})", function.name, arguments.join(", "))
}

/// A program's beginning, with something good for every parameter.
fn beginning(functions: &[Function]) -> String {
    let samples: Vec<String> = common::sized_structs().into_keys().collect();

    let mut source = String::from(
        r#"
#include <maxim.h>
#include <stdio.h>
#include <stdlib.h>
void maxim_test_panic_next_call(void);
static void on_flush() {}
static int failures;
static void must_have_panicked(const char *name) {
    if (!strstr(maxim_last_error(), "asked for by a test")) {
        printf("%s: no panic was caught at its boundary\n", name);
        failures++;
    }
    maxim_flush(NULL, 0);
}
static void must_be(const char *name, maxim_status wanted, maxim_status got) {
    if (wanted != got) {
        printf("%s: %s, not %s\n", name, maxim_status_str(got), maxim_status_str(wanted));
        failures++;
    }
}
int main(void) {
    static uint64_t any_out[64]; (void)any_out; maxim_id id_out; uint32_t number_out;
    /* As long as any_out, whose length is given with it. */
    static union { maxim_stats stats; uint64_t room[64]; } stats_out = {.stats = MAXIM_STATS_INIT}; (void)stats_out;
    maxim_logger *logger = NULL; (void)id_out; (void)number_out;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.base_url = MAXIM_STR("http://127.0.0.1:1"); config.api_key = MAXIM_STR("k"); config.repository_id = MAXIM_STR("r");
    config.auto_flush = false;
    must_be("maxim_logger_new", MAXIM_OK, maxim_logger_new(&config, &logger));
"#,
    );
    for name in &samples {
        let init = name.to_uppercase();
        let _ = writeln!(source, "    {name} {name}_sample = {init}_INIT; (void){name}_sample;");
    }
    source.push_str("    maxim_logger *maxim_logger_out = NULL; (void)maxim_logger_out;\n");
    if functions.iter().any(|function| function.name == "maxim_log_client_new") {
        source.push_str(
            r#"
    maxim_log_client *client = NULL, *maxim_log_client_out = NULL; maxim_flow *flow = NULL, *maxim_flow_out = NULL;
    (void)maxim_log_client_out; (void)maxim_flow_out;
    maxim_log_client_config_sample.source = MAXIM_STR("s"); maxim_log_client_config_sample.api_key = MAXIM_STR("k");
    maxim_log_client_config_sample.endpoint = MAXIM_STR("http://127.0.0.1:1");
    must_be("maxim_log_client_new", MAXIM_OK, maxim_log_client_new(&maxim_log_client_config_sample, &client));
    must_be("maxim_flow_new", MAXIM_OK, maxim_flow_new(client, MAXIM_STR("f"), &flow));
"#,
        );
    }
    source
}

/// Compiles a program and runs it.
fn run(source: String) -> std::process::Output {
    let scratch = Scratch::new("boundary");
    let file = scratch.path().join("calls.c");
    std::fs::write(&file, source).unwrap();
    let lib = common::library("hooks/libmaxim.so");
    let program = scratch.path().join("calls");
    common::run(
        common::cc()
            .args(["-std=gnu11", "-w", "-g", "-o"])
            .arg(&program)
            .arg(&file)
            .arg(&lib)
            .arg("-I")
            .arg(common::root().join("include"))
            .arg("-lm")
            .args(common::words("MAXIM_TEST_CFLAGS")),
    );
    Command::new(common::under(program))
        .env("LD_LIBRARY_PATH", lib.parent().unwrap())
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
        .output()
        .unwrap()
}

#[test]
fn every_export_turns_a_panic_into_a_status_and_survives_null() {
    let functions = common::exported_functions();
    let mut source = beginning(&functions);
    // Nothing for everything, with a panic and without.
    for function in &functions {
        let zeros: Vec<String> =
            function.parameters.iter().map(|(kind, _)| nothing(kind).to_owned()).collect();
        let call = call(function, &zeros);
        let name = &function.name;
        source.push_str("    maxim_test_panic_next_call();\n");
        if function.returns == "maxim_status" {
            let _ = writeln!(source, "    must_be(\"{name}\", MAXIM_ERR_PANIC, {call});");
        } else {
            let _ = writeln!(source, "    (void){call};");
        }
        let _ = writeln!(source, "    must_have_panicked(\"{name}\");\n    (void){call};");
    }
    // Each pointer and string in turn absent, the rest good. Handles stay alive until the end.
    for function in &functions {
        if function.name.ends_with("_free") || function.name.ends_with("_cleanup") {
            continue;
        }
        for missing in 0..function.parameters.len() {
            if nothing(&function.parameters[missing].0) == "0" {
                continue;
            }
            let arguments: Vec<String> = function
                .parameters
                .iter()
                .enumerate()
                .map(|(at, (kind, name))| match at == missing {
                    true => nothing(kind).to_owned(),
                    false => good(kind, name),
                })
                .collect();
            let _ = writeln!(source, "    (void){};", call(function, &arguments));
        }
    }
    source.push_str("    maxim_logger_free(logger);\n    return failures != 0;\n}\n");
    let output = run(source);
    assert!(output.status.success(), "{}: {}", output.status, common::both(&output));
    assert!(functions.len() >= 100, "only {} exports were found in the header", functions.len());
}

#[test]
fn every_status_that_an_export_gives_is_in_its_list() {
    let functions = common::exported_functions();
    let mut source = beginning(&functions);
    // For both, as if they were the caller's: a handle that was freed, and one that has been closed.
    for (kind, new, free, end, sample) in [
        ("maxim_logger", "maxim_logger_new", "maxim_logger_free", "maxim_cleanup", "config"),
        (
            "maxim_log_client",
            "maxim_log_client_new",
            "maxim_log_client_free",
            "maxim_log_disconnect",
            "maxim_log_client_config_sample",
        ),
    ] {
        let name = kind.trim_start_matches("maxim_").trim_start_matches("log_");
        for (state, call) in [("freed", free.to_owned()), ("closed", end.to_owned())] {
            let more = if state == "closed" { ", 1000" } else { "" };
            let _ = writeln!(
                source,
                "    {kind} *{state}_{name} = NULL; {new}(&{sample}, &{state}_{name}); {call}({state}_{name}{more});"
            );
        }
    }
    source.push_str(
        "    maxim_flow *freed_flow = NULL, *closed_flow = NULL; volatile double zero = 0; (void)zero;\n",
    );
    source.push_str(
        "    maxim_flow_new(client, MAXIM_STR(\"f\"), &freed_flow); maxim_flow_free(freed_flow);\n",
    );
    source.push_str("    maxim_log_client *brief = NULL; maxim_log_client_new(&maxim_log_client_config_sample, &brief);\n");
    source.push_str(
        "    maxim_flow_new(brief, MAXIM_STR(\"f\"), &closed_flow); maxim_log_disconnect(brief, 1000);\n",
    );
    source.push_str("    static size_t bad_size[64] = {3};\n");
    for name in common::sized_structs().into_keys() {
        let _ = writeln!(
            source,
            "    {name} zero_{name}; memset(&zero_{name}, 0, sizeof zero_{name}); zero_{name}.struct_size = sizeof zero_{name};"
        );
    }
    let told = functions.iter().filter(|function| function.returns == "maxim_status");
    for function in told.filter(|function| {
        !["_free", "_cleanup", "_disconnect"].iter().any(|end| function.name.ends_with(end))
    }) {
        let name = &function.name;
        let all_good: Vec<String> = function.parameters.iter().map(|(kind, name)| good(kind, name)).collect();
        let mut variants = vec![all_good.clone()];
        for (at, (kind, parameter)) in function.parameters.iter().enumerate() {
            for wrong in wrong(kind, parameter) {
                let mut arguments = all_good.clone();
                arguments[at] = wrong;
                variants.push(arguments);
            }
        }
        for arguments in variants {
            let call =
                call(function, &arguments).replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
            let _ = writeln!(
                source,
                "    printf(\"{name} %s {call}\\n\", maxim_status_str({}));",
                self::call(function, &arguments)
            );
        }
    }
    source.push_str("    return 0;\n}\n");
    let output = run(source);
    assert!(output.status.success(), "{}: {}", output.status, common::both(&output));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut seen = BTreeSet::new();
    let mut unlisted = BTreeSet::new();
    for line in said.lines() {
        let mut words = line.splitn(3, ' ');
        let (name, status, call) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let function = functions.iter().find(|function| function.name == name).unwrap();
        if !function.statuses.iter().any(|listed| listed == status) {
            unlisted.insert(format!("{name} gave {status} for {call}"));
        }
        seen.insert(status.to_owned());
    }
    assert!(unlisted.is_empty(), "{unlisted:#?}");
    assert!(said.lines().count() > 2_000 && seen.len() >= 9, "{} calls gave {seen:?}", said.lines().count());
}
