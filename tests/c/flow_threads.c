/*
 * Four threads log 400 steps each on one flow, with filtered and refused ones among them; then the
 * client is freed before the flow.
 *
 *     flow_threads URL
 */
#include <maxim.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static maxim_flow *flow;
static atomic_int accepted, exhausted;

static void *log_steps(void *unused) {
    (void)unused;
    const maxim_str absent = {NULL, 0};
    for (int i = 0; i < 400; i++) {
        maxim_flow_debug(flow, MAXIM_STR("filtered"), absent, NULL);
        maxim_flow_info(flow, MAXIM_STR(""), absent, NULL);
        maxim_flow_info(flow, MAXIM_STR("refused"), MAXIM_STR("[]"), NULL);
        maxim_status status = maxim_flow_info(flow, MAXIM_STR("step"), absent, NULL);
        atomic_fetch_add(&accepted, status == MAXIM_OK);
        atomic_fetch_add(&exhausted, status == MAXIM_ERR_FLOW_EXHAUSTED);
    }
    return NULL;
}

int main(int count, char **arguments) {
    maxim_log_client_config config = MAXIM_LOG_CLIENT_CONFIG_INIT;
    config.source = MAXIM_STR("svc");
    config.api_key = MAXIM_STR("key-1");
    config.endpoint = maxim_str_z(count > 1 ? arguments[1] : NULL);
    config.min_level = MAXIM_LEVEL_INFO;
    maxim_log_client *client;
    if (maxim_log_client_new(&config, &client) || maxim_flow_new(client, MAXIM_STR("busy"), &flow)) {
        fprintf(stderr, "%s\n", maxim_last_error());
        return 1;
    }
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, log_steps, NULL);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("accepted %d, exhausted %d, next %d\n", accepted, exhausted, (int)maxim_flow_step_index(flow));
    if (maxim_log_flush(client, 60000) != MAXIM_OK) {
        fprintf(stderr, "%s\n", maxim_last_error());
        return 1;
    }
    maxim_log_client_free(client);
    /* A flow that is used up says so whatever its client does, so another one asks. */
    if (maxim_log_client_new(&config, &client) != MAXIM_OK) {
        return 1;
    }
    maxim_flow *orphan;
    if (maxim_flow_new(client, MAXIM_STR("orphan"), &orphan) != MAXIM_OK) {
        return 1;
    }
    maxim_log_client_free(client);
    maxim_status status = maxim_flow_info(orphan, MAXIM_STR("late"), maxim_str_n(NULL, 0), NULL);
    printf("after free %s\n", maxim_status_str(status));
    maxim_flow_free(orphan);
    maxim_flow_free(flow);
    return 0;
}
