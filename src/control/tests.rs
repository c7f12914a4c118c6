//! What leaves of a record, given as JSON.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::text::buffer::Buffer;

fn rewritten(config: ControlConfig, records: Records, data: &str) -> Option<String> {
    let control = Control::new(&config).expect("something is wanted");
    let mut out = Buffer::new();
    let left = control.rewrite(records, 1, data.as_bytes(), &mut out);
    left.then(|| String::from_utf8(out.into_vec()).unwrap())
}

fn rules(rules: &str) -> ControlConfig {
    ControlConfig { rules: Rules::parse("masks_json", rules).unwrap(), ..ControlConfig::default() }
}

const ALL: &str =
    r#"[{"preset":"email"},{"preset":"card"},{"preset":"api_key"},{"preset":"phone"},{"preset":"ip"}]"#;

/// A text with all presets over it.
fn masked(text: &str) -> String {
    let control = Control::new(&rules(ALL)).unwrap();
    control.rewrite_text(1, "input", text).into_owned()
}

#[test]
fn nothing_is_wanted_unless_something_is_configured() {
    assert!(Control::new(&ControlConfig::default()).is_none());
    assert!(Control::new(&rules("[]")).is_none());
}

#[test]
fn each_preset_finds_what_it_is_named_for() {
    for (text, wanted) in [
        ("write to ada.l+x@mail.example.co.uk.", "write to [email]."),
        ("?to=ada%40example.com&x", "?to=[email]&x"),
        ("<o'hara@ex-ample.org>", "<[email]>"),
        ("jörg@exämple.de", "[email]"),
        ("a@b not one, nor @user, nor x@", "a@b not one, nor @user, nor x@"),
        ("pay 4111 1111 1111 1111 now", "pay [card] now"),
        ("12 4111-1111-1111-1111, 5500005555555559", "12 [card], [card]"),
        ("amex 378282246310005.", "amex [card]."),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("1700000000000 ms and 20260101120000", "1700000000000 ms and 20260101120000"),
        ("key sk-proj-abcDEF0123456789_-abcdef!", "key [api_key]!"),
        ("OPENAI=sk-or-v1-0123456789abcdef", "OPENAI=[api_key]"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "[api_key]"),
        ("AKIAIOSFODNN7EXAMPLE", "[api_key]"),
        ("Authorization: Bearer abcdef0123456789.xyz", "Authorization: Bearer [api_key]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN", "[api_key]"),
        (
            "redis://:s3cr:et@db:6379 postgres://app:s3cret@db.internal/x",
            "redis://[api_key]@db:6379 postgres://app:[email]/x",
        ),
        ("https://joe:hun@ter4pw@db/x@y", "https://[api_key]@db/x@y"),
        ("x://a:b(c@d.example/ y://h:80/ z@1", "x://a:[email]/ y://h:80/ z@1"),
        ("'x://h:80','a@b' <x://h:80>a@b", "'x://h:80','a@b' <x://h:80>a@b"),
        ("n%204111%201111%201111%201111&4012+8888+8888+1881", "n%20[card]&[card]"),
        ("a task-force is no key, sk-short neither", "a task-force is no key, sk-short neither"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter", "[api_key]\nafter"),
        ("call +49 (30) 123-4567 today", "call [phone] today"),
        ("(415) 555-2671 or 415.555.2671", "[phone] or [phone]"),
        ("1-800-555-0199; 030 12345678; 0049 30 1234567", "[phone]; [phone]; [phone]"),
        ("on 2026-11-27 at 10:20, 01.02.2026, 1234 items", "on 2026-11-27 at 10:20, 01.02.2026, 1234 items"),
        ("from 192.168.10.254:8080", "from [ip]:8080"),
        ("to [2001:db8::1]:443 and fe80::1.", "to [[ip]]:443 and [ip]."),
        (
            "std::vector, 1.2.3, 12:30:45, 256.1.1.1, 1.2.3.4.5",
            "std::vector, 1.2.3, 12:30:45, 256.1.1.1, 1.2.3.4.5",
        ),
    ] {
        assert_eq!(masked(text), wanted, "{text}");
    }
}

#[test]
fn a_secret_does_not_hide_behind_escapes_or_in_json_within_text() {
    let config = rules(ALL);
    for (data, wanted) in [
        (r#"{"input":"ada\u0040example.com"}"#, r#"{"input":"[email]"}"#),
        (
            r#"{"args":"{\"to\": \"ada\\u0040example.com\", \"n\": 4111111111111111}"}"#,
            r#"{"args":"{\"to\":\"[email]\",\"n\":\"[card]\"}"}"#,
        ),
        (r#"{"args":"{\"to\": \"nobody\"}"}"#, r#"{"args":"{\"to\": \"nobody\"}"}"#),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"ada@example.com"}]}]}"#,
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"[email]"}]}]}"#,
        ),
        (
            r#"{"output":"data: {\"t\":\"a\\u0040b.example\"}\n\ndata: [DONE]\n"}"#,
            r#"{"output":"data: {\"t\":\"[email]\"}\n\ndata: [DONE]\n"}"#,
        ),
        (r#"{"tags":{"ada@example.com":"10.0.0.1"}}"#, r#"{"tags":{"[email]":"[ip]"}}"#),
        (r#"{"ada@example.com":{"x":[1,{"y":"10.0.0.1"}]}}"#, r#"{"[email]":{"x":[1,{"y":"[ip]"}]}}"#),
        (
            r#"{"id":"4111111111111111","startTimestamp":"2026-11-27T10:11:12.123456Z","n":[]}"#,
            r#"{"id":"4111111111111111","startTimestamp":"2026-11-27T10:11:12.123456Z","n":[]}"#,
        ),
        (r#"{"id":"ada@example.com"}"#, r#"{"id":"[email]"}"#),
        (
            r#"{"metadata":{"x":"\ud83d\ude00 \ud800 10.0.0.1"}}"#,
            "{\"metadata\":{\"x\":\"😀 \u{fffd} [ip]\"}}",
        ),
        (r#"{"metrics":{"m":4111111111111111}}"#, r#"{"metrics":{"m":4111111111111111}}"#),
    ] {
        assert_eq!(rewritten(config.clone(), Records::Lines, data).as_deref(), Some(wanted));
    }
}

#[test]
fn what_json_that_is_cut_off_says_is_masked_up_to_the_end_of_the_text() {
    let control = Control::new(&rules(r#"[{"preset":"email"},{"key":"password"}]"#)).unwrap();
    for (text, wanted) in [
        (r#"{"password":"pwbro"#, r#"{"password":"[masked]""#),
        (r#"{"a":1,"password" : "pw","n":tr"#, r#"{"a":1,"password" : "[masked]","n":tr"#),
        (r#"{"password":"half\u00"#, r#"{"password":"[masked]""#),
        (r#"{"password":12."#, r#"{"password":"[masked]""#),
        (r#"{"password":[1,["x"#, r#"{"password":"[masked]""#),
        (r#"{"password":{"old":"x"},"y":{"z":"#, r#"{"password":"[masked]","y":{"z":"#),
        (r#"{"pass\u0077ord":"x"#, r#"{"pass\u0077ord":"[masked]""#),
        (r#"{"args":"{\"password\":\"pw"#, r#"{"args":"{\"password\":\"[masked]\""#),
        (r#"{"args":"{\"to\":\"a\\u0040b.example\"}","#, r#"{"args":"{\"to\":\"[email]\"}","#),
        (r#"the "hi," {"password":"x"#, r#"the "hi," {"password":"[masked]""#),
        (r#"a "password": none, "password":"#, r#"a "password": none, "password":"#),
        (r#"{"password":null,"other":"x"#, r#"{"password":null,"other":"x"#),
    ] {
        assert_eq!(control.rewrite_text(1, "input", text), wanted, "{text}");
    }
}

#[test]
fn members_are_masked_by_their_names_however_they_are_written() {
    let config = rules(r#"[{"key":"api_key"},{"key":"password","replace":"-"},{"key":"input"}]"#);
    for (data, wanted) in [
        (
            r#"{"metadata":{"API-Key":"x","apiKey":"y","key":"z"}}"#,
            r#"{"metadata":{"API-Key":"[masked]","apiKey":"[masked]","key":"z"}}"#,
        ),
        (r#"{"data":{"a":{"password":{"deep":[1]}},"b":1}}"#, r#"{"data":{"a":{"password":"-"},"b":1}}"#),
        (r#"{"password":[1],"x":2}"#, r#"{"password":"-","x":2}"#),
        (r#"{"input":"all","messages":[]}"#, r#"{"input":"[masked]","messages":[]}"#),
        (r#"{"args":"{\"password\":\"hunter2\"}"}"#, r#"{"args":"{\"password\":\"-\"}"}"#),
    ] {
        assert_eq!(rewritten(config.clone(), Records::Lines, data).as_deref(), Some(wanted));
    }
}

#[test]
fn expressions_are_the_callers() {
    let config = rules(r#"[{"regex":"C-[0-9]{4,}","replace":"[customer]","name":"customers"}]"#);
    let wanted = r#"{"input":"[customer] and [customer], not C-12"}"#;
    let data = r#"{"input":"C-1234 and C-99999, not C-12"}"#;
    assert_eq!(rewritten(config, Records::Lines, data).as_deref(), Some(wanted));
}

#[test]
fn a_rule_that_cannot_be_used_is_named() {
    for (text, wanted) in [
        ("{}", "masks_json: an array of rules"),
        ("[", "masks_json: not JSON"),
        (r#"[{"preset":"email"},{"preset":"mail"}]"#, "masks_json: rule 2: \"mail\" is none of the presets"),
        (
            r#"[{"regex":"(","name":"cust"}]"#,
            "masks_json: rule 1 (\"cust\"): the expression \"(\" cannot be used",
        ),
        (r#"[{"regex":"(?=x)"}]"#, "masks_json: rule 1: the expression"),
        (r#"[{"regex":"a*"}]"#, "finds the empty text"),
        (r#"[{"regex":"a{1000}{1000}{1000}"}]"#, "cannot be used"),
        (r#"[{"preset":"email","key":"x"}]"#, "exactly one of"),
        (r#"[{"replace":"x"}]"#, "exactly one of"),
        (r#"[{"key":""}]"#, "key is empty"),
        (r#"[{"key":3}]"#, "key is no text"),
        (r#"[{"key":"x","replcae":"y"}]"#, "\"replcae\" is none of"),
        ("[3]", "rule 1: is no object"),
    ] {
        let error = Rules::parse("masks_json", text).err().unwrap();
        assert_eq!(error.status, crate::status::Status::InvalidArgument);
        assert!(error.detail.contains(wanted), "{text}: {}", error.detail);
    }
}

#[test]
fn an_expression_takes_time_that_is_linear_in_the_text() {
    let config = rules(
        r#"[{"regex":"(a+)+$x"},{"preset":"email"},{"preset":"card"},{"preset":"phone"},{"preset":"ip"}]"#,
    );
    let control = Control::new(&config).unwrap();
    for piece in ["a", "@", "1 ", "1.", "a:", "%40", "12-", "{\"", "-----BEGIN ", "://a:"] {
        let text = piece.repeat(200_000 / piece.len());
        control.rewrite_text(1, "input", &text);
    }
}

#[test]
fn content_stays_here_and_the_rest_goes() {
    let config = ControlConfig { capture_content: false, ..ControlConfig::default() };
    for (data, wanted) in [
        (r#"{"name":"n","tags":{"a":"b"},"input":"secret"}"#, Some(r#"{"name":"n","tags":{"a":"b"}}"#)),
        (r#"{"input":"secret"}"#, None),
        (r#"{"output":"secret"}"#, None),
        (r#"{}"#, Some("{}")),
        (r#"{"messages":[{"content":"secret"}],"model":"m"}"#, Some(r#"{"messages":[],"model":"m"}"#)),
        (r#"{"docs":["secret"]}"#, Some(r#"{"docs":[]}"#)),
        (
            r#"{"modelParameters":{"temperature":"0.5","stream":"true","system":"secret","stop":"[\"secret\"]"}}"#,
            Some(r#"{"modelParameters":{"temperature":"0.5","stream":"true"}}"#),
        ),
        (
            r#"{"id":"t","name":"tool","args":"secret","description":"d"}"#,
            Some(r#"{"id":"t","name":"tool","description":"d"}"#),
        ),
        (r#"{"result":"secret"}"#, None),
        (
            r#"{"result":{"id":"r","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"secret","reasoning_content":"secret","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"secret"}}]},"logprobs":{"content":[{"token":"secret","bytes":[115]}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens_details":{"reasoning_tokens":2}}}}"#,
            Some(
                r#"{"result":{"id":"r","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":""}}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens_details":{"reasoning_tokens":2}}}}"#,
            ),
        ),
        (
            r#"{"result":{"error":{"message":"too many","code":"429","type":"rate"},"id":"r"}}"#,
            Some(r#"{"result":{"error":{"message":"too many","code":"429","type":"rate"},"id":"r"}}"#),
        ),
        (r#"{"score":1,"comment":"secret"}"#, Some(r#"{"score":1}"#)),
        (
            r#"{"with":"variables","variables":{"input":"secret"},"evaluators":["e"]}"#,
            Some(r#"{"with":"variables","evaluators":["e"]}"#),
        ),
        (r#"{"whatever":"secret","id":"x"}"#, Some(r#"{"id":"x"}"#)),
    ] {
        assert_eq!(rewritten(config.clone(), Records::Lines, data).as_deref(), wanted, "{data}");
    }
    let entry = r#"{"level":"error","message":"secret","data":{"x":"secret"},"errorName":"E","errorStack":"secret","userId":"u","timestamp":1}"#;
    let wanted = r#"{"level":"error","message":"[withheld]","errorName":"E","userId":"u","timestamp":1}"#;
    assert_eq!(rewritten(config, Records::Entries, entry).as_deref(), Some(wanted));
}

#[test]
fn a_long_text_is_cut_at_a_character_and_marked() {
    let config = ControlConfig { max_field_bytes: Some(10), ..ControlConfig::default() };
    let wanted = r#"{"input":"aaaaaaaaa… [cut from 13 bytes]","name":"short"}"#;
    let data = r#"{"input":"aaaaaaaaaéaa","name":"short"}"#;
    assert_eq!(rewritten(config.clone(), Records::Lines, data).as_deref(), Some(wanted));
    let message = "x".repeat(20_000);
    let config = ControlConfig { max_field_bytes: Some(1 << 20), ..ControlConfig::default() };
    let entry = rewritten(config, Records::Entries, &format!(r#"{{"message":"{message}"}}"#)).unwrap();
    let message = entry.strip_prefix(r#"{"message":""#).unwrap().strip_suffix("\"}").unwrap();
    assert_eq!(message.chars().count(), 10_000);
    assert!(message.ends_with("x… [cut from 20000 bytes]"));
}

struct Host(fn(&str, &str) -> Masked);

impl Mask for Host {
    fn mask(&self, _: i32, field: &str, text: &str) -> Masked {
        (self.0)(field, text)
    }
}

fn host(mask: fn(&str, &str) -> Masked, budget: Duration) -> ControlConfig {
    ControlConfig { mask: Some(Arc::new(Host(mask))), budget, ..ControlConfig::default() }
}

#[test]
fn the_hosts_mask_sees_every_text_with_its_place_and_may_replace_it() {
    let config = host(
        |field, text| match field {
            "messages.content" | "args.to" => Masked::Replaced(format!("<{text}>")),
            "name" => Masked::Failed,
            _ => Masked::Same,
        },
        DEFAULT_BUDGET,
    );
    let data = r#"{"id":"x","name":"n","messages":[{"role":"user","content":"c"}],"args":"{\"to\":\"a\",\"b\":\"c\"}"}"#;
    let wanted = r#"{"id":"x","name":"[dropped: a mask failed]","messages":[{"role":"user","content":"<c>"}],"args":"{\"to\":\"<a>\",\"b\":\"c\"}"}"#;
    assert_eq!(rewritten(config, Records::Lines, data).as_deref(), Some(wanted));
}

#[test]
fn a_mask_without_time_left_costs_the_texts_and_not_the_record() {
    let config = host(
        |_, text| {
            std::thread::sleep(Duration::from_millis(2));
            Masked::Replaced(text.to_owned())
        },
        Duration::from_millis(1),
    );
    let control = Control::new(&config).unwrap();
    let mut out = Buffer::new();
    assert!(control.rewrite(Records::Lines, 1, br#"{"id":"x","name":"n","input":"i"}"#, &mut out));
    let wanted = r#"{"id":"x","name":"[dropped: a mask failed]","input":"[dropped: a mask failed]"}"#;
    assert_eq!(String::from_utf8(out.into_vec()).unwrap(), wanted);
    assert_eq!(control.failed(), 2);
}
