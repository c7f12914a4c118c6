/*
 * Every exported function once, each with its status checked: tests/every_export.rs runs this against a
 * server, and fails for an export that no C program of the tests or examples calls.
 *
 *     every_call FILE     (MAXIM_BASE_URL and MAXIM_SPOOL_DIR set; FILE: something to attach)
 *
 * Prints how many lines and uploads the server must have.
 */
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(maxim_status status, const char *what) {
    if (status != MAXIM_OK) {
        fprintf(stderr, "%s: %s: %s\n", what, maxim_status_str(status), maxim_last_error());
        exit(1);
    }
}
#ifndef CHECK /* small_stack.c has its own */
#define CHECK(call) check((call), #call)
#endif

static void require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}
#define REQUIRE(condition) require((condition), #condition)

/* No call here is to reach its limit: under valgrind on a busy machine even this takes its time. */
#define LIMIT_MS 300000

static unsigned lines; /* those logged so far */

/* A call that logs so many lines. */
#ifndef LOGS
#define LOGS(count, call) (CHECK(call), lines += (count))
#endif

#define ABSENT maxim_str_n(NULL, 0)
#define EVALUATORS MAXIM_STR("[\"clarity\"]")
#define VARIABLES MAXIM_STR("{\"output\": \"x\"}")
#define OBJECT MAXIM_STR("{\"a\": {\"b\": [1, null]}}")
#define NAME MAXIM_STR("name")
static const int64_t START_US = 1767323045000006;

/* The end of a flush or client that did not wait. */
static volatile int finished;

static void on_finished(void *user_data, maxim_status status, const char *detail) {
    (void)detail;
    *(maxim_status *)user_data = status;
    __atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
}

static void wait_until_finished(void) {
    while (!__atomic_exchange_n(&finished, 0, __ATOMIC_ACQUIRE)) {
        usleep(1000);
    }
}

static maxim_attachment attachment(const char *path) {
    maxim_attachment file = MAXIM_ATTACHMENT_INIT;
    file.kind = MAXIM_ATTACHMENT_FILE;
    file.path = maxim_str_z(path);
    return file;
}

/* Tags as a list, and with a name that JSON would escape. */
static const maxim_tag *two_tags(void) {
    static maxim_tag tags[2];
    tags[0].key = MAXIM_STR("a \"quoted\" key");
    tags[0].value = MAXIM_STR("");
    tags[1].key = NAME;
    tags[1].value = MAXIM_STR("value");
    return tags;
}

static maxim_event_config happened(void) {
    maxim_event_config config = MAXIM_EVENT_CONFIG_INIT;
    config.name = NAME;
    config.tags = two_tags();
    config.tag_count = 2;
    config.metadata_json = OBJECT;
    config.timestamp_us = START_US;
    return config;
}

static maxim_error_config error(void) {
    maxim_error_config config = MAXIM_ERROR_CONFIG_INIT;
    config.message = MAXIM_STR("it broke");
    return config;
}

static void sessions(maxim_logger *logger, const maxim_attachment *file) {
    maxim_event_config event = happened();
    maxim_session_config config = MAXIM_SESSION_CONFIG_INIT;
    maxim_trace_config trace = MAXIM_TRACE_CONFIG_INIT;
    maxim_id made, child;
    LOGS(1, maxim_session_create(logger, &config, &made));
    REQUIRE(strlen(made.text) == 36);
    maxim_str id = maxim_str_z(made.text);
    LOGS(1, maxim_session_add_trace(logger, id, &trace, &child));
    REQUIRE(strcmp(made.text, child.text) != 0);
    LOGS(1, maxim_session_trace(logger, id, &trace, NULL));
    LOGS(1, maxim_session_add_tag(logger, id, NAME, MAXIM_STR("value")));
    LOGS(1, maxim_session_add_tags(logger, id, two_tags(), 2));
    LOGS(1, maxim_session_add_event(logger, id, &event, NULL));
    LOGS(1, maxim_session_event(logger, id, &event, &child));
    LOGS(1, maxim_session_add_feedback(logger, id, MAXIM_STR("{\"score\": 5}")));
    LOGS(1, maxim_session_feedback(logger, id, MAXIM_STR("{\"score\": 1}")));
    LOGS(1, maxim_session_add_metadata(logger, id, OBJECT));
    LOGS(1, maxim_session_add_metric(logger, id, NAME, 0.5));
    LOGS(1, maxim_session_add_attachment(logger, id, file, NULL));
    LOGS(1, maxim_session_evaluate_with_evaluators(logger, id, EVALUATORS));
    LOGS(1, maxim_session_evaluate_with_variables(logger, id, VARIABLES, EVALUATORS));
    LOGS(1, maxim_session_set_start_timestamp(logger, id, START_US));
    LOGS(1, maxim_session_set_end_timestamp(logger, id, START_US + 1));
    LOGS(1, maxim_session_end(logger, id));
}

