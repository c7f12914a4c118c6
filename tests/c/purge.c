/*
 * A host that is asked to delete data: tests/purge.rs steps it and looks at its files in between.
 *
 *     purge SECRET STEP...     (MAXIM_BASE_URL, MAXIM_API_KEY and MAXIM_SPOOL_DIR set; PURGE_NAME: of repository and
 *                              source)
 *
 * Steps: `log` logs the secret in lines, an attachment and an entry; `files` writes all to files; `flush` sends what
 * can be sent in a moment; `send` sends all; `refused` waits until some entries are in quarantine; `purge` deletes what
 * is held; `after` logs what is no secret; `stats` prints the numbers of both; `wait` says "ready" and waits for a line;
 * `expire` waits until nothing is held any more (PURGE_MAX_AGE_MS: `max_age_ms`); `clean` sends and leaves. Another
 * step's name is a mistake.
 */
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIMIT_MS = 60000, BRIEF_MS = 1500, TIMES = 300, MANY = 40000 };

static maxim_logger *logger;
static maxim_log_client *client;

static void check(maxim_status status, const char *what) {
    if (status != MAXIM_OK) {
        fprintf(stderr, "%s: %s: %s\n", what, maxim_status_str(status), maxim_last_error());
        exit(1);
    }
}
#define CHECK(call) check((call), #call)

static void log_text(const char *text) {
    for (int i = 0; i < TIMES; i++) {
        CHECK(maxim_trace_add_tag(logger, MAXIM_STR("t"), MAXIM_STR("tag"), maxim_str_z(text)));
        CHECK(maxim_log_info(client, maxim_str_z(text), maxim_str_n(NULL, 0), NULL));
    }
    /* Too large for a record. */
    static char content[MANY * 128];
    size_t length = 0;
    for (int i = 0; i < MANY; i++) {
        length += (size_t)snprintf(content + length, 128, "%s, %d\n", text, i);
    }
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    attachment.kind = MAXIM_ATTACHMENT_DATA;
    attachment.data = (const uint8_t *)content;
    attachment.data_len = length;
    CHECK(maxim_trace_add_attachment(logger, MAXIM_STR("t"), &attachment, NULL));
}

/* What both hold. */
static unsigned long long held(void) {
    maxim_stats lines = MAXIM_STATS_INIT, entries = MAXIM_STATS_INIT;
    CHECK(maxim_logger_stats(logger, &lines));
    CHECK(maxim_log_client_stats(client, &entries));
    return (unsigned long long)(lines.held + entries.held);
}

static void print(const char *who, const maxim_stats *s) {
    unsigned long long in = s->accepted + s->adopted;
    unsigned long long out = s->delivered + s->held + s->dropped_memory + s->dropped_disk + s->dropped_expired +
                             s->dropped_corrupt + s->quarantined + s->purged;
    printf("%s in %llu out %llu held %llu purged %llu expired %llu delivered %llu quarantined %llu adopted %llu\n", who, in, out,
           (unsigned long long)s->held, (unsigned long long)s->purged, (unsigned long long)s->dropped_expired, (unsigned long long)s->delivered,
           (unsigned long long)s->quarantined, (unsigned long long)s->adopted);
}

int main(int argc, char **argv) {
    const char *secret = argv[1], *name = getenv("PURGE_NAME");
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.repository_id = maxim_str_z(name);
    uint64_t max_age_ms = getenv("PURGE_MAX_AGE_MS") ? strtoull(getenv("PURGE_MAX_AGE_MS"), NULL, 10) : 0;
    config.max_age_ms = max_age_ms;
    CHECK(maxim_logger_new(&config, &logger));
    maxim_log_client_config of_client = MAXIM_LOG_CLIENT_CONFIG_INIT;
    of_client.source = maxim_str_z(name);
    of_client.api_key = maxim_str_z(getenv("MAXIM_API_KEY"));
    of_client.endpoint = maxim_str_z(getenv("MAXIM_BASE_URL"));
    of_client.max_age_ms = max_age_ms;
    CHECK(maxim_log_client_new(&of_client, &client));
    for (int at = 2; at < argc; at++) {
        const char *step = argv[at];
        if (strcmp(step, "log") == 0) {
            log_text(secret);
        } else if (strcmp(step, "after") == 0) {
            log_text("logged afterwards");
        } else if (strcmp(step, "files") == 0) {
            CHECK(maxim_write_to_file(logger, LIMIT_MS));
        } else if (strcmp(step, "flush") == 0) {
            /* Whatever comes of it: somebody may refuse all, or be away. */
            (void)!maxim_flush(logger, BRIEF_MS);
            (void)!maxim_log_flush(client, BRIEF_MS);
        } else if (strcmp(step, "send") == 0) {
            CHECK(maxim_flush(logger, LIMIT_MS));
            CHECK(maxim_log_flush(client, LIMIT_MS));
        } else if (strcmp(step, "refused") == 0) {
            maxim_stats stats = MAXIM_STATS_INIT;
            for (int tenths = 0; tenths < 1200 && stats.quarantined == 0; tenths++) {
                usleep(100000);
                CHECK(maxim_log_client_stats(client, &stats));
            }
        } else if (strcmp(step, "purge") == 0) {
            CHECK(maxim_purge(logger));
            CHECK(maxim_log_purge(client));
        } else if (strcmp(step, "expire") == 0) {
            for (int tenths = 0; held() > 0; tenths++) {
                if (tenths == 1200) {
                    fputs("what is too old is still held\n", stderr);
                    return 1;
                }
                usleep(100000);
            }
        } else if (strcmp(step, "stats") == 0) {
            maxim_stats stats = MAXIM_STATS_INIT;
            CHECK(maxim_logger_stats(logger, &stats));
            print("lines", &stats);
            CHECK(maxim_log_client_stats(client, &stats));
            print("entries", &stats);
        } else if (strcmp(step, "wait") == 0) {
            puts("ready");
            fflush(stdout);
            if (getchar() == EOF) {
                return 1;
            }
        } else if (strcmp(step, "clean") == 0) {
            CHECK(maxim_cleanup(logger, LIMIT_MS));
            CHECK(maxim_log_disconnect(client, LIMIT_MS));
            if (maxim_purge(logger) != MAXIM_ERR_CLOSED || maxim_log_purge(client) != MAXIM_ERR_CLOSED) {
                fputs("a purge after the end\n", stderr);
                return 1;
            }
        } else {
            return 2;
        }
    }
    CHECK(maxim_logger_free(logger));
    CHECK(maxim_log_client_free(client));
    return 0;
}
