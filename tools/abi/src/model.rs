//! What the ABI consists of, as `include/maxim.api.json` has it.

use serde::Serialize;

/// The whole of it.
#[derive(Serialize)]
pub struct Api {
    /// The version of the library.
    pub version: String,
    /// Numbers that belong together.
    pub enums: Vec<Enum>,
    /// Numbers that stand alone.
    pub constants: Vec<Constant>,
    /// Opaque objects.
    pub handles: Vec<Handle>,
    /// Functions of the host that the library calls.
    pub callbacks: Vec<Function>,
    /// What is passed by value or address.
    pub structs: Vec<Struct>,
    /// The exports.
    pub functions: Vec<Function>,
}

/// A type of numbers with names.
#[derive(Serialize)]
pub struct Enum {
    pub name: String,
    pub doc: String,
    /// The C type that holds it.
    #[serde(rename = "type")]
    pub base: String,
    pub values: Vec<Constant>,
}

/// A number with a name.
#[derive(Serialize)]
pub struct Constant {
    pub name: String,
    pub value: i64,
    pub doc: String,
}

/// An opaque object.
#[derive(Serialize)]
pub struct Handle {
    pub name: String,
    pub doc: String,
}

/// A C type.
#[derive(Clone, PartialEq, Serialize)]
pub struct Type {
    /// As C writes it: `const maxim_trace_config *`.
    pub c: String,
    #[serde(skip)]
    pub base: String,
    #[serde(skip)]
    pub is_const: bool,
    #[serde(skip)]
    pub stars: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<i64>,
}

/// A struct.
#[derive(Serialize)]
pub struct Struct {
    pub name: String,
    pub doc: String,
    /// Whether it starts with its size and has an initialiser.
    pub sized: bool,
    pub fields: Vec<Field>,
}

/// A member of a struct.
#[derive(Serialize)]
pub struct Field {
    pub name: String,
    #[serde(flatten)]
    pub kind: Type,
    pub doc: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// Where it is not zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// A function, exported or called back.
#[derive(Serialize)]
pub struct Function {
    pub name: String,
    pub doc: String,
    /// The entity that it belongs to, of those that are addressed by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    pub parameters: Vec<Parameter>,
    pub returns: Type,
    #[serde(skip_serializing_if = "is_false")]
    pub returns_null: bool,
    /// The statuses that it can answer with.
    pub statuses: Vec<String>,
    pub may_block: bool,
    /// Whether ignoring what it answers is a mistake.
    #[serde(skip_serializing_if = "is_false")]
    pub must_use: bool,
    /// Whether it fills a struct with its defaults, for languages without macros.
    #[serde(skip_serializing_if = "is_false")]
    pub is_initialiser: bool,
    /// Whether only C has a use for it: what fills structs and takes lists of tags, where other languages have objects,
    /// and what is said of an error, which has no object in them.
    #[serde(skip_serializing_if = "is_false")]
    pub for_c: bool,
    /// The function to use instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated_for: Option<String>,
}

/// What a function takes.
#[derive(Serialize)]
pub struct Parameter {
    pub name: String,
    #[serde(flatten)]
    pub kind: Type,
    pub nullable: bool,
    pub doc: String,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde wants it so
fn is_false(value: &bool) -> bool {
    !*value
}