static void traces(maxim_logger *logger, const maxim_attachment *file) {
    maxim_event_config event = happened();
    maxim_trace_config config = MAXIM_TRACE_CONFIG_INIT;
    maxim_generation_config generation = MAXIM_GENERATION_CONFIG_INIT;
    maxim_retrieval_config retrieval = MAXIM_RETRIEVAL_CONFIG_INIT;
    maxim_span_config span = MAXIM_SPAN_CONFIG_INIT;
    maxim_tool_call_config tool = MAXIM_TOOL_CALL_CONFIG_INIT;
    maxim_error_config broken = error();
    maxim_str id = MAXIM_STR("t-1");
    config.id = id;
    LOGS(1, maxim_trace_create(logger, &config, NULL));
    LOGS(1, maxim_trace_add_generation(logger, id, &generation, NULL));
    LOGS(1, maxim_trace_generation(logger, id, &generation, NULL));
    LOGS(1, maxim_trace_add_retrieval(logger, id, &retrieval, NULL));
    LOGS(1, maxim_trace_retrieval(logger, id, &retrieval, NULL));
    LOGS(1, maxim_trace_add_span(logger, id, &span, NULL));
    LOGS(1, maxim_trace_span(logger, id, &span, NULL));
    LOGS(1, maxim_trace_add_tool_call(logger, id, &tool, NULL));
    LOGS(1, maxim_trace_add_error(logger, id, &broken, NULL));
    LOGS(1, maxim_error_add_tag(logger, MAXIM_STR("e-9"), NAME, MAXIM_STR("value")));
    LOGS(1, maxim_error_add_tags(logger, MAXIM_STR("e-9"), two_tags(), 2));
    LOGS(1, maxim_error_add_metadata(logger, MAXIM_STR("e-9"), OBJECT));
    LOGS(1, maxim_trace_add_tag(logger, id, NAME, MAXIM_STR("value")));
    LOGS(1, maxim_trace_add_tags(logger, id, two_tags(), 2));
    LOGS(1, maxim_trace_add_event(logger, id, &event, NULL));
    LOGS(1, maxim_trace_event(logger, id, &event, NULL));
    LOGS(1, maxim_trace_set_input(logger, id, MAXIM_STR("in")));
    LOGS(1, maxim_trace_set_output(logger, id, MAXIM_STR("out")));
    LOGS(1, maxim_trace_add_feedback(logger, id, OBJECT));
    LOGS(1, maxim_trace_feedback(logger, id, OBJECT));
    LOGS(1, maxim_trace_add_metadata(logger, id, OBJECT));
    LOGS(1, maxim_trace_add_metric(logger, id, NAME, -1e300));
    LOGS(1, maxim_trace_add_attachment(logger, id, file, NULL));
    LOGS(1, maxim_trace_add_to_session(logger, id, MAXIM_STR("s-1")));
    LOGS(1, maxim_trace_evaluate_with_evaluators(logger, id, EVALUATORS));
    LOGS(1, maxim_trace_evaluate_with_variables(logger, id, VARIABLES, EVALUATORS));
    LOGS(1, maxim_trace_set_start_timestamp(logger, id, START_US));
    LOGS(1, maxim_trace_set_end_timestamp(logger, id, START_US + 1));
    LOGS(1, maxim_trace_end(logger, id));
}

