/*
 * The calls that are measured, the same for latency and for instruction counts: one logger and one log
 * client in default configuration, and one function for each call.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef maxim_status (*workload_call)(void);

#define WORKLOAD_TRACE MAXIM_STR("3f0c9d52-7a41-4c57-9be1-08a6d1f2c3e4")

static maxim_logger *workload_logger;
static maxim_log_client *workload_client;
static char workload_result[4096];

/* A chat completion of 2 KB whose answer is prose with a few escapes. */
static void workload_make_result(void) {
    static const char head[] =
        "{\"id\":\"chatcmpl-9x\",\"object\":\"chat.completion\",\"created\":1767323045,\"model\":\"gpt-4o-2024-08-06\","
        "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"";
    static const char prose[] = "Take an umbrella: it rains from noon, says \\\"Yr\\\", and clears at six.\\n";
    static const char tail[] =
        "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":31,\"completion_tokens\":417,\"total_tokens\":448}}";
    strcpy(workload_result, head);
    while (strlen(workload_result) + sizeof prose + sizeof tail < 2048) {
        strcat(workload_result, prose);
    }
    strcat(workload_result, tail);
}

static maxim_status workload_tag(void) {
    return maxim_trace_add_tag(workload_logger, WORKLOAD_TRACE, MAXIM_STR("user"), MAXIM_STR("ada"));
}

static maxim_status workload_span(void) {
    maxim_span_config config = MAXIM_SPAN_CONFIG_INIT;
    config.name = MAXIM_STR("agent step");
    config.tags_json = MAXIM_STR("{\"step\": \"1\", \"agent\": \"weather\"}");
    maxim_id id;
    return maxim_trace_add_span(workload_logger, WORKLOAD_TRACE, &config, &id);
}

static maxim_status workload_generation_result(void) {
    return maxim_generation_result(workload_logger, WORKLOAD_TRACE, maxim_str_z(workload_result), 0);
}

static maxim_status workload_info(void) {
    return maxim_log_info(workload_client, MAXIM_STR("order placed"),
                          MAXIM_STR("{\"order\": \"A-1001\", \"items\": 3, \"total\": 59.9, \"express\": true}"), NULL);
}

static maxim_status workload_debug(void) {
    return maxim_log_debug(workload_client, MAXIM_STR("gateway payload"), MAXIM_STR("{\"bytes\": 512}"), NULL);
}

static maxim_status workload_empty(void) {
    return MAXIM_OK;
}

/* The limit: 200 bytes into a ring of 4 MiB. */
static maxim_status workload_memcpy(void) {
    static char ring[4 << 20];
    static size_t at;
    static const char record[200] = "record";
    at = at + 2 * sizeof record > sizeof ring ? 0 : at + sizeof record;
    memcpy(ring + at, record, sizeof record);
    __asm__ volatile("" ::: "memory");
    return MAXIM_OK;
}

/* What any time stamp costs. */
static maxim_status workload_clock(void) {
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) == 0 ? MAXIM_OK : MAXIM_ERR_INVALID_ARGUMENT;
}

static inline workload_call workload_find(const char *name) {
    static const struct {
        const char *name;
        workload_call call;
    } calls[] = {{"tag", workload_tag},   {"span", workload_span},   {"result", workload_generation_result},
                 {"info", workload_info}, {"debug", workload_debug}, {"empty", workload_empty},
                 {"memcpy", workload_memcpy}, {"clock", workload_clock}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(calls[i].name, name) == 0) {
            return calls[i].call;
        }
    }
    return NULL;
}

/* Whose records these are: different in every process, as a logger also sends what others with its
 * identity have left behind, and the records of an earlier run are not to be measured or counted. */
static inline maxim_str workload_name(void) {
    static char name[64];
    struct timespec now;
    if (name[0] == '\0') {
        clock_gettime(CLOCK_REALTIME, &now);
        snprintf(name, sizeof name, "bench-%07ld-%lld%09ld", (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
    }
    return maxim_str_z(name);
}

static inline bool workload_open(void) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.api_key = MAXIM_STR("bench-key");
    config.repository_id = workload_name();
    if (maxim_logger_new(&config, &workload_logger) != MAXIM_OK) {
        fprintf(stderr, "maxim_logger_new: %s\n", maxim_last_error());
        return false;
    }
    workload_make_result();
    return true;
}

/* Only for the calls that need it: a client has a writer of its own. */
static inline bool workload_open_client(void) {
    maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    const char *server = getenv("MAXIM_BASE_URL");
    config.source = workload_name();
    config.api_key = MAXIM_STR("bench-key");
    config.endpoint = maxim_str_z(server);
    config.min_level = MAXIM_LEVEL_INFO;
    if (maxim_log_client_new(&config, &workload_client) != MAXIM_OK) {
        fprintf(stderr, "maxim_log_client_new: %s\n", maxim_last_error());
        return false;
    }
    return true;
}

static inline void workload_close(void) {
    maxim_logger_free(workload_logger);
    maxim_log_client_free(workload_client);
    workload_logger = NULL;
    workload_client = NULL;
}

#endif
