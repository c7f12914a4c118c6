/*
 * A host process for the tests of attachments and large logs: does what its arguments say, in order.
 *
 *     uploads new file:3:/tmp/picture.png flush:10000 stats
 *
 * Verbs:
 *   new                make a logger (MAXIM_BASE_URL, MAXIM_API_KEY, MAXIM_SPOOL_DIR; UPLOADS_MOST: max_attachment_bytes,
 *                      UPLOADS_DISK: max_disk_bytes, UPLOADS_OVERFLOW: overflow_policy, and with
 *                      UPLOADS_MANUAL nothing is sent but by a flush; with UPLOADS_TINY it, and no sink,
 *                      holds a few lines and refuses more)
 *   sink:URL           add a sink
 *   file:N:PATH        attach a file N times
 *   data:N:BYTES       attach N times that many bytes of no known type
 *   url:N              attach a URL N times
 *   line:N:BYTES       log N lines whose text has that many bytes, marked seq-w-1, seq-w-2, …
 *   result:N           log N results of a generation, two lines each
 *   image:N:BYTES      log N messages with two images of that many bytes each
 *   typed:N:TYPE       attach N bytes with that MIME type
 *   media:N:BYTES      log N messages with an image whose media type is that long; of 0 bytes: has a line break
 *   append:PATH, replace:PATH:TARGET
 *                      add to a file; put a link to another one in its place
 *   flush:MS, flush-attachments:MS, flush-commit-logs:MS, flush-log-files:MS, cleanup:MS, free
 *   flush-async:MS     start a flush
 *   unlink:PATH        remove a file
 *   wait               read a line of standard input
 *   expect:STATUS      the last call must have been answered with that status
 *   stats:SINK         print accepted, adopted, delivered, held, dropped and quarantined, and the records
 *                      that errors told of; without a number of the logger's own repository
 *   held:SINK:N        wait until that sink holds no more than so many records
 *   peak               print the most memory that this process had resident, and its descriptors
 *   kill
 */
#define _GNU_SOURCE
#include <maxim.h>

#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static maxim_logger *logger;
static maxim_status last;
static atomic_ullong errors;
static unsigned long marked;

static void on_error(void *user_data, maxim_status status, const char *message, uint64_t records) {
    (void)user_data;
    if (records > 0) {
        atomic_fetch_add(&errors, records);
    }
    fprintf(stderr, "told: %s: %s\n", maxim_status_str(status), message);
}

/* A call whose refusal is a failure unless `expect` comes next. */
static maxim_status noted(maxim_status status) {
    last = status;
    if (status != MAXIM_OK) {
        fprintf(stderr, "refused: %s: %s\n", maxim_status_str(status), maxim_last_error());
    }
    return status;
}

static uint64_t number_of(const char *variable) {
    const char *value = getenv(variable);
    return value ? strtoull(value, NULL, 10) : 0;
}

static maxim_logger_config configuration(void) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.repository_id = MAXIM_STR("repo-1");
    config.error_callback = on_error;
    config.auto_flush = getenv("UPLOADS_MANUAL") == NULL;
    config.max_attachment_bytes = number_of("UPLOADS_MOST");
    config.max_disk_bytes = number_of("UPLOADS_DISK");
    config.overflow_policy = (int32_t)number_of("UPLOADS_OVERFLOW");
    config.block_timeout_ms = 60000;
    return config;
}

static void make_logger(void) {
    maxim_logger_config config = configuration();
    if (getenv("UPLOADS_TINY")) {
        config.max_memory_bytes = config.max_disk_bytes = 1;
        config.overflow_policy = MAXIM_OVERFLOW_DROP_NEWEST;
    }
    noted(maxim_logger_new(&config, &logger));
}

static void add_sink(const char *url) {
    maxim_logger_config config = configuration();
    config.base_url = maxim_str_z(url);
    config.error_callback = NULL; /* the logger's own */
    noted(maxim_logger_add_sink(logger, &config, NULL));
}

static void on_flushed(void *user_data, maxim_status status, const char *detail) {
    (void)user_data;
    fprintf(stderr, "flushed: %s: %s\n", maxim_status_str(status), detail);
}

static void attach(unsigned long count, maxim_attachment attachment) {
    while (count-- > 0) {
        noted(maxim_trace_add_attachment(logger, MAXIM_STR("t-1"), &attachment, NULL));
    }
}

