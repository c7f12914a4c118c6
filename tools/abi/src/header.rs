//! `include/maxim.h` and the C test of the layout that it promises.

use std::fmt::Write as _;

use crate::model::{Api, Enum, Field, Function, Struct, Type};
use crate::text::comment;

const TOP: &str = include_str!("../header/top.h.in");
const END: &str = include_str!("../header/end.h.in");

/// The header.
pub fn header(api: &Api) -> String {
    let mut out = TOP.replace("@VERSION@", &api.version);
    for constant in &api.constants {
        let _ = write!(out, "\n{}#define {} {}\n", comment(&constant.doc, 0), constant.name, constant.value);
    }
    for each in &api.enums {
        enumeration(&mut out, each);
    }
    for handle in &api.handles {
        let _ =
            write!(out, "\n{}typedef struct {name} {name};\n", comment(&handle.doc, 0), name = handle.name);
    }
    let (sized, plain): (Vec<&Struct>, Vec<&Struct>) = api.structs.iter().partition(|each| each.sized);
    for each in plain {
        structure(&mut out, each);
    }
    for callback in &api.callbacks {
        let parameters: Vec<String> =
            callback.parameters.iter().map(|each| declared(&each.kind, &each.name, each.nullable)).collect();
        let _ = write!(
            out,
            "\n{}typedef {} (*MAXIM_NULLABLE {})({});\n",
            comment(&callback.doc, 0),
            callback.returns.c,
            callback.name,
            parameters.join(", ")
        );
    }
    for each in sized {
        structure(&mut out, each);
    }
    for each in &api.functions {
        function(&mut out, each);
    }
    out + &end(api)
}

fn enumeration(out: &mut String, each: &Enum) {
    let _ = write!(out, "\n{}", comment(&each.doc, 0));
    if each.values.is_empty() || each.name.ends_with("_flags") {
        let _ = writeln!(out, "typedef {} {};", each.base, each.name);
        for value in &each.values {
            let _ = writeln!(out, "{}#define {} {}u", comment(&value.doc, 0), value.name, value.value);
        }
        return;
    }
    let _ = writeln!(out, "MAXIM_ENUM({}, {}) {{", each.name, each.base);
    for (at, value) in each.values.iter().enumerate() {
        let comma = if at + 1 < each.values.len() { "," } else { "" };
        let _ = writeln!(out, "{}    {} = {}{comma}", comment(&value.doc, 4), value.name, value.value);
    }
    out.push_str("};\n");
}

fn structure(out: &mut String, each: &Struct) {
    let _ = writeln!(out, "\n{}typedef struct {} {{", comment(&each.doc, 0), each.name);
    for field in &each.fields {
        let length = field.kind.length.map_or(String::new(), |length| format!("[{length}]"));
        let _ = writeln!(
            out,
            "{}    {}{length};",
            comment(&field.doc, 4),
            declared(&field.kind, &field.name, true)
        );
    }
    let _ = writeln!(out, "}} {};", each.name);
}

/// A declaration of `name`, and whether its outermost pointer may be NULL.
fn declared(kind: &Type, name: &str, nullable: bool) -> String {
    let head = format!("{}{}", if kind.is_const { "const " } else { "" }, kind.base);
    let last = if nullable { "MAXIM_NULLABLE" } else { "MAXIM_NONNULL" };
    match kind.stars {
        0 => format!("{head} {name}"),
        1 => format!("{head} *{last} {name}"),
        _ => format!("{head} *MAXIM_NULLABLE *{last} {name}"),
    }
}

fn function(out: &mut String, each: &Function) {
    let mut doc = each.doc.clone();
    let returns = doc.rfind("\n@return ").map(|at| doc.split_off(at));
    doc.push('\n');
    for parameter in &each.parameters {
        let _ = write!(doc, "\n@param {} {}", parameter.name, parameter.doc);
    }
    match returns {
        Some(returns) => doc.push_str(&returns),
        None if !each.statuses.is_empty() => {
            let _ = write!(doc, "\n@return {}.", each.statuses.join(", "));
        }
        None => {}
    }
    doc.push_str(if each.may_block {
        "\n\nThreads: any. Blocking: **May block**."
    } else {
        "\n\nThreads: any. Blocking: no."
    });
    let _ = write!(out, "\n{}", comment(&doc, 0));
    if let Some(successor) = &each.deprecated_for {
        let _ = writeln!(out, "MAXIM_DEPRECATED(\"use {successor}\")");
    }
    let nodiscard = if each.must_use { "MAXIM_NODISCARD " } else { "" };
    let head = declared(&each.returns, &each.name, each.returns_null);
    let parameters: Vec<String> =
        each.parameters.iter().map(|each| declared(&each.kind, &each.name, each.nullable)).collect();
    let head = format!("{nodiscard}MAXIM_API {head}(");
    let all = if parameters.is_empty() { "void".to_owned() } else { parameters.join(", ") };
    if head.len() + all.len() + 2 <= 110 {
        let _ = writeln!(out, "{head}{all});");
    } else {
        let _ = writeln!(out, "{head}\n    {});", parameters.join(",\n    "));
    }
}

