//! What is patched in an answer, what is told of it, and what is an error, by tables.

use super::*;

/// What is odd in an OpenAI-like body: a way to a member, what is put there (`-`: nothing), and what stands there,
/// or at another way, afterwards.
const PATCHED: &[(&str, &str, &str, &str)] = &[
    ("/id", "-", "/id", "<uuid>"),
    ("/id", "7", "/id", r#""7""#),
    ("/object", "-", "/object", r#""chat.completion""#),
    ("/created", "-", "/created", "<now>"),
    ("/created", "1700000000.5", "/created", "1700000001"),
    ("/created", r#""1700000000""#, "/created", "1700000000"),
    ("/created", r#""2023-11-14T22:13:20Z""#, "/created", "1700000000"),
    ("/model", "-", "/model", r#""model-of-the-generation""#),
    ("/choices/0/index", "-", "/choices/0/index", "0"),
    ("/choices/0/index", r#""0""#, "/choices/0/index", "0"),
    ("/choices/0/finish_reason", "1", "/choices/0/finish_reason", r#""1""#),
    ("/choices/0/finish_reason", r#""model_length""#, "/choices/0/finish_reason", r#""length""#),
    ("/choices/0/message", "-", "/choices/0/message", r#"{"content":null,"role":"assistant"}"#),
    ("/choices/0/message", r#""t""#, "/choices/0/message/content", r#""t""#),
    ("/choices/0/message/role", "-", "/choices/0/message/role", r#""assistant""#),
    ("/choices/0/message/content", "5", "/choices/0/message/content", r#""5""#),
    (
        "/choices/0/message/content",
        r#"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"a"},{"type":"reference","reference_ids":[1]}]"#,
        "/choices/0/message",
        r#"{"role":"assistant","tool_calls":[{"function":{"arguments":"{}","name":"f"},"id":"c","type":"function"}],"content":"a","reasoning_content":"hm","other_content":[{"type":"reference","reference_ids":[1]}]}"#,
    ),
    (
        "/choices/0/message/content",
        r#"[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"text","text":"a"}]"#,
        "/choices/0/message/reasoning_content",
        r#""hm""#,
    ),
    ("/choices/0/message/function_call", "[]", "/choices/0/message/function_call", "-"),
    ("/choices/0/message/tool_calls", "{}", "/choices/0/message/tool_calls/0/id", "<uuid>"),
    ("/choices/0/message/tool_calls", "7", "/choices/0/message/tool_calls", "-"),
    ("/choices/0/message/tool_calls/0/id", "-", "/choices/0/message/tool_calls/0/id", "<uuid>"),
    (
        "/choices/0/message/tool_calls/0/function/arguments",
        r#"{"a":1}"#,
        "/choices/0/message/tool_calls/0/function/arguments",
        r#""{\"a\":1}""#,
    ),
    ("/usage", "{}", "/usage", "-"),
    ("/usage", r#""none""#, "/usage", "-"),
    ("/usage/prompt_tokens", "1.0", "/usage/prompt_tokens", "1"),
    ("/usage/prompt_tokens", r#""1""#, "/usage/prompt_tokens", "1"),
    ("/usage/completion_tokens", "-", "/usage/completion_tokens", "2"),
    ("/usage/total_tokens", "null", "/usage/total_tokens", "3"),
    ("/error", r#""it broke""#, "/error/message", r#""it broke""#),
];

#[test]
fn what_the_log_api_would_not_take_of_a_completion_is_patched_in_its_place() {
    let plain = json!({"id": "x", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "t", "tool_calls":
            [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}, "its_own": {"kept": true}});
    assert_eq!(known(plain.clone()), plain);
    for (way, new, look, wanted) in PATCHED {
        let mut odd = plain.clone();
        let (parent, name) = way.rsplit_once('/').expect("a way");
        let parent = odd.pointer_mut(parent).expect("a parent");
        match (*new, parent.as_object_mut()) {
            ("-", Some(members)) => drop(members.shift_remove(name)),
            (new, Some(members)) => drop(members.insert(name.to_owned(), parse(new))),
            _ => parent[name.parse::<usize>().expect("an index")] = parse(new),
        }
        let patched = known(odd);
        let wanted = match *wanted {
            "-" => None,
            "<uuid>" | "<now>" => Some(Value::from(*wanted)),
            json => Some(parse(json)),
        };
        let got = patched.pointer(look);
        let differs = match (&wanted, got) {
            (Some(wanted), Some(got)) => difference(wanted, got, look),
            (None, None) => None,
            _ => Some(format!("expected {wanted:?}, got {got:?}")),
        };
        assert_eq!(differs, None, "{way} = {new}: {patched}");
        assert_eq!(patched["its_own"], plain["its_own"]);
    }
}

/// What providers send in place of an answer, and what the log API is told: message, code and type.
const ERRORS: &[(&str, [&str; 3])] = &[
    (
        r#"{"error":{"message":"Bad","type":"invalid_request_error","param":null,"code":"invalid_image_url"}}"#,
        ["Bad", "invalid_image_url", "invalid_request_error"],
    ),
    (
        r#"{"type":"error","error":{"type":"not_found_error","message":"model: x"},"request_id":"req_1"}"#,
        ["model: x", "", "not_found_error"],
    ),
    (
        r#"[{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}]"#,
        ["Quota", "429", "RESOURCE_EXHAUSTED"],
    ),
    (
        r#"{"message":"The provided model identifier is invalid."}"#,
        ["The provided model identifier is invalid.", "", ""],
    ),
    (r#"{"Message":"Denied","__type":"AccessDeniedException"}"#, ["Denied", "", "AccessDeniedException"]),
    (r#"{"id":"1","message":"invalid api token"}"#, ["invalid api token", "", ""]),
    (
        r#"{"object":"error","message":"Unauthorized","type":"invalid","code":"1900","raw_status_code":401}"#,
        ["Unauthorized", "1900", "invalid"],
    ),
    (r#"{"detail":"Provided API key is invalid."}"#, ["Provided API key is invalid.", "", ""]),
    (
        r#"{"detail":[{"type":"missing","loc":["body","model"],"msg":"Field required"},{"msg":"Another"}]}"#,
        ["Field required; Another", "", ""],
    ),
    (r#"{"error":"model 'x' not found"}"#, ["model 'x' not found", "", ""]),
    (
        r#"{"error":["Error in `inputs.context`: field required"]}"#,
        ["Error in `inputs.context`: field required", "", ""],
    ),
    (r#"{"error":{"code":401,"message":"No"},"user_id":"u"}"#, ["No", "401", ""]),
    (
        r#"[{"modelStreamErrorException":{"message":"Broken","originalStatusCode":500}}]"#,
        ["Broken", "", "modelStreamErrorException"],
    ),
    (r#"{"error_code":110,"error_msg":"Access token invalid"}"#, ["Access token invalid", "110", ""]),
    (
        r#"{"errors":[{"code":"token_limit","message":"Too long"}],"trace":"t","status_code":400}"#,
        ["Too long", "400", ""],
    ),
];

#[test]
fn a_providers_error_is_the_generations() {
    for (body, [message, code, kind]) in ERRORS {
        let normal = normalise(parse(body));
        assert_eq!(normal.found, Found::Failure, "{body}");
        let error = &normal.value["error"];
        assert_eq!(
            [&error["message"], &error["code"], &error["type"]],
            [message, code, kind],
            "{body}: {error}"
        );
        assert!(normal.value["id"].is_string());
    }
}

/// What providers and what stands between them and a client say of a request that fares well.
const SUCCESSES: &[&str] = &[
    r#"{"success":true,"message":"completed"}"#,
    r#"{"code":200,"message":"OK","request_id":"r"}"#,
    r#"{"code":"0","message":"success"}"#,
    r#"{"status":"queued","message":"processing"}"#,
    r#"{"statusCode":201,"message":"Created","success":true}"#,
    r#"{"id":"1","status":"IN_PROGRESS","detail":"half done"}"#,
];

/// What fails says so somewhere, whatever else it says.
const NO_SUCCESSES: &[&str] = &[
    r#"{"success":false,"code":0,"message":"No"}"#,
    r#"{"success":true,"code":400,"message":"No"}"#,
    r#"{"code":0,"type":"server_error","message":"No"}"#,
    r#"{"object":"error","code":200,"message":"No"}"#,
    r#"{"status":0,"message":"Network error"}"#,
    r#"{"status":"ok","code":"rate_limited","message":"No"}"#,
    r#"{"success":true,"errors":[{"message":"No"}]}"#,
    r#"{"code":200,"error":"No"}"#,
];

#[test]
fn an_event_that_tells_of_success_is_no_error_of_a_stream() {
    let chunk =
        json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "so far"}}]});
    let cohere = json!({"event_type": "text-generation", "text": "so far"});
    let streams = |told: &Value| {
        [
            json!([chunk, told]),
            json!([told, chunk]),
            json!([cohere, told]),
            json!([{"data": chunk}, told]),
            json!([{"event": "message", "data": chunk.to_string()}, told]),
        ]
    };
    for told in SUCCESSES {
        assert_ne!(normalise(parse(told)).found, Found::Failure, "{told}");
        for stream in streams(&parse(told)) {
            let came = known(stream.clone());
            assert_eq!(came["choices"][0]["message"]["content"], "so far", "{stream}: {came}");
            assert_eq!(came.get("error").filter(|error| !error.is_null()), None, "{stream}: {came}");
        }
    }
    for told in NO_SUCCESSES {
        assert_eq!(normalise(parse(told)).found, Found::Failure, "{told}");
        for stream in streams(&parse(told)) {
            let came = known(stream.clone());
            assert_eq!(came["choices"][0]["message"]["content"], "so far", "{stream}: {came}");
            assert!(came["error"]["message"].is_string(), "{stream}: {came}");
        }
    }
}

#[test]
fn a_stream_that_ends_in_an_error_keeps_what_came() {
    let error = json!({"error": {"message": "Overloaded", "type": "overloaded_error"}});
    let streams = [
        json!([{"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "so far"}}]}, error]),
        json!([{"choices": [{"index": 0, "text": "so far"}]}, error]),
        json!([{"type": "message_start", "message": {"id": "m"}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "so far"}},
            {"type": "error", "error": error["error"]}]),
        json!([{"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "so far"}}},
            {"throttlingException": {"message": "Overloaded"}}]),
        json!([{"type": "message-start", "id": "c"},
            {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "so far"}}}}, error]),
        json!([{"event_type": "text-generation", "text": "so far"}, error]),
        json!([{"candidates": [{"content": {"parts": [{"text": "so far"}]}}]}, error]),
        json!([{"model": "l", "message": {"role": "assistant", "content": "so far"}, "done": false}, error]),
        json!([{"generation": "so far", "stop_reason": null}, error]),
        json!([{"event_type": "step.start", "index": 0, "step": {"type": "model_output"}},
            {"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "so far"}}, error]),
    ];
    for stream in streams {
        let came = known(stream.clone());
        let choice = &came["choices"][0];
        let text = choice.pointer("/message/content").or_else(|| choice.get("text"));
        assert_eq!(text, Some(&json!("so far")), "{stream}: {came}");
        assert_eq!(came["error"]["message"], "Overloaded", "{stream}: {came}");
        assert_eq!(choice["finish_reason"], Value::Null);
    }
    let responses =
        known(json!([{"type": "response.created", "response": {"id": "r", "object": "response"}},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "so far"},
        {"type": "error", "code": "rate_limit_exceeded", "message": "Overloaded"}]));
    assert_eq!(responses["output"][0]["content"][0]["text"], "so far");
    assert_eq!(responses["error"]["message"], "Overloaded");
}

#[test]
fn a_new_id_under_a_known_index_is_a_new_call() {
    let chunk = |call: Value| json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]});
    let stream = json!([
        chunk(json!({"index": 0, "id": "a", "function": {"name": "get_weather", "arguments": "{\"x\""}})),
        chunk(json!({"index": 0, "function": {"arguments": ":1}"}})),
        chunk(json!({"index": 0, "id": "b", "function": {"name": "get_time", "arguments": "{"}})),
        chunk(json!({"index": 0, "id": "b", "function": {"name": "get_time", "arguments": "}"}})),
    ]);
    let calls = known(stream)["choices"][0]["message"]["tool_calls"].take();
    let read: Vec<_> =
        calls.as_array().expect("calls").iter().map(|call| (&call["id"], &call["function"])).collect();
    assert_eq!(
        json!(read),
        json!([
            ["a", {"name": "get_weather", "arguments": "{\"x\":1}"}],
            ["b", {"name": "get_time", "arguments": "{}"}],
        ])
    );
}

#[test]
fn several_answers_in_one_array_are_told_apart() {
    let chunk = |id: &str, text: &str, end: Value| json!({"id": id, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": end}]});
    let two = json!([chunk("a", "one", json!("stop")), chunk("b", "two", json!("stop"))]);
    // Another id alone does not begin another answer.
    let one = json!([chunk("a", "one ", Value::Null), chunk("b", "two", json!("stop"))]);
    let anthropic = |id: &str, text: &str| {
        [
            json!({"type": "message_start", "message": {"id": id}}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": text}}),
        ]
    };
    let messages = json!([anthropic("a", "one"), anthropic("b", "two")].concat());
    let whole = |id: &str, text: &str| json!({"id": id, "created": 1, "choices": [{"message": {"role": "assistant", "content": text}}]});
    let wholes = json!([whole("a", "one"), whole("b", "two")]);
    let text = |value: &Value| value["choices"][0]["message"]["content"].clone();
    assert_eq!(text(&known(one)), "one two");
    for several in [two, messages, wholes] {
        let told = known(several);
        assert_eq!((text(&told), &told["id"]), (json!("two"), &json!("b")), "{told}");
        assert_eq!(
            (text(&told["earlier_responses"][0]), &told["earlier_responses"][0]["id"]),
            (json!("one"), &json!("a"))
        );
    }
    assert_eq!(text(&known(json!([whole("a", "one")]))), "one");
    let response = |id: &str| {
        [
            json!({"type": "response.created", "response": {"id": id, "object": "response", "output": []}}),
            json!({"type": "response.completed", "response": {"id": id, "object": "response", "output": []}}),
        ]
    };
    let told = known(json!([response("a"), response("b")].concat()));
    assert_eq!((&told["id"], &told["earlier_responses"][0]["id"]), (&json!("b"), &json!("a")));
}

/// What is of no known shape, and what a person is told.
const UNKNOWN: &[(&str, &str)] = &[
    (r#"{"id":"x","choices":"bad"}"#, "an object with `id`, `choices` is none"),
    (r#""string""#, "a string is none of the results that are known"),
    ("null", "null is none of the results"),
    ("[]", "an empty array is none of the results"),
    ("{}", "an empty object is none of the results"),
    ("[[[]]]", "an array of arrays is none of the results"),
    (r#"[{"a":1}]"#, "an array that begins with an object with `a` is none of the results"),
    (
        r#"[{"type":"reasoning","id":"rs_1","summary":[]},{"type":"message","role":"assistant","content":[]}]"#,
        "an array that begins with an object with `type`, `id`, `summary` is none of the results",
    ),
    (r#"{"totalTokens":5}"#, "an object with `totalTokens` is none of the results"),
    (r#"{"object":"thread.run","id":"run_1","status":"queued"}"#, "an object with `object`, `id`, `status`"),
    (
        r#"{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0}"#,
        "an object with `1`, `2`, `3`, `4`, `5`, `6`, `7`, `8`, … is none of the results",
    ),
];

#[test]
fn what_is_of_no_known_shape_comes_out_as_it_came_with_a_reason() {
    for (input, reason) in UNKNOWN {
        let normal = normalise(parse(input));
        assert_eq!(normal.value, parse(input));
        let Found::Unknown(told) = &normal.found else { panic!("{input}: {:?}", normal.found) };
        assert!(told.contains(reason), "{input}\n  told: {told}\n  wanted: {reason}");
    }
}

#[test]
fn a_reason_stays_short_and_whole_whatever_the_names() {
    let normal = normalise(json!({ "é".repeat(10_000): 1 }));
    assert!(matches!(normal.found, Found::Unknown(told) if told.len() < 1_000));
}

#[test]
fn generated_images_and_sounds_are_attached() {
    let bytes = [
        json!({"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}]}}]}),
        json!({"created": 1, "data": [{"b64_json": "aGk="}], "output_format": "png"}),
        json!({"output": {"message": {"content": [{"image": {"format": "png", "source": {"bytes": "aGk="}}}]}}}),
        json!({"object": "interaction", "steps": [{"type": "model_output", "content": [{"type": "image", "mime_type": "image/png", "data": "aGk="}]}]}),
    ];
    for response in bytes {
        let normal = normalise(response);
        let [(id, media)] = &normal.media[..] else { panic!("{}", normal.value) };
        assert_eq!((media.mime(), &media.content), (Some("image/png"), &Stored::Bytes(b"hi".to_vec())));
        let image = &normal.value["choices"][0]["message"]["images"][0];
        assert_eq!(
            (&image["attachment_id"], &image["mime_type"]),
            (&json!(id.as_str()), &json!("image/png"))
        );
    }
    let links = [
        json!({"created": 1, "data": [{"url": "https://images.test/1.png", "revised_prompt": "A cat"}]}),
        json!({"id": "p", "status": "succeeded", "output": ["https://images.test/1.png"], "urls": {}}),
    ];
    for response in links {
        let normal = normalise(response);
        let [(_, media)] = &normal.media[..] else { panic!("{}", normal.value) };
        assert_eq!(media.content, Stored::Url("https://images.test/1.png".to_owned()));
        assert_eq!(normal.value["choices"][0]["message"]["images"][0]["url"], "https://images.test/1.png");
    }
}

#[test]
fn of_embeddings_the_numbers_of_values_are_kept_and_not_the_values() {
    for body in [
        json!({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.25, 0.5, 0.75]}], "model": "m"}),
        json!({"embeddings": [[0.25, 0.5, 0.75]], "model": "m"}),
        json!({"embedding": {"values": [0.25, 0.5, 0.75]}}),
        json!({"id": "e", "embeddings": {"float": [[0.25, 0.5, 0.75]]}, "texts": ["t"]}),
        json!([vec![0.25; 384], vec![0.25; 384]]),
        json!(vec![0.25; 384]),
    ] {
        let told = known(body.clone()).to_string();
        assert!(told.contains(r#"{"dimensions":3"#) && !told.contains("0.25"), "{body}: {told}");
    }
    // Numbers that nothing calls an embedding may be anybody's.
    for numbers in [json!([0.25, 0.5]), json!([[1, 2], [3, 4]]), json!((0..500).collect::<Vec<i32>>())] {
        assert_eq!(normalise(numbers.clone()).value, numbers);
    }
}

#[test]
fn the_chunks_in_the_lines_of_a_log_are_put_together() {
    let chunk = |delta: Value| json!({"object": "chat.completion.chunk", "id": "c", "choices": [{"index": 0, "delta": delta}]});
    let chunks = [
        chunk(json!({"role": "assistant", "content": "At"})),
        chunk(json!({"content": " noon."})),
        json!({"object": "chat.completion.chunk", "id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    ];
    let line = |(at, chunk): (usize, &Value)| format!("2024-05-01T12:00:0{at}.123Z INFO chunk={chunk}\n");
    let log: String = chunks.iter().enumerate().map(line).collect();
    for log in [
        log.clone(),
        format!("{log}2024-05-01T12:00:09Z INFO [DONE]\n"),
        log.replace("INFO chunk=", "data: "),
    ] {
        let result = known(Value::String(log));
        assert_eq!(result["choices"][0]["message"]["content"], "At noon.");
        assert_eq!(result["choices"][0]["finish_reason"], "stop");
    }
}

#[test]
fn calls_that_have_neither_an_id_nor_an_index_stay_apart() {
    let function = |name: &str, city: &str| json!({"function": {"name": name, "arguments": format!("{{\"city\": \"{city}\"}}")}});
    let chunk = |calls: Value| json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"tool_calls": calls}}]});
    let (one, two) = (function("get_weather", "Oslo"), function("get_time", "Rome"));
    for chunks in [json!([chunk(json!([one])), chunk(json!([two]))]), json!([chunk(json!([one, two]))])] {
        let calls = known(chunks)["choices"][0]["message"]["tool_calls"].clone();
        let read = |call: &Value| (call["function"]["name"].clone(), call["function"]["arguments"].clone());
        assert_eq!(
            calls.as_array().unwrap().iter().map(read).collect::<Vec<_>>(),
            [
                ("get_weather".into(), "{\"city\": \"Oslo\"}".into()),
                ("get_time".into(), "{\"city\": \"Rome\"}".into()),
            ]
        );
    }
    // A name and arguments in pieces are one call's.
    let piece = |name: &str, text: &str| chunk(json!([{"function": {"name": name, "arguments": text}}]));
    let calls = known(json!([
        piece("get_", ""),
        piece("weather", "{\"ci"),
        chunk(json!([{"function": {"arguments": "ty\": \"Oslo\"}"}}]))
    ]));
    assert_eq!(calls["choices"][0]["message"]["tool_calls"].as_array().unwrap().len(), 1);
    assert_eq!(
        calls["choices"][0]["message"]["tool_calls"][0]["function"],
        json!({"name": "get_weather", "arguments": "{\"city\": \"Oslo\"}"})
    );
}

#[test]
fn what_stands_beside_an_error_is_kept() {
    let both =
        known_error(json!({"error": {"message": "cut off"}, "answer": "Half of it", "request_id": "r"}));
    assert_eq!((&both["error"]["message"], &both["answer"]), (&json!("cut off"), &json!("Half of it")));
    let events = known_error(json!([{"step": "one"}, {"error": {"message": "no"}}]));
    assert_eq!(events["events"], json!([{"step": "one"}]));
    let one =
        known_error(json!([{"error": {"message": "no"}, "answer": "Half"}, {"error": {"message": "again"}}]));
    assert_eq!((&one["answer"], &one["events"]), (&json!("Half"), &json!([{"error": {"message": "again"}}])));
    let texts =
        known_error(json!({"error": "Bad Request", "message": "no such model", "code": "m1"}))["error"]
            .clone();
    assert_eq!(
        (&texts["message"], &texts["detail"], &texts["code"]),
        (&json!("Bad Request"), &json!("no such model"), &json!("m1"))
    );
    for own in
        [json!([{"message": "a"}, {"message": "b"}]), json!({"title": "A book", "url": "https://a.test"})]
    {
        assert_eq!(normalise(own.clone()).value, own);
    }
}

fn known_error(value: Value) -> Value {
    let normal = normalise(value.clone());
    assert_eq!(normal.found, Found::Failure, "{value}");
    normal.value
}

#[test]
fn answers_that_say_little_are_answers_all_the_same() {
    let text = "Take an umbrella.";
    let little = [
        json!({"generation": text}),
        json!([{"generation": text}]),
        json!({"generations": [{"text": text, "generation_info": {}}], "llm_output": {}}),
        json!({"results": [{"text": text, "finish_reason": "stop", "seed": 3}], "model": "koboldcpp"}),
        json!({"candidates": [{"text": text, "metadata": {"finish_reason": "stop"}}], "metadata": {"input_tokens": 1}}),
        json!({"status": "finished", "model": "m", "output": {"choices": [{"text": text}], "result_type": "inference"}}),
        json!({"status": 200, "statusText": "OK", "headers": {}, "data": {"text": text}}),
        json!({"statusCode": 200, "body": json!({"text": text}).to_string()}),
    ];
    for answer in little {
        let normal = normalise(answer.clone());
        assert!(matches!(normal.found, Found::Known(_)), "{answer}: {:?}", normal.found);
        assert!(normal.value.to_string().contains(text), "{answer}: {}", normal.value);
    }
}
