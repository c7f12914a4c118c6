/*
 * Logs by OTLP, as its verbs say; each prints a status and the detail.
 *
 *     otlp conversation                  an agent's conversation
 *     otlp traces PREFIX COUNT           COUNT traces, each with a span and a generation
 *     otlp patient PREFIX COUNT          the same, until nothing is held
 *     otlp killed PREFIX COUNT           the traces, a trace that stays open, and SIGKILL
 *     otlp forever PREFIX                traces without end, each told by a line once it is accepted
 *     otlp end ID                        ends a trace that another process began, and sends what that one left
 *     otlp forked COUNT                  the same traces in a parent and in its child
 *     otlp open COUNT                    a trace that stays open while COUNT others come and go
 *     otlp poison                        five traces, of which the third is called poison
 *     otlp large PREFIX COUNT            COUNT traces of 100,000 bytes that no compression makes much smaller
 *     otlp nested DEPTH                  a generation whose parameters and result are DEPTH levels deep, and an entry with the same
 *     otlp entries COUNT                 COUNT entries of a log client
 *     otlp joined HEADER                 a trace below HEADER, and the header for a call from its span
 *     otlp headers HEADER...             what a trace below each HEADER comes to: its status and id
 *     otlp purged NAME COUNT             COUNT traces of that name while nobody listens and one that stays open, a
 *                                        purge, then "purged", the end of standard input, and another trace
 *     otlp sink                          a conversation to the log API, and to a sink by OTLP
 *
 * OTEL_EXPORTER_OTLP_ENDPOINT says where to; MAXIM_SPOOL_DIR where records are kept; CLEANUP_MS how long to wait.
 */
#include <maxim.h>

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define S(text) maxim_str_z(text)

/* Milliseconds that no machine needs. */
enum { AMPLE = 100000 };

static void must(maxim_status status) {
    if (status != MAXIM_OK) {
        printf("%s %s\n", maxim_status_str(status), maxim_last_error());
        exit(1);
    }
}

static void on_error(void *user_data, maxim_status status, const char *message, uint64_t records) {
    (void)records;
    (void)user_data;
    fprintf(stderr, "told: %s %s\n", maxim_status_str(status), message);
}

static maxim_logger_config otlp_config(void) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.protocol = MAXIM_PROTOCOL_OTLP;
    config.flush_interval_ms = 100;
    config.service_name = S("otlp-test");
    config.error_callback = on_error;
    if (getenv("INCOMPLETE_AFTER_MS")) {
        config.incomplete_after_ms = strtoull(getenv("INCOMPLETE_AFTER_MS"), NULL, 10);
    }
    return config;
}

static maxim_logger *otlp_logger(void) {
    maxim_logger_config config = otlp_config();
    maxim_logger *logger = NULL;
    must(maxim_logger_new(&config, &logger));
    return logger;
}

static void one_trace(maxim_logger *logger, const char *prefix, int number, const char *name) {
    char trace[64], span[64], generation[64];
    snprintf(trace, sizeof trace, "%s-%d", prefix, number);
    snprintf(span, sizeof span, "%s-%d-span", prefix, number);
    snprintf(generation, sizeof generation, "%s-%d-generation", prefix, number);
    maxim_trace_config question = MAXIM_TRACE_CONFIG_INIT;
    question.id = S(trace);
    question.name = S(name);
    question.input = S("Why is the sky blue?");
    must(maxim_trace_create(logger, &question, NULL));
    maxim_span_config step = MAXIM_SPAN_CONFIG_INIT;
    step.id = S(span);
    step.name = S("step");
    must(maxim_trace_add_span(logger, S(trace), &step, NULL));
    maxim_generation_config call = MAXIM_GENERATION_CONFIG_INIT;
    call.id = S(generation);
    call.provider = S("openai");
    call.model = S("gpt-4o");
    call.messages_json = S("[{\"role\":\"user\",\"content\":\"Why?\"}]");
    must(maxim_span_add_generation(logger, S(span), &call, NULL));
    must(maxim_generation_result(logger, S(generation),
                                 S("{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"gpt-4o\","
                                   "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":"
                                   "\"assistant\",\"content\":\"Rayleigh\"}}],\"usage\":{\"prompt_tokens\":10,"
                                   "\"completion_tokens\":20,\"total_tokens\":30}}"),
                                 0));
    must(maxim_span_end(logger, S(span)));
    must(maxim_trace_end(logger, S(trace)));
}

