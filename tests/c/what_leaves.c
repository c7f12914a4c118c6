/*
 * Every call that takes a text, with each text given in every place that takes one: tests/what_leaves.rs runs this
 * with masks and other controls in the environment, and searches what it left anywhere.
 *
 *     what_leaves send|keep|trace TEXT...    (MAXIM_BASE_URL, MAXIM_API_KEY and MAXIM_SPOOL_DIR set;
 *                                            WHAT_LEAVES_NAME: of repository and source)
 *
 * `send` waits until all has arrived, or been refused; `keep` writes all to files and leaves; `trace` begins and
 * ends one trace under each text as its id, with a bit of everything in it, and sends that.
 *
 * WHAT_LEAVES_QUARANTINE_MS, WHAT_LEAVES_FIELD_BYTES and WHAT_LEAVES_MEMORY_ONLY set what they are named for.
 * WHAT_LEAVES_LOSSY: what a lossy logger and client cut, with each text where that is. WHAT_LEAVES_CALLBACK: a mask that replaces "hunter2" and fails at "fail", or
 * "wrap": one that puts each text between < and >. Prints the stats.
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
#define CHECK(call) check((call), #call)
#define ABSENT maxim_str_n(NULL, 0)

/* A text as a JSON string; the caller frees it. */
static char *quoted(const char *text) {
    char *out = malloc(6 * strlen(text) + 3), *to = out;
    *to++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            *to++ = '\\';
            *to++ = *text;
        } else if ((unsigned char)*text < 0x20) {
            to += sprintf(to, "\\u%04x", *text);
        } else {
            *to++ = *text;
        }
    }
    *to++ = '"';
    *to = 0;
    return out;
}

/* A template with each $ replaced; good until 255 more have been made. */
static maxim_str filled(const char *template, const char *piece) {
    static char *rooms[256];
    static unsigned next;
    size_t count = 0;
    for (const char *at = template; *at; at++) {
        count += *at == '$';
    }
    char **room = &rooms[next++ % 256];
    *room = realloc(*room, strlen(template) + count * strlen(piece) + 1);
    char *to = *room;
    for (const char *at = template; *at; at++) {
        if (*at == '$') {
            to = stpcpy(to, piece);
        } else {
            *to++ = *at;
        }
    }
    *to = 0;
    return maxim_str_z(*room);
}

#define IN(template) filled(template, quote)
#define TAGS IN("{$: $, \"nested\": {\"tag\": [$, {$: $}]}}")
#define METADATA IN("{\"plain\": $, $: [$, {\"deep\": {$: $}}]}")
#define VARIABLES IN("{\"output\": $, \"context\": [$]}")
#define MESSAGES                                                                                       \
    IN("[{\"role\": \"user\", \"content\": $}, {\"role\": \"user\", \"content\": [{\"type\": \"text\", " \
       "\"text\": $}]}, {\"role\": \"assistant\", \"content\": null, \"tool_calls\": [{\"id\": \"c\", "     \
       "\"type\": \"function\", \"function\": {\"name\": \"f\", \"arguments\": $}}]}]")

static maxim_error_config broken(maxim_str text, maxim_str tags, maxim_str metadata, int is_entity) {
    maxim_error_config config = MAXIM_ERROR_CONFIG_INIT;
    config.message = config.code = config.type = text;
    if (is_entity) {
        config.name = text;
        config.tags_json = tags;
        config.metadata_json = metadata;
    }
    return config;
}

static maxim_attachment attachment(int kind, maxim_str text, maxim_str tags, maxim_str metadata) {
    maxim_attachment file = MAXIM_ATTACHMENT_INIT;
    file.kind = kind;
    file.name = text;
    file.tags_json = tags;
    file.metadata_json = metadata;
    if (kind == MAXIM_ATTACHMENT_URL) {
        file.url = text;
    } else {
        file.data = (const uint8_t *)"content";
        file.data_len = 7;
    }
    return file;
}

