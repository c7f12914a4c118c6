//! The constants of the bindings, under names that are usual in each language.
//!
//! Which enumerations a binding has, and the few names that follow no rule, stand in [`ENUMS`]: a new constant of one
//! of them is in every binding by itself.

use std::fmt::Write as _;

use crate::bindings::camel;
use crate::model::{Api, Constant, Enum};
use crate::output::{Output, output};

/// An enumeration of C in the bindings.
struct Names {
    /// In C.
    c: &'static str,
    /// What its constants begin with there.
    prefix: &'static str,
    /// In C++: the type.
    cpp: Option<&'static str>,
    /// In Go: the type, and what its constants begin with.
    go: Option<(&'static str, &'static str)>,
    /// In Node and Ruby: the table of numbers.
    table: &'static str,
    /// In TypeScript: the type of the names.
    typescript: Option<&'static str>,
    /// Constants that stand for a value that is absent, where a language has something of its own for that.
    absent: &'static [&'static str],
}

const ENUMS: [Names; 11] = [
    Names {
        c: "maxim_status",
        prefix: "MAXIM_ERR_",
        cpp: Some("status"),
        go: Some(("Code", "Err")),
        table: "STATUSES",
        typescript: None,
        absent: &["MAXIM_OK"],
    },
    Names {
        c: "maxim_entity",
        prefix: "MAXIM_ENTITY_",
        cpp: Some("entity_kind"),
        go: Some(("Entity", "Entity")),
        table: "ENTITIES",
        typescript: Some("EntityKind"),
        absent: &[],
    },
    Names {
        c: "maxim_level",
        prefix: "MAXIM_LEVEL_",
        cpp: Some("level"),
        go: Some(("Level", "Level")),
        table: "LEVELS",
        typescript: Some("Level"),
        absent: &["MAXIM_LEVEL_NONE"],
    },
    Names {
        c: "maxim_environment",
        prefix: "MAXIM_ENVIRONMENT_",
        cpp: Some("environment"),
        go: Some(("Environment", "")),
        table: "ENVIRONMENTS",
        typescript: Some("Environment"),
        absent: &["MAXIM_ENVIRONMENT_NONE"],
    },
    Names {
        c: "maxim_format",
        prefix: "MAXIM_FORMAT_",
        cpp: Some("raw_format"),
        go: Some(("Format", "Format")),
        table: "FORMATS",
        typescript: Some("RawFormat"),
        absent: &[],
    },
    Names {
        c: "maxim_overflow_policy",
        prefix: "MAXIM_OVERFLOW_",
        cpp: Some("overflow"),
        go: Some(("Overflow", "")),
        table: "OVERFLOW_POLICIES",
        typescript: Some("OverflowPolicy"),
        absent: &[],
    },
    Names {
        c: "maxim_protocol",
        prefix: "MAXIM_PROTOCOL_",
        cpp: Some("protocol"),
        go: Some(("Protocol", "Protocol")),
        table: "PROTOCOLS",
        typescript: Some("Protocol"),
        absent: &[],
    },
    Names {
        c: "maxim_otlp_encoding",
        prefix: "MAXIM_OTLP_",
        cpp: Some("otlp_encoding"),
        go: Some(("OTLPEncoding", "OTLP")),
        table: "OTLP_ENCODINGS",
        typescript: Some("OtlpEncoding"),
        absent: &["MAXIM_OTLP_DEFAULT"],
    },
    // What follows has no name of its own in C++ and Go, whose types say it: a pointer to a bool, a flag of a method.
    Names {
        c: "maxim_switch",
        prefix: "MAXIM_SWITCH_",
        cpp: None,
        go: None,
        table: "SWITCHES",
        typescript: None,
        absent: &["MAXIM_SWITCH_DEFAULT"],
    },
    Names {
        c: "maxim_attachment_kind",
        prefix: "MAXIM_ATTACHMENT_",
        cpp: None,
        go: None,
        table: "ATTACHMENTS",
        typescript: Some("AttachmentKind"),
        absent: &[],
    },
    Names {
        c: "maxim_result_flags",
        prefix: "MAXIM_RESULT_",
        cpp: None,
        go: None,
        table: "RESULT_FLAGS",
        typescript: None,
        absent: &[],
    },
];

