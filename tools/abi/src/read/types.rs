//! C types of Rust ones.

use syn::{Expr, Lit, ReturnType};

use crate::model::Type;

/// A C type of a Rust one.
pub fn c_type(kind: &syn::Type) -> Result<Type, String> {
    match kind {
        syn::Type::Ptr(pointer) => {
            let inner = c_type(&pointer.elem)?;
            let is_const = if inner.stars == 0 { pointer.const_token.is_some() } else { inner.is_const };
            Ok(spelled(inner.base, is_const, inner.stars + 1, None))
        }
        syn::Type::Array(array) => {
            let inner = c_type(&array.elem)?;
            Ok(spelled(
                inner.base,
                inner.is_const,
                inner.stars,
                Some(number(&array.len).ok_or("a length is no number")?),
            ))
        }
        syn::Type::Path(path) => {
            let name = path.path.segments.last().ok_or("an empty path")?.ident.to_string();
            let base = match &*name {
                "i32" => "int32_t",
                "u32" => "uint32_t",
                "i64" => "int64_t",
                "u64" => "uint64_t",
                "u8" => "uint8_t",
                "usize" => "size_t",
                "f64" => "double",
                "c_char" => "char",
                "c_void" => "void",
                "CBool" => "bool",
                other => other,
            };
            Ok(spelled(base.to_owned(), false, 0, None))
        }
        _ => Err("a type that C does not have".to_owned()),
    }
}

fn spelled(base: String, is_const: bool, stars: usize, length: Option<i64>) -> Type {
    let space = if stars > 0 { " " } else { "" };
    let c = format!("{}{base}{space}{}", if is_const { "const " } else { "" }, "*".repeat(stars));
    Type { c, base, is_const, stars, length }
}

pub fn void() -> Type {
    spelled("void".to_owned(), false, 0, None)
}

pub fn returned(output: &ReturnType) -> Result<Type, String> {
    match output {
        ReturnType::Default => Ok(void()),
        ReturnType::Type(_, kind) => c_type(kind),
    }
}

/// The function type in `Option<unsafe extern "C" fn(…)>`.
pub fn bare_function(kind: &syn::Type) -> Option<&syn::TypeBareFn> {
    let syn::Type::Path(path) = kind else { return None };
    let syn::PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(syn::Type::BareFn(function)) => Some(function),
        _ => None,
    }
}

pub fn number(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(int) => int.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(unary) => number(&unary.expr).map(|value| -value),
        _ => None,
    }
}
