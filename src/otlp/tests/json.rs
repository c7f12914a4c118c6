//! JSON that is read where it stands, beside serde's reading of it.

use std::borrow::Cow;

use proptest::prelude::*;
use serde_json::Value;

use super::super::json::{JsonText, push_text};

/// A value as a tree, by way of what is to be tested.
fn tree(json: JsonText<'_>) -> Value {
    if json.is_object() {
        return Value::Object(json.members().map(|(key, value)| (key.into(), tree(value))).collect());
    }
    if json.is_array() {
        return json.elements().map(tree).collect();
    }
    match json.text() {
        Some(text) => Value::String(text.into()),
        None => serde_json::from_str(json.raw()).unwrap(),
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,30}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn what_is_no_json_is_refused() {
    for bad in [
        "",
        " ",
        "{",
        "}",
        "[1,]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "01",
        "1.",
        "-",
        "1e",
        ".5",
        "+1",
        "tru",
        "NaN",
        "\"",
        "\"\\",
        "\"a\\\"",
        "1 1",
        "{\"a\":1}}",
        "[\"a]",
        "'a'",
    ] {
        assert_eq!(JsonText::parse(bad), None, "{bad}");
    }
    assert_eq!(JsonText::parse(&format!("{}{}", "[".repeat(1 << 16), "]".repeat(1 << 16))), None);
}

#[test]
fn escapes_are_undone_and_half_a_character_is_replaced() {
    let read = |text| JsonText::parse(text).and_then(JsonText::text).map(Cow::into_owned);
    assert_eq!(read(r#""a\n\t\"\\\/\b\f\r""#).as_deref(), Some("a\n\t\"\\/\u{8}\u{c}\r"));
    assert_eq!(read(r#""\u00e9\ud83d\ude00x""#).as_deref(), Some("é😀x"));
    assert_eq!(read(r#""\ud83d!""#).as_deref(), Some("\u{fffd}!"));
    assert_eq!(read(r#""\ud83d\u0041""#).as_deref(), Some("\u{fffd}A"));
    assert_eq!(read(r#""\u12""#).as_deref(), Some("\u{fffd}12"));
}

#[test]
fn numbers_are_read_as_what_they_are() {
    let json = |text| JsonText::parse(text).unwrap();
    assert_eq!(
        (json("-12").as_i64(), json("-12").as_u64(), json("-12").as_f64()),
        (Some(-12), None, Some(-12.0))
    );
    assert_eq!((json("1.5e3").as_i64(), json("1.5e3").as_f64()), (None, Some(1500.0)));
    assert_eq!((json("1e999").as_f64(), json("\"1\"").as_f64(), json("true").as_f64()), (None, None, None));
    assert_eq!((json("true").as_bool(), json("0").as_bool()), (Some(true), None));
    let object = json(r#" { "a" : { "b" : [ 1 , "x" ] } , "a" : 2 } "#);
    assert_eq!(object.at(&["a", "b"]).map(JsonText::raw), Some("[ 1 , \"x\" ]"));
    assert_eq!(object.at(&["a", "c"]), None);
}

proptest! {
    #[test]
    fn any_json_reads_as_it_was_written(value in any_json(), indented in any::<bool>()) {
        let text = if indented { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.unwrap();
        let read = JsonText::parse(&text).map(tree);
        let expected: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, Some(expected));
    }

    #[test]
    fn any_text_is_json_only_where_serde_says_so(text in "[\\[\\]{}\",:0-9eE.+\\-ntrufalse \\\\]{0,12}") {
        let expected = serde_json::from_str::<Value>(&text);
        // What stands in quotes is looked at when it is asked for.
        if !text.contains('\\') && !expected.as_ref().is_err_and(|error| error.to_string().contains("range")) {
            prop_assert_eq!(JsonText::parse(&text).is_some(), expected.is_ok(), "{}", text);
        }
    }

    #[test]
    fn text_is_written_as_serde_reads_it(text in ".*") {
        let mut out = String::new();
        push_text(&mut out, &text);
        prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
