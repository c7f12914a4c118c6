//! What is JSON and what is not, in tables and against serde_json.

use super::outline::compact_outlined;
use super::*;
use crate::text::buffer::Buffer;
use proptest::prelude::*;
use serde_json::{Map, Value};

fn compacted(input: &[u8], shape: Shape) -> Result<Vec<u8>, JsonError> {
    let mut out = Buffer::from(&b"before"[..]);
    let result = compact(input, shape, &mut out);
    let out = out.strip_prefix(b"before").unwrap();
    if result.is_err() {
        assert!(out.is_empty(), "an error left {out:?} behind");
    }
    result.map(|()| out.to_vec())
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn documents_are_accepted_and_written_without_white_space() {
    let cases: &[(&str, &str)] = &[
        // Structure
        ("{}", "{}"),
        ("[]", "[]"),
        (" { } ", "{}"),
        ("[ ]", "[]"),
        ("\t\r\n [\n1\r,\t2 ]\n", "[1,2]"),
        ("{\"a\" : 1 , \"b\" : [ true , false , null ] }", "{\"a\":1,\"b\":[true,false,null]}"),
        ("[[],{},[{}],{\"\":[]}]", "[[],{},[{}],{\"\":[]}]"),
        ("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}"),
        ("{\"a\":{\"a\":{\"a\":{}}}}", "{\"a\":{\"a\":{\"a\":{}}}}"),
        ("[\n                                        1]", "[1]"),
        // Scalars at the top
        ("null", "null"),
        (" true ", "true"),
        ("false\n", "false"),
        ("\"\"", "\"\""),
        ("0", "0"),
        // Numbers: copied, never computed
        ("-0", "-0"),
        ("-0.0", "-0.0"),
        ("0e0", "0e0"),
        ("1E+2", "1E+2"),
        ("1e-007", "1e-007"),
        ("1.000", "1.000"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("[1e999999, -1e-999999]", "[1e999999,-1e-999999]"),
        ("0.1234567890123456789012345678901234567890", "0.1234567890123456789012345678901234567890"),
        // Strings: copied, never unescaped
        ("\" a  b \"", "\" a  b \""),
        (r#""\"\\\/\b\f\n\r\t""#, r#""\"\\\/\b\f\n\r\t""#),
        (r#""\u0000\u00E9\uD83D\uDE00""#, r#""\u0000\u00E9\uD83D\uDE00""#),
        // Surrogates on their own are RFC 8259 grammar; they pass as they are
        (r#""\ud800""#, r#""\ud800""#),
        (r#""\udc00\ud800x""#, r#""\udc00\ud800x""#),
        ("\"{[,:]}\"", "\"{[,:]}\""),
        ("{\" \\\" \" : 1}", "{\" \\\" \":1}"),
        // UTF-8, and what is a line break to some but not to JSON
        ("\"\u{2028}\u{2029}\u{85}\u{7f}\"", "\"\u{2028}\u{2029}\u{85}\u{7f}\""),
        (
            "\"\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\"",
            "\"\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\"",
        ),
        ("\"\u{feff}\"", "\"\u{feff}\""),
    ];
    for (input, output) in cases {
        let result = compacted(input.as_bytes(), Shape::Any);
        assert_eq!(result.map(|out| shown(&out)), Ok((*output).to_owned()), "{input}");
    }
}

#[test]
fn what_is_not_json_is_refused_with_its_place_and_reason() {
    let cases: &[(&[u8], usize, &str)] = &[
        // Nothing, too little, too much
        (b"", 0, "empty"),
        (b" \n\t\r ", 0, "empty"),
        (b"{", 1, "unexpected end"),
        (b"[", 1, "unexpected end"),
        (b"[1", 2, "unexpected end"),
        (b"[1,", 3, "unexpected end"),
        (b"{\"a\"", 4, "unexpected end"),
        (b"{\"a\":", 5, "unexpected end"),
        (b"{\"a\":1", 6, "unexpected end"),
        (b"{\"a\":1,", 7, "unexpected end"),
        (b"[[[[", 4, "unexpected end"),
        (b"{} {}", 3, "text after the end of the document"),
        (b"[]]", 2, "text after the end of the document"),
        (b"1 2", 2, "text after the end of the document"),
        (b"nullx", 4, "text after the end of the document"),
        (b"\"a\"b", 3, "text after the end of the document"),
        (b"1\0", 1, "text after the end of the document"),
        // Structure
        (b"[1,]", 3, "expected a value"),
        (b"[,1]", 1, "expected a value"),
        (b"[1,,2]", 3, "expected a value"),
        (b"{\"a\":}", 5, "expected a value"),
        (b"{\"a\":,}", 5, "expected a value"),
        (b"]", 0, "expected a value"),
        (b"}", 0, "expected a value"),
        (b",", 0, "expected a value"),
        (b":", 0, "expected a value"),
        (b"[:]", 1, "expected a value"),
        (b"[}", 1, "expected a value"),
        (b"{]", 1, "expected a member name in quotes"),
        (b"{,}", 1, "expected a member name in quotes"),
        (b"{a:1}", 1, "expected a member name in quotes"),
        (b"{'a':1}", 1, "expected a member name in quotes"),
        (b"{1:1}", 1, "expected a member name in quotes"),
        (b"{\"a\":1,}", 7, "expected a member name in quotes"),
        (b"{\"a\" 1}", 5, "expected ':'"),
        (b"{\"a\",1}", 4, "expected ':'"),
        (b"{\"a\"}", 4, "expected ':'"),
        (b"{\"a\"::1}", 5, "expected a value"),
        (b"{\"a\":1 \"b\":2}", 7, "expected ',' or '}'"),
        (b"{\"a\":1]", 6, "expected ',' or '}'"),
        (b"{\"a\":[}", 6, "expected a value"),
        (b"[1 2]", 3, "expected ',' or ']'"),
        (b"[1}", 2, "expected ',' or ']'"),
        (b"[1:2]", 2, "expected ',' or ']'"),
        (b"[{}}", 3, "expected ',' or ']'"),
        (b"[1]//", 3, "text after the end of the document"),
        (b"[1/**/]", 2, "expected ',' or ']'"),
        // Literals
        (b"nul", 0, "expected a value"),
        (b"True", 0, "expected a value"),
        (b"tru\0", 0, "expected a value"),
        (b"falsy", 0, "expected a value"),
        (b"NaN", 0, "expected a value"),
        (b"Infinity", 0, "expected a value"),
        (b"undefined", 0, "expected a value"),
        // Numbers
        (b"-", 1, "unexpected end"),
        (b"-a", 1, "expected a digit"),
        (b"-Infinity", 1, "expected a digit"),
        (b"--1", 1, "expected a digit"),
        (b"+1", 0, "expected a value"),
        (b".5", 0, "expected a value"),
        (b"1.", 2, "unexpected end"),
        (b"[1.]", 3, "expected a digit"),
        (b"1.e5", 2, "expected a digit"),
        (b"1e", 2, "unexpected end"),
        (b"1e+", 3, "unexpected end"),
        (b"1e+-5", 3, "expected a digit"),
        (b"1ex", 2, "expected a digit"),
        (b"01", 1, "a number must not begin with 0"),
        (b"-00", 2, "a number must not begin with 0"),
        (b"0x1F", 1, "text after the end of the document"),
        (b"1_000", 1, "text after the end of the document"),
        (b"1.2.3", 3, "text after the end of the document"),
        (b"[- 1]", 2, "expected a digit"),
        ("１".as_bytes(), 0, "expected a value"),
        // Strings
        (b"\"", 0, "string without an end"),
        (b"[\"abc", 1, "string without an end"),
        (b"\"abc\\\"", 0, "string without an end"),
        (b"'a'", 0, "expected a value"),
        (b"\"a\nb\"", 2, "control character in a string"),
        (b"\"0123456789abcdef\r\"", 17, "control character in a string"),
        (b"\"\0\"", 1, "control character in a string"),
        (b"\"\t\"", 1, "control character in a string"),
        (b"\"\x1f\"", 1, "control character in a string"),
        (b"{\"\x01\":1}", 2, "control character in a string"),
        (b"\"\\x41\"", 1, "unknown escape"),
        (b"\"\\'\"", 1, "unknown escape"),
        (b"\"\\\n\"", 1, "unknown escape"),
        (b"\"\\U0041\"", 1, "unknown escape"),
        (b"\"\\", 1, "unknown escape"),
        (b"\"\\u\"", 1, "\\u without four hexadecimal digits"),
        (b"\"\\u12", 1, "\\u without four hexadecimal digits"),
        (b"\"\\u123\"", 1, "\\u without four hexadecimal digits"),
        (b"\"\\u12g4\"", 1, "\\u without four hexadecimal digits"),
        (b"\"\\u+123\"", 1, "\\u without four hexadecimal digits"),
        // White space that is none
        (b"\x0c[]", 0, "expected a value"),
        (b"[\x0b]", 1, "expected a value"),
        ("[\u{a0}]".as_bytes(), 1, "expected a value"),
        ("[1\u{2003}]".as_bytes(), 2, "expected ',' or ']'"),
        ("\u{feff}{}".as_bytes(), 0, "byte order mark"),
        ("{}\u{feff}".as_bytes(), 2, "text after the end of the document"),
        // UTF-8: stray, short, overlong, surrogate, too large; before anything else that is wrong
        (b"\"\xff\"", 1, "invalid UTF-8"),
        (b"\"\x80\"", 1, "invalid UTF-8"),
        (b"\"\xc3\"", 1, "invalid UTF-8"),
        (b"\"\xe2\x82\"", 1, "invalid UTF-8"),
        (b"\"\xc0\xaf\"", 1, "invalid UTF-8"),
        (b"\"\xe0\x80\xaf\"", 1, "invalid UTF-8"),
        (b"\"\xed\xa0\x80\"", 1, "invalid UTF-8"),
        (b"\"\xf4\x90\x80\x80\"", 1, "invalid UTF-8"),
        (b"\"\xf8\x88\x80\x80\x80\"", 1, "invalid UTF-8"),
        (b"[}\xff", 2, "invalid UTF-8"),
        (b"\xff\xfe{\0}\0", 0, "invalid UTF-8"),
    ];
    for (input, offset, reason) in cases {
        let error = compacted(input, Shape::Any).expect_err(&shown(input));
        assert_eq!((error.offset, error.reason), (*offset, *reason), "{}", shown(input));
    }
}

#[test]
fn the_place_is_told_in_lines_and_code_points() {
    let error = compacted("{\r\n  \"é🦀\": 1,\n  \"日本\" 2\n}".as_bytes(), Shape::Any).unwrap_err();
    assert_eq!((error.line, error.column), (3, 8));
    assert_eq!(error.to_string(), "line 3, column 8: expected ':'");
    let error = compacted(b"[1,\n", Shape::Any).unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 1: unexpected end");
}

#[test]
fn the_top_level_must_have_the_shape_asked_for() {
    let documents: [(&[u8], Shape); 4] =
        [(b" {}", Shape::Object), (b" []", Shape::Array), (b" \"\"", Shape::Any), (b" 1", Shape::Any)];
    let refusal = |shape, fits| match shape {
        _ if fits => Ok(()),
        Shape::Object => Err((1, "expected an object")),
        Shape::Array => Err((1, "expected an array")),
        Shape::Any => unreachable!("everything fits"),
    };
    for (document, own) in documents {
        for shape in [Shape::Any, Shape::Object, Shape::Array] {
            let fits = shape == Shape::Any || shape == own;
            let result = compacted(document, shape).map(|_| ()).map_err(|error| (error.offset, error.reason));
            assert_eq!(result, refusal(shape, fits), "{} as {shape:?}", shown(document));
        }
    }
    assert_eq!(compacted(b"  ", Shape::Object).unwrap_err().reason, "empty");
    assert_eq!(compacted("\u{feff}{}".as_bytes(), Shape::Object).unwrap_err().reason, "byte order mark");
}

#[test]
fn arrays_and_objects_nest_128_deep_and_no_deeper() {
    let arrays = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let objects = |depth: usize| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
    let mixed = |depth: usize| "[{\"a\":".repeat(depth / 2) + "[]" + &"}]".repeat(depth / 2);
    for (document, at) in [(arrays(129), 128), (objects(129), 640), (mixed(128), 384)] {
        let error = compacted(document.as_bytes(), Shape::Any).unwrap_err();
        assert_eq!((error.offset, error.reason), (at, "nested more than 128 deep"));
    }
    for document in [arrays(128), objects(128), mixed(126)] {
        assert_eq!(compacted(document.as_bytes(), Shape::Any).map(|out| shown(&out)), Ok(document));
    }
    let siblings = format!("[{}]", vec![arrays(127); 3].join(","));
    assert_eq!(compacted(siblings.as_bytes(), Shape::Any).map(|out| shown(&out)), Ok(siblings));
    assert_eq!(compacted("[".repeat(10_000_000).as_bytes(), Shape::Any).unwrap_err().offset, 128);
}

/// What an outline says of a value and of those inside it, as text with names.
fn outlined(value: super::Value<'_>) -> String {
    let inside: Vec<String> = value.items().map(outlined).collect();
    let inside = if inside.is_empty() { shown(value.text()) } else { format!("<{}>", inside.join(" ")) };
    match value.key() {
        b"" => inside,
        key => format!("{}={inside}", shown(key)),
    }
}

#[test]
fn outer_values_are_noted_while_compacting() {
    let input = br#" { "id" : "x\"y" , "n": { "n" : [ 1 , { "id" : 2 } ] } ,"e":{}, "a":[], "esc\"aped" :-1.5 , "id": null } "#;
    let mut out = Buffer::from(&b"before"[..]);
    let outline = compact_outlined(input, &mut out).unwrap();
    let root = outline.root(&out).unwrap();
    assert_eq!(outlined(root), r#"<id="x\"y" n=<n=<1 <id=2>>> e={} a=[] esc\"aped=-1.5 id=null>"#);
    assert_eq!(root.member(b"id").map(|id| id.text()), Some(&b"null"[..]));
    assert!(root.member(b"missing").is_none());
}

#[test]
fn a_name_below_the_outline_is_not_given_to_the_next_value() {
    let mut out = Buffer::new();
    let outline = compact_outlined(br#"{"a":[[[[{"x":{"y":1}},3]],[2]],4]}"#, &mut out).unwrap();
    assert_eq!(outlined(outline.root(&out).unwrap()), r#"<a=<<<[{"x":{"y":1}},3]> <2>> 4>>"#);
}

#[test]
fn a_document_with_more_outer_values_than_are_noted_has_no_outline() {
    for count in [1, 47, 48, 100] {
        let object: Map<String, Value> = (0..count).map(|at| (format!("k{at}"), Value::from(at))).collect();
        let text = serde_json::to_string_pretty(&object).unwrap();
        let mut out = Buffer::new();
        let outline = compact_outlined(text.as_bytes(), &mut out).unwrap();
        assert_eq!(shown(&out), serde_json::to_string(&object).unwrap());
        assert_eq!(outline.root(&out).map(|root| root.items().count()), (count < 48).then_some(count));
    }
}

#[test]
fn what_is_not_an_object_has_no_members() {
    for input in ["[{\"a\":1}]", "1", "\"{}\"", "{}"] {
        let mut out = Buffer::new();
        let outline = compact_outlined(input.as_bytes(), &mut out).unwrap();
        assert!(outline.root(&out).unwrap().member(b"a").is_none(), "{input}");
        assert_eq!(members(&out).count(), 0);
    }
}

#[test]
fn kinds_strings_and_integers_are_told_apart() {
    let cases: [(&[u8], Kind); 8] = [
        (b"{}", Kind::Object),
        (b"[]", Kind::Array),
        (b"\"x\"", Kind::String),
        (b"-1", Kind::Number),
        (b"0", Kind::Number),
        (b"true", Kind::True),
        (b"false", Kind::False),
        (b"null", Kind::Null),
    ];
    for (value, wanted) in cases {
        assert_eq!(kind(value), wanted);
    }
    assert_eq!(as_str_raw(br#""a\"b""#), Some(&br#"a\"b"#[..]));
    assert_eq!(as_str_raw(b"\"\""), Some(&b""[..]));
    assert_eq!(as_str_raw(b"1"), None);
    for integer in [&b"0"[..], b"-7", b"123456789012345678901234567890"] {
        assert!(is_integer(integer));
    }
    for other in [&b"1.0"[..], b"1e3", b"-1E3", b"\"1\"", b"null", b"", b"[1]"] {
        assert!(!is_integer(other));
    }
}

fn any_number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0..100_i32).prop_map(Value::from),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any_number(),
        any::<String>().prop_map(Value::from),
        "[a-z ]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            members_of(inner).prop_map(Value::Object),
        ]
    })
}

fn members_of(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let key = prop_oneof!["[a-z]{1,8}", any::<String>()];
    prop::collection::vec((key, value), 0..8).prop_map(|members| members.into_iter().collect())
}

/// Objects of every sort of member.
pub(in crate::text) fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    members_of(any_value())
}

/// Bytes that mean something in JSON, more often than others.
fn any_meaningful_byte() -> impl Strategy<Value = u8> {
    let meaningful = b"{}[]:,\"\\ \n\t\r0123456789.eE+-truefalsn/bu\0\x1f\x7f\xc3\xa9\xed\xa0\xef\xbb\xbf";
    prop_oneof![9 => prop::sample::select(meaningful.to_vec()), 1 => any::<u8>()]
}

/// Whether serde_json takes `text`, but for halves of surrogate pairs, which it alone refuses.
fn serde_json_accepts(text: &[u8]) -> Option<bool> {
    match serde_json::from_slice::<Value>(text) {
        Ok(_) => Some(true),
        Err(error) => {
            let reason = error.to_string();
            let surrogate = reason.contains("surrogate") || reason.contains("end of hex escape");
            (!surrogate).then_some(false)
        }
    }
}

proptest! {
    #[test]
    fn an_embedded_value_keeps_its_single_spaces_and_has_no_line_break(value in any_value()) {
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        // Line breaks are between tokens only.
        let joined = |space| pretty.split('\n').map(str::trim_start).collect::<Vec<_>>().join(space);
        for given in [&pretty, &joined(" "), &joined(" \t "), &joined("\r\n"), &value.to_string()] {
            let mut out = Buffer::new();
            super::embed(format!(" {given}  \n").as_bytes(), Shape::Any, &mut out).unwrap();
            prop_assert!(!out.contains(&b'\n') && !out.contains(&b'\r') && !out.contains(&b'\t'));
            prop_assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), value.clone());
        }
        // As most writers write it: kept as it is.
        let spaced = joined(" ");
        let mut out = Buffer::new();
        super::embed(spaced.as_bytes(), Shape::Any, &mut out).unwrap();
        prop_assert_eq!(shown(&out), spaced);
    }

    #[test]
    fn every_pretty_printed_value_becomes_its_compact_text(value in any_value()) {
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let compact = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(compacted(pretty.as_bytes(), Shape::Any).map(|out| shown(&out)), Ok(compact.clone()));
        prop_assert_eq!(compacted(compact.as_bytes(), Shape::Any).map(|out| shown(&out)), Ok(compact));
    }

    #[test]
    fn a_damaged_document_is_accepted_exactly_when_serde_json_accepts_it(
        value in any_value(),
        pretty in any::<bool>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any_meaningful_byte(), 0..3), 1..4),
    ) {
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) };
        let mut text = text.unwrap();
        for (place, byte, how) in damage {
            let at = place.index(text.len() + 1);
            match how {
                0 if at < text.len() => text[at] = byte,
                1 if at < text.len() => drop(text.remove(at)),
                _ => text.insert(at, byte),
            }
        }
        let result = compacted(&text, Shape::Any);
        if let Some(accepts) = serde_json_accepts(&text) {
            prop_assert_eq!(result.is_ok(), accepts, "{:?}", shown(&text));
        }
        if let Ok(out) = result {
            prop_assert!(!out.contains(&b'\n') && !out.contains(&b'\r'));
            if let Ok(value) = serde_json::from_slice::<Value>(&text) {
                prop_assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), value);
            }
        }
    }

    #[test]
    fn random_tokens_are_accepted_exactly_when_serde_json_accepts_them(
        text in prop::collection::vec(any_meaningful_byte(), 0..12)
    ) {
        if let Some(accepts) = serde_json_accepts(&text) {
            prop_assert_eq!(compacted(&text, Shape::Any).is_ok(), accepts, "{:?}", shown(&text));
        }
    }

    #[test]
    fn walking_an_object_finds_what_a_tree_holds(object in any_object()) {
        let text = serde_json::to_string(&object).unwrap();
        let walked: Vec<(String, Value)> = members(text.as_bytes())
            .map(|(key, value)| {
                let quoted = format!("\"{}\"", shown(key));
                (serde_json::from_str(&quoted).unwrap(), serde_json::from_slice(value).unwrap())
            })
            .collect();
        prop_assert_eq!(walked, object.clone().into_iter().collect::<Vec<_>>());

        let pretty = serde_json::to_string_pretty(&object).unwrap();
        let mut out = Buffer::new();
        let outline = compact_outlined(pretty.as_bytes(), &mut out).unwrap();
        if let Some(root) = outline.root(&out) {
            let items: Vec<_> = root.items().map(|item| (item.key(), item.text())).collect();
            prop_assert_eq!(items, members(text.as_bytes()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn walking_an_array_finds_what_a_tree_holds(array in prop::collection::vec(any_value(), 0..8)) {
        let text = serde_json::to_string(&array).unwrap();
        let walked: Vec<Value> =
            elements(text.as_bytes()).map(|element| serde_json::from_slice(element).unwrap()).collect();
        prop_assert_eq!(walked, array);
    }

    #[test]
    fn walking_nonsense_ends_without_a_panic(text in prop::collection::vec(any_meaningful_byte(), 0..40)) {
        let mut object = b"{\"".to_vec();
        object.extend_from_slice(&text);
        let array = [b"[", text.as_slice()].concat();
        for text in [&text, &object, &array] {
            prop_assert!(members(text).count() <= text.len());
            prop_assert!(elements(text).count() <= text.len());
            prop_assert!(!is_integer(text) || kind(text) == Kind::Number);
            prop_assert!(as_str_raw(text).is_none_or(|inner| inner.len() + 2 <= text.len()));
        }
    }
}

#[test]
fn an_object_of_strings_is_told_from_others() {
    for (given, only) in [
        ("{}", true),
        (r#"{"a": "b"}"#, true),
        (r#"{"a":"b","c":""}"#, true),
        (r#"{"a":"b","c":1}"#, false),
        (r#"{"a":{"b":"c"}}"#, false),
        (r#"{"a":["b"],"c":"d"}"#, false),
        (r#"{"a":null}"#, false),
    ] {
        let mut out = Buffer::new();
        assert_eq!(super::embed_strings(given.as_bytes(), &mut out), Ok(only), "{given}");
        assert_eq!(out[..], *given.as_bytes());
    }
    assert!(super::embed_strings(b"[]", &mut Buffer::new()).is_err());
}
