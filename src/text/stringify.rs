//! Objects whose values are all strings, as the log API has model parameters, metadata and tags.
//!
//! A value that is not a string becomes one that holds its compact JSON text: `{"n":1}` becomes
//! `{"n":"1"}`. Works on compacted text ([`super::json::compact`]), without a tree.

use super::buffer::Buffer;
use super::escape::push_valid;
use super::json::{Kind, kind, members};

/// What becomes of members whose value is `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// They are left out: model parameters.
    LeaveOut,
    /// They become the string `"null"`: metadata and tags.
    AsText,
}

/// Appends the object with each value that is not a string turned into one holding its JSON text.
///
/// Names, strings and order stay as they are. What is not an object is written as `{}`.
pub fn stringify_members(compacted_object: &[u8], nulls: Nulls, out: &mut Buffer) {
    out.reserve(compacted_object.len());
    out.push(b'{');
    let mut separator: &[u8] = b"\"";
    for (key, value) in members(compacted_object) {
        let kind = kind(value);
        if kind == Kind::Null && nulls == Nulls::LeaveOut {
            continue;
        }
        out.extend_from_slice(separator);
        out.extend_from_slice(key);
        out.extend_from_slice(b"\":");
        if kind == Kind::String {
            out.extend_from_slice(value);
        } else {
            push_valid(out, value);
        }
        separator = b",\"";
    }
    out.push(b'}');
}

/// Appends an object of tags: as [`stringify_members`] with nulls as text, but an object within it
/// stays an object, whose values become strings in turn; the log API has nested tags.
pub fn stringify_tags(compacted_object: &[u8], out: &mut Buffer) {
    out.push(b'{');
    let mut separator: &[u8] = b"\"";
    for (key, value) in members(compacted_object) {
        out.extend_from_slice(separator);
        out.extend_from_slice(key);
        out.extend_from_slice(b"\":");
        match kind(value) {
            Kind::String => out.extend_from_slice(value),
            // As deep as the document, which `compact` has bounded.
            Kind::Object => stringify_tags(value, out),
            _ => push_valid(out, value),
        }
        separator = b",\"";
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    fn stringified(object: &str, nulls: Nulls) -> String {
        let mut out = Buffer::from(&b"before"[..]);
        stringify_members(object.as_bytes(), nulls, &mut out);
        String::from_utf8(out.into_vec()).unwrap().strip_prefix("before").unwrap().to_owned()
    }

    #[test]
    fn tags_keep_their_nesting_and_every_leaf_is_a_string() {
        let given = r#"{"i":1,"b":true,"n":null,"l":[1,"a"],"d":{"x":1,"y":{"z":null}},"s":"t"}"#;
        let wanted =
            r#"{"i":"1","b":"true","n":"null","l":"[1,\"a\"]","d":{"x":"1","y":{"z":"null"}},"s":"t"}"#;
        let mut out = Buffer::new();
        stringify_tags(given.as_bytes(), &mut out);
        assert_eq!(String::from_utf8(out.into_vec()).unwrap(), wanted);
    }

    #[test]
    fn model_parameters_are_strings_without_nulls() {
        let given = r#"{"none":null,"temperature":0.5,"n":1,"stop":["a","b"],"s":"str \"q\"","b":true,"o":{"x":1,"u":"hé"},"end":null}"#;
        let wanted = r#"{"temperature":"0.5","n":"1","stop":"[\"a\",\"b\"]","s":"str \"q\"","b":"true","o":"{\"x\":1,\"u\":\"hé\"}"}"#;
        assert_eq!(stringified(given, Nulls::LeaveOut), wanted);
    }

    #[test]
    fn metadata_and_tags_keep_nulls_as_text() {
        let given = r#"{"a":null,"k\"":{"b":["\n",null]},"c":false}"#;
        let wanted = r#"{"a":"null","k\"":"{\"b\":[\"\\n\",null]}","c":"false"}"#;
        assert_eq!(stringified(given, Nulls::AsText), wanted);
    }

    #[test]
    fn an_object_without_members_stays_one() {
        assert_eq!(stringified("{}", Nulls::AsText), "{}");
        assert_eq!(stringified(r#"{"a":null}"#, Nulls::LeaveOut), "{}");
        assert_eq!(stringified("[1]", Nulls::AsText), "{}");
    }

    proptest! {
        #[test]
        fn each_value_is_a_string_that_holds_the_value(object in crate::text::json::tests::any_object()) {
            for nulls in [Nulls::AsText, Nulls::LeaveOut] {
                let text = stringified(&Value::Object(object.clone()).to_string(), nulls);
                let written: Map<String, Value> = serde_json::from_str(&text).unwrap();
                let wanted: Map<String, Value> = object
                    .iter()
                    .filter(|(_, value)| nulls == Nulls::AsText || !value.is_null())
                    .map(|(key, value)| match value {
                        Value::String(_) => (key.clone(), value.clone()),
                        other => (key.clone(), Value::String(other.to_string())),
                    })
                    .collect();
                prop_assert_eq!(written, wanted);
            }
        }
    }
}