/* What is given to the calls of entity_calls.h: the text, wherever one goes. */
#define ID(entity) id_##entity
#define NEW(noun) (&new_##noun)
#define CHILD(noun) (&child_##noun)
#define CAUSE (&cause)
#define MADE NULL
#define GIVEN(parameter) GIVEN_##parameter
#define GIVEN_key text
#define GIVEN_value text
#define GIVEN_number 1
#define GIVEN_tags tags
#define GIVEN_tag_count 1
#define GIVEN_name text
#define GIVEN_input text
#define GIVEN_output text
#define GIVEN_model text
#define GIVEN_provider text
#define GIVEN_result text
#define GIVEN_input_json IN("{\"query\": $, \"filters\": [{$: $}]}")
#define GIVEN_feedback_json IN("{\"score\": 1, \"comment\": $, \"tags\": {$: $}}")
#define GIVEN_metadata_json METADATA
#define GIVEN_data_json IN("{\"args\": $, \"name\": $, $: $}")
#define GIVEN_evaluators_json IN("[$]")
#define GIVEN_variables_json VARIABLES
#define GIVEN_message_json IN("{\"role\": \"user\", \"content\": $}")
#define GIVEN_parameters_json IN("{\"stop\": [$], \"user\": $}")
#define GIVEN_documents_json IN("[$, {\"document\": $}]")
#define GIVEN_result_json IN("{\"mine\": [$, {$: $}]}")
#define GIVEN_flags MAXIM_RESULT_FORCE
/* No texts. */
#define GIVEN_timestamp_us 1767323045000006
#define GIVEN_maxim_prompt_id MAXIM_STR("p-1")
#define GIVEN_maxim_prompt_version_id MAXIM_STR("v-1")
#define GIVEN_input_usd 1
#define GIVEN_output_usd 2
#define GIVEN_total_usd 3
#define GIVEN_traceparent MAXIM_STR("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

/* A configuration with the text as its name and tags. */
#define NAMED(type, variable, upper)               \
    maxim_##type##_config variable = MAXIM_##upper##_CONFIG_INIT; \
    variable.name = text;                          \
    variable.tags_json = TAGS

