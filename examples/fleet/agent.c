/*
 * One process of a fleet: TRACES conversations, each a trace with a generation and a tool call.
 *
 * Usage: agent TRACES NAME [MILLISECONDS between two]; where it logs to comes from the environment (MAXIM_BASE_URL …), as always.
 */
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void check(maxim_status status, const char *what) {
    if (status != MAXIM_OK) {
        fprintf(stderr, "%s: %s: %s\n", what, maxim_status_str(status), maxim_last_error());
        exit(1);
    }
}
#define CHECK(call) check((call), #call)

static void converse(maxim_logger *logger, const char *name, int number) {
    maxim_id trace, generation, tool;
    char text[64];
    snprintf(text, sizeof text, "seq-%s-%d", name, number);

    maxim_trace_config question = MAXIM_TRACE_CONFIG_INIT;
    question.name = maxim_str_z(text);
    question.input = MAXIM_STR("Do I need an umbrella in Oslo today?");
    CHECK(maxim_trace_create(logger, &question, &trace));
    maxim_str trace_id = maxim_str_z(trace.text);

    maxim_generation_config call = MAXIM_GENERATION_CONFIG_INIT;
    call.name = MAXIM_STR("choose a tool");
    call.provider = MAXIM_STR("openai");
    call.model = MAXIM_STR("gpt-4o");
    call.messages_json = MAXIM_STR(
        "[{\"role\": \"system\", \"content\": \"You are a helpful assistant.\"},"
        " {\"role\": \"user\", \"content\": \"Do I need an umbrella in Oslo today?\"}]");
    CHECK(maxim_trace_add_generation(logger, trace_id, &call, &generation));
    CHECK(maxim_generation_result(
        logger, maxim_str_z(generation.text),
        MAXIM_STR("{\"id\": \"chatcmpl-1\", \"object\": \"chat.completion\", \"created\": 1767323045,"
                  " \"model\": \"gpt-4o\", \"choices\": [{\"index\": 0, \"message\": {\"role\": \"assistant\","
                  " \"content\": \"Yes: rain from noon.\"}, \"finish_reason\": \"stop\"}],"
                  " \"usage\": {\"prompt_tokens\": 31, \"completion_tokens\": 17, \"total_tokens\": 48}}"),
        0));
    CHECK(maxim_generation_end(logger, maxim_str_z(generation.text)));

    maxim_tool_call_config forecast = MAXIM_TOOL_CALL_CONFIG_INIT;
    char id[80];
    snprintf(id, sizeof id, "tool-%s-%d", name, number);
    forecast.id = maxim_str_z(id);
    forecast.name = MAXIM_STR("forecast");
    forecast.args = MAXIM_STR("{\"city\":\"Oslo\"}");
    CHECK(maxim_trace_add_tool_call(logger, trace_id, &forecast, &tool));
    CHECK(maxim_tool_call_result(logger, maxim_str_z(tool.text), MAXIM_STR("rain from noon, 9 degrees")));

    CHECK(maxim_trace_set_output(logger, trace_id, MAXIM_STR("Yes: rain from noon.")));
    CHECK(maxim_trace_end(logger, trace_id));
}

int main(int count, char **words) {
    if (count < 3) {
        fprintf(stderr, "usage: agent TRACES NAME [MILLISECONDS]\n");
        return 2;
    }
    maxim_logger *logger;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    CHECK(maxim_logger_new(&config, &logger));
    int traces = atoi(words[1]);
    for (int number = 0; number < traces; number++) {
        converse(logger, words[2], number);
        long pause = count > 3 ? atol(words[3]) : 0;
        nanosleep(&(struct timespec){pause / 1000, pause % 1000 * 1000000L}, NULL);
    }
    CHECK(maxim_cleanup(logger, 60000));
    CHECK(maxim_logger_free(logger));
    return 0;
}