static void attach_file(unsigned long count, const char *path) {
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    attachment.kind = MAXIM_ATTACHMENT_FILE;
    attachment.path = maxim_str_z(path);
    attach(count, attachment);
}

static void attach_data(unsigned long count, size_t bytes) {
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    uint8_t *data = malloc(bytes + 1);
    memset(data, 1, bytes);
    attachment.kind = MAXIM_ATTACHMENT_DATA;
    attachment.data = data;
    attachment.data_len = bytes;
    attach(count, attachment);
    free(data);
}

static void attach_url(unsigned long count) {
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    attachment.kind = MAXIM_ATTACHMENT_URL;
    attachment.url = MAXIM_STR("https://example.com/picture");
    attach(count, attachment);
}

static void log_lines(unsigned long count, size_t bytes) {
    char *text = malloc(bytes + 64);
    while (count-- > 0) {
        size_t head = (size_t)sprintf(text, "seq-w-%lu ", ++marked);
        memset(text + head, 'x', bytes > head ? bytes - head : 0);
        noted(maxim_trace_add_tag(logger, MAXIM_STR("t-1"), MAXIM_STR("text"),
                                  maxim_str_n(text, bytes > head ? bytes : head)));
    }
    free(text);
}

static void log_results(unsigned long count) {
    const char *result = "{\"id\":\"c\",\"created\":1,\"choices\":[]}";
    while (count-- > 0) {
        noted(maxim_generation_result(logger, MAXIM_STR("g-1"), maxim_str_z(result), 0));
    }
}

static void log_images(unsigned long count, size_t bytes) {
    const char *part = "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,";
    size_t base64 = (bytes + 2) / 3 * 4;
    char *message = malloc(2 * base64 + 512), *at = message;
    at += sprintf(at, "{\"role\":\"user\",\"content\":[");
    for (int image = 0; image < 2; image++) {
        at += sprintf(at, "%s%s", image > 0 ? "," : "", part);
        memset(at, 'A', base64);
        at += base64;
        at += sprintf(at, "\"}}");
    }
    sprintf(at, "]}");
    while (count-- > 0) {
        noted(maxim_generation_add_message(logger, MAXIM_STR("g-1"), maxim_str_z(message)));
    }
    free(message);
}

static void attach_typed(size_t bytes, const char *type) {
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    uint8_t *data = calloc(1, bytes + 1);
    attachment.kind = MAXIM_ATTACHMENT_DATA;
    attachment.data = data;
    attachment.data_len = bytes;
    attachment.mime_type = maxim_str_z(type);
    attach(1, attachment);
    free(data);
}

static void log_media(unsigned long count, size_t bytes) {
    char *message = malloc(bytes + 512), *at = message;
    at += sprintf(at, "{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/");
    memset(at, 'a', bytes);
    at += bytes;
    sprintf(at, "%s\",\"data\":\"aGVsbG8=\"}}]}", bytes > 0 ? "" : "png\\r\\nX-Evil: 1");
    while (count-- > 0) {
        noted(maxim_generation_add_message(logger, MAXIM_STR("g-1"), maxim_str_z(message)));
    }
    free(message);
}

static void append(const char *path) {
    FILE *file = fopen(path, "a");
    fputs("LATER", file);
    fclose(file);
}

static void replace(char *path) {
    char *target = strchr(path, ':');
    *target++ = '\0';
    unlink(path);
    if (symlink(target, path) != 0) {
        perror(path);
    }
}

static void print_stats(uint32_t sink) {
    maxim_stats s = MAXIM_STATS_INIT;
    noted(maxim_logger_sink_stats(logger, sink, &s));
    unsigned long long dropped = s.dropped_memory + s.dropped_disk + s.dropped_expired;
    printf("{\"accepted\":%llu,\"adopted\":%llu,\"delivered\":%llu,\"held\":%llu,\"dropped\":%llu,"
           "\"quarantined\":%llu,\"errors\":%llu}\n",
           (unsigned long long)s.accepted, (unsigned long long)s.adopted, (unsigned long long)s.delivered,
           (unsigned long long)s.held, dropped, (unsigned long long)s.quarantined,
           (unsigned long long)atomic_load(&errors));
    fflush(stdout);
}

