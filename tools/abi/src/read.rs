//! From the sources of `src/ffi` to the [`model`](crate::model).
//!
//! Documentation is read too: `@param name …`, `@return …` and `@gives STATUS…` say of a function what its types do
//! not, `@logs` that it makes a record, and **May block** what it says. A parameter may be NULL where its
//! documentation says `May be NULL`.

mod documentation;
mod types;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, FnArg, Item, Meta, Pat};

use crate::model::{Api, Constant, Enum, Field, Function, Handle, Parameter, Struct, Type};
use crate::shapes::ENTITIES;
use documentation::{Tags, documented, range, says, unit};
use types::{bare_function, c_type, number, returned, void};

/// In this order the header has them; files that are not named follow.
const FILES: [&str; 13] = [
    "mod.rs",
    "types.rs",
    "structs.rs",
    "structs/logger.rs",
    "structs/entities.rs",
    "structs/stats.rs",
    "structs/log_client.rs",
    "logger.rs",
    "exports.rs",
    "results.rs",
    "log_client.rs",
    "flow.rs",
    "ingest.rs",
];

/// The defaults that are not zero, of each struct that starts with its size: what `sized!` lists.
pub fn defaults(structs: &str) -> Result<BTreeMap<String, Vec<(String, String)>>, String> {
    let file = syn::parse_file(structs).map_err(|error| format!("structs.rs: {error}"))?;
    let tokens = file.items.into_iter().find_map(|item| match item {
        Item::Macro(call) if call.ident.is_none() && call.mac.path.is_ident("sized") => Some(call.mac.tokens),
        _ => None,
    });
    let mut found = BTreeMap::new();
    let mut last = String::new();
    for token in tokens.ok_or("structs.rs: there is no sized!")? {
        match token {
            TokenTree::Ident(name) => {
                last = name.to_string();
                found.insert(last.clone(), Vec::new());
            }
            TokenTree::Group(group) => {
                found.insert(last.clone(), values(group.stream()));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// `field: value, …`, the values as C has them.
fn values(tokens: TokenStream) -> Vec<(String, String)> {
    tokens
        .to_string()
        .split(',')
        .filter_map(|pair| pair.split_once(':'))
        .map(|(field, value)| {
            let value = value.replace(' ', "");
            (field.trim().to_owned(), if value == "CBool::TRUE" { "true".to_owned() } else { value })
        })
        .collect()
}

/// The whole ABI; `exports` is what the build makes of entities.shapes.
pub fn api(ffi: &Path, exports: &str, version: &str) -> Result<Api, String> {
    let structs = fs::read_to_string(ffi.join("structs.rs")).map_err(|error| error.to_string())?;
    let mut reader = Reader {
        api: Api {
            version: version.to_owned(),
            enums: Vec::new(),
            constants: Vec::new(),
            handles: Vec::new(),
            callbacks: Vec::new(),
            structs: Vec::new(),
            functions: Vec::new(),
        },
        defaults: defaults(&structs)?,
    };
    let mut names = sources(ffi, "")?;
    names.extend(sources(ffi, "structs/")?);
    names.push("exports.rs".to_owned());
    names.sort_by_key(|name| {
        (FILES.iter().position(|known| known == name).unwrap_or(FILES.len()), name.clone())
    });
    names.dedup();
    let mut files = Vec::new();
    for name in names {
        let source = match &*name {
            "exports.rs" => exports.to_owned(),
            _ => fs::read_to_string(ffi.join(&name)).map_err(|error| format!("{name}: {error}"))?,
        };
        let file = syn::parse_file(&source).map_err(|error| format!("{name}: {error}"))?;
        files.push((name, file.items));
    }
    // Types first: constants belong to them.
    let (types, rest): (Vec<_>, Vec<_>) = files
        .into_iter()
        .flat_map(|(name, items)| items.into_iter().map(move |item| (name.clone(), item)))
        .partition(|(_, item)| matches!(item, Item::Type(_)));
    for (name, item) in types.into_iter().chain(rest) {
        reader.item(item).map_err(|error| format!("{name}: {error}"))?;
    }
    reader.finish()
}

/// The Rust files of a folder, each with the folder before it.
fn sources(ffi: &Path, folder: &str) -> Result<Vec<String>, String> {
    let path = ffi.join(folder);
    let entries = fs::read_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "rs"))
        .map(|name| format!("{folder}{name}"))
        .collect())
}

struct Reader {
    api: Api,
    defaults: BTreeMap<String, Vec<(String, String)>>,
}

impl Reader {
    fn item(&mut self, item: Item) -> Result<(), String> {
        match item {
            Item::Const(item) if item.ident.to_string().starts_with("MAXIM_") => {
                let name = item.ident.to_string();
                let value = number(&item.expr).ok_or_else(|| format!("{name}: not a number"))?;
                let constant = Constant { doc: documented(&name, &item.attrs)?, name, value };
                let owner = c_type(&item.ty)?.base;
                match self.api.enums.iter_mut().find(|each| each.name == owner) {
                    Some(owner) => owner.values.push(constant),
                    None => self.api.constants.push(constant),
                }
            }
            Item::Type(item) if item.ident.to_string().starts_with("maxim_") => {
                let name = item.ident.to_string();
                let doc = documented(&name, &item.attrs)?;
                if let Some(function) = bare_function(&item.ty) {
                    let mut callback = self.function(name, &doc, None)?;
                    for argument in &function.inputs {
                        let (name, _) = argument
                            .name
                            .as_ref()
                            .ok_or_else(|| format!("{}: a nameless parameter", callback.name))?;
                        let kind = c_type(&argument.ty)?;
                        callback.parameters.push(Parameter {
                            name: name.to_string(),
                            nullable: kind.base == "void",
                            kind,
                            doc: String::new(),
                        });
                    }
                    callback.returns = returned(&function.output)?;
                    self.api.callbacks.push(callback);
                } else {
                    let base = c_type(&item.ty)?.base;
                    self.api.enums.push(Enum { name, doc, base, values: Vec::new() });
                }
            }
            Item::Struct(item) if item.ident.to_string().starts_with("maxim_") => {
                let name = item.ident.to_string();
                let doc = documented(&name, &item.attrs)?;
                if item.fields.iter().all(|field| field.ident.as_ref().is_some_and(|name| name == "_opaque"))
                {
                    self.api.handles.push(Handle { name, doc });
                    return Ok(());
                }
                let defaults = self.defaults.get(&name);
                let sized = defaults.is_some();
                let mut fields = Vec::new();
                for field in &item.fields {
                    let field_name = plain(&field.ident.as_ref().ok_or("a nameless field")?.to_string());
                    let doc = documented(&format!("{name}.{field_name}"), &field.attrs)?;
                    fields.push(Field {
                        kind: c_type(&field.ty)?,
                        unit: unit(&field_name),
                        range: range(&doc),
                        default: defaults
                            .and_then(|all| all.iter().find(|(of, _)| *of == field_name))
                            .map(|(_, value)| value.clone()),
                        name: field_name,
                        doc,
                    });
                }
                self.api.structs.push(Struct { name, doc, sized, fields });
            }
            Item::Fn(item) if item.sig.abi.is_some() && is_public(&item.vis) && !is_hidden(&item.attrs) => {
                let name = item.sig.ident.to_string();
                let doc = documented(&name, &item.attrs)?;
                let mut function = self.function(name, &doc, deprecation(&item.attrs))?;
                function.must_use = item.attrs.iter().any(|attribute| attribute.path().is_ident("must_use"));
                for input in &item.sig.inputs {
                    let FnArg::Typed(input) = input else { return Err("a method is exported".to_owned()) };
                    let Pat::Ident(pattern) = &*input.pat else {
                        return Err("a pattern is exported".to_owned());
                    };
                    let kind = c_type(&input.ty)?;
                    function.parameters.push(Parameter {
                        name: plain(&pattern.ident.to_string()),
                        kind,
                        nullable: false,
                        doc: String::new(),
                    });
                }
                function.returns = returned(&item.sig.output)?;
                function.doc = doc;
                self.api.functions.push(function);
            }
            _ => {}
        }
        Ok(())
    }

    fn function(&self, name: String, doc: &str, deprecated_for: Option<String>) -> Result<Function, String> {
        let noun = name.trim_start_matches("maxim_");
        let entity = ENTITIES
            .iter()
            .find(|entity| noun.strip_prefix(**entity).is_some_and(|rest| rest.starts_with('_')));
        Ok(Function {
            entity: entity.map(|entity| (*entity).to_owned()),
            name,
            doc: doc.to_owned(),
            parameters: Vec::new(),
            returns: void(),
            returns_null: false,
            statuses: Vec::new(),
            may_block: says(doc, "**May block**"),
            must_use: false,
            is_initialiser: false,
            for_c: false,
            deprecated_for,
        })
    }

    /// What needs the whole: parameters' documentation and statuses.
    fn finish(mut self) -> Result<Api, String> {
        let order: Vec<String> = self
            .api
            .enums
            .iter()
            .find(|each| each.name == "maxim_status")
            .map_or(Vec::new(), |each| each.values.iter().map(|value| value.name.clone()).collect());
        let mut functions = std::mem::take(&mut self.api.functions);
        for function in &mut functions {
            self.describe(function, &order).map_err(|error| format!("{}: {error}", function.name))?;
        }
        self.api.functions = functions;
        Ok(self.api)
    }

    fn describe(&self, function: &mut Function, order: &[String]) -> Result<(), String> {
        let mut tags = Tags::default();
        let mut text = Vec::new();
        for block in crate::text::blocks(&function.doc) {
            match block.strip_prefix('@') {
                Some(tag) => tags.read(tag)?,
                None => text.push(block),
            }
        }
        while text.last().is_some_and(String::is_empty) {
            text.pop();
        }
        function.doc = text.join("\n");
        function.is_initialiser = tags.is_initialiser;
        if function.is_initialiser {
            function.entity = None;
        }
        function.for_c = tags.for_c
            || function.is_initialiser
            || function.entity.as_deref() == Some("error")
            || function.parameters.iter().any(|each| each.kind.base == "maxim_tag");
        let mut gives = vec!["OK".to_owned(), "PANIC".to_owned()];
        for parameter in &mut function.parameters {
            parameter.doc = match tags.parameters.remove(&parameter.name) {
                Some(doc) => doc,
                None => self
                    .usual(&function.name, parameter)
                    .ok_or_else(|| format!("@param {} is missing", parameter.name))?,
            };
            parameter.nullable = parameter.kind.stars > 0 && says(&parameter.doc, "May be NULL")
                || parameter.kind.base == "void"
                || self.api.callbacks.iter().any(|callback| callback.name == parameter.kind.base)
                    && says(&parameter.doc, "May be NULL");
            let members = match (parameter.kind.stars, function.is_initialiser) {
                (1, false) => self.api.structs.iter().find(|each| each.name == parameter.kind.base),
                _ => None,
            };
            gives.extend(refusals(&parameter.name, &parameter.kind, parameter.nullable));
            for member in members.iter().flat_map(|each| &each.fields).filter(|_| parameter.kind.is_const) {
                gives.extend(refusals(&member.name, &member.kind, true));
            }
        }
        if let Some((unknown, _)) = tags.parameters.pop_first() {
            return Err(format!("@param {unknown}: there is no such parameter"));
        }
        if tags.logs {
            gives.extend(["CLOSED", "SPOOL_FULL", "TOO_LARGE", "NO_RESOURCES"].map(str::to_owned));
        }
        gives.extend(tags.gives);
        if function.returns.base == "maxim_status" && function.returns.stars == 0 {
            let names: Vec<String> = gives
                .iter()
                .map(|given| if given == "OK" { "MAXIM_OK".to_owned() } else { format!("MAXIM_ERR_{given}") })
                .collect();
            if let Some(unknown) = names.iter().find(|name| !order.contains(name)) {
                return Err(format!("{unknown} is no status"));
            }
            function.statuses = order.iter().filter(|status| names.contains(status)).cloned().collect();
        } else if function.returns.base != "void" && tags.returns.is_none() {
            return Err("@return is missing".to_owned());
        }
        if let Some(returns) = tags.returns {
            function.returns_null = says(&returns, "NULL");
            function.doc = format!("{}\n@return {returns}", function.doc);
        }
        Ok(())
    }

    /// What parameters of this name are everywhere.
    fn usual(&self, function: &str, parameter: &Parameter) -> Option<String> {
        let name = &*parameter.name;
        let kind = &parameter.kind;
        if let Some(handle) =
            self.api.handles.iter().find(|handle| handle.name == kind.base && kind.stars == 1)
        {
            return Some(format!(
                "The {}.",
                handle.name.trim_start_matches("maxim_log_").trim_start_matches("maxim_")
            ));
        }
        let is_own = |noun: &&str| ENTITIES.contains(noun) && function.starts_with(&format!("maxim_{noun}_"));
        if let Some(noun) = name.strip_suffix("_id").filter(is_own) {
            return Some(format!("The {}'s id.", noun.replace('_', " ")));
        }
        Some(match (name, &*kind.base) {
            ("config", _) => "The configuration. May be NULL: then all defaults apply.".to_owned(),
            ("out_id", _) => "Receives the id, given or generated. May be NULL.".to_owned(),
            ("out", _) if kind.stars == 2 => {
                "Receives the handle; NULL when the call fails. Not NULL.".to_owned()
            }
            ("stats", _) => {
                "Receives the numbers; its struct_size is set before (MAXIM_STATS_INIT). Not NULL.".to_owned()
            }
            ("timeout_ms", _) => {
                "How long it may take, in milliseconds; 0: start the work and return at once.".to_owned()
            }
            ("message", "maxim_str") => "What happened, 1 to 10,000 characters.".to_owned(),
            ("data_json", "maxim_str") => "Additional data: a JSON object; may be absent.".to_owned(),
            ("options", "maxim_log_options") => "Tags. May be NULL.".to_owned(),
            ("error", "maxim_log_error_info") => "The error. Not NULL.".to_owned(),
            ("callback", "maxim_flush_callback") => "Called with the outcome. Not NULL.".to_owned(),
            ("user_data", _) => "Passed to the callback. May be NULL.".to_owned(),
            ("level", "maxim_level") => "How bad it is.".to_owned(),
            ("format", "maxim_format") => "What the document is.".to_owned(),
            ("options", "maxim_raw_options") => "Options, passed to the service. May be NULL.".to_owned(),
            ("body", _) => "The document. Not NULL.".to_owned(),
            ("body_len", _) => "Its length in bytes.".to_owned(),
            _ => return None,
        })
    }
}

/// What a value of a type can be refused with.
fn refusals(name: &str, kind: &Type, nullable: bool) -> Vec<String> {
    let mut gives: Vec<&str> = Vec::new();
    if kind.stars > 0 && !nullable {
        gives.push("NULL_POINTER");
    }
    if kind.stars == 2 {
        gives.push("NO_RESOURCES");
    }
    match &*kind.base {
        "maxim_logger" | "maxim_log_client" | "maxim_flow" if kind.stars == 1 => gives.push("INVALID_HANDLE"),
        "maxim_str" => {
            gives.extend(["INVALID_ARGUMENT", "INVALID_UTF8", "TOO_LARGE"]);
            if name.ends_with("_json") {
                gives.push("INVALID_JSON");
            }
            if name == "id"
                || (name.ends_with("_id")
                    && !name.starts_with("maxim_")
                    && name != "user_id"
                    && name != "request_id")
            {
                gives.push("INVALID_ID");
            }
        }
        "double" | "maxim_entity" | "maxim_format" | "maxim_level" | "maxim_result_flags" => {
            gives.push("INVALID_ARGUMENT")
        }
        base if base.starts_with("maxim_") && kind.stars == 1 && base != "maxim_id" => {
            gives.push("INVALID_ARGUMENT")
        }
        _ => {}
    }
    gives.into_iter().map(str::to_owned).collect()
}

/// What is not is called by C all the same, but not by name.
fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc")
            && matches!(&attribute.meta, Meta::List(list) if list.tokens.to_string() == "hidden")
    })
}

fn deprecation(attributes: &[Attribute]) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.path().is_ident("deprecated"))?;
    let Meta::List(list) = &attribute.meta else { return None };
    let note = list.tokens.to_string();
    note.split_once("use ").map(|(_, name)| name.trim_end_matches('"').to_owned())
}

fn plain(name: &str) -> String {
    name.trim_start_matches("r#").to_owned()
}