static void lines(maxim_logger *logger, const char *given, unsigned number) {
    char *quote = quoted(given), *twice = quoted(quote);
    maxim_str text = maxim_str_z(given);
    char names[7][32];
    for (unsigned i = 0; i < 7; i++) {
        snprintf(names[i], sizeof names[i], "e%u-%u", number, i);
    }
    maxim_str id_session = maxim_str_z(names[0]), id_trace = maxim_str_z(names[1]), id_span = maxim_str_z(names[2]);
    maxim_str id_generation = maxim_str_z(names[3]), id_retrieval = maxim_str_z(names[4]);
    maxim_str id_tool_call = maxim_str_z(names[5]), id_error = maxim_str_z(names[6]);
    maxim_tag tags[1] = {{text, text}};
    maxim_attachment child_attachment = attachment(MAXIM_ATTACHMENT_URL, text, TAGS, METADATA);
    maxim_attachment data = attachment(MAXIM_ATTACHMENT_DATA, text, TAGS, METADATA);
    maxim_error_config cause = broken(text, ABSENT, ABSENT, 0), child_error = broken(text, TAGS, METADATA, 1);

    NAMED(event, child_event, EVENT);
    child_event.metadata_json = METADATA;
    NAMED(session, new_session, SESSION);
    NAMED(trace, child_trace, TRACE);
    child_trace.input = text;
    NAMED(span, child_span, SPAN);
    NAMED(retrieval, child_retrieval, RETRIEVAL);
    NAMED(generation, child_generation, GENERATION);
    child_generation.model = text;
    child_generation.messages_json = MESSAGES;
    child_generation.model_parameters_json = IN("{\"system\": $, \"tools\": [{$: $}], \"temperature\": 1}");
    NAMED(tool_call, child_tool_call, TOOL_CALL);
    child_tool_call.description = child_tool_call.args = text;

    maxim_trace_config new_trace = child_trace;
    new_trace.id = id_trace;
    new_trace.session_id = new_session.id = id_session;
    maxim_span_config new_span = child_span;
    new_span.id = id_span;
    maxim_generation_config new_generation = child_generation;
    new_generation.id = id_generation;
    maxim_retrieval_config new_retrieval = child_retrieval;
    new_retrieval.id = id_retrieval;
    maxim_tool_call_config new_tool_call = child_tool_call;
    new_tool_call.id = id_tool_call;
    CHECK(maxim_trace_add_span(logger, id_trace, &new_span, NULL));
    CHECK(maxim_span_add_generation(logger, id_span, &new_generation, NULL));
    CHECK(maxim_trace_add_retrieval(logger, id_trace, &new_retrieval, NULL));
    CHECK(maxim_trace_add_tool_call(logger, id_trace, &new_tool_call, NULL));

    /* Other forms than those of the table. */
    CHECK(maxim_trace_add_attachment(logger, id_trace, &data, NULL));
    CHECK(maxim_generation_add_attachment(logger, id_generation, &data, NULL));
    CHECK(maxim_generation_add_message(
        logger, id_generation,
        IN("{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": $}, {\"type\": \"image_url\", "
           "\"image_url\": {\"url\": $}}]}")));
    static const char *const RESULTS[] = {
        "{\"id\": \"r\", \"object\": \"chat.completion\", \"created\": 1, \"model\": \"m\", \"choices\": [{\"index\": 0, "
        "\"message\": {\"role\": \"assistant\", \"content\": $, \"tool_calls\": [{\"id\": \"c\", \"type\": \"function\", "
        "\"function\": {\"name\": \"f\", \"arguments\": $}}]}, \"finish_reason\": \"stop\"}], \"usage\": "
        "{\"prompt_tokens\": 1, \"completion_tokens\": 1, \"total_tokens\": 2}}",
        "[{\"id\": \"r\", \"object\": \"chat.completion.chunk\", \"created\": 1, \"model\": \"m\", \"choices\": "
        "[{\"index\": 0, \"delta\": {\"role\": \"assistant\", \"content\": $}, \"finish_reason\": null}]}, {\"id\": \"r\", "
        "\"object\": \"chat.completion.chunk\", \"created\": 1, \"model\": \"m\", \"choices\": [{\"index\": 0, \"delta\": {}, "
        "\"finish_reason\": \"stop\"}]}]",
    };
    for (size_t i = 0; i < sizeof RESULTS / sizeof *RESULTS; i++) {
        CHECK(maxim_generation_result(logger, id_generation, IN(RESULTS[i]), 0));
    }
    CHECK(maxim_tool_call_update(logger, id_tool_call, filled("{\"args\": $}", twice)));
    CHECK(maxim_commit(logger, MAXIM_ENTITY_TRACE, id_trace, MAXIM_STR("update"),
                       IN("{$: $, \"timestamp\": $, \"whatever\": {$: [$]}}")));
    CHECK(maxim_commit(logger, MAXIM_ENTITY_FEEDBACK, id_trace, MAXIM_STR("create"), IN("{\"comment\": $}")));

#define CALL(count, call) CHECK(call);
#include "entity_calls.h"
    free(quote);
    free(twice);
}

/* A text behind so much of something else that a cut at the limit goes through it; the caller frees it. */
static char *behind(size_t limit, const char *text) {
    const size_t before = limit - 5;
    const size_t after = limit > 1000 ? 6000 : 0;
    char *out = malloc(before + strlen(text) + after + 3);
    memset(out, 'x', before);
    char *end = out + before + sprintf(out + before, " %s ", text);
    memset(end, 'y', after);
    end[after] = 0;
    return out;
}

