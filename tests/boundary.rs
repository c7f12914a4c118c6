//! Every export goes through the panic boundary and survives NULL for each of its pointers.
//!
//! The calls are generated from `include/maxim.api.json`, so a new export is tested as soon as it exists.

mod common;

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
        "const uint8_t *" => "(const uint8_t *)\"x\"".to_owned(),
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
        "maxim_stats *" => "&stats_out".to_owned(),
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

fn call(function: &Function, arguments: &[String]) -> String {
    format!("{}({})", function.name, arguments.join(", "))
}

#[test]
fn every_export_turns_a_panic_into_a_status_and_survives_null() {
    let functions = common::exported_functions();
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
    static uint64_t any_out[64]; (void)any_out; maxim_id id_out; uint32_t number_out; maxim_stats stats_out = MAXIM_STATS_INIT;
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
    let output = Command::new(common::under(program))
        .env("LD_LIBRARY_PATH", lib.parent().unwrap())
        .env("MAXIM_SPOOL_DIR", scratch.path().join("spool"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", output.status, common::both(&output));
    assert!(functions.len() >= 100, "only {} exports were found in the header", functions.len());
}