static void large_trace(maxim_logger *logger, const char *prefix, int number) {
    enum { BYTES = 100000 };
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static char input[BYTES + 1];
    static uint64_t random = 88172645463325252u;
    for (int at = 0; at < BYTES; at++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        input[at] = digits[random >> 58];
    }
    char id[64];
    snprintf(id, sizeof id, "%s-%d", prefix, number);
    maxim_trace_config config = MAXIM_TRACE_CONFIG_INIT;
    config.id = S(id);
    config.input = S(input);
    must(maxim_trace_create(logger, &config, NULL));
    must(maxim_trace_end(logger, S(id)));
}

static void conversation(maxim_logger *logger) {
    one_trace(logger, "conversation", 0, "question");
    maxim_retrieval_config look_up = MAXIM_RETRIEVAL_CONFIG_INIT;
    maxim_trace_config more = MAXIM_TRACE_CONFIG_INIT;
    more.id = S("conversation-1");
    more.name = S("more");
    more.session_id = S("session-1");
    must(maxim_trace_create(logger, &more, NULL));
    look_up.id = S("retrieval-1");
    look_up.name = S("wiki");
    must(maxim_trace_add_retrieval(logger, S("conversation-1"), &look_up, NULL));
    must(maxim_retrieval_set_input(logger, S("retrieval-1"), S("blue")));
    must(maxim_retrieval_set_output(logger, S("retrieval-1"), S("[\"Rayleigh\"]")));
    maxim_tool_call_config tool = MAXIM_TOOL_CALL_CONFIG_INIT;
    tool.id = S("call_1");
    tool.name = S("weather");
    tool.args = S("{\"city\":\"Oslo\"}");
    must(maxim_trace_add_tool_call(logger, S("conversation-1"), &tool, NULL));
    must(maxim_tool_call_result(logger, S("call_1"), S("sunny")));
    must(maxim_trace_end(logger, S("conversation-1")));
}

/* What has become of all that was accepted, and whether it adds up. */
static void balance(maxim_stats stats) {
    uint64_t dropped =
        stats.dropped_memory + stats.dropped_disk + stats.dropped_expired + stats.dropped_corrupt;
    uint64_t in = stats.accepted + stats.adopted;
    uint64_t out = stats.delivered + stats.held + dropped + stats.quarantined + stats.purged;
    printf("quarantined %" PRIu64 " dropped %" PRIu64 " held %" PRIu64 " balance %d\n", stats.quarantined, dropped,
           stats.held, in == out);
    if (in != out) {
        printf("accepted %" PRIu64 " adopted %" PRIu64 " delivered %" PRIu64 " corrupt %" PRIu64 " purged %" PRIu64 "\n",
               stats.accepted, stats.adopted, stats.delivered, stats.dropped_corrupt, stats.purged);
    }
}

static int finish(maxim_logger *logger) {
    const char *given = getenv("CLEANUP_MS");
    maxim_status status = maxim_cleanup(logger, given ? (uint32_t)atoi(given) : AMPLE);
    printf("%s %s\n", maxim_status_str(status), status == MAXIM_OK ? "" : maxim_last_error());
    maxim_stats stats = MAXIM_STATS_INIT;
    must(maxim_logger_stats(logger, &stats));
    balance(stats);
    return maxim_logger_free(logger) != MAXIM_OK;
}

static int entries(int first, int count, bool is_killed) {
    maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    config.protocol = MAXIM_PROTOCOL_OTLP;
    config.source = S("otlp-test");
    config.version = S("1.2");
    config.environment = MAXIM_ENVIRONMENT_STAGING;
    config.error_callback = on_error;
    maxim_log_client *client = NULL;
    must(maxim_log_client_new(&config, &client));
    for (int number = first; number < first + count; number++) {
        char data[64];
        snprintf(data, sizeof data, "{\"number\":%d}", number);
        must(maxim_log_info(client, S("an entry"), S(data), NULL));
        if (number == 0) {
            must(maxim_log_flush(client, AMPLE));
        }
    }
    if (is_killed) {
        raise(SIGKILL);
    }
    maxim_raw_options raw = MAXIM_RAW_OPTIONS_INIT;
    maxim_status refused = maxim_ingest_raw_async(client, (const uint8_t *)"{}", 2, MAXIM_FORMAT_JSON, &raw);
    maxim_status status = maxim_log_disconnect(client, AMPLE);
    printf("%s %s\n", maxim_status_str(status), maxim_status_str(refused));
    maxim_stats stats = MAXIM_STATS_INIT;
    must(maxim_log_client_stats(client, &stats));
    balance(stats);
    return maxim_log_client_free(client) != MAXIM_OK;
}

