/*
 * Ingests one raw document through the spool.
 *
 *     raw_document URL BYTES kill     accepts a document of so many bytes, and is killed
 *     raw_document URL BYTES send     accepts one more, sends all, prints the process's peak of memory
 *     raw_document URL 0 send         sends what an earlier process left behind
 */
#include <maxim.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int failed(const char *what) {
    fprintf(stderr, "raw_document: %s: %s\n", what, maxim_last_error());
    return 1;
}

int main(int count, char **arguments) {
    if (count != 4) {
        return 2;
    }
    maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    config.source = MAXIM_STR("svc");
    config.api_key = MAXIM_STR("key-1");
    config.endpoint = maxim_str_z(arguments[1]);
    maxim_log_client *client;
    if (maxim_log_client_new(&config, &client) != MAXIM_OK) {
        return failed("maxim_log_client_new");
    }
    size_t size = strtoull(arguments[2], NULL, 10);
    if (size > 0) {
        uint8_t *body = malloc(size);
        memset(body, 'x', size);
        if (maxim_ingest_raw_async(client, body, size, MAXIM_FORMAT_TEXT, NULL) != MAXIM_OK) {
            return failed("maxim_ingest_raw_async");
        }
        free(body);
    }
    /* What a killed process left is taken over in the background. */
    maxim_stats stats = MAXIM_STATS_INIT;
    for (int i = 0; size == 0 && stats.adopted == 0 && i < 1000; i++) {
        usleep(10000);
        maxim_log_client_stats(client, &stats);
    }
    if (strcmp(arguments[3], "kill") == 0) {
        kill(getpid(), SIGKILL);
    }
    if (maxim_log_disconnect(client, 60000) != MAXIM_OK) {
        return failed("maxim_log_disconnect");
    }
    maxim_log_client_free(client);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%ld\n", usage.ru_maxrss);
    return 0;
}
