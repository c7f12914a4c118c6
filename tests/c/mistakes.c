/*
 * The most likely mistakes of a new user in C: prints for each its name, the status and what the library says.
 */
#include "logger_at.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void say(const char *name, maxim_status status) {
    printf("%s\t%s\t%s\n", name, maxim_status_str(status), status == MAXIM_OK ? "" : maxim_last_error());
}

static maxim_logger_config usual(void) {
    return config_at("http://127.0.0.1:9", "mistakes");
}

static void make(const char *name, const maxim_logger_config *config) {
    maxim_logger *logger = NULL;
    maxim_status status = maxim_logger_new(config, &logger);
    say(name, status);
    if (status == MAXIM_OK) {
        (void)maxim_logger_free(logger);
    }
}

/* A pipe beside the spool directory. */
static maxim_str waiting_pipe(void) {
    static char path[4096];
    snprintf(path, sizeof path, "%s.pipe", getenv("MAXIM_SPOOL_DIR"));
    if (mkfifo(path, 0600) != 0) {
        perror(path);
    }
    return maxim_str_z(path);
}

/* A usual configuration in which one member has another value. */
#define MAKE(name, member, value)             \
    do {                                      \
        maxim_logger_config given = usual();  \
        given.member = value;                 \
        make(name, &given);                   \
    } while (0)

int main(void) {
    MAKE("no key", api_key, maxim_str_z(NULL));
    MAKE("no repository", repository_id, maxim_str_z(""));
    MAKE("a key with a line break", api_key, MAXIM_STR("key\n"));
    MAKE("a URL without a scheme", base_url, MAXIM_STR("app.example.test"));
    MAKE("plain http", base_url, MAXIM_STR("http://app.example.test"));
    MAKE("a directory that cannot be used", spool_dir, MAXIM_STR("/proc/nowhere"));
    MAKE("a CA file that is not there", ca_file, MAXIM_STR("/nowhere/ca.pem"));
    MAKE("a CA file that has no end", ca_file, MAXIM_STR("/dev/zero"));
    MAKE("a CA file that nobody writes to", ca_file, waiting_pipe());
    MAKE("a rate in per cent", sample_rate, 50);
    MAKE("a struct without its INIT", struct_size, 0);

    maxim_logger_config config = usual();
    maxim_logger *logger = NULL;
    if (maxim_logger_new(&config, &logger) != MAXIM_OK) {
        return 1;
    }
    say("a handle that was never made", maxim_trace_end(NULL, MAXIM_STR("t")));
    say("an id with a space", maxim_trace_end(logger, MAXIM_STR("order 17")));
    say("an id that a refused call did not write", maxim_trace_end(logger, MAXIM_STR("")));
    say("JSON in single quotes", maxim_trace_add_metadata(logger, MAXIM_STR("t"), MAXIM_STR("{'a': 1}")));
    say("an array for an object", maxim_trace_add_metadata(logger, MAXIM_STR("t"), MAXIM_STR("[1]")));
    say("text in Latin-1", maxim_trace_set_input(logger, MAXIM_STR("t"), maxim_str_n("caf\xe9", 4)));
    (void)maxim_cleanup(logger, 1);
    say("a call after cleanup", maxim_trace_end(logger, MAXIM_STR("t")));
    (void)maxim_logger_free(logger);
    say("a call after free", maxim_trace_end(logger, MAXIM_STR("t")));

    maxim_log_client_config of_client = MAXIM_LOG_CLIENT_CONFIG_INIT;
    maxim_log_client *client = NULL;
    say("a client without a source", maxim_log_client_new(&of_client, &client));
    return 0;
}
