//! The reference of each binding: what methods, options and constants mean, in the words of `src/ffi` and under the
//! names of the language.
//!
//! How a call looks in its language is in the binding's own sources and README; what it means is said once, there.

use std::fmt::Write as _;

use crate::bindings::camel;
use crate::model::{Api, Field, Function, Struct};
use crate::output::{Output, output};
use crate::shapes::ENTITIES;

/// How a language writes names.
struct Language {
    title: &'static str,
    path: &'static str,
    method: fn(entity: &str, verb: &str) -> String,
    option: fn(field: &str) -> String,
    /// Whether it has the names that are deprecated.
    has_old_names: bool,
}

const LANGUAGES: [Language; 4] = [
    Language {
        title: "C++",
        path: "bindings/cpp/REFERENCE.md",
        method: |entity, verb| match verb {
            "create" => format!("logger.create_{entity}"),
            "from_traceparent" => "logger.trace_from".to_owned(),
            "set_input_json" => "set_input".to_owned(),
            other => other.to_owned(),
        },
        option: |field| without_unit(callback(field, "on_").unwrap_or_else(|| field.to_owned()).as_str()),
        has_old_names: false,
    },
    Language {
        title: "Go",
        path: "bindings/go/REFERENCE.md",
        method: |entity, verb| match verb {
            "create" => format!("Logger.Add{}", exported(entity)),
            "from_traceparent" => "Logger.AddTraceFrom".to_owned(),
            other => exported(other),
        },
        option: go_option,
        has_old_names: true,
    },
    Language {
        title: "Node",
        path: "bindings/node/REFERENCE.md",
        method: |entity, verb| match verb {
            "create" => format!("logger.{}", camel(entity, false)),
            "from_traceparent" => "logger.traceFrom".to_owned(),
            "set_input_json" => "setInput".to_owned(),
            "add_total_cost" => "addCost({ total })".to_owned(),
            "evaluate_with_evaluators" => "evaluate().withEvaluators".to_owned(),
            "evaluate_with_variables" => "evaluate().withVariables".to_owned(),
            other => camel(other, false),
        },
        option: |field| callback(field, "on").unwrap_or_else(|| camel(plain(field), false)),
        has_old_names: false,
    },
    Language {
        title: "Ruby",
        path: "bindings/ruby/REFERENCE.md",
        method: |entity, verb| match verb {
            "create" => format!("logger.{entity}"),
            "from_traceparent" => "logger.trace_from".to_owned(),
            "set_input_json" => "set_input".to_owned(),
            "evaluate_with_evaluators" => "evaluate(*evaluators)".to_owned(),
            "evaluate_with_variables" => "evaluate(*evaluators, variables:)".to_owned(),
            other => other.to_owned(),
        },
        option: |field| callback(field, "on_").unwrap_or_else(|| plain(field).to_owned()),
        has_old_names: false,
    },
];

/// All of them.
pub fn outputs(api: &Api) -> Vec<Output> {
    LANGUAGES.iter().map(|language| output(language.path, reference(api, language))).collect()
}

/// `error_callback` as `on_error` or `onError`.
fn callback(field: &str, before: &str) -> Option<String> {
    let what = field.strip_suffix("_callback")?;
    Some(if before.ends_with('_') {
        format!("{before}{what}")
    } else {
        format!("{before}{}", camel(what, true))
    })
}

/// JSON is a value of the language.
fn plain(field: &str) -> &str {
    field.strip_suffix("_json").unwrap_or(field)
}

/// Times have a type that knows its unit.
fn without_unit(field: &str) -> String {
    let field = plain(field);
    ["_ms", "_us", "_s"].iter().find_map(|unit| field.strip_suffix(unit)).unwrap_or(field).to_owned()
}

/// `base_url` as `BaseURL`.
fn exported(words: &str) -> String {
    let upper = ["id", "url", "api", "ca", "otlp", "json", "ip"];
    let part = |word: &str| if upper.contains(&word) { word.to_uppercase() } else { camel(word, true) };
    words.split('_').map(part).collect()
}

