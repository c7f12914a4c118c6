/* Logs one result after the other for tests/corpus: reads `LENGTH\n` and so many bytes from stdin, gives them to
 * maxim_generation_result as the result of the generation c0, c1, …, which was begun with a model, and prints the
 * status and whether the result was recognised. Arguments: the URL. */

#include "logger_at.h"
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    maxim_logger *logger;
    maxim_logger_config config = config_at(arguments[1], "corpus");
    if (count != 2 || maxim_logger_new(&config, &logger) != MAXIM_OK) {
        fprintf(stderr, "%s\n", maxim_last_error());
        return 1;
    }
    maxim_stats stats = MAXIM_STATS_INIT;
    unsigned long long unrecognised = 0;
    size_t length;
    for (long number = 0; scanf("%zu", &length) == 1 && getchar() == '\n'; number++) {
        char *body = malloc(length + 1);
        if (!body || fread(body, 1, length, stdin) != length) return 2;
        char name[32];
        snprintf(name, sizeof name, "c%ld", number);
        maxim_generation_config generation = MAXIM_GENERATION_CONFIG_INIT;
        generation.id = maxim_str_z(name);
        generation.model = MAXIM_STR("model-of-the-generation");
        maxim_trace_add_generation(logger, MAXIM_STR("t"), &generation, NULL);
        maxim_status status = maxim_generation_result(logger, generation.id, maxim_str_n(body, length), 0);
        free(body);
        if (maxim_logger_stats(logger, &stats) != MAXIM_OK) return 3;
        printf("%d %d\n", status, stats.results_unrecognised == unrecognised);
        unrecognised = stats.results_unrecognised;
    }
    maxim_status cleaned = maxim_cleanup(logger, 60000);
    if (cleaned != MAXIM_OK) fprintf(stderr, "%s\n", maxim_last_error());
    return cleaned != MAXIM_OK;
}
