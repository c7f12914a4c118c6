/*
 * A host whose threads have the smallest stack that there is, for tests/torture/hosts_keep_their_threads.rs: what a
 * thread keeps for itself and for its libraries is taken from it as well. One such thread makes a call of each kind,
 * an image, a file's worth of bytes and a result among them, so that the first of these makes what it needs.
 *
 * Prints how many calls said OK, and how many records were accepted and delivered.
 */
#include <maxim.h>

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* What the header promises is enough, or more where no thread may have so little, as on aarch64. */
#define PROMISED (16 * 1024)
#define STACK_BYTES (PTHREAD_STACK_MIN > PROMISED ? PTHREAD_STACK_MIN : PROMISED)
#define ROUNDS 3
/* More than a segment of the spool, so that another one is needed. */
#define LARGE (3 << 20)
#define LIMIT_MS 60000

static maxim_logger *logger;
static int calls;
static char large[LARGE];
static const char *failed;

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != MAXIM_OK && !failed) {                                                                           \
            failed = #call;                                                                                            \
        }                                                                                                              \
        calls++;                                                                                                       \
    } while (0)

static const char messages[] =
    "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
    "{\"url\":\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==\"}}]}]";
static const char result[] =
    "{\"id\":\"x\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":"
    "{\"role\":\"assistant\",\"content\":\"hi\"},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":3}}";
static const char deep[] = "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}";

static void *make_calls(void *unused) {
    maxim_str trace = MAXIM_STR("trace-1");
    for (int round = 0; round < ROUNDS; round++) {
        static maxim_generation_config config = MAXIM_GENERATION_CONFIG_INIT;
        static maxim_attachment attachment = MAXIM_ATTACHMENT_INIT;
        static maxim_id generation;
        config.provider = MAXIM_STR("openai");
        config.model = MAXIM_STR("gpt-4o");
        config.messages_json = maxim_str_n(messages, sizeof messages - 1);
        OK(maxim_trace_add_generation(logger, trace, &config, &generation));
        OK(maxim_generation_result(logger, maxim_str_z(generation.text), maxim_str_n(result, sizeof result - 1), 0));
        OK(maxim_trace_add_metadata(logger, trace, maxim_str_n(deep, sizeof deep - 1)));
        OK(maxim_trace_add_tag(logger, trace, MAXIM_STR("mark"), MAXIM_STR("small")));
        OK(maxim_trace_set_output(logger, trace, maxim_str_n(large, LARGE)));
        attachment.kind = MAXIM_ATTACHMENT_DATA;
        attachment.data = (const uint8_t *)large;
        attachment.data_len = 300000;
        OK(maxim_trace_add_attachment(logger, trace, &attachment, NULL));
        OK(maxim_flush(logger, LIMIT_MS));
    }
    return unused;
}

int main(void) {
    maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
    maxim_stats stats = MAXIM_STATS_INIT;
    pthread_attr_t attributes;
    pthread_t thread;
    memset(large, 'x', LARGE);
    OK(maxim_logger_new(&config, &logger));
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0 ||
        pthread_create(&thread, &attributes, make_calls, NULL) != 0) {
        fprintf(stderr, "no such thread\n");
        return 3;
    }
    pthread_join(thread, NULL);
    OK(maxim_logger_stats(logger, &stats));
    OK(maxim_logger_free(logger));
    if (failed) {
        fprintf(stderr, "%s: %s\n", failed, maxim_last_error());
        return 3;
    }
    printf("{\"calls\":%d,\"accepted\":%llu,\"delivered\":%llu}\n", calls, (unsigned long long)stats.accepted,
           (unsigned long long)stats.delivered);
    return 0;
}
