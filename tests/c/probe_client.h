/*
 * The probe's second protocol: with PROBE_CLIENT=structured the same verbs work on a structured log
 * client, its endpoint from MAXIM_BASE_URL. Records are entries whose message is the marked text and, as
 * far as it is longer than a message may be, the rest in their data. `write-to-file` has no counterpart.
 *
 * PROBE_CLIENT=otlp: a logger that sends spans. A record is a trace of which the name is the marked text; one that is
 * never ended, as its process was killed in between, leaves a second later.
 */
static maxim_log_client *client;

static int is_client(const char *wanted) {
    const char *name = getenv("PROBE_CLIENT");
    return name && strcmp(name, wanted) == 0;
}

static int structured(void) {
    static int answer = -1;
    if (answer < 0) {
        answer = is_client("structured");
    }
    return answer;
}

static int speaks_otlp(void) {
    static int answer = -1;
    if (answer < 0) {
        answer = is_client("otlp");
    }
    return answer;
}

/* What a logger is told to send spans, its service named after the test. */
static void choose_otlp(maxim_logger_config *config) {
    config->protocol = MAXIM_PROTOCOL_OTLP;
    config->api_key = config->repository_id = maxim_str_n(NULL, 0);
    config->base_url = maxim_str_z(getenv("MAXIM_BASE_URL"));
    config->service_name = maxim_str_z(repository());
    config->incomplete_after_ms = 1000;
}

static maxim_status log_trace(maxim_logger *logger, maxim_str text) {
    maxim_trace_config config = MAXIM_TRACE_CONFIG_INIT;
    maxim_id id;
    config.name = text;
    maxim_status status = maxim_trace_create(logger, &config, &id);
    return status == MAXIM_OK ? maxim_trace_end(logger, maxim_str_z(id.text)) : status;
}

/* What the environment says of a configuration, whichever of the two it is. */
#define CONFIGURE(config, on_error)                                                      \
    do {                                                                             \
        (config).api_key = MAXIM_STR("probe-key-0123456789");                        \
        (config).allow_plaintext = getenv("PROBE_PLAINTEXT") != NULL;                \
        (config).flush_interval_ms = (uint32_t)env_number("PROBE_FLUSH_MS", 10000);  \
        (config).max_memory_bytes = env_number("PROBE_MEMORY", 0);                   \
        (config).max_disk_bytes = env_number("PROBE_DISK", 0);                       \
        (config).overflow_policy = (int32_t)env_number("PROBE_OVERFLOW", 0);         \
        (config).block_timeout_ms = (uint32_t)env_number("PROBE_BLOCK_MS", 0);       \
        (config).is_debug = getenv("PROBE_DEBUG") != NULL;                           \
        (config).ca_file = maxim_str_z(getenv("PROBE_CA_FILE"));                     \
        (config).error_callback = on_error;                                          \
    } while (0)

static maxim_status make_client(maxim_error_callback on_error) {
    maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    config.source = maxim_str_z(repository());
    config.endpoint = maxim_str_z(getenv("MAXIM_BASE_URL"));
    config.batch_size = (uint32_t)env_number("PROBE_BATCH", 1000);
    CONFIGURE(config, on_error);
    if (getenv("PROBE_NO_DELAY")) {
        config.initial_delay_ms = config.max_delay_ms = 0;
    }
    maxim_status status = maxim_log_client_new(&config, &client);
    if (status != MAXIM_OK) {
        fprintf(stderr, "probe: maxim_log_client_new: %s\n", maxim_last_error());
    }
    return status;
}

/* Logs one marked text, by whichever protocol. */
static maxim_status log_text(maxim_logger *logger, maxim_str text) {
    if (speaks_otlp()) {
        return log_trace(logger, text);
    }
    if (!structured()) {
        return maxim_trace_add_tag(logger, MAXIM_STR("trace-1"), MAXIM_STR("mark"), text);
    }
    size_t length = text.len == MAXIM_NTS ? strlen(text.data) : text.len;
    if (length <= 10000) {
        return maxim_log_info(client, text, maxim_str_n(NULL, 0), NULL);
    }
    /* Marks and padding need no escapes. */
    char *data = malloc(length + sizeof "{\"rest\":\"\"}");
    int written = sprintf(data, "{\"rest\":\"%.*s\"}", (int)(length - 10000), text.data + 10000);
    maxim_status status = maxim_log_info(client, maxim_str_n(text.data, 10000), maxim_str_n(data, (size_t)written), NULL);
    free(data);
    return status;
}
