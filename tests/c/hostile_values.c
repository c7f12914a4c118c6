/*
 * Logs the values of tests/hostile_values.json with a lossy client and a lossy logger. Each line of standard input
 * is a case: its number, the place, whether the value is the argument itself (`whole`) or goes into one (`within`),
 * `text` or `json`, and its bytes in hexadecimal. Prints one line for each call that was refused.
 */
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

typedef struct {
    char *data;
    size_t len;
} bytes;

static maxim_str str(bytes of) {
    return maxim_str_n(of.data, of.len);
}

static void add(bytes *to, const char *data, size_t len) {
    to->data = realloc(to->data, to->len + len + 1);
    memcpy(to->data + to->len, data, len);
    to->len += len;
    to->data[to->len] = 0;
}

static void add_z(bytes *to, const char *text) {
    add(to, text, strlen(text));
}

static bytes unhexed(const char *hex) {
    bytes out = {NULL, 0};
    add(&out, "", 0);
    for (; hex[0] && hex[1] && hex[0] != '\n'; hex += 2) {
        char digits[3] = {hex[0], hex[1], 0};
        char byte = (char)strtoul(digits, NULL, 16);
        add(&out, &byte, 1);
    }
    return out;
}

/* As a C program writes JSON that knows of quotes and control characters, and of nothing else. */
static void add_json_string(bytes *to, bytes text) {
    add_z(to, "\"");
    for (size_t at = 0; at < text.len; at++) {
        unsigned char c = (unsigned char)text.data[at];
        char escape[8];
        if (c == '"' || c == '\\') {
            snprintf(escape, sizeof escape, "\\%c", c);
        } else if (c == '\n') {
            snprintf(escape, sizeof escape, "\\n");
        } else if (c == '\r') {
            snprintf(escape, sizeof escape, "\\r");
        } else if (c < 0x20) {
            snprintf(escape, sizeof escape, "\\u%04x", c);
        } else {
            add(to, (const char *)&c, 1);
            continue;
        }
        add_z(to, escape);
    }
    add_z(to, "\"");
}

/* A JSON argument: the value itself, or with something before and after it. */
static bytes json_of(bool is_whole, bool is_text, bytes value, const char *before, const char *after) {
    bytes out = {NULL, 0};
    add_z(&out, is_whole ? "" : before);
    if (is_text) {
        add_json_string(&out, value);
    } else {
        add(&out, value.data, value.len);
    }
    add_z(&out, is_whole ? "" : after);
    return out;
}

static maxim_status log_entry(maxim_log_client *client, const char *place, const char *id, bool whole, bool text,
                              bytes value) {
    bytes tags = {NULL, 0}, data = {NULL, 0};
    add_z(&tags, "[\"");
    add_z(&tags, id);
    add_z(&tags, "\"");
    if (strcmp(place, "tag") == 0) {
        add_z(&tags, ",");
        add_json_string(&tags, value);
    }
    add_z(&tags, "]");
    maxim_status status;
    if (strncmp(place, "error_", 6) == 0) {
        maxim_log_options options = MAXIM_LOG_OPTIONS_INIT;
        maxim_log_error_info error = MAXIM_LOG_ERROR_INFO_INIT;
        options.tags_json = str(tags);
        error.name = strcmp(place, "error_name") == 0 ? str(value) : MAXIM_STR("Error");
        error.message = strcmp(place, "error_message") == 0 ? str(value) : MAXIM_STR("message");
        error.stack = strcmp(place, "error_stack") == 0 ? str(value) : MAXIM_STR("stack");
        status = maxim_log_error_with(client, MAXIM_STR("m"), &error, &options);
    } else {
        maxim_log_entry entry = MAXIM_LOG_ENTRY_INIT;
        entry.message = strcmp(place, "message") == 0 ? str(value) : MAXIM_STR("m");
        entry.tags_json = str(tags);
        if (strcmp(place, "user_id") == 0) {
            entry.user_id = str(value);
        }
        if (strcmp(place, "data") == 0) {
            data = json_of(whole, text, value, "{\"value\":", "}");
            entry.data_json = str(data);
        }
        status = maxim_log(client, &entry);
    }
    free(tags.data);
    free(data.data);
    return status;
}