/* Where a lossy client cuts: entries whose texts are all too long, each with the text at its limit. */
static void cut_entries(maxim_log_client *client, const char *given) {
    /* Of 10,000 characters the first 6,624 are kept, and the end. */
    static const size_t LIMITS[] = {6624, 200, 100, 50, 10};
    char *at[5], *tag = quoted(given);
    for (int i = 0; i < 5; i++) {
        at[i] = behind(LIMITS[i], given);
    }
    char *quoted_tag = quoted(at[3]);
    maxim_log_entry entry = MAXIM_LOG_ENTRY_INIT;
    entry.level = MAXIM_LEVEL_WARN;
    entry.message = entry.error_stack = maxim_str_z(at[0]);
    entry.error_name = maxim_str_z(at[1]);
    entry.user_id = entry.session_id = entry.request_id = entry.ip_address = maxim_str_z(at[2]);
    entry.flow_id = entry.dataset = maxim_str_z(at[3]);
    entry.country = maxim_str_z(at[4]);
    char *tags = malloc(strlen(quoted_tag) + strlen(tag) + 16);
    sprintf(tags, "[%s, {\"a\": %s}]", quoted_tag, tag);
    entry.tags_json = maxim_str_z(tags);
    CHECK(maxim_log(client, &entry));
    char *no_json = behind(10000 - 16, given);
    entry.data_json = maxim_str_z(no_json);
    CHECK(maxim_log(client, &entry));
    free(no_json);
    for (int i = 0; i < 5; i++) {
        free(at[i]);
    }
    free(tag);
    free(quoted_tag);
    free(tags);
}

/* What a lossy logger takes in the place of JSON, of which 10,000 characters are kept where nothing is masked. */
static void cut_lines(maxim_logger *logger, const char *given) {
    const maxim_str trace = MAXIM_STR("t-1"), no_json = filled("no JSON: $", given);
    maxim_attachment url = attachment(MAXIM_ATTACHMENT_URL, MAXIM_STR("https://example.test/x"), no_json, no_json);
    CHECK(maxim_trace_add_attachment(logger, trace, &url, NULL));
    for (size_t kept = 10; kept <= 40; kept += 6) {
        char *text = behind(10000 - kept, given);
        CHECK(maxim_trace_add_metadata(logger, trace, maxim_str_z(text)));
        free(text);
    }
}

static void entries(maxim_log_client *client, const char *given, int waits) {
    if (getenv("WHAT_LEAVES_LOSSY")) {
        cut_entries(client, given);
        return;
    }
    char *quote = quoted(given);
    maxim_str text = maxim_str_z(given);
    const int is_short = strlen(given) <= 32;
    maxim_log_options options = MAXIM_LOG_OPTIONS_INIT;
    options.tags_json = is_short ? IN("[$]") : ABSENT;
    CHECK(maxim_log_debug(client, text, METADATA, &options));
    maxim_log_error_info error = MAXIM_LOG_ERROR_INFO_INIT;
    error.message = error.stack = text;
    error.name = strlen(given) <= 200 ? text : ABSENT;
    CHECK(maxim_log_error_with(client, text, &error, &options));
    maxim_log_entry entry = MAXIM_LOG_ENTRY_INIT;
    entry.level = MAXIM_LEVEL_WARN;
    entry.message = entry.error_stack = text;
    entry.data_json = METADATA;
    entry.error_name = error.name;
    if (is_short) {
        entry.user_id = entry.session_id = entry.request_id = entry.flow_id = entry.dataset = text;
        entry.ip_address = text;
        entry.tags_json = IN("[$]");
        maxim_flow *flow;
        CHECK(maxim_flow_new(client, text, &flow));
        CHECK(maxim_flow_info(flow, text, METADATA, NULL));
        CHECK(maxim_flow_free(flow));
        if (waits) {
            CHECK(maxim_flow_new_remote(client, text, 10000, &flow));
            CHECK(maxim_flow_info(flow, text, METADATA, NULL));
            CHECK(maxim_flow_free(flow));
        }
        CHECK(maxim_log_set_user_id(client, text));
        CHECK(maxim_log_set_session_id(client, text));
    }
    CHECK(maxim_log(client, &entry));
    CHECK(maxim_log_info(client, text, ABSENT, NULL));
    maxim_raw_options raw = MAXIM_RAW_OPTIONS_INIT;
    raw.source = raw.dataset = strlen(given) <= 200 ? text : ABSENT;
    static const char *const FORMS[] = {"{\"a\": $}", "{\"a\": [$]}\n{$: $}\n", "<34>1 - - - $", "say $", "a,b\n1,$\n"};
    for (int format = MAXIM_FORMAT_JSON; format <= MAXIM_FORMAT_CSV; format++) {
        maxim_str body = filled(FORMS[format], format <= MAXIM_FORMAT_JSONL ? quote : given);
        const uint8_t *bytes = (const uint8_t *)body.data;
        CHECK(maxim_ingest_raw_async(client, bytes, strlen(body.data), format, &raw));
        if (waits) {
            CHECK(maxim_ingest_raw(client, bytes, strlen(body.data), format, &raw, 10000));
        }
    }
    free(quote);
}

