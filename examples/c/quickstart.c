/*
 * An agent's conversation, logged with libmaxim.
 *
 * Without configuration it talks to a local maxim-dev (see `make demo`). Set MAXIM_BASE_URL,
 * MAXIM_API_KEY and MAXIM_LOG_REPO_ID to log to your own repository.
 */
#include <maxim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Every call answers with a status; this example stops at the first that is not MAXIM_OK. */
static void check(maxim_status status, const char *what) {
    if (status != MAXIM_OK) {
        fprintf(stderr, "%s: %s: %s\n", what, maxim_status_str(status), maxim_last_error());
        exit(1);
    }
}
#define CHECK(call) check((call), #call)

/* Stands in for the work between two log calls. */
static void work(long milliseconds) {
    struct timespec pause = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
    nanosleep(&pause, NULL);
}

static const char *or_default(const char *variable, const char *value) {
    const char *given = getenv(variable);
    return given && *given ? given : value;
}

/* First turn: the model asks for a tool, then answers. */
static void ask_for_weather(maxim_logger *logger, maxim_str session) {
    maxim_id trace, span, generation, tool;

    maxim_trace_config trace_config = MAXIM_TRACE_CONFIG_INIT;
    trace_config.name = MAXIM_STR("weather question");
    trace_config.input = MAXIM_STR("Do I need an umbrella in Oslo today?");
    CHECK(maxim_session_add_trace(logger, session, &trace_config, &trace));
    maxim_str trace_id = maxim_str_z(trace.text);

    maxim_span_config span_config = MAXIM_SPAN_CONFIG_INIT;
    span_config.name = MAXIM_STR("agent step");
    span_config.tags_json = MAXIM_STR("{\"step\": \"1\", \"agent\": \"weather\"}");
    CHECK(maxim_trace_add_span(logger, trace_id, &span_config, &span));
    maxim_str span_id = maxim_str_z(span.text);

    maxim_generation_config call = MAXIM_GENERATION_CONFIG_INIT;
    call.name = MAXIM_STR("choose a tool");
    call.provider = MAXIM_STR("openai");
    call.model = MAXIM_STR("gpt-4o");
    call.messages_json = MAXIM_STR(
        "[{\"role\": \"system\", \"content\": \"You are a helpful assistant.\"},"
        " {\"role\": \"user\", \"content\": \"Do I need an umbrella in Oslo today?\"}]");
    call.model_parameters_json = MAXIM_STR("{\"temperature\": 0.2, \"max_tokens\": 256}");
    CHECK(maxim_span_add_generation(logger, span_id, &call, &generation));
    work(30);
    CHECK(maxim_generation_result(
        logger, maxim_str_z(generation.text),
        MAXIM_STR("{\"id\": \"chatcmpl-1\", \"object\": \"chat.completion\", \"created\": 1767323045,"
                  " \"model\": \"gpt-4o-2024-08-06\","
                  " \"choices\": [{\"index\": 0, \"message\": {\"role\": \"assistant\", \"content\": null,"
                  "   \"tool_calls\": [{\"id\": \"call_oslo\", \"type\": \"function\","
                  "     \"function\": {\"name\": \"forecast\", \"arguments\": \"{\\\"city\\\":\\\"Oslo\\\"}\"}}]},"
                  "   \"logprobs\": null, \"finish_reason\": \"tool_calls\"}],"
                  " \"usage\": {\"prompt_tokens\": 31, \"completion_tokens\": 17, \"total_tokens\": 48}}"),
        0));

    maxim_tool_call_config tool_config = MAXIM_TOOL_CALL_CONFIG_INIT;
    tool_config.id = MAXIM_STR("call_oslo");
    tool_config.name = MAXIM_STR("forecast");
    tool_config.description = MAXIM_STR("Weather forecast for a city");
    tool_config.args = MAXIM_STR("{\"city\":\"Oslo\"}");
    CHECK(maxim_span_add_tool_call(logger, span_id, &tool_config, &tool));
    work(12);
    CHECK(maxim_tool_call_result(logger, maxim_str_z(tool.text), MAXIM_STR("rain from noon, 9 degrees")));

    CHECK(maxim_span_end(logger, span_id));
    CHECK(maxim_trace_set_output(logger, trace_id, MAXIM_STR("Yes: it rains from noon.")));
    CHECK(maxim_trace_add_feedback(logger, trace_id, MAXIM_STR("{\"score\": 5, \"comment\": \"stayed dry\"}")));
    CHECK(maxim_trace_end(logger, trace_id));
}

