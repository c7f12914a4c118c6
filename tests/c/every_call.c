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

/* What is given to the calls of entity_calls.h. */
#define ID(entity) MAXIM_STR("every-" #entity)
#define NEW(noun) (&new_##noun)
#define CHILD(noun) (&child_##noun)
#define CAUSE (&cause)
#define MADE NULL
#define GIVEN(parameter) GIVEN_##parameter
#define GIVEN_key NAME
#define GIVEN_value MAXIM_STR("value")
#define GIVEN_number 0.25
#define GIVEN_tags two_tags()
#define GIVEN_tag_count 2
#define GIVEN_name NAME
#define GIVEN_input MAXIM_STR("in")
#define GIVEN_output MAXIM_STR("out")
#define GIVEN_input_json OBJECT
#define GIVEN_feedback_json MAXIM_STR("{\"score\": 5}")
#define GIVEN_metadata_json OBJECT
#define GIVEN_data_json OBJECT
#define GIVEN_evaluators_json MAXIM_STR("[\"clarity\"]")
#define GIVEN_variables_json MAXIM_STR("{\"output\": \"x\"}")
#define GIVEN_timestamp_us START_US
#define GIVEN_model MAXIM_STR("gpt-4o")
#define GIVEN_provider MAXIM_STR("openai")
#define GIVEN_maxim_prompt_id MAXIM_STR("p-1")
#define GIVEN_maxim_prompt_version_id MAXIM_STR("v-1")
#define GIVEN_message_json MAXIM_STR("{\"role\": \"user\", \"content\": \"hi\"}")
#define GIVEN_parameters_json MAXIM_STR("{\"temperature\": 0.5}")
#define GIVEN_result_json MAXIM_STR("{\"mine\": 1}")
#define GIVEN_flags MAXIM_RESULT_FORCE
#define GIVEN_input_usd 0.001
#define GIVEN_output_usd 0.002
#define GIVEN_total_usd 0.003
#define GIVEN_documents_json MAXIM_STR("[\"a document\"]")
#define GIVEN_result MAXIM_STR("42")
#define GIVEN_traceparent MAXIM_STR("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

static void entities(maxim_logger *logger, const maxim_attachment *file) {
    maxim_attachment child_attachment = *file;
    maxim_event_config child_event = happened();
    maxim_error_config cause = error(), child_error = error();
    maxim_session_config new_session = MAXIM_SESSION_CONFIG_INIT;
    maxim_trace_config new_trace = MAXIM_TRACE_CONFIG_INIT, child_trace = MAXIM_TRACE_CONFIG_INIT;
    maxim_span_config child_span = MAXIM_SPAN_CONFIG_INIT;
    maxim_generation_config child_generation = MAXIM_GENERATION_CONFIG_INIT;
    maxim_retrieval_config child_retrieval = MAXIM_RETRIEVAL_CONFIG_INIT;
    maxim_tool_call_config child_tool_call = MAXIM_TOOL_CALL_CONFIG_INIT;
    new_session.id = ID(session);
    new_trace.id = ID(trace);
#define CALL(count, call) LOGS(count, call);
#include "entity_calls.h"
}

/* Of a session and a trace that are given no ids. */
static void generated_ids(maxim_logger *logger) {
    maxim_id session, trace;
    LOGS(1, maxim_session_create(logger, NULL, &session));
    LOGS(1, maxim_session_add_trace(logger, maxim_str_z(session.text), NULL, &trace));
    REQUIRE(strlen(session.text) == 36 && strlen(trace.text) == 36);
    REQUIRE(strcmp(session.text, trace.text) != 0);
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
    REQUIRE(maxim_logger_spool_dir(logger)[0] == '/');
    REQUIRE(!maxim_is_running_on_lambda());

    maxim_attachment file = attachment(path);
    entities(logger, &file);
    generated_ids(logger);
    questions(logger);
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
    REQUIRE(maxim_log_client_spool_dir(client)[0] == '/');
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