static void spans(maxim_logger *logger, const maxim_attachment *file) {
    maxim_event_config event = happened();
    maxim_generation_config generation = MAXIM_GENERATION_CONFIG_INIT;
    maxim_retrieval_config retrieval = MAXIM_RETRIEVAL_CONFIG_INIT;
    maxim_span_config span = MAXIM_SPAN_CONFIG_INIT;
    maxim_tool_call_config tool = MAXIM_TOOL_CALL_CONFIG_INIT;
    maxim_error_config broken = error();
    maxim_str id = MAXIM_STR("sp-1");
    LOGS(1, maxim_span_add_generation(logger, id, &generation, NULL));
    LOGS(1, maxim_span_generation(logger, id, &generation, NULL));
    LOGS(1, maxim_span_add_retrieval(logger, id, &retrieval, NULL));
    LOGS(1, maxim_span_retrieval(logger, id, &retrieval, NULL));
    LOGS(1, maxim_span_add_sub_span(logger, id, &span, NULL));
    LOGS(1, maxim_span_span(logger, id, &span, NULL));
    LOGS(1, maxim_span_add_tool_call(logger, id, &tool, NULL));
    LOGS(1, maxim_span_add_error(logger, id, &broken, NULL));
    LOGS(1, maxim_span_set_input(logger, id, MAXIM_STR("in")));
    LOGS(1, maxim_span_add_tag(logger, id, NAME, MAXIM_STR("value")));
    LOGS(1, maxim_span_add_tags(logger, id, two_tags(), 2));
    LOGS(1, maxim_span_add_event(logger, id, &event, NULL));
    LOGS(1, maxim_span_event(logger, id, &event, NULL));
    LOGS(1, maxim_span_add_metadata(logger, id, OBJECT));
    LOGS(1, maxim_span_add_metric(logger, id, NAME, 0.25));
    LOGS(1, maxim_span_add_attachment(logger, id, file, NULL));
    LOGS(1, maxim_span_evaluate_with_evaluators(logger, id, EVALUATORS));
    LOGS(1, maxim_span_evaluate_with_variables(logger, id, VARIABLES, EVALUATORS));
    LOGS(1, maxim_span_set_start_timestamp(logger, id, START_US));
    LOGS(1, maxim_span_set_end_timestamp(logger, id, START_US + 1));
    LOGS(1, maxim_span_end(logger, id));
}

static void generations(maxim_logger *logger, const maxim_attachment *file) {
    maxim_event_config event = happened();
    maxim_error_config broken = error();
    maxim_str id = MAXIM_STR("g-1");
    LOGS(1, maxim_generation_set_model(logger, id, MAXIM_STR("gpt-4o")));
    LOGS(1, maxim_generation_set_provider(logger, id, MAXIM_STR("openai")));
    LOGS(1, maxim_generation_set_name(logger, id, NAME));
    LOGS(1, maxim_generation_add_message(logger, id, MAXIM_STR("{\"role\": \"user\", \"content\": \"hi\"}")));
    LOGS(1, maxim_generation_set_model_parameters(logger, id, MAXIM_STR("{\"temperature\": 0.5}")));
    /* A result and an error end the generation too. */
    LOGS(2, maxim_generation_result(logger, id, MAXIM_STR("{\"mine\": 1}"), MAXIM_RESULT_FORCE));
    LOGS(2, maxim_generation_error(logger, id, &broken));
    LOGS(1, maxim_generation_add_cost(logger, id, 0.001, 0.002, 0.003));
    LOGS(1, maxim_generation_add_total_cost(logger, id, 0.003));
    LOGS(1, maxim_generation_set_maxim_prompt_id(logger, id, MAXIM_STR("p-1")));
    LOGS(1, maxim_generation_set_maxim_prompt_version_id(logger, id, MAXIM_STR("v-1")));
    LOGS(1, maxim_generation_add_event(logger, id, &event, NULL));
    LOGS(1, maxim_generation_add_metric(logger, id, NAME, 12.5));
    LOGS(1, maxim_generation_add_tag(logger, id, NAME, MAXIM_STR("value")));
    LOGS(1, maxim_generation_add_tags(logger, id, two_tags(), 2));
    LOGS(1, maxim_generation_add_metadata(logger, id, OBJECT));
    LOGS(1, maxim_generation_add_attachment(logger, id, file, NULL));
    LOGS(1, maxim_generation_evaluate_with_evaluators(logger, id, EVALUATORS));
    LOGS(1, maxim_generation_evaluate_with_variables(logger, id, VARIABLES, EVALUATORS));
    LOGS(1, maxim_generation_set_start_timestamp(logger, id, START_US));
    LOGS(1, maxim_generation_set_end_timestamp(logger, id, START_US + 1));
    LOGS(1, maxim_generation_end(logger, id));
}

static void retrievals(maxim_logger *logger, const maxim_attachment *file) {
    maxim_str id = MAXIM_STR("r-1");
    LOGS(1, maxim_retrieval_set_input(logger, id, MAXIM_STR("query")));
    LOGS(1, maxim_retrieval_set_input_json(logger, id, OBJECT));
    LOGS(1, maxim_retrieval_input(logger, id, MAXIM_STR("query")));
    LOGS(2, maxim_retrieval_set_output(logger, id, MAXIM_STR("[\"a document\"]")));
    LOGS(2, maxim_retrieval_output(logger, id, MAXIM_STR("\"a document\"")));
    LOGS(1, maxim_retrieval_add_tag(logger, id, NAME, MAXIM_STR("value")));
    LOGS(1, maxim_retrieval_add_tags(logger, id, two_tags(), 2));
    LOGS(1, maxim_retrieval_add_metadata(logger, id, OBJECT));
    LOGS(1, maxim_retrieval_add_metric(logger, id, NAME, 0));
    LOGS(1, maxim_retrieval_set_start_timestamp(logger, id, START_US));
    LOGS(1, maxim_retrieval_set_end_timestamp(logger, id, START_US + 1));
    LOGS(1, maxim_retrieval_add_attachment(logger, id, file, NULL));
    LOGS(1, maxim_retrieval_evaluate_with_evaluators(logger, id, EVALUATORS));
    LOGS(1, maxim_retrieval_evaluate_with_variables(logger, id, VARIABLES, EVALUATORS));
    LOGS(1, maxim_retrieval_end(logger, id));
}