/// The initialisers.
fn end(api: &Api) -> String {
    let mut functions = String::new();
    let mut cpp = String::new();
    let mut c = String::new();
    let mut both = String::new();
    for each in api.structs.iter().filter(|each| each.sized) {
        let name = &each.name;
        let noun = name.trim_start_matches("maxim_");
        let upper = name.to_uppercase();
        let defaults: Vec<(&Field, &String)> = each
            .fields
            .iter()
            .filter_map(|field| field.default.as_ref().map(|value| (field, value)))
            .collect();
        if defaults.is_empty() {
            let _ = writeln!(both, "#define {upper}_INIT MAXIM_SIZED_INIT({name})");
            continue;
        }
        let _ =
            writeln!(functions, "inline {name} {noun}() noexcept {{\n    {name} value = sized<{name}>();");
        let mut members = format!("{{.struct_size = sizeof({name})");
        for (field, value) in defaults {
            let _ = writeln!(functions, "    value.{} = {value};", field.name);
            let _ = write!(members, ", \\\n     .{} = {value}", field.name);
        }
        let _ = writeln!(functions, "    return value;\n}}");
        let _ = writeln!(cpp, "#define {upper}_INIT (maxim_detail::{noun}())");
        let _ = writeln!(c, "#define {upper}_INIT \\\n    {members}}}");
    }
    END.replace("@CPP_FUNCTIONS@", &functions)
        .replace("@CPP_MACROS@", &cpp)
        .replace("@C_MACROS@", &c)
        .replace("@MACROS@", &both)
}

/// Offsets and sizes on 64-bit systems, and that macros and functions initialise alike.
pub fn layout(api: &Api) -> String {
    let mut out = "\
/*
 * The layout of every struct of the ABI on 64-bit systems: a struct may grow at its end; a change of anything that is
 * here breaks programs that were built before. And that each struct's macro and function initialise alike.
 *
 * Generated by tools/abi.
 */
#include <maxim.h>

#include <stddef.h>
#include <stdio.h>

#define AT(type, field, offset) \\
    _Static_assert(sizeof(void *) != 8 || offsetof(type, field) == (offset), #type \".\" #field \" has moved\")
#define OF(type, size) _Static_assert(sizeof(void *) != 8 || sizeof(type) == (size), #type \" has another size\")

"
    .to_owned();
    for each in &api.structs {
        let mut offset = 0;
        let mut widest = 1;
        for field in &each.fields {
            let (size, align) = size(api, &field.kind);
            offset = up(offset, align);
            widest = widest.max(align);
            let _ = writeln!(out, "AT({}, {}, {offset});", each.name, field.name);
            offset += size;
        }
        let _ = writeln!(out, "OF({}, {});", each.name, up(offset, widest));
    }
    for each in &api.enums {
        let _ = writeln!(out, "_Static_assert(sizeof({}) == 4, \"{} has 32 bits\");", each.name, each.name);
    }
    out.push_str(
        "
static int failures;

#define ALIKE(field) \\
    if (memcmp(&macro.field, &function.field, sizeof macro.field) != 0) { \\
        printf(\"%s: macro and function differ\\n\", #field); \\
        failures++; \\
    }

int main(void) {
",
    );
    for each in api.structs.iter().filter(|each| each.sized) {
        let name = &each.name;
        let _ = writeln!(out, "    {{\n        {name} macro = {}_INIT, function;", name.to_uppercase());
        let _ = writeln!(out, "        memset(&function, 0x5a, sizeof function);");
        let _ = writeln!(out, "        failures += {name}_init(&function, sizeof function) != MAXIM_OK;");
        for field in &each.fields {
            let _ = writeln!(out, "        ALIKE({})", field.name);
        }
        out.push_str("    }\n");
    }
    out + "    return failures != 0;\n}\n"
}

fn up(offset: i64, align: i64) -> i64 {
    (offset + align - 1) / align * align
}

/// Size and alignment on a 64-bit system.
fn size(api: &Api, kind: &Type) -> (i64, i64) {
    let (size, align) = match &*kind.base {
        _ if kind.stars > 0 || kind.base.ends_with("_callback") => (8, 8),
        "char" | "uint8_t" | "bool" => (1, 1),
        "int32_t" | "uint32_t" => (4, 4),
        base if api.enums.iter().any(|each| each.name == base) => (4, 4),
        "maxim_str" => (16, 8),
        _ => (8, 8),
    };
    (size * kind.length.unwrap_or(1), align)
}