/* One trace with a bit of everything, under an id. */
static void one_trace(maxim_logger *logger, const char *given) {
    maxim_str trace = maxim_str_z(given);
    maxim_trace_config config = MAXIM_TRACE_CONFIG_INIT;
    config.id = trace;
    config.name = MAXIM_STR("sampled");
    CHECK(maxim_trace_create(logger, &config, NULL));
    maxim_span_config a_span = MAXIM_SPAN_CONFIG_INIT;
    maxim_id made, inner;
    CHECK(maxim_trace_add_span(logger, trace, &a_span, &made));
    maxim_str span = maxim_str_z(made.text);
    maxim_generation_config a_generation = MAXIM_GENERATION_CONFIG_INIT;
    CHECK(maxim_span_add_generation(logger, span, &a_generation, &inner));
    maxim_str generation = maxim_str_z(inner.text);
    CHECK(maxim_generation_add_message(logger, generation, MAXIM_STR("{\"role\": \"user\", \"content\": \"x\"}")));
    CHECK(maxim_generation_end(logger, generation));
    CHECK(maxim_span_add_tag(logger, span, MAXIM_STR("a"), MAXIM_STR("b")));
    CHECK(maxim_span_end(logger, span));
    maxim_attachment url = attachment(MAXIM_ATTACHMENT_URL, MAXIM_STR("https://example.test/x"), ABSENT, ABSENT);
    CHECK(maxim_trace_add_attachment(logger, trace, &url, NULL));
    maxim_error_config error = MAXIM_ERROR_CONFIG_INIT;
    error.message = MAXIM_STR("kept");
    CHECK(maxim_trace_add_error(logger, trace, &error, NULL));
    CHECK(maxim_trace_add_feedback(logger, trace, MAXIM_STR("{\"score\": 1}")));
    CHECK(maxim_trace_end(logger, trace));
}

static int mask(void *user_data, int32_t entity, const char *field, const char *text, size_t length, maxim_str *out) {
    (void)user_data;
    static _Thread_local char room[1 << 16];
    if (entity < MAXIM_MASK_LOG_ENTRY || !*field || length >= sizeof room) {
        abort();
    }
    memcpy(room, text, length);
    room[length] = 0;
    if (strstr(room, "fail")) {
        return 1;
    }
    char *found = strstr(room, "hunter2");
    if (found) {
        memcpy(found, "*******", 7);
        *out = maxim_str_n(room, length);
    }
    return 0;
}

/* One that changes what it has changed. */
static int wrap(void *user_data, int32_t entity, const char *field, const char *text, size_t length, maxim_str *out) {
    (void)user_data;
    (void)entity;
    (void)field;
    static _Thread_local char room[1 << 16];
    if (length + 2 > sizeof room) {
        abort();
    }
    room[0] = '<';
    memcpy(room + 1, text, length);
    room[length + 1] = '>';
    *out = maxim_str_n(room, length + 2);
    return 0;
}

static maxim_mask_callback chosen_mask(void) {
    const char *which = getenv("WHAT_LEAVES_CALLBACK");
    if (!which) {
        return NULL;
    }
    return strcmp(which, "wrap") ? mask : wrap;
}

