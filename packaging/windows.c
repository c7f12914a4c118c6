/*
 * A host process for packaging/test-windows.sh: windows NAME COUNT END
 *
 * Logs COUNT records marked seq-NAME-1 … seq-NAME-COUNT to MAXIM_BASE_URL, and by END
 *   kill     ends itself at once (TerminateProcess);
 *   wait     says "logged" and lives on until somebody ends it;
 *   finish   sends what is held, what others left too, for a minute at most, and ends.
 *
 * Environment: MAXIM_SPOOL_DIR, HOST_MEMORY and HOST_DISK (caps in bytes), HOST_PAD (bytes added to each record),
 * HOST_FILE (a file to be attached to a trace, and as many bytes as HOST_PAD says).
 * Prints what the logger counts. 0 if every call was answered as it should be.
 */
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static unsigned long long number(const char *name, unsigned long long otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void on_error(void *user_data, maxim_status status, const char *message, uint64_t records) {
    (void)user_data;
    fprintf(stderr, "host: %s (%llu records): %s\n", maxim_status_str(status), (unsigned long long)records, message);
}

int main(int count, char **arguments) {
    if (count != 4) {
        return 64;
    }
    maxim_logger *logger = NULL;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.base_url = maxim_str_z(getenv("MAXIM_BASE_URL"));
    config.api_key = MAXIM_STR("key");
    config.repository_id = MAXIM_STR("windows");
    config.max_memory_bytes = number("HOST_MEMORY", 0);
    config.max_disk_bytes = number("HOST_DISK", 0);
    config.error_callback = on_error;
    maxim_status status = maxim_logger_new(&config, &logger);
    if (status != MAXIM_OK) {
        fprintf(stderr, "host: maxim_logger_new: %s: %s\n", maxim_status_str(status), maxim_last_error());
        return 1;
    }
    size_t padding = (size_t)number("HOST_PAD", 0);
    char *text = malloc(128 + padding);
    unsigned long long records = strtoull(arguments[2], NULL, 10), refused = 0;
    for (unsigned long long n = 1; n <= records; n++) {
        int head = snprintf(text, 128, "seq-%s-%llu ", arguments[1], n);
        memset(text + head, 'x', padding);
        maxim_trace_config trace = MAXIM_TRACE_CONFIG_INIT;
        trace.name = maxim_str_n(text, (size_t)head + padding);
        refused += maxim_trace_create(logger, &trace, NULL) != MAXIM_OK;
    }
    if (getenv("HOST_FILE")) {
        maxim_trace_config trace = MAXIM_TRACE_CONFIG_INIT;
        maxim_id id;
        refused += maxim_trace_create(logger, &trace, &id) != MAXIM_OK;
        maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
        attachment.kind = MAXIM_ATTACHMENT_FILE;
        attachment.path = maxim_str_z(getenv("HOST_FILE"));
        refused += maxim_trace_add_attachment(logger, maxim_str_z(id.text), &attachment, NULL) != MAXIM_OK;
        attachment = (maxim_attachment)MAXIM_ATTACHMENT_INIT;
        attachment.kind = MAXIM_ATTACHMENT_DATA;
        attachment.data = (const uint8_t *)text;
        attachment.data_len = padding;
        refused += maxim_trace_add_attachment(logger, maxim_str_z(id.text), &attachment, NULL) != MAXIM_OK;
    }
    const char *directory = maxim_logger_spool_dir(logger);
    printf("refused %llu; spool in %s\n", refused, directory ? directory : "memory");
    printf("logged\n");
    fflush(stdout);
    if (strcmp(arguments[3], "kill") == 0) {
        TerminateProcess(GetCurrentProcess(), 9);
    }
    if (strcmp(arguments[3], "wait") == 0) {
        Sleep(INFINITE);
    }
    /* Time to look for what others left. */
    Sleep(2000);
    maxim_status sent = maxim_flush(logger, 60000);
    if (sent == MAXIM_OK) {
        sent = maxim_cleanup(logger, 60000);
    }
    maxim_stats stats = MAXIM_STATS_INIT;
    maxim_logger_stats(logger, &stats);
    printf("accepted %llu adopted %llu delivered %llu held %llu dropped %llu\n", (unsigned long long)stats.accepted,
           (unsigned long long)stats.adopted, (unsigned long long)stats.delivered, (unsigned long long)stats.held,
           (unsigned long long)(stats.dropped_memory + stats.dropped_disk));
    maxim_logger_free(logger);
    if (sent != MAXIM_OK) {
        fprintf(stderr, "host: %s: %s\n", maxim_status_str(sent), maxim_last_error());
    }
    return sent == MAXIM_OK && refused == 0 ? 0 : 1;
}
