/*
 * Wrong input gets the right status and a message that says what is wrong, and nothing is logged.
 * Prints one line for each disagreement; the server's count shows that nothing else was sent.
 */
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>

static int failures;

#define EXPECT(wanted, part, call)                                                                       \
    do {                                                                                                 \
        maxim_status got = (call);                                                                       \
        if (got != (wanted) || !strstr(maxim_last_error(), part)) {                                      \
            printf("line %d: %s: \"%s\", wanted %s with \"%s\"\n", __LINE__, maxim_status_str(got),      \
                   maxim_last_error(), maxim_status_str(wanted), part);                                  \
            failures++;                                                                                  \
        }                                                                                                \
    } while (0)
#define EXPECT_OK(call) EXPECT(MAXIM_OK, "", call)

/* The calls that most of this is about. */
#define TAG_OF(...) maxim_trace_add_tag(__VA_ARGS__)

/* NULL where the header says that it must not be: clang warns of the constant. */
static maxim_logger **nowhere, *nobody;
#define TAG(...) TAG_OF(logger, __VA_ARGS__)
#define TAGS(...) maxim_trace_add_tags(logger, id, __VA_ARGS__)
#define METADATA(json) maxim_trace_add_metadata(logger, id, json)
#define SPAN(...) maxim_trace_add_span(logger, id, __VA_ARGS__)

