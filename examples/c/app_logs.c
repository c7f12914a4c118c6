/*
 * An application's own logs with libmaxim: a checkout as a flow of steps, an error with its stack, and
 * two files in formats of their own.
 *
 * Without configuration it talks to a local maxim-dev (see `make demo`). Set MAXIM_LOG_ENDPOINT and
 * MAXIM_LOG_API_KEY to log to your own service.
 */
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>

static void check(maxim_status status, const char *what) {
    if (status != MAXIM_OK) {
        fprintf(stderr, "%s: %s: %s\n", what, maxim_status_str(status), maxim_last_error());
        exit(1);
    }
}
#define CHECK(call) check((call), #call)

static const char *or_default(const char *variable, const char *value) {
    const char *given = getenv(variable);
    return given && *given ? given : value;
}

static void check_out(maxim_log_client *client) {
    maxim_flow *flow = NULL;
    CHECK(maxim_flow_new(client, MAXIM_STR("checkout"), &flow));
    CHECK(maxim_flow_info(flow, MAXIM_STR("cart opened"), MAXIM_STR("{\"items\": 3, \"total\": 59.9}"), NULL));

    maxim_log_options tagged = MAXIM_LOG_OPTIONS_INIT;
    tagged.tags_json = MAXIM_STR("[\"payment\", \"retry\"]");
    CHECK(maxim_flow_warn(flow, MAXIM_STR("card declined once"), MAXIM_STR("{\"attempt\": 1}"), &tagged));

    /* Below the client's level: not logged, and takes no step index. */
    CHECK(maxim_flow_debug(flow, MAXIM_STR("gateway payload"), MAXIM_STR("{\"bytes\": 512}"), NULL));

    CHECK(maxim_flow_info(flow, MAXIM_STR("order placed"), MAXIM_STR("{\"order\": \"A-1001\"}"), NULL));
    CHECK(maxim_flow_free(flow));
}

static void fail(maxim_log_client *client) {
    maxim_log_error_info error = MAXIM_LOG_ERROR_INFO_INIT;
    error.name = MAXIM_STR("ConnectionError");
    error.message = MAXIM_STR("mail server closed the connection");
    error.stack = MAXIM_STR("at send_receipt (mail.c:88)\n  at place_order (orders.c:41)\n  at main (shop.c:12)");
    CHECK(maxim_log_error_with(client, MAXIM_STR("receipt not sent"), &error, NULL));
}

static void ingest(maxim_log_client *client) {
    static const char csv[] = "level,message\ninfo,warehouse picked A-1001\nwarn,stock below 5\n";
    static const char jsonl[] = "{\"level\":\"info\",\"message\":\"label printed\"}\n"
                                "{\"level\":\"info\",\"message\":\"parcel handed over\"}\n";
    maxim_raw_options options = MAXIM_RAW_OPTIONS_INIT;
    options.source = MAXIM_STR("warehouse");
    options.environment = MAXIM_ENVIRONMENT_PRODUCTION;
    /* Waits for the answer … */
    CHECK(maxim_ingest_raw(client, (const uint8_t *)csv, sizeof csv - 1, MAXIM_FORMAT_CSV, &options, 5000));
    /* … or goes the way of all entries. */
    CHECK(maxim_ingest_raw_async(client, (const uint8_t *)jsonl, sizeof jsonl - 1, MAXIM_FORMAT_JSONL, &options));
}

int main(void) {
    maxim_log_client *client = NULL;
    maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    config.source = MAXIM_STR("shop");
    config.environment = MAXIM_ENVIRONMENT_PRODUCTION;
    config.endpoint = maxim_str_z(or_default("MAXIM_LOG_ENDPOINT", or_default("MAXIM_BASE_URL", "http://127.0.0.1:8899")));
    config.api_key = maxim_str_z(or_default("MAXIM_LOG_API_KEY", "local-development"));
    config.version = MAXIM_STR("1.4.0");
    config.min_level = MAXIM_LEVEL_INFO;
    CHECK(maxim_log_client_new(&config, &client));

    CHECK(maxim_log_set_user_id(client, MAXIM_STR("ada")));
    CHECK(maxim_log_set_session_id(client, MAXIM_STR("web-7f3a")));
    CHECK(maxim_log_info(client, MAXIM_STR("signed in"), MAXIM_STR("{\"method\": \"passkey\"}"), NULL));
    check_out(client);
    fail(client);
    ingest(client);

    maxim_status sent = maxim_log_disconnect(client, 5000);
    maxim_stats stats = MAXIM_STATS_INIT;
    CHECK(maxim_log_client_stats(client, &stats));
    printf("logged %llu records, delivered %llu, held %llu\n", (unsigned long long)stats.accepted,
           (unsigned long long)stats.delivered, (unsigned long long)stats.held);
    CHECK(maxim_log_client_free(client));
    return sent == MAXIM_OK ? 0 : 1;
}