static maxim_status log_line(maxim_logger *logger, const char *place, const char *name, bool whole, bool text,
                             bytes value) {
    const maxim_str id = maxim_str_z(name);
    bytes json = json_of(whole, text, value, "{\"value\":", "}");
    bytes messages = json_of(false, text, value, "[{\"role\":\"user\",\"content\":", "}]");
    maxim_status status = MAXIM_ERR_INVALID_ARGUMENT;
    if (strcmp(place, "name") == 0) {
        maxim_trace_config config = MAXIM_TRACE_CONFIG_INIT;
        config.id = id;
        config.name = str(value);
        status = maxim_trace_create(logger, &config, NULL);
    } else if (strcmp(place, "tag_key") == 0) {
        status = maxim_trace_add_tag(logger, id, str(value), MAXIM_STR("v"));
    } else if (strcmp(place, "tag_value") == 0) {
        status = maxim_trace_add_tag(logger, id, MAXIM_STR("k"), str(value));
    } else if (strcmp(place, "metadata") == 0) {
        status = maxim_trace_add_metadata(logger, id, str(json));
    } else if (strcmp(place, "input") == 0) {
        status = maxim_trace_set_input(logger, id, str(value));
    } else if (strcmp(place, "output") == 0) {
        status = maxim_trace_set_output(logger, id, str(value));
    } else if (strcmp(place, "tool_arguments") == 0) {
        maxim_tool_call_config config = MAXIM_TOOL_CALL_CONFIG_INIT;
        config.id = id;
        config.name = MAXIM_STR("tool");
        config.args = str(value);
        status = maxim_trace_add_tool_call(logger, MAXIM_STR("parent"), &config, NULL);
    } else if (strcmp(place, "model_parameters") == 0) {
        status = maxim_generation_set_model_parameters(logger, id, str(json));
    } else if (strcmp(place, "message_content") == 0) {
        maxim_generation_config config = MAXIM_GENERATION_CONFIG_INIT;
        config.id = id;
        config.model = MAXIM_STR("model");
        config.messages_json = str(messages);
        status = maxim_trace_add_generation(logger, MAXIM_STR("parent"), &config, NULL);
    } else {
        printf("unknown place %s\n", place);
        failures++;
    }
    free(json.data);
    free(messages.data);
    return status;
}

static bool is_entry(const char *place) {
    static const char *const PLACES[] = {"message",    "data",          "tag",        "user_id",
                                         "error_name", "error_message", "error_stack"};
    for (size_t at = 0; at < sizeof PLACES / sizeof *PLACES; at++) {
        if (strcmp(place, PLACES[at]) == 0) {
            return true;
        }
    }
    return false;
}

int main(void) {
    maxim_log_client_config of_client = MAXIM_LOG_CLIENT_CONFIG_INIT;
    maxim_logger_config of_logger = MAXIM_LOGGER_CONFIG_INIT;
    maxim_log_client *client;
    maxim_logger *logger;
    of_client.endpoint = maxim_str_z(getenv("MAXIM_BASE_URL"));
    of_client.source = MAXIM_STR("hostile-values");
    of_client.api_key = maxim_str_z(getenv("MAXIM_API_KEY"));
    of_client.lossy = of_logger.lossy = true;
    of_logger.repository_id = MAXIM_STR("hostile-values");
    if (maxim_log_client_new(&of_client, &client) || maxim_logger_new(&of_logger, &logger)) {
        printf("%s\n", maxim_last_error());
        return 1;
    }
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    while ((length = getline(&line, &size, stdin)) > 0) {
        char id[32], place[32], whole[8], form[8];
        int number, at;
        if (sscanf(line, "%d %31s %7s %7s %n", &number, place, whole, form, &at) != 4) {
            printf("not a case: %s\n", line);
            return 1;
        }
        snprintf(id, sizeof id, "case-%04d", number);
        bytes value = unhexed(line + at);
        bool is_whole = strcmp(whole, "whole") == 0, is_text = strcmp(form, "text") == 0;
        maxim_status status = is_entry(place) ? log_entry(client, place, id, is_whole, is_text, value)
                                              : log_line(logger, place, id, is_whole, is_text, value);
        if (status != MAXIM_OK) {
            printf("%s %s: %s: %s\n", id, place, maxim_status_str(status), maxim_last_error());
            failures++;
        }
        free(value.data);
    }
    free(line);
    if (maxim_log_disconnect(client, 60000) || maxim_cleanup(logger, 60000)) {
        printf("%s\n", maxim_last_error());
        failures++;
    }
    maxim_log_client_free(client);
    maxim_logger_free(logger);
    return failures != 0;
}