int main(void) {
    const maxim_str key = MAXIM_STR("k"), value = MAXIM_STR("v"), id = MAXIM_STR("t-1"), none = maxim_str_z(NULL);
    maxim_logger *logger = (maxim_logger *)&failures;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;

    /* A logger that cannot be. */
    EXPECT(MAXIM_ERR_NULL_POINTER, "out", maxim_logger_new(&config, nowhere));
    /* NULL is the defaults, and by default the key comes from the environment. */
    EXPECT(MAXIM_ERR_NOT_CONFIGURED, "MAXIM_API_KEY", maxim_logger_new(NULL, &logger));
    EXPECT(MAXIM_ERR_NOT_CONFIGURED, "MAXIM_API_KEY", maxim_logger_new(&config, &logger));
    if (logger != NULL) {
        printf("a failed maxim_logger_new left its output unset\n");
        failures++;
    }
    config.api_key = MAXIM_STR("key-0123456789");
    EXPECT(MAXIM_ERR_NOT_CONFIGURED, "MAXIM_LOG_REPO_ID", maxim_logger_new(&config, &logger));
    config.repository_id = MAXIM_STR("repo\n");
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "line break", maxim_logger_new(&config, &logger));
    config.repository_id = MAXIM_STR("repo");
    config.flush_interval_ms = 0;
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "flush_interval_ms", maxim_logger_new(&config, &logger));
    config.flush_interval_ms = 10000;
    config.overflow_policy = 9;
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "overflow_policy", maxim_logger_new(&config, &logger));
    config.overflow_policy = 0;
    config.base_url = MAXIM_STR("http://example.com");
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "unencrypted", maxim_logger_new(&config, &logger));
    config.base_url = MAXIM_STR("ftp://example.com");
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "scheme", maxim_logger_new(&config, &logger));
    config.base_url = MAXIM_STR("https://user:password@example.com");
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "user name or password", maxim_logger_new(&config, &logger));
    config.base_url = MAXIM_STR("not a url");
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "base_url", maxim_logger_new(&config, &logger));
    config.base_url = maxim_str_z(getenv("MAXIM_BASE_URL"));
    config.struct_size = 0;
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "struct_size", maxim_logger_new(&config, &logger));
    config.struct_size = sizeof config;
    EXPECT_OK(maxim_logger_new(&config, &logger));

    /* Ids. */
    EXPECT(MAXIM_ERR_INVALID_ID, "trace_id", TAG(MAXIM_STR("bad/id"), key, value));
    EXPECT(MAXIM_ERR_INVALID_ID, "trace_id", TAG(MAXIM_STR(""), key, value));
    EXPECT(MAXIM_ERR_INVALID_ID, "a\\n", TAG(MAXIM_STR("a\n"), key, value));
    EXPECT(MAXIM_ERR_INVALID_ID, "a}", TAG(MAXIM_STR("a}"), key, value));
    EXPECT(MAXIM_ERR_INVALID_ID, "", TAG(maxim_str_n("a\0b", 3), key, value));
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "trace_id: must be given", TAG(none, key, value));
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "value: must be given", TAG(id, key, none));
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "length", TAG(id, key, maxim_str_n("x", SIZE_MAX - 1)));

    /* Strings. */
    EXPECT(MAXIM_ERR_INVALID_UTF8, "value: not UTF-8 at byte 2",
           TAG(id, key, MAXIM_STR("ab\xff")));
    EXPECT(MAXIM_ERR_INVALID_UTF8, "key", TAG(id, MAXIM_STR("\xc3"), value));

    /* JSON. */
    EXPECT(MAXIM_ERR_INVALID_JSON, "metadata_json: line 2, column", METADATA(MAXIM_STR("{\n\"a\" 1}")));
    EXPECT(MAXIM_ERR_INVALID_JSON, "metadata_json", METADATA(MAXIM_STR("[1]")));
    EXPECT(MAXIM_ERR_INVALID_JSON, "metadata_json", METADATA(MAXIM_STR("{} {}")));
    EXPECT(MAXIM_ERR_INVALID_JSON, "metadata_json", METADATA(MAXIM_STR("")));
    EXPECT(MAXIM_ERR_INVALID_JSON, "metadata_json", METADATA(MAXIM_STR("{\"a\":NaN}")));
    EXPECT(MAXIM_ERR_INVALID_UTF8, "metadata_json", METADATA(MAXIM_STR("{\"a\":\"\xff\"}")));
    char deep[1000];
    memset(deep, '[', sizeof deep);
    EXPECT(MAXIM_ERR_INVALID_JSON, "line 1", METADATA(maxim_str_n(deep, sizeof deep)));
    EXPECT(MAXIM_ERR_INVALID_RESULT, "result_json", maxim_generation_result(logger, id, MAXIM_STR("{\"id\":\"x\",\"choices\":\"bad\"}"), MAXIM_RESULT_STRICT));
    EXPECT(MAXIM_ERR_INVALID_RESULT, "result_json", maxim_generation_result(logger, id, MAXIM_STR("{\"error\":\"it broke\"}"), MAXIM_RESULT_STRICT));
    EXPECT(MAXIM_ERR_INVALID_JSON, "result_json", maxim_generation_result(logger, id, MAXIM_STR("{\"id\" 7}"), MAXIM_RESULT_STRICT));
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "flags", maxim_generation_result(logger, id, MAXIM_STR("{}"), 8));

    /* Numbers and lists. */
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "value", maxim_trace_add_metric(logger, id, key, 0.0 / 0.0));
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "total", maxim_generation_add_cost(logger, id, 0, 0, 1.0 / 0.0));
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "at least one", maxim_trace_evaluate_with_evaluators(logger, id, MAXIM_STR("[]")));
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "entity", maxim_commit(logger, 99, id, MAXIM_STR("update"), MAXIM_STR("{}")));
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "action", maxim_commit(logger, 0, id, MAXIM_STR("up,date"), MAXIM_STR("{}")));

    /* What is right is logged: seven lines with what follows. Pretty-printed JSON stays one line. */
    EXPECT_OK(METADATA(MAXIM_STR("{\r\n  \"seq-w-1\": [\n    1,\n    2\n  ]\n}\n")));
    EXPECT_OK(TAG(id, MAXIM_STR("k\0\"\n"), maxim_str_n("seq-w-2\0\n", 9)));
    /* A caller that was built when the struct ended after the name. */
    struct {
        size_t struct_size;
        maxim_str id, name;
        unsigned char garbage[64];
    } older = {offsetof(maxim_span_config, tags_json), MAXIM_STR("s-1"), MAXIM_STR("seq-w-3"), {0}};
    memset(older.garbage, 0xa5, sizeof older.garbage);
    maxim_id out_id;
    EXPECT_OK(SPAN((const maxim_span_config *)(const void *)&older, &out_id));
    if (strcmp(out_id.text, "s-1") != 0) {
        printf("out_id is %s\n", out_id.text);
        failures++;
    }
    /* Nor is anything written behind the numbers that an older caller knows. */
    for (size_t size = sizeof(size_t); size <= sizeof(maxim_stats); size++) {
        unsigned char numbers[sizeof(maxim_stats) + 64];
        memset(numbers, 0xa5, sizeof numbers);
        memcpy(numbers, &size, sizeof size);
        EXPECT_OK(maxim_logger_stats(logger, (maxim_stats *)(void *)numbers));
        for (size_t at = size; at < sizeof numbers; at++) {
            if (numbers[at] != 0xa5) {
                printf("maxim_stats of %zu bytes: byte %zu is written\n", size, at);
                failures++;
                break;
            }
        }
    }
    /* Callers that were built when the struct had another field, which this library must not ignore when set. */
    struct {
        maxim_span_config known;
        maxim_str redact;
    } newer = {.known = MAXIM_SPAN_CONFIG_INIT};
    newer.known.struct_size = sizeof newer;
    newer.redact = MAXIM_STR("all");
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "does not know", SPAN(&newer.known, NULL));
    memset(&newer.redact, 0, sizeof newer.redact);
    newer.known.name = MAXIM_STR("seq-w-6");
    EXPECT_OK(SPAN(&newer.known, NULL));

    /* An id of the longest sort comes back whole; one character more is none. */
    char longest[258];
    memset(longest, 'x', 257);
    longest[257] = 0;
    maxim_span_config span = MAXIM_SPAN_CONFIG_INIT;
    span.name = MAXIM_STR("seq-w-4");
    span.id = maxim_str_n(longest, 257);
    EXPECT(MAXIM_ERR_INVALID_ID, "id", SPAN(&span, &out_id));
    span.id = maxim_str_n(longest, 256);
    EXPECT_OK(SPAN(&span, &out_id));
    if (strlen(out_id.text) != 256 || strncmp(out_id.text, longest, 256) != 0) {
        printf("a long out_id is %s\n", out_id.text);
        failures++;
    }
    EXPECT_OK(SPAN(NULL, &out_id));
    if (strlen(out_id.text) != 36) {
        printf("without a config out_id is %s\n", out_id.text);
        failures++;
    }

    /* Members that a call has no use for are refused, not ignored. */
    maxim_trace_config trace = MAXIM_TRACE_CONFIG_INIT;
    trace.session_id = MAXIM_STR("s");
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "session_id: this call has no use", maxim_session_add_trace(logger, id, &trace, NULL));
    const maxim_tag one = {key, value};
    const struct {
        const char *refused;
        maxim_error_config given;
    } errors[] = {
        {"id: this call has no use", {.id = id}},
        {"name: this call has no use", {.name = id}},
        {"tags_json: this call has no use", {.tags_json = MAXIM_STR("{}")}},
        {"metadata_json: this call has no use", {.metadata_json = MAXIM_STR("{}")}},
        {"tags: this call has no use", {.tags = &one}},
        {"tags: this call has no use", {.tag_count = 1}},
    };
    for (size_t at = 0; at < sizeof errors / sizeof *errors; at++) {
        maxim_error_config given = errors[at].given;
        given.struct_size = sizeof given;
        EXPECT(MAXIM_ERR_INVALID_ARGUMENT, errors[at].refused, maxim_generation_error(logger, id, &given));
        EXPECT(MAXIM_ERR_INVALID_ARGUMENT, errors[at].refused, maxim_tool_call_error(logger, id, &given));
    }
    /* Of an attachment's path, data and URL, its kind has a use for one. */
    const uint8_t byte = 'a';
    const maxim_str path = MAXIM_STR("/a"), url = MAXIM_STR("https://example.test/a");
    const struct {
        const char *refused;
        maxim_attachment given;
    } attachments[] = {
        {"data: this call has no use", {.kind = MAXIM_ATTACHMENT_FILE, .path = path, .data = &byte}},
        {"data: this call has no use", {.kind = MAXIM_ATTACHMENT_FILE, .path = path, .data_len = 1}},
        {"url: this call has no use", {.kind = MAXIM_ATTACHMENT_FILE, .path = path, .url = url}},
        {"path: this call has no use", {.kind = MAXIM_ATTACHMENT_DATA, .data = &byte, .path = path}},
        {"url: this call has no use", {.kind = MAXIM_ATTACHMENT_DATA, .data = &byte, .url = url}},
        {"path: this call has no use", {.kind = MAXIM_ATTACHMENT_URL, .url = url, .path = path}},
        {"data: this call has no use", {.kind = MAXIM_ATTACHMENT_URL, .url = url, .data = &byte}},
        {"kind: 0 is none", {.kind = 0}},
        {"kind: 9 is none", {.kind = 9}},
    };
    for (size_t at = 0; at < sizeof attachments / sizeof *attachments; at++) {
        maxim_attachment given = attachments[at].given;
        given.struct_size = sizeof given;
        EXPECT(MAXIM_ERR_INVALID_ARGUMENT, attachments[at].refused, maxim_trace_add_attachment(logger, id, &given, NULL));
    }
    maxim_logger_config sink = config;
    sink.user_data = &sink;
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "user_data: this call has no use", maxim_logger_add_sink(logger, &sink, NULL));

    /* Tags as a list, or as JSON, and not both. */
    maxim_tag tags[2];
    tags[0].key = MAXIM_STR("a\"\n");
    tags[0].value = MAXIM_STR("seq-w-5");
    tags[1].key = key;
    tags[1].value = none;
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "tags: a value: must be given", TAGS(tags, 2));
    EXPECT(MAXIM_ERR_NULL_POINTER, "tags", TAGS(NULL, 2));
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "cannot be", TAGS(tags, SIZE_MAX / 2));
    EXPECT_OK(TAGS(tags, 1));
    span.tags = tags;
    span.tag_count = 1;
    span.tags_json = MAXIM_STR("{}");
    EXPECT(MAXIM_ERR_INVALID_ARGUMENT, "tags_json", SPAN(&span, NULL));

    /* Handles. */
    EXPECT(MAXIM_ERR_NULL_POINTER, "logger", TAG_OF(nobody, id, key, value));
    EXPECT(MAXIM_ERR_INVALID_HANDLE, "logger", TAG_OF((maxim_logger *)(void *)&config, id, key, value));
    EXPECT(MAXIM_ERR_INVALID_HANDLE, "logger", TAG_OF((maxim_logger *)(uintptr_t)0x1234567, id, key, value));
    EXPECT_OK(maxim_cleanup(logger, 60000));
    EXPECT(MAXIM_ERR_CLOSED, "", TAG(id, key, value));
    EXPECT_OK(maxim_logger_free(logger));
    EXPECT(MAXIM_ERR_INVALID_HANDLE, "already freed", maxim_logger_free(logger));
    EXPECT(MAXIM_ERR_INVALID_HANDLE, "already freed", TAG(id, key, value));
    EXPECT_OK(maxim_logger_free(NULL));
    if (maxim_logger_repository_id(logger) != NULL) {
        printf("a freed logger still has a repository id\n");
        failures++;
    }
    return failures != 0;
}
