/*
 * Texts of 200 MiB of which no byte can be read: each call that takes a text refuses it by its length, or ends the
 * process. tests/wrong_input.rs runs this, and sees that nothing but the calls without a text has logged.
 *
 *     too_long LOSSY     (MAXIM_BASE_URL and MAXIM_SPOOL_DIR set; LOSSY: 1 or 0)
 *
 * Prints how many lines the server must have.
 */
#define _GNU_SOURCE
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LENGTH ((size_t)200 << 20)

static const char *unreadable;
static bool is_given; /* whether the call at hand was given such a text */
static unsigned lines;

static maxim_str too_long(void) {
    is_given = true;
    return maxim_str_n(unreadable, LENGTH);
}

static void answered(const char *call, maxim_status status, unsigned logs) {
    maxim_status wanted = is_given ? MAXIM_ERR_TOO_LARGE : MAXIM_OK;
    if (status != wanted) {
        fprintf(stderr, "%s: %s: %s\n", call, maxim_status_str(status), maxim_last_error());
        exit(1);
    }
    lines += is_given ? 0 : logs;
    is_given = false;
}
#define CALL(count, call) answered(#call, (call), (count));
#define REFUSED(call) is_given = true; CALL(0, call)

#define ID(entity) MAXIM_STR("long-" #entity)
#define NEW(noun) (&new_##noun)
#define CHILD(noun) (&new_##noun)
#define CAUSE (&cause)
#define MADE NULL
#define GIVEN(parameter) GIVEN_##parameter
#define GIVEN_number 0.25
#define GIVEN_tags &tag
#define GIVEN_tag_count 1
#define GIVEN_timestamp_us 1767323045000006
#define GIVEN_flags MAXIM_RESULT_FORCE
#define GIVEN_input_usd 0.001
#define GIVEN_output_usd 0.002
#define GIVEN_total_usd 0.003
#define GIVEN_key too_long()
#define GIVEN_value too_long()
#define GIVEN_name too_long()
#define GIVEN_input too_long()
#define GIVEN_output too_long()
#define GIVEN_input_json too_long()
#define GIVEN_feedback_json too_long()
#define GIVEN_metadata_json too_long()
#define GIVEN_data_json too_long()
#define GIVEN_evaluators_json too_long()
#define GIVEN_variables_json too_long()
#define GIVEN_model too_long()
#define GIVEN_provider too_long()
#define GIVEN_maxim_prompt_id too_long()
#define GIVEN_maxim_prompt_version_id too_long()
#define GIVEN_message_json too_long()
#define GIVEN_parameters_json too_long()
#define GIVEN_result_json too_long()
#define GIVEN_documents_json too_long()
#define GIVEN_result too_long()
#define GIVEN_traceparent too_long()

static void entities(maxim_logger *logger) {
    maxim_tag tag = {MAXIM_STR("key"), MAXIM_STR("value")};
    maxim_attachment new_attachment = MAXIM_ATTACHMENT_INIT;
    maxim_event_config new_event = MAXIM_EVENT_CONFIG_INIT;
    maxim_error_config cause = MAXIM_ERROR_CONFIG_INIT, new_error = MAXIM_ERROR_CONFIG_INIT;
    maxim_session_config new_session = MAXIM_SESSION_CONFIG_INIT;
    maxim_trace_config new_trace = MAXIM_TRACE_CONFIG_INIT;
    maxim_span_config new_span = MAXIM_SPAN_CONFIG_INIT;
    maxim_generation_config new_generation = MAXIM_GENERATION_CONFIG_INIT;
    maxim_retrieval_config new_retrieval = MAXIM_RETRIEVAL_CONFIG_INIT;
    maxim_tool_call_config new_tool_call = MAXIM_TOOL_CALL_CONFIG_INIT;
    new_attachment.kind = MAXIM_ATTACHMENT_URL;
    new_attachment.url = MAXIM_STR("https://example.com/picture.png");
    new_event.name = new_error.message = cause.message = MAXIM_STR("what happened");
#include "entity_calls.h"

    tag.value = too_long();
    REFUSED(maxim_trace_add_tags(logger, ID(trace), &tag, 1))
    new_trace.input = too_long();
    REFUSED(maxim_trace_create(logger, &new_trace, NULL))
    new_generation.messages_json = too_long();
    REFUSED(maxim_trace_add_generation(logger, ID(trace), &new_generation, NULL))
    new_attachment.url = too_long();
    REFUSED(maxim_trace_add_attachment(logger, ID(trace), &new_attachment, NULL))
    /* Of content it is the limit of attachments. */
    new_attachment.kind = MAXIM_ATTACHMENT_DATA;
    new_attachment.url = maxim_str_n(NULL, 0);
    new_attachment.data = (const uint8_t *)unreadable;
    new_attachment.data_len = LENGTH;
    REFUSED(maxim_trace_add_attachment(logger, ID(trace), &new_attachment, NULL))
    REFUSED(maxim_generation_result(logger, ID(generation), too_long(), 0))
    REFUSED(maxim_generation_result(logger, ID(generation), too_long(), MAXIM_RESULT_STRICT))
    REFUSED(maxim_normalise_result(too_long(), 0, NULL, 0, NULL))
}

static void structured_logs(bool lossy) {
    maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    config.source = MAXIM_STR("too-long");
    config.api_key = MAXIM_STR("key-0123456789");
    config.endpoint = maxim_str_z(getenv("MAXIM_BASE_URL"));
    config.lossy = lossy;
    maxim_log_client *client;
    CALL(0, maxim_log_client_new(&config, &client))
    REFUSED(maxim_log_info(client, too_long(), maxim_str_n(NULL, 0), NULL))
    REFUSED(maxim_log_info(client, MAXIM_STR("message"), too_long(), NULL))
    REFUSED(maxim_log_set_user_id(client, too_long()))
    REFUSED(maxim_ingest_raw_async(client, (const uint8_t *)unreadable, LENGTH, MAXIM_FORMAT_TEXT, NULL))
    CALL(0, maxim_log_client_free(client))
}

int main(int count, char **arguments) {
    bool lossy = count > 1 && arguments[1][0] == '1';
    unreadable = mmap(NULL, LENGTH, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (unreadable == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.api_key = MAXIM_STR("key-0123456789");
    config.repository_id = MAXIM_STR("too-long");
    config.lossy = lossy;
    maxim_logger *logger;
    CALL(0, maxim_logger_new(&config, &logger))
    entities(logger);
    structured_logs(lossy);
    CALL(0, maxim_cleanup(logger, 300000))
    CALL(0, maxim_logger_free(logger))
    printf("%u\n", lines);
    return 0;
}