static int holds_at_most(uint32_t sink, uint64_t most) {
    maxim_stats s = MAXIM_STATS_INIT;
    for (int patience = 0; patience < 12000; patience++) {
        noted(maxim_logger_sink_stats(logger, sink, &s));
        if (s.held <= most) {
            return 1;
        }
        usleep(10000);
    }
    fprintf(stderr, "sink %u holds %llu records\n", sink, (unsigned long long)s.held);
    return 0;
}

/* Those that last but the three standard ones: directories are open only while somebody looks through them. */
static int open_files(void) {
    int count = -3;
    DIR *open_files = opendir("/proc/self/fd");
    struct dirent *entry;
    while (open_files && (entry = readdir(open_files))) {
        struct stat what;
        count += fstat(atoi(entry->d_name), &what) == 0 && !S_ISDIR(what.st_mode) && entry->d_name[0] != '.';
    }
    closedir(open_files);
    return count;
}

static void print_peak(void) {
    unsigned long peak = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        sscanf(line, "VmHWM: %lu", &peak);
    }
    if (status) {
        fclose(status);
    }
    /* A file that the upkeep reads or writes is open for a moment: what lasts is the least of several looks. */
    int descriptors = open_files();
    for (int looks = 0; looks < 20; looks++) {
        usleep(20000);
        int now = open_files();
        descriptors = now < descriptors ? now : descriptors;
    }
    printf("{\"peak_kib\":%lu,\"descriptors\":%d}\n", peak, descriptors);
    fflush(stdout);
}

int main(int count, char **verbs) {
    for (int i = 1; i < count; i++) {
        char verb[4096];
        snprintf(verb, sizeof verb, "%s", verbs[i]);
        char *first = strchr(verb, ':');
        if (first) {
            *first++ = '\0';
        }
        char *second = first ? strchr(first, ':') : NULL;
        unsigned long number = first ? strtoul(first, NULL, 10) : 0;
        const char *rest = second ? second + 1 : "";
        char input[16];
#define IS(name) (strcmp(verb, name) == 0)
        if (IS("new")) {
            make_logger();
        } else if (IS("file")) {
            attach_file(number, rest);
        } else if (IS("data")) {
            attach_data(number, strtoul(rest, NULL, 10));
        } else if (IS("url")) {
            attach_url(number);
        } else if (IS("line")) {
            log_lines(number, strtoul(rest, NULL, 10));
        } else if (IS("result")) {
            log_results(number);
        } else if (IS("image")) {
            log_images(number, strtoul(rest, NULL, 10));
        } else if (IS("flush")) {
            noted(maxim_flush(logger, (uint32_t)number));
        } else if (IS("flush-attachments")) {
            noted(maxim_flush_attachments(logger, (uint32_t)number));
        } else if (IS("flush-commit-logs")) {
            noted(maxim_flush_commit_logs(logger, (uint32_t)number));
        } else if (IS("flush-log-files")) {
            noted(maxim_flush_log_files(logger, (uint32_t)number));
        } else if (IS("cleanup")) {
            noted(maxim_cleanup(logger, (uint32_t)number));
        } else if (IS("flush-async")) {
            noted(maxim_flush_async(logger, (uint32_t)number, on_flushed, NULL));
        } else if (IS("sink")) {
            add_sink(first);
        } else if (IS("typed")) {
            attach_typed(number, rest);
        } else if (IS("media")) {
            log_media(number, strtoul(rest, NULL, 10));
        } else if (IS("append")) {
            append(first);
        } else if (IS("replace")) {
            replace(first);
        } else if (IS("unlink")) {
            unlink(first);
        } else if (IS("wait")) {
            if (!fgets(input, sizeof input, stdin)) {
                return 4;
            }
        } else if (IS("free")) {
            noted(maxim_logger_free(logger));
        } else if (IS("expect")) {
            if (strcmp(maxim_status_str(last), first) != 0) {
                fprintf(stderr, "expected %s, got %s\n", first, maxim_status_str(last));
                return 3;
            }
        } else if (IS("held")) {
            if (!holds_at_most((uint32_t)number, strtoul(rest, NULL, 10))) {
                return 3;
            }
        } else if (IS("stats")) {
            print_stats((uint32_t)number);
        } else if (IS("peak")) {
            print_peak();
        } else if (IS("kill")) {
            kill(getpid(), SIGKILL);
        } else {
            fprintf(stderr, "unknown verb %s\n", verbs[i]);
            return 2;
        }
    }
    return 0;
}