static int nested(size_t depth) {
    enum { MOST = 200 };
    char text[2 * MOST + 64];
    if (depth > MOST) {
        return 2;
    }
    /* The object around them is a level too. */
    int length = snprintf(text, sizeof text, "{\"whole\":18446744073709551615,\"nested\":");
    for (size_t level = 1; level < depth; level++) {
        text[length++] = '[';
    }
    text[length++] = '7';
    for (size_t level = 1; level < depth; level++) {
        text[length++] = ']';
    }
    strcpy(text + length, "}");
    maxim_logger *logger = otlp_logger();
    maxim_trace_config config = MAXIM_TRACE_CONFIG_INIT;
    config.id = S("nested");
    must(maxim_trace_create(logger, &config, NULL));
    maxim_generation_config call = MAXIM_GENERATION_CONFIG_INIT;
    call.id = S("nested-generation");
    call.model_parameters_json = S(text);
    must(maxim_trace_add_generation(logger, S("nested"), &call, NULL));
    must(maxim_generation_result(logger, S("nested-generation"), S(text), 0));
    must(maxim_generation_end(logger, S("nested-generation")));
    must(maxim_trace_end(logger, S("nested")));
    maxim_log_client_config entries = MAXIM_LOG_CLIENT_CONFIG_INIT;
    entries.protocol = MAXIM_PROTOCOL_OTLP;
    entries.source = S("otlp-test");
    maxim_log_client *client = NULL;
    must(maxim_log_client_new(&entries, &client));
    must(maxim_log_info(client, S("nested"), S(text), NULL));
    must(maxim_log_disconnect(client, AMPLE));
    return (maxim_log_client_free(client) != MAXIM_OK) | finish(logger);
}

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    const char *first = argc > 2 ? argv[2] : "0";
    int count = argc > 3 ? atoi(argv[3]) : atoi(first);
    if (strcmp(verb, "entries") == 0) {
        return argc > 3 ? entries(atoi(first), count, true) : entries(0, count, false);
    }
    if (strcmp(verb, "nested") == 0) {
        return nested((size_t)atoi(first));
    }
    if (strcmp(verb, "sink") == 0) {
        maxim_logger *logger = NULL;
        must(maxim_logger_new(NULL, &logger));
        maxim_logger_config sink = otlp_config();
        sink.error_callback = NULL;
        must(maxim_logger_add_sink(logger, &sink, NULL));
        conversation(logger);
        return finish(logger);
    }
    maxim_logger *logger = otlp_logger();
    if (strcmp(verb, "conversation") == 0) {
        conversation(logger);
    } else if (strcmp(verb, "traces") == 0) {
        for (int number = 0; number < count; number++) {
            one_trace(logger, first, number, "question");
        }
    } else if (strcmp(verb, "large") == 0) {
        for (int number = 0; number < count; number++) {
            large_trace(logger, first, number);
        }
    } else if (strcmp(verb, "patient") == 0) {
        for (int number = 0; number < count; number++) {
            one_trace(logger, first, number, "question");
        }
        maxim_stats stats = MAXIM_STATS_INIT;
        do {
            usleep(50000);
            must(maxim_logger_stats(logger, &stats));
        } while (stats.held > 0);
    } else if (strcmp(verb, "killed") == 0) {
        maxim_trace_config open = MAXIM_TRACE_CONFIG_INIT;
        open.id = S("open");
        open.name = S("open");
        open.input = S("begun in a process that was killed");
        must(maxim_trace_create(logger, &open, NULL));
        for (int number = 0; number < count; number++) {
            one_trace(logger, first, number, "question");
            if (number == 0) {
                /* What comes now is folded while more comes. */
                must(maxim_flush(logger, AMPLE));
            }
        }
        raise(SIGKILL);
    } else if (strcmp(verb, "forever") == 0) {
        for (int number = 0;; number++) {
            one_trace(logger, first, number, "question");
            printf("%d\n", number);
            fflush(stdout);
        }
    } else if (strcmp(verb, "end") == 0) {
        must(maxim_trace_add_tag(logger, S(first), S("ended"), S("yes")));
        must(maxim_trace_end(logger, S(first)));
        maxim_status flushed = maxim_flush_log_files(logger, AMPLE);
        /* What it does not come to in that time, it leaves for another. */
        if (flushed != MAXIM_ERR_TIMEOUT) {
            must(flushed);
        }
    } else if (strcmp(verb, "forked") == 0) {
        one_trace(logger, "parent", 0, "question");
        pid_t child = fork();
        const char *prefix = child == 0 ? "child" : "parent";
        for (int number = 1; number <= count; number++) {
            one_trace(logger, prefix, number, "question");
        }
        if (child == 0) {
            must(maxim_cleanup(logger, AMPLE));
            _exit(0);
        }
        int ended = 0;
        if (waitpid(child, &ended, 0) != child || ended != 0) {
            printf("the child: %d\n", ended);
            return 1;
        }
    } else if (strcmp(verb, "open") == 0) {
        maxim_trace_config open = MAXIM_TRACE_CONFIG_INIT;
        open.id = S("open");
        must(maxim_trace_create(logger, &open, NULL));
        for (int number = 0; number < count; number++) {
            one_trace(logger, "closed", number, "question");
            if (number % 500 == 0) {
                must(maxim_flush(logger, AMPLE));
            }
        }
        must(maxim_flush(logger, AMPLE));
        maxim_stats stats = MAXIM_STATS_INIT;
        must(maxim_logger_stats(logger, &stats));
        printf("open: held %" PRIu64 " bytes %" PRIu64 "\n", stats.held, stats.bytes_held);
    } else if (strcmp(verb, "joined") == 0) {
        maxim_trace_config config = MAXIM_TRACE_CONFIG_INIT;
        maxim_id trace, span;
        char header[56];
        config.name = S("joined");
        maxim_status refused = maxim_trace_from_traceparent(logger, S("00-nonsense-01"), &config, &trace);
        printf("%s %s\n", maxim_status_str(refused), maxim_last_error());
        must(maxim_trace_from_traceparent(logger, S(first), &config, &trace));
        must(maxim_trace_add_span(logger, S(trace.text), NULL, &span));
        must(maxim_span_traceparent(S(trace.text), MAXIM_ENTITY_SPAN, S(span.text), header, sizeof header));
        printf("traceparent: %s\n", header);
        must(maxim_span_end(logger, S(span.text)));
        must(maxim_trace_end(logger, S(trace.text)));
    } else if (strcmp(verb, "headers") == 0) {
        for (int number = 2; number < argc; number++) {
            maxim_id trace;
            maxim_status status = maxim_trace_from_traceparent(logger, S(argv[number]), NULL, &trace);
            printf("%s %s\n", maxim_status_str(status), status == MAXIM_OK ? trace.text : maxim_last_error());
            if (status == MAXIM_OK) {
                must(maxim_trace_end(logger, S(trace.text)));
            }
        }
    } else if (strcmp(verb, "purged") == 0) {
        maxim_trace_config open = MAXIM_TRACE_CONFIG_INIT;
        open.id = S("purged-open");
        open.name = S(first);
        must(maxim_trace_create(logger, &open, NULL));
        for (int number = 0; number < count; number++) {
            one_trace(logger, "purged", number, first);
        }
        /* Lines become spans meanwhile: some of each are held. */
        maxim_flush(logger, 300);
        one_trace(logger, "purged", count, first);
        must(maxim_purge(logger));
        printf("purged\n");
        fflush(stdout);
        getchar();
        one_trace(logger, "afterwards", 0, "question");
    } else if (strcmp(verb, "poison") == 0) {
        for (int number = 0; number < 5; number++) {
            one_trace(logger, "p", number, number == 2 ? "poison" : "question");
        }
    } else {
        return 2;
    }
    return finish(logger);
}
