/* The smallest program, in every C and C++: a logger, a trace, and away with it. */
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>

/* A switch over an enumeration names all of it, and a compiler that can tell would warn otherwise. */
static const char *spelled(maxim_level level) {
    switch (level) {
    case MAXIM_LEVEL_NONE: return "none";
    case MAXIM_LEVEL_DEBUG: return "debug";
    case MAXIM_LEVEL_INFO: return "info";
    case MAXIM_LEVEL_WARN: return "warn";
    case MAXIM_LEVEL_ERROR: return "error";
    }
    return "unknown";
}

int main(void) {
    maxim_logger *logger = NULL;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    maxim_trace_config trace = MAXIM_TRACE_CONFIG_INIT;
    maxim_id id;
    config.api_key = MAXIM_STR("key");
    config.repository_id = maxim_str_z("consumers");
    config.base_url = maxim_str_z(getenv("MAXIM_BASE_URL"));
    trace.name = maxim_str_z(spelled(MAXIM_LEVEL_INFO));
    if (maxim_logger_new(&config, &logger) != MAXIM_OK || maxim_trace_create(logger, &trace, &id) != MAXIM_OK ||
        maxim_trace_end(logger, maxim_str_z(id.text)) != MAXIM_OK || maxim_cleanup(logger, 10000) != MAXIM_OK) {
        fprintf(stderr, "%s\n", maxim_last_error());
        return 1;
    }
    return maxim_logger_free(logger) != MAXIM_OK;
}