fn go_option(field: &str) -> String {
    match field {
        "auto_flush" => "NoAutoFlush (the opposite)".to_owned(),
        "lossy" => "Strict (the opposite)".to_owned(),
        "is_debug" => "Debug".to_owned(),
        "overflow_policy" => "Overflow".to_owned(),
        "mask_callback" => "MaskFunc".to_owned(),
        "start_timestamp_us" => "Start".to_owned(),
        "service_name" | "resource_attributes" | "incomplete_after_ms" => {
            format!("OTLP.{}", exported(&without_unit(field)))
        }
        other => match (callback(other, "on"), other.strip_prefix("otlp_")) {
            (Some(callback), _) => exported(&callback),
            (None, Some(of_otlp)) => format!("OTLP.{}", exported(&without_unit(of_otlp))),
            (None, None) => exported(&without_unit(other)),
        },
    }
}

fn reference(api: &Api, language: &Language) -> String {
    let mut out = format!(
        "\
# {} reference

What methods, options and constants mean. Generated by tools/abi (`make header`) from the documentation of the C
interface, under the names of this language: where a text names a function or member of C, it is the method or option of
the corresponding name, NULL is the absent value, and a status is the error of that name. Times and durations have the
types of the language. How the calls look is in the [README](README.md).
",
        language.title
    );
    for entity in ENTITIES {
        let _ = write!(out, "\n## {}\n", camel(entity, true));
        // Errors have an object in these languages, lists of tags are objects.
        let is_theirs = |each: &Function| !each.for_c || entity == "error" && !each.name.ends_with("_tags");
        let functions =
            api.functions.iter().filter(|each| each.entity.as_deref() == Some(entity) && is_theirs(each));
        for function in functions.filter(|each| language.has_old_names || each.deprecated_for.is_none()) {
            method(&mut out, function, entity, language);
        }
    }
    out.push_str("\n## Options\n");
    for each in api.structs.iter().filter(|each| each.sized) {
        options(&mut out, each, language);
    }
    out.push_str("\n## Constants\n");
    for each in api.enums.iter().filter(|each| !each.values.is_empty()) {
        let _ = write!(out, "\n**{}**: {}\n\n", each.name, one_line(&each.doc));
        for value in &each.values {
            let _ = writeln!(out, "- `{}` ({}): {}", value.name, value.value, one_line(&value.doc));
        }
    }
    out
}

fn method(out: &mut String, function: &Function, entity: &str, language: &Language) {
    let Some(verb) = function.name.strip_prefix("maxim_").and_then(|name| name.strip_prefix(entity)) else {
        return;
    };
    let name = (language.method)(entity, verb.trim_start_matches('_'));
    // A blank line between paragraphs keeps lists what they are.
    let _ = writeln!(out, "\n`{name}`: {}", function.doc);
    let own_id = format!("{entity}_id");
    let told = function
        .parameters
        .iter()
        .filter(|each| each.kind.base != "maxim_logger" && each.name != own_id && each.name != "out_id");
    for (at, parameter) in told.enumerate() {
        let gap = if at == 0 { "\n" } else { "" };
        let doc = one_line(&parameter.doc);
        let doc = doc.replace(" May be NULL: then all defaults apply.", "").replace(" Not NULL.", "");
        let _ = writeln!(out, "{gap}- `{}`: {doc}", without_unit(&parameter.name));
    }
    if let Some(successor) = &function.deprecated_for {
        let _ = writeln!(out, "\nDeprecated: use the method of `{successor}`.");
    }
}

fn options(out: &mut String, each: &Struct, language: &Language) {
    let _ = write!(out, "\n### {}\n\n{}\n\n", each.name.trim_start_matches("maxim_"), one_line(&each.doc));
    let only_of_c = ["struct_size", "user_data", "tags", "tag_count", "data_len"];
    for field in each.fields.iter().filter(|field| !only_of_c.contains(&&*field.name)) {
        let _ = writeln!(
            out,
            "- `{}`: {}{}",
            (language.option)(&field.name),
            one_line(&field.doc),
            beside(field)
        );
    }
}

/// Default, unit and range, where the text leaves them out.
fn beside(field: &Field) -> String {
    let default = field.default.as_ref().map(|value| format!(" Default: {value}."));
    default.filter(|_| !field.doc.to_lowercase().contains("default")).unwrap_or_default()
}

fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
