/*
 * A program that looks at no status and gives no callback: what it does wrong must be counted, and said once. The
 * first argument says what it does.
 */
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hear(void *user_data, maxim_status status, const char *message, uint64_t records) {
    (void)user_data;
    (void)records;
    printf("heard %s: %s\n", maxim_status_str(status), message);
}

static void count(const maxim_stats *stats) {
    printf("accepted %d invalid %d too large %d closed %d other %d ignored %d\n", (int)stats->accepted,
           (int)stats->refused_invalid, (int)stats->refused_too_large, (int)stats->refused_closed,
           (int)stats->refused_other, (int)stats->ignored);
}

static maxim_logger *made(bool hears, bool debugs) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    maxim_logger *logger = NULL;
    config.repository_id = MAXIM_STR("silence");
    config.is_debug = debugs;
    config.error_callback = hears ? hear : NULL;
    if (maxim_logger_new(&config, &logger) != MAXIM_OK) {
        printf("%s\n", maxim_last_error());
        exit(1);
    }
    return logger;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "without-key") == 0) {
        maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;
        maxim_log_client *client = NULL;
        maxim_stats stats = MAXIM_STATS_INIT;
        config.source = MAXIM_STR("silence");
        if (maxim_log_client_new(&config, &client) != MAXIM_OK) {
            return 1;
        }
        (void)maxim_log_info(client, MAXIM_STR("into the void"), maxim_str_z(NULL), NULL);
        (void)maxim_log_client_stats(client, &stats);
        count(&stats);
        return maxim_log_client_free(client) != MAXIM_OK;
    }
    if (strcmp(what, "no-handle") == 0) {
        maxim_logger *gone = made(true, false);
        (void)maxim_logger_free(gone);
        for (int n = 0; n < 100; n++) {
            (void)maxim_trace_end(NULL, MAXIM_STR("t"));
            (void)maxim_trace_end(gone, MAXIM_STR("t"));
            (void)maxim_log_info(NULL, MAXIM_STR("m"), maxim_str_z(NULL), NULL);
        }
        return maxim_logger_free(NULL) != MAXIM_OK;
    }
    maxim_logger *logger = made(strcmp(what, "hears") == 0, strcmp(what, "debugs") == 0);
    maxim_stats stats = MAXIM_STATS_INIT;
    if (strcmp(what, "debugs") == 0) {
        maxim_trace_config trace = MAXIM_TRACE_CONFIG_INIT;
        maxim_span_config span = MAXIM_SPAN_CONFIG_INIT;
        trace.id = MAXIM_STR("made");
        span.id = MAXIM_STR("span");
        (void)maxim_trace_create(logger, &trace, NULL);
        (void)maxim_trace_add_span(logger, MAXIM_STR("made"), &span, NULL);
        (void)maxim_span_end(logger, MAXIM_STR("span"));
        (void)maxim_trace_add_tag(logger, MAXIM_STR("made"), MAXIM_STR("k"), MAXIM_STR("v"));
        (void)maxim_trace_add_tag(logger, MAXIM_STR("never-made"), MAXIM_STR("k"), MAXIM_STR("v"));
        (void)maxim_trace_end(logger, MAXIM_STR("never-made"));
        (void)maxim_cleanup(logger, 60000);
        (void)maxim_logger_stats(logger, &stats);
        count(&stats);
        return maxim_logger_free(logger) != MAXIM_OK;
    }
    if (strcmp(what, "delivers") == 0) {
        (void)maxim_trace_end(logger, MAXIM_STR("t"));
        printf("cleanup %s\n", maxim_status_str(maxim_cleanup(logger, 60000)));
    } else {
        for (int n = 0; n < 100; n++) {
            (void)maxim_trace_end(logger, MAXIM_STR("no id"));
            (void)maxim_trace_add_metadata(logger, MAXIM_STR("t"), MAXIM_STR("{"));
        }
        (void)maxim_cleanup(logger, 1);
        (void)maxim_trace_end(logger, MAXIM_STR("t"));
    }
    (void)maxim_logger_stats(logger, &stats);
    count(&stats);
    return maxim_logger_free(logger) != MAXIM_OK;
}
