/* What tests/results.rs looks at: results of every kind, none of which is refused. Argument: the URL. Prints what the
 * error callback was told, and the stats. */

#include "logger_at.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void told(void *user_data, maxim_status status, const char *message, uint64_t records) {
    (void)user_data;
    printf("told %d %s (%llu)\n", status, message, (unsigned long long)records);
    fflush(stdout);
}

static void check(maxim_status status) {
    if (status != MAXIM_OK) {
        fprintf(stderr, "%d: %s\n", status, maxim_last_error());
        exit(1);
    }
}

int main(int count, char **arguments) {
    maxim_logger *logger;
    maxim_logger_config config = config_at(arguments[1], "results");
    config.error_callback = told;
    if (count < 2) return 2;
    check(maxim_logger_new(&config, &logger));
    maxim_generation_config generation = MAXIM_GENERATION_CONFIG_INIT;
    generation.model = MAXIM_STR("gpt-4o");
    const char *bodies[] = {
        "{\"answer\": 42}",
        "[{\"a\": 1}]",
        "{\"error\": {\"message\": \"Overloaded\", \"type\": \"overloaded_error\"}}",
        "{\"choices\": [{\"message\": {\"content\": \"Hello\"}}], \"usage\": {}}",
        "{\"choices\": [{\"message\": {\"content\": \"Hel",
        "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"Hello\"}}]}\n\ndata: [DONE]\n\n",
        "{\"candidates\": [{\"content\": {\"parts\": [{\"inlineData\": {\"mimeType\": \"image/png\", \"data\": \"aGVsbG8=\"}}]}}]}",
    };
    const char *providers[] = {"AWS", "Vertex-AI", "azure_openai", "My Gateway", "openai", "Gemini", "mistral"};
    for (size_t at = 0; at < sizeof bodies / sizeof *bodies; at++) {
        char id[8];
        snprintf(id, sizeof id, "g%zu", at);
        generation.id = maxim_str_z(id);
        generation.provider = maxim_str_z(providers[at]);
        check(maxim_trace_add_generation(logger, MAXIM_STR("t"), &generation, NULL));
        check(maxim_generation_result(logger, generation.id, maxim_str_z(bodies[at]), 0));
    }
    check(maxim_generation_set_model(logger, MAXIM_STR("g7"), MAXIM_STR("set-later")));
    check(maxim_generation_result(logger, MAXIM_STR("g7"), maxim_str_z(bodies[3]), 0));
    check(maxim_generation_result(logger, MAXIM_STR("g8"), maxim_str_z(bodies[3]), 0));
    if (maxim_generation_result(logger, MAXIM_STR("g9"), maxim_str_z(bodies[0]), MAXIM_RESULT_STRICT) != MAXIM_ERR_INVALID_RESULT) return 3;
    if (maxim_generation_result(logger, MAXIM_STR("g9"), maxim_str_z(bodies[2]), MAXIM_RESULT_STRICT) != MAXIM_ERR_INVALID_RESULT) return 4;
    if (maxim_generation_result(logger, MAXIM_STR("g9"), MAXIM_STR("<html>"), MAXIM_RESULT_STRICT) != MAXIM_ERR_INVALID_JSON) return 5;
    check(maxim_generation_result(logger, MAXIM_STR("g10"), MAXIM_STR("<html>\n\"504\"</html>"), 0));
    char deep[401];
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    check(maxim_generation_result(logger, MAXIM_STR("g11"), maxim_str_n(deep, 400), 0));
    check(maxim_generation_result(logger, MAXIM_STR("g12"), MAXIM_STR("\"\xff\""), 0));
    check(maxim_generation_result(logger, MAXIM_STR("g13"), MAXIM_STR("<html>"), MAXIM_RESULT_FORCE));
    check(maxim_generation_result(logger, MAXIM_STR("g14"), maxim_str_n(NULL, 0), 0));
    check(maxim_tool_call_result(logger, MAXIM_STR("c14"), maxim_str_n(NULL, 0)));
    check(maxim_retrieval_set_output(logger, MAXIM_STR("r14"), maxim_str_n(NULL, 0)));
    check(maxim_retrieval_set_output(logger, MAXIM_STR("r15"), MAXIM_STR(" null ")));
    check(maxim_trace_add_feedback(logger, MAXIM_STR("t"), MAXIM_STR("{\"score\": 1, \"comment\": null}")));
    const char *inline_image = "{\"choices\": [{\"message\": {\"content\": \"Here.\", \"images\": [{\"type\": \"image_url\", "
                               "\"image_url\": {\"url\": \"data:image/png;base64,d29ybGQ=\"}}]}}]}";
    check(maxim_generation_result(logger, MAXIM_STR("g15"), maxim_str_z(inline_image), 0));
    maxim_logger *plain;
    config.extract_media = MAXIM_SWITCH_OFF;
    check(maxim_logger_new(&config, &plain));
    check(maxim_generation_result(plain, MAXIM_STR("g16"), maxim_str_z(inline_image), 0));
    check(maxim_generation_result(plain, MAXIM_STR("g17"), maxim_str_z(bodies[6]), 0));
    check(maxim_cleanup(plain, 60000));
    check(maxim_logger_free(plain));
    check(maxim_retrieval_add_metric(logger, MAXIM_STR("r"), MAXIM_STR("documents"), 2.5));
    check(maxim_tool_call_add_metric(logger, MAXIM_STR("c"), MAXIM_STR("seconds"), 0.5));
    check(maxim_trace_evaluate_with_evaluators(logger, MAXIM_STR("t"), MAXIM_STR("[\"a\", \"b\", \"a\"]")));
    check(maxim_flush(logger, 60000));
    maxim_stats stats = MAXIM_STATS_INIT;
    check(maxim_logger_stats(logger, &stats));
    check(maxim_cleanup(logger, 60000));
    printf("unrecognised %llu\n", (unsigned long long)stats.results_unrecognised);
    return maxim_logger_free(logger) != MAXIM_OK;
}