static void tool_calls(maxim_logger *logger) {
    maxim_error_config broken = error();
    maxim_str id = MAXIM_STR("tc-1");
    LOGS(1, maxim_tool_call_update(logger, id, OBJECT));
    LOGS(2, maxim_tool_call_result(logger, id, MAXIM_STR("42")));
    LOGS(2, maxim_tool_call_error(logger, id, &broken));
    LOGS(1, maxim_tool_call_add_tag(logger, id, NAME, MAXIM_STR("value")));
    LOGS(1, maxim_tool_call_add_tags(logger, id, two_tags(), 2));
    LOGS(1, maxim_tool_call_add_metadata(logger, id, OBJECT));
    LOGS(1, maxim_tool_call_add_metric(logger, id, NAME, 3));
    LOGS(1, maxim_tool_call_set_start_timestamp(logger, id, START_US));
    LOGS(1, maxim_tool_call_set_end_timestamp(logger, id, START_US + 1));
    LOGS(1, maxim_tool_call_end(logger, id));
}

/* What asks and answers, and logs nothing. */
static void questions(maxim_logger *logger) {
    char normal[256];
    size_t length = 0;
    maxim_str result = MAXIM_STR("{ \"mine\": [1,\n 2] }");
    CHECK(maxim_check(logger, 10000));
    REQUIRE(maxim_normalise_result(result, MAXIM_RESULT_STRICT, normal, sizeof normal, &length) == MAXIM_ERR_INVALID_RESULT);
    REQUIRE(maxim_normalise_result(result, MAXIM_RESULT_FORCE, NULL, 0, &length) == MAXIM_ERR_TOO_LARGE);
    REQUIRE(length > 10 && length < sizeof normal);
    REQUIRE(maxim_normalise_result(result, MAXIM_RESULT_FORCE, normal, length, NULL) == MAXIM_ERR_TOO_LARGE);
    CHECK(maxim_normalise_result(result, MAXIM_RESULT_FORCE, normal, length + 1, &length));
    REQUIRE(strlen(normal) == length && strstr(normal, "\"mine\"") != NULL && strchr(normal, '\n') == NULL);
}

static void check_stats(const maxim_stats *stats, uint64_t records) {
    REQUIRE(stats->accepted == records);
    REQUIRE(stats->delivered == records);
    REQUIRE(stats->held == 0);
}

/* A key of this process's own, so that it adopts nothing that an aborted run left behind. */
static maxim_str own_key(void) {
    static char key[32];
    snprintf(key, sizeof key, "key-%ld", (long)getpid());
    return maxim_str_z(key);
}

static void maxim_logger_calls(const char *path) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.api_key = own_key();
    config.repository_id = MAXIM_STR("repo-1");
    maxim_logger *logger;
    CHECK(maxim_logger_new(&config, &logger));
    REQUIRE(strcmp(maxim_logger_repository_id(logger), "repo-1") == 0);
    REQUIRE(maxim_can_access_filesystem(logger));
    REQUIRE(!maxim_is_running_on_lambda());

    maxim_attachment file = attachment(path);
    sessions(logger, &file);
    traces(logger, &file);
    spans(logger, &file);
    questions(logger);
    generations(logger, &file);
    retrievals(logger, &file);
    tool_calls(logger);
    const unsigned uploads = 5;
    LOGS(1, maxim_commit(logger, MAXIM_ENTITY_TRACE, MAXIM_STR("t-1"), MAXIM_STR("update"), OBJECT));
    CHECK(maxim_write_to_file(logger, LIMIT_MS));
    CHECK(maxim_flush_log_files(logger, LIMIT_MS));
    CHECK(maxim_flush_attachments(logger, LIMIT_MS));
    CHECK(maxim_flush_commit_logs(logger, LIMIT_MS));
    maxim_stats stats = MAXIM_STATS_INIT;
    CHECK(maxim_logger_stats(logger, &stats));
    /* An attachment is an upload and a line. */
    check_stats(&stats, lines + uploads);

    uint32_t sink;
    config.repository_id = MAXIM_STR("repo-2");
    CHECK(maxim_logger_add_sink(logger, &config, &sink));
    LOGS(2, maxim_trace_add_tag(logger, MAXIM_STR("t-1"), NAME, MAXIM_STR("to both")));
    CHECK(maxim_flush(logger, LIMIT_MS));
    CHECK(maxim_logger_sink_stats(logger, sink, &stats));
    check_stats(&stats, 1);
    maxim_status flushed = MAXIM_ERR_TIMEOUT;
    CHECK(maxim_flush_async(logger, LIMIT_MS, on_finished, &flushed));
    wait_until_finished();
    CHECK(flushed);
    CHECK(maxim_cleanup(logger, LIMIT_MS));
    CHECK(maxim_logger_free(logger));
    printf("lines %u uploads %u\n", lines, uploads);
}

