/*
 * Values that real programs log and that cannot be sent as they are. A strict logger refuses each call, a lossy one
 * takes each. The first argument says which; prints one line for each call that answered otherwise.
 */
#include <maxim.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool lossy;
static int failures;

#define TRY(call)                                                                                           \
    do {                                                                                                    \
        maxim_status status = (call);                                                                       \
        if ((status == MAXIM_OK) != lossy) {                                                                \
            printf("line %d: %s: %s\n", __LINE__, maxim_status_str(status), maxim_last_error());            \
            failures++;                                                                                     \
        }                                                                                                   \
    } while (0)
#define BYTES(literal) maxim_str_n(literal, sizeof literal - 1)

static char longest[30001];

static void must(maxim_status status) {
    if (status != MAXIM_OK) {
        printf("%s\n", maxim_last_error());
        exit(1);
    }
}

static void application_logs(void) {
    maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    maxim_log_client *client;
    config.endpoint = maxim_str_z(getenv("MAXIM_BASE_URL"));
    config.source = BYTES("lossy");
    config.api_key = BYTES("key");
    config.lossy = lossy;
    if (lossy) {
        config.user_id = config.session_id = maxim_str_n(longest, 150);
    }
    must(maxim_log_client_new(&config, &client));
    const maxim_str none = maxim_str_z(NULL), message = BYTES("m");
    maxim_log_error_info error = MAXIM_LOG_ERROR_INFO_INIT;
    error.name = maxim_str_n(longest, 201);
    error.message = BYTES("caf\xe9");
    error.stack = maxim_str_n(longest, 30000);
    maxim_log_options options = MAXIM_LOG_OPTIONS_INIT;
    options.tags_json = BYTES("[1,\"a\",\"0123456789012345678901234567890123456789012345678901\",4,5,6,7,8,9,10,11,12,13,"
                              "14,15,16,17,18,19,20,21]");
    TRY(maxim_log_info(client, BYTES("caf\xe9"), none, NULL));
    TRY(maxim_log_info(client, BYTES(""), none, NULL));
    TRY(maxim_log_info(client, maxim_str_n(longest, 10001), none, NULL));
    TRY(maxim_log_info(client, message, BYTES("{\"a\":NaN,\"b\":\"x\ty\"}"), NULL));
    TRY(maxim_log_info(client, message, BYTES("not JSON"), NULL));
    TRY(maxim_log_info(client, message, BYTES("[1,2]"), NULL));
    TRY(maxim_log_info(client, message, none, &options));
    TRY(maxim_log_error_with(client, BYTES("failed"), &error, NULL));
    maxim_log_entry entry = MAXIM_LOG_ENTRY_INIT;
    entry.message = message;
    entry.user_id = maxim_str_n(longest, 101);
    entry.step_index = 5000;
    TRY(maxim_log(client, &entry));
    /* Half of an emoji is JSON by its letters; strict passes it on. */
    if (maxim_log_info(client, BYTES("cut"), BYTES("{\"prompt\":\"Hi \\ud83d\"}"), NULL) != MAXIM_OK) {
        failures++;
    }
    const maxim_str names[] = {BYTES(""), maxim_str_n(longest, 42), BYTES("caf\xe9")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        maxim_flow *flow = NULL;
        TRY(maxim_flow_new(client, names[i], &flow));
        if (flow) {
            TRY(maxim_flow_info(flow, BYTES("step"), none, NULL));
        }
        maxim_flow_free(flow);
    }
    /* Two users whose ids differ behind the 100th character, and the first again, in an entry of its own. */
    char users[2][151];
    for (int i = 0; i < 2; i++) {
        memset(users[i], 'u', 149);
        users[i][149] = (char)('1' + i);
        users[i][150] = 0;
        TRY(maxim_log_set_user_id(client, maxim_str_z(users[i])));
        TRY(maxim_log_set_session_id(client, maxim_str_z(users[i])));
        if (lossy) {
            must(maxim_log_info(client, message, none, NULL));
        }
    }
    entry.user_id = entry.session_id = entry.request_id = maxim_str_z(users[0]);
    TRY(maxim_log(client, &entry));
    maxim_log_disconnect(client, 60000);
    maxim_log_client_free(client);
}

static void entities(void) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    maxim_logger *logger;
    config.api_key = BYTES("key");
    config.repository_id = BYTES("lossy");
    config.lossy = lossy;
    must(maxim_logger_new(&config, &logger));
    const maxim_str id = BYTES("order 17");
    maxim_event_config event = MAXIM_EVENT_CONFIG_INIT;
    event.name = BYTES("e\xff");
    maxim_trace_config trace = MAXIM_TRACE_CONFIG_INIT;
    trace.id = id;
    trace.name = BYTES("caf\xe9");
    trace.tags_json = BYTES("{\"a\":Infinity}");
    TRY(maxim_trace_create(logger, &trace, NULL));
    TRY(maxim_trace_add_tag(logger, id, BYTES("k\xff"), BYTES("v")));
    TRY(maxim_trace_add_metric(logger, BYTES("t"), BYTES("m"), (double)NAN));
    TRY(maxim_trace_add_metadata(logger, BYTES("t"), BYTES("{\"a\":undefined}")));
    TRY(maxim_trace_add_event(logger, id, &event, NULL));
    TRY(maxim_trace_end(logger, id));
    maxim_cleanup(logger, 60000);
    maxim_logger_free(logger);
}

int main(int argc, char **argv) {
    lossy = argc > 1 && strcmp(argv[1], "lossy") == 0;
    memset(longest, 'x', sizeof longest - 1);
    application_logs();
    entities();
    return failures != 0;
}
