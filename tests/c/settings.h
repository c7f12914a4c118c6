/*
 * A host for tests/settings.rs, which generates the functions `set` for both configurations and includes this:
 * does what its arguments say, one after the other, and prints what came of it.
 *
 *     logger|client  NAME=VALUE…  new  VERB…
 *
 * Verbs: new, sink, log:TEXT, fill:N, input:TEXT, debug:TEXT, trace:NAME (that ends),
 * open:NAME (that does not), bytes, media, attach, flush:MS, attempts:N (a flush for
 * each that fails), until:COUNT (of the stats, or `told`: calls of the error callback), stats.
 * `set`s after a `new` are those of the next one; verbs go to the latest.
 */

static maxim_logger *logger;
static maxim_log_client *client;
static int is_client;

static void said(const char *verb, maxim_status status) {
    printf("%s %s %s\n", verb, maxim_status_str(status), status == MAXIM_OK ? "" : maxim_last_error());
}

static maxim_status log_text(const char *text) {
    return is_client ? maxim_log_info(client, maxim_str_z(text), maxim_str_z(NULL), NULL)
                     : maxim_trace_add_tag(logger, MAXIM_STR("t-1"), MAXIM_STR("key"), maxim_str_z(text));
}

/* Records of 1 KiB, until one is refused. */
static void fill(int count) {
    char text[1025];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    maxim_status status = MAXIM_OK;
    for (int n = 0; n < count && status == MAXIM_OK; n++) {
        status = log_text(text);
    }
    said("fill", status);
}

static maxim_stats stats(void) {
    maxim_stats stats = MAXIM_STATS_INIT;
    maxim_status status = is_client ? maxim_log_client_stats(client, &stats) : maxim_logger_stats(logger, &stats);
    if (status != MAXIM_OK) {
        said("stats", status);
        exit(3);
    }
    return stats;
}

static uint64_t count(const char *name) {
    maxim_stats now = stats();
#define COUNT(field)                                                                                     \
    if (strcmp(name, #field) == 0) {                                                                     \
        return now.field;                                                                                \
    }
    COUNT(delivered)
    COUNT(dropped_expired)
    COUNT(quarantined)
    COUNT(retries)
    if (strcmp(name, "told") == 0) {
        return atomic_load(&told);
    }
    exit(4);
}

static void until(const char *name) {
    /* However busy the machine is; what comes of itself comes within a second or so. */
    for (int patience = 0; patience < 6000 && count(name) == 0; patience++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    printf("until %s %d\n", name, count(name) > 0);
}

/* Each is over when its debug line has been told. */
static void attempt(int times) {
    for (int n = 0; n < times; n++) {
        unsigned before = atomic_load(&failed);
        if (is_client) {
            maxim_log_flush(client, 1);
        }
        for (int patience = 0; patience < 60000 && atomic_load(&failed) == before; patience++) {
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
    }
}

static void print_stats(void) {
    maxim_stats now = stats();
    printf("stats accepted=%llu delivered=%llu held=%llu sampled_out=%llu masks_failed=%llu ignored=%llu\n",
           (unsigned long long)now.accepted, (unsigned long long)now.delivered, (unsigned long long)now.held,
           (unsigned long long)now.sampled_out, (unsigned long long)now.masks_failed,
           (unsigned long long)now.ignored);
}

static void log_media(void) {
    maxim_generation_config config = MAXIM_GENERATION_CONFIG_INIT;
    config.id = MAXIM_STR("g-1");
    config.messages_json = MAXIM_STR("[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
                                     "\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42m"
                                     "NkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==\"}}]}]");
    said("media", maxim_trace_add_generation(logger, MAXIM_STR("t-1"), &config, NULL));
}

static void attach(void) {
    maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
    attachment.kind = MAXIM_ATTACHMENT_DATA;
    attachment.name = MAXIM_STR("ten");
    attachment.data = (const uint8_t *)"0123456789";
    attachment.data_len = 10;
    said("attach", maxim_trace_add_attachment(logger, MAXIM_STR("t-1"), &attachment, NULL));
}

/* A trace that ends, or one that does not. */
static void log_trace(const char *name, int ends) {
    maxim_trace_config config = MAXIM_TRACE_CONFIG_INIT;
    config.name = maxim_str_z(name);
    maxim_id id;
    maxim_status status = maxim_trace_create(logger, &config, &id);
    said("trace", status == MAXIM_OK && ends ? maxim_trace_end(logger, maxim_str_z(id.text)) : status);
}

static void make(maxim_logger_config *of_logger, maxim_log_client_config *of_client) {
    said("new", is_client ? maxim_log_client_new(of_client, &client) : maxim_logger_new(of_logger, &logger));
}

static void sink(const maxim_logger_config *config) {
    uint32_t number = 99;
    said("sink", maxim_logger_add_sink(logger, config, &number));
    printf("number %u\n", number);
}

static void flush(uint32_t timeout_ms) {
    said("flush", is_client ? maxim_log_flush(client, timeout_ms) : maxim_flush(logger, timeout_ms));
}

int main(int number, char **arguments) {
    maxim_logger_config of_logger = MAXIM_LOGGER_CONFIG_INIT;
    maxim_log_client_config of_client = MAXIM_LOG_CLIENT_CONFIG_INIT;
    setvbuf(stdout, NULL, _IOLBF, 0);
    is_client = strcmp(arguments[1], "client") == 0;
    for (int n = 2; n < number; n++) {
        char *word = arguments[n], *value = strchr(word, '='), *operand = strchr(word, ':');
        if (value && (!operand || value < operand)) {
            *value++ = '\0';
            is_client ? set_client(&of_client, word, value) : set_logger(&of_logger, word, value);
            continue;
        }
        if (operand) {
            *operand++ = '\0';
        }
        if (strcmp(word, "new") == 0) {
            make(&of_logger, &of_client);
        } else if (strcmp(word, "sink") == 0) {
            sink(&of_logger);
        } else if (strcmp(word, "log") == 0) {
            said("log", log_text(operand));
        } else if (strcmp(word, "fill") == 0) {
            fill(atoi(operand));
        } else if (strcmp(word, "input") == 0) {
            said("input", is_client ? log_text(operand)
                                    : maxim_trace_set_input(logger, MAXIM_STR("t-1"), maxim_str_z(operand)));
        } else if (strcmp(word, "debug") == 0) {
            said("debug", maxim_log_debug(client, maxim_str_z(operand), maxim_str_z(NULL), NULL));
        } else if (strcmp(word, "trace") == 0 || strcmp(word, "open") == 0) {
            log_trace(operand, word[0] == 't');
        } else if (strcmp(word, "bytes") == 0) {
            said("bytes", log_text("\xff"));
        } else if (strcmp(word, "media") == 0) {
            log_media();
        } else if (strcmp(word, "attach") == 0) {
            attach();
        } else if (strcmp(word, "flush") == 0) {
            flush((uint32_t)strtoul(operand, NULL, 10));
        } else if (strcmp(word, "attempts") == 0) {
            attempt(atoi(operand));
        } else if (strcmp(word, "until") == 0) {
            until(operand);
        } else if (strcmp(word, "stats") == 0) {
            print_stats();
        } else {
            return 2;
        }
    }
    return 0;
}