static void structured_log_calls(void) {
    maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    config.source = MAXIM_STR("every-call");
    config.api_key = own_key();
    config.endpoint = maxim_str_z(getenv("MAXIM_BASE_URL"));
    maxim_log_client *client;
    CHECK(maxim_log_client_new(&config, &client));
    REQUIRE(maxim_log_would_log(client, MAXIM_LEVEL_DEBUG));
    CHECK(maxim_log_set_user_id(client, MAXIM_STR("u-1")));
    CHECK(maxim_log_set_session_id(client, MAXIM_STR("s-1")));
    maxim_log_options options = MAXIM_LOG_OPTIONS_INIT;
    maxim_log_error_info broken = MAXIM_LOG_ERROR_INFO_INIT;
    maxim_log_entry entry = MAXIM_LOG_ENTRY_INIT;
    broken.message = MAXIM_STR("it broke");
    entry.message = NAME;
    CHECK(maxim_log_debug(client, NAME, OBJECT, &options));
    CHECK(maxim_log_info(client, NAME, OBJECT, NULL));
    CHECK(maxim_log_warn(client, NAME, ABSENT, NULL));
    CHECK(maxim_log_error(client, NAME, ABSENT, NULL));
    CHECK(maxim_log_error_with(client, NAME, &broken, NULL));
    CHECK(maxim_log(client, &entry));

    maxim_flow *local, *remote;
    CHECK(maxim_flow_new(client, MAXIM_STR("local"), &local));
    CHECK(maxim_flow_new_remote(client, MAXIM_STR("remote"), LIMIT_MS, &remote));
    REQUIRE(strncmp(maxim_flow_id(local), "local-", 6) == 0);
    REQUIRE(strcmp(maxim_flow_name(remote), "remote") == 0);
    CHECK(maxim_flow_debug(local, NAME, OBJECT, NULL));
    CHECK(maxim_flow_info(local, NAME, OBJECT, NULL));
    CHECK(maxim_flow_warn(local, NAME, OBJECT, NULL));
    CHECK(maxim_flow_error(local, NAME, OBJECT, NULL));
    CHECK(maxim_flow_error_with(local, NAME, &broken, NULL));
    REQUIRE(maxim_flow_step_index(local) == 5 && maxim_flow_step_index(remote) == 0);
    CHECK(maxim_flow_free(local));
    CHECK(maxim_flow_free(remote));

    const uint8_t *document = (const uint8_t *)"a line";
    maxim_raw_options raw = MAXIM_RAW_OPTIONS_INIT;
    CHECK(maxim_ingest_raw(client, document, 6, MAXIM_FORMAT_TEXT, &raw, LIMIT_MS));
    CHECK(maxim_ingest_raw_async(client, document, 6, MAXIM_FORMAT_TEXT, NULL));
    CHECK(maxim_log_flush(client, LIMIT_MS));
    maxim_status flushed = MAXIM_ERR_TIMEOUT;
    CHECK(maxim_log_flush_async(client, LIMIT_MS, on_finished, &flushed));
    wait_until_finished();
    CHECK(flushed);
    maxim_stats stats = MAXIM_STATS_INIT;
    CHECK(maxim_log_client_stats(client, &stats));
    REQUIRE(stats.held == 0);
    CHECK(maxim_log_disconnect(client, LIMIT_MS));
    CHECK(maxim_log_client_free(client));
    printf("entries 11 raw_requests 2\n");
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: every_call FILE\n");
        return 2;
    }
    REQUIRE(strcmp(maxim_version(), MAXIM_VERSION_STRING) == 0);
    maxim_logger_calls(arguments[1]);
    structured_log_calls();
    return 0;
}