/// Where each binding has them.
pub fn outputs(api: &Api) -> Result<Vec<Output>, String> {
    if let Some(unnamed) = api.enums.iter().find(|each| !ENUMS.iter().any(|names| names.c == each.name)) {
        return Err(format!("{}: say in tools/abi/src/constants.rs what the bindings call it", unnamed.name));
    }
    Ok(vec![
        output("bindings/cpp/include/maxim/constants.hpp", cpp(api)),
        output("bindings/go/constants.go", go(api)),
        output("bindings/node/lib/constants.js", node(api)),
        output("bindings/node/lib/constants.d.ts", typescript(api)),
        output("bindings/ruby/lib/maxim/constants.rb", ruby(api)),
    ])
}

/// The enumerations of the API with their names.
fn named(api: &Api) -> impl Iterator<Item = (&'static Names, &Enum)> {
    ENUMS
        .iter()
        .filter_map(|names| api.enums.iter().find(|each| each.name == names.c).map(|found| (names, found)))
}

/// What a constant is called behind its enumeration's name: `tool_call`, `ok`.
fn word(names: &Names, constant: &Constant) -> String {
    let own = constant.name.strip_prefix(names.prefix).or_else(|| constant.name.strip_prefix("MAXIM_"));
    own.unwrap_or(&constant.name).to_lowercase()
}

/// Those that are not absent values.
fn present<'a>(names: &Names, of: &'a Enum) -> impl Iterator<Item = &'a Constant> {
    of.values.iter().filter(|each| !names.absent.contains(&&*each.name))
}

/// What the numbers mean, without the list of them.
fn meaning(of: &Enum) -> &str {
    let doc = of.doc.lines().next().unwrap_or_default();
    doc.split_once(": ").map_or(doc, |(meaning, _)| meaning)
}

/// The first sentence of a comment, in one line, with the constants that it names under the names of the language.
fn brief(api: &Api, doc: &str, own: fn(&Names, &str) -> Option<String>) -> String {
    let text = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.find(". ").map_or(text.len(), |end| end + 1);
    let mut text = text[..end].to_owned();
    // The longest first: one may be the beginning of another.
    let mut constants: Vec<(&Names, &Constant)> =
        named(api).flat_map(|(names, of)| of.values.iter().map(move |each| (names, each))).collect();
    constants.sort_by_key(|(_, constant)| std::cmp::Reverse(constant.name.len()));
    for (names, constant) in constants {
        if let Some(name) = own(names, &word(names, constant)) {
            text = text.replace(&constant.name, &name);
        }
    }
    text
}

fn cpp_name(names: &Names, word: &str) -> Option<String> {
    let name = match (names.c, word) {
        (_, "default") => "standard",
        ("maxim_format", "text") => "plain_text",
        (_, other) => other,
    };
    names.cpp.map(|of| format!("{of}::{name}"))
}