static void print(const char *who, const maxim_stats *stats) {
    printf("%s accepted %llu delivered %llu quarantined %llu sampled_out %llu masks_failed %llu\n", who,
           (unsigned long long)stats->accepted, (unsigned long long)stats->delivered,
           (unsigned long long)stats->quarantined, (unsigned long long)stats->sampled_out,
           (unsigned long long)stats->masks_failed);
}

static uint64_t number(const char *variable) {
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : 0;
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: what_leaves send|keep|trace TEXT...\n");
        return 2;
    }
    const int keeps = strcmp(arguments[1], "keep") == 0, samples = strcmp(arguments[1], "trace") == 0;
    const int is_off = getenv("MAXIM_DISABLED") != NULL;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    maxim_log_client_config client_config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    config.flush_interval_ms = client_config.flush_interval_ms = keeps ? 600000 : 50;
    if (!is_off) {
        config.repository_id = client_config.source = maxim_str_z(getenv("WHAT_LEAVES_NAME"));
        client_config.api_key = maxim_str_z(getenv("MAXIM_API_KEY"));
        client_config.endpoint = maxim_str_z(getenv("MAXIM_BASE_URL"));
    }
    config.is_debug = client_config.is_debug = !is_off;
    config.mask_callback = client_config.mask_callback = chosen_mask();
    /* However busy the machine is: what comes too late is dropped. */
    config.mask_budget_us = client_config.mask_budget_us = 60 * 1000 * 1000;
    config.quarantine_max_age_ms = client_config.quarantine_max_age_ms = number("WHAT_LEAVES_QUARANTINE_MS");
    config.max_field_bytes = client_config.max_field_bytes = number("WHAT_LEAVES_FIELD_BYTES");
    config.lossy = client_config.lossy = getenv("WHAT_LEAVES_LOSSY") != NULL;
    config.memory_only = client_config.memory_only = number("WHAT_LEAVES_MEMORY_ONLY") != 0;
    maxim_logger *logger;
    maxim_log_client *client;
    CHECK(maxim_logger_new(&config, &logger));
    CHECK(maxim_log_client_new(&client_config, &client));
    for (int i = 2; i < count; i++) {
        if (samples) {
            one_trace(logger, arguments[i]);
        } else {
            if (config.lossy) {
                cut_lines(logger, arguments[i]);
            } else {
                lines(logger, arguments[i], (unsigned)i);
            }
            entries(client, arguments[i], !keeps && !getenv("WHAT_LEAVES_REFUSED"));
        }
    }
    if (keeps) {
        CHECK(maxim_write_to_file(logger, 30000));
        /* The client's lie in shared memory. */
        return 0;
    }
    maxim_stats stats = MAXIM_STATS_INIT;
    /* What is refused is no failure here. */
    const uint32_t patience = getenv("WHAT_LEAVES_REFUSED") ? 5000 : 60000;
    (void)maxim_flush(logger, patience);
    (void)maxim_log_flush(client, patience);
    CHECK(maxim_logger_stats(logger, &stats));
    print("lines", &stats);
    CHECK(maxim_log_client_stats(client, &stats));
    print("entries", &stats);
    if (is_off) {
        /* Asynchronous ones are answered too. */
        CHECK(maxim_can_access_filesystem(logger) ? MAXIM_ERR_IO : MAXIM_OK);
        if (getenv("WHAT_LEAVES_PAUSE")) {
            puts("paused");
            fflush(stdout);
            getchar();
        }
    }
    if (getenv("WHAT_LEAVES_REFUSED")) {
        /* What was refused too often to go on is held. */
        (void)maxim_cleanup(logger, 2000);
        (void)maxim_log_disconnect(client, 2000);
    } else {
        CHECK(maxim_cleanup(logger, 60000));
        CHECK(maxim_log_disconnect(client, 60000));
    }
    CHECK(maxim_logger_free(logger));
    CHECK(maxim_log_client_free(client));
    return 0;
}