/* Second turn: documents are looked up, and the model is not to be reached. */
static void ask_for_rules(maxim_logger *logger, maxim_str session) {
    maxim_id trace, retrieval, generation;

    maxim_trace_config trace_config = MAXIM_TRACE_CONFIG_INIT;
    trace_config.name = MAXIM_STR("question about rules");
    trace_config.input = MAXIM_STR("May I take the umbrella on the plane?");
    trace_config.session_id = session;
    CHECK(maxim_trace_create(logger, &trace_config, &trace));
    maxim_str trace_id = maxim_str_z(trace.text);

    maxim_retrieval_config lookup = MAXIM_RETRIEVAL_CONFIG_INIT;
    lookup.name = MAXIM_STR("airline rules");
    CHECK(maxim_trace_add_retrieval(logger, trace_id, &lookup, &retrieval));
    maxim_str retrieval_id = maxim_str_z(retrieval.text);
    CHECK(maxim_retrieval_set_input(logger, retrieval_id, MAXIM_STR("umbrella cabin baggage")));
    work(8);
    CHECK(maxim_retrieval_set_output(
        logger, retrieval_id,
        MAXIM_STR("[\"Umbrellas up to 60 cm are allowed in the cabin.\", \"Sharp tips must be covered.\"]")));

    maxim_generation_config call = MAXIM_GENERATION_CONFIG_INIT;
    call.name = MAXIM_STR("answer");
    call.provider = MAXIM_STR("anthropic");
    call.model = MAXIM_STR("claude-sonnet-4");
    CHECK(maxim_trace_add_generation(logger, trace_id, &call, &generation));
    work(20);
    maxim_error_config failure = MAXIM_ERROR_CONFIG_INIT;
    failure.message = MAXIM_STR("the provider is overloaded");
    failure.code = MAXIM_STR("529");
    failure.type = MAXIM_STR("overloaded_error");
    CHECK(maxim_generation_error(logger, maxim_str_z(generation.text), &failure));
    CHECK(maxim_trace_add_error(logger, trace_id, &failure, NULL));
    maxim_tag source = {MAXIM_STR("source"), MAXIM_STR("template")};
    maxim_event_config event = MAXIM_EVENT_CONFIG_INIT;
    event.name = MAXIM_STR("fallback answer");
    event.tags = &source;
    event.tag_count = 1;
    CHECK(maxim_trace_add_event(logger, trace_id, &event, NULL));
    CHECK(maxim_trace_set_output(logger, trace_id, MAXIM_STR("Please ask again in a minute.")));
    CHECK(maxim_trace_end(logger, trace_id));
}

int main(void) {
    maxim_logger *logger = NULL;
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    config.base_url = maxim_str_z(or_default("MAXIM_BASE_URL", "http://127.0.0.1:8899"));
    config.api_key = maxim_str_z(or_default("MAXIM_API_KEY", "local-development"));
    config.repository_id = maxim_str_z(or_default("MAXIM_LOG_REPO_ID", "quickstart"));
    CHECK(maxim_logger_new(&config, &logger));

    maxim_id session;
    maxim_session_config session_config = MAXIM_SESSION_CONFIG_INIT;
    session_config.name = MAXIM_STR("travel assistant");
    session_config.tags_json = MAXIM_STR("{\"user\": \"ada\", \"channel\": \"web\"}");
    CHECK(maxim_session_create(logger, &session_config, &session));

    ask_for_weather(logger, maxim_str_z(session.text));
    ask_for_rules(logger, maxim_str_z(session.text));
    CHECK(maxim_session_end(logger, maxim_str_z(session.text)));

    /* Sends what is held and ends; whatever cannot be sent now waits in files for the next run. */
    maxim_status sent = maxim_cleanup(logger, 5000);
    maxim_stats stats = MAXIM_STATS_INIT;
    CHECK(maxim_logger_stats(logger, &stats));
    printf("logged %llu records, delivered %llu, held %llu\n", (unsigned long long)stats.accepted,
           (unsigned long long)stats.delivered, (unsigned long long)stats.held);
    if (sent != MAXIM_OK) {
        fprintf(stderr, "not everything was sent: %s\n", maxim_last_error());
    }
    CHECK(maxim_logger_free(logger));
    return sent == MAXIM_OK ? 0 : 1;
}