fn cpp(api: &Api) -> String {
    let mut out = "\
// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The enumerations of maxim.h in C++. Generated by tools/abi.
#ifndef MAXIM_CONSTANTS_HPP
#define MAXIM_CONSTANTS_HPP

#include <maxim.h>

#include <cstdint>

namespace maxim {
"
    .to_owned();
    for (names, of) in named(api) {
        let Some(class) = names.cpp else { continue };
        let doc = meaning(of);
        let _ = writeln!(out, "\n/// {doc}.\nenum class {class} : std::{} {{", of.base);
        for constant in &of.values {
            // What is optional there is an empty std::optional.
            if constant.name.ends_with("_NONE") {
                continue;
            }
            let name = cpp_name(names, &word(names, constant)).unwrap_or_default();
            let name = name.rsplit("::").next().unwrap_or_default();
            let _ = writeln!(out, "    /// {}", brief(api, &constant.doc, cpp_name));
            let _ = writeln!(out, "    {name} = {},", constant.name);
        }
        out.push_str("};\n");
    }
    out + "\n}  // namespace maxim\n\n#endif  // MAXIM_CONSTANTS_HPP\n"
}

/// Words that Go writes in capitals.
const INITIALS: [&str; 9] = ["utf8", "json", "id", "io", "otlp", "jsonl", "csv", "obl", "url"];

fn go_name(names: &Names, word: &str) -> Option<String> {
    let (_, prefix) = names.go?;
    let words = word.split('_').map(|part| match INITIALS.contains(&part) {
        true => part.to_uppercase(),
        false => camel(part, true),
    });
    Some(prefix.to_owned() + &words.collect::<String>())
}

fn go(api: &Api) -> String {
    let mut out = "\
// Code generated by tools/abi. DO NOT EDIT.

package maxim

// #include \"shim.h\"
import \"C\"
"
    .to_owned();
    for (names, of) in named(api) {
        let Some((class, _)) = names.go else { continue };
        let lines: Vec<[String; 3]> = of
            .values
            .iter()
            // Success is no error, and what is not specified is a nil.
            .filter(|each| each.name != "MAXIM_OK" && !each.name.ends_with("_NONE"))
            .map(|each| {
                [
                    go_name(names, &word(names, each)).unwrap_or_default(),
                    format!("{class} = C.{}", each.name),
                    brief(api, &each.doc, go_name),
                ]
            })
            .collect();
        // As gofmt aligns them.
        let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
        let (first, second) = (width(0), width(1));
        out.push_str("\nconst (\n");
        for [name, value, doc] in &lines {
            let _ = writeln!(out, "\t{name:first$} {value:second$} // {doc}");
        }
        out.push_str(")\n");
    }
    out
}

/// A name as Node's options have it: `drop-oldest`; entities keep the names of the wire.
fn node_name(names: &Names, word: &str) -> String {
    match (names.c, word) {
        ("maxim_attachment_kind", "data") => "fileData".to_owned(),
        ("maxim_entity", entity) => entity.to_owned(),
        (_, other) => other.replace('_', "-"),
    }
}

/// Without the statuses, which are errors whose names the library gives.
fn node(api: &Api) -> String {
    let mut out = "'use strict';\n\n// The numbers of the C header by their names in JavaScript. Generated by tools/abi.\n"
        .to_owned();
    let tables: Vec<_> = named(api).filter(|(names, _)| names.c != "maxim_status").collect();
    for (names, of) in &tables {
        let _ = writeln!(out, "\nconst {} = {{", names.table);
        for constant in present(names, of) {
            let name = node_name(names, &word(names, constant));
            let key = if name.contains('-') { format!("'{name}'") } else { name };
            let _ = writeln!(out, "  {key}: {},", constant.value);
        }
        out.push_str("};\n");
    }
    let list: Vec<&str> = tables.iter().map(|(names, _)| names.table).collect();
    let _ = write!(out, "\nmodule.exports = {{\n");
    for name in list {
        let _ = writeln!(out, "  {name},");
    }
    out + "};\n"
}

fn typescript(api: &Api) -> String {
    let mut out = "// The names that stand for numbers of the C header. Generated by tools/abi.\n".to_owned();
    for (names, of) in named(api) {
        let Some(name) = names.typescript else { continue };
        let words: Vec<String> =
            present(names, of).map(|each| format!("'{}'", node_name(names, &word(names, each)))).collect();
        let doc = meaning(of);
        let _ = writeln!(out, "\n/** {doc}. */\nexport type {name} = {};", words.join(" | "));
    }
    out
}

fn ruby(api: &Api) -> String {
    let mut out = "\
# frozen_string_literal: true

module Maxim
  # The numbers of the C header by their names in Ruby. Generated by tools/abi.
  module Constants
"
    .to_owned();
    for (at, (names, of)) in named(api).enumerate() {
        // The extension has these from the header.
        if matches!(names.c, "maxim_switch" | "maxim_attachment_kind") {
            continue;
        }
        if at > 0 {
            out.push('\n');
        }
        let doc = meaning(of);
        let _ = writeln!(out, "    # {doc}.\n    {} = {{", names.table);
        for constant in present(names, of) {
            let _ = writeln!(out, "      {}: {},", word(names, constant), constant.value);
        }
        out.push_str("    }.freeze\n");
    }
    out + "  end\n\n  private_constant :Constants\nend\n"
}
