/*
 * How much of the stack each export needs: every call of every_call.c, and JSON of every depth, on a stack of our
 * own that is painted before the call and looked at after it.
 *
 *     small_stack FILE     (as every_call)
 *
 * Prints the export that needed most, and how many bytes that was, below the frame of its caller.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define STACK_BYTES (1 << 20)
#define PAINT 0xa5

static unsigned char *stack;
static size_t most;
static char name_of_most[64];

/* Everything below the frame of this function, and a little less. */
static __attribute__((noinline)) void paint(void) {
    volatile unsigned char *end = (unsigned char *)__builtin_frame_address(0) - 256;
    for (volatile unsigned char *byte = stack; byte < end; byte++) {
        *byte = PAINT;
    }
}

/* Called by the function that made the call, from the same place in the stack. */
static __attribute__((noinline)) void look(const char *call) {
    const unsigned char *here = __builtin_frame_address(0), *byte = stack;
    while (byte < here && *byte == PAINT) {
        byte++;
    }
    if ((size_t)(here - byte) > most) {
        most = (size_t)(here - byte);
        snprintf(name_of_most, sizeof name_of_most, "%.*s", (int)strcspn(call, "("), call);
    }
}

#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        paint();                                                                                                       \
        maxim_status status_of_call = (call);                                                                          \
        look(#call);                                                                                                   \
        check(status_of_call, #call);                                                                                  \
    } while (0)
#define LOGS(count, call)                                                                                              \
    do {                                                                                                               \
        CHECK(call);                                                                                                   \
        lines += (count);                                                                                              \
    } while (0)
#define main every_call
#include "every_call.c"
#undef main

/* A text around so many copies of another one, which are closed again if there is something to close them. */
static maxim_str nested(const char *before, const char *open, const char *middle, const char *close, const char *after,
                        size_t levels) {
    static char *text;
    size_t room = strlen(before) + strlen(middle) + strlen(after) + levels * (strlen(open) + strlen(close)) + 1;
    text = realloc(text, room);
    char *end = stpcpy(text, before);
    for (size_t level = 0; level < levels; level++) {
        end = stpcpy(end, open);
    }
    end = stpcpy(end, middle);
    for (size_t level = 0; level < levels; level++) {
        end = stpcpy(end, close);
    }
    end = stpcpy(end, after);
    return maxim_str_n(text, (size_t)(end - text));
}

static int32_t on_mask(void *data, int32_t entity, const char *field, const char *text, size_t length, maxim_str *out) {
    (void)data, (void)entity, (void)field, (void)text, (void)length, (void)out;
    return 0;
}

#define ANY_STATUS(call)                                                                                               \
    do {                                                                                                               \
        paint();                                                                                                       \
        (void)!(call);                                                                                                 \
        look(#call);                                                                                                   \
    } while (0)

/* What can be so deep, in every way in which a call gets it. Whatever it answers, it comes back. */
static void deep_calls(maxim_logger *logger, size_t levels) {
    static char out[1 << 21];
    maxim_str id = MAXIM_STR("g"), text;
    maxim_generation_config config = MAXIM_GENERATION_CONFIG_INIT;
    static const char *const results[][5] = {
        {"{\"mine\":", "[", "1", "]", "}"},
        {"{\"id\":\"c\",\"choices\":[{\"index\":0,\"message\":", "{\"a\":", "1", "}", "}]}"},
        {"{\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":", "{\"a\":[", "1", "]}",
         "}],\"type\":\"message\",\"role\":\"assistant\",\"stop_reason\":\"end_turn\"}"},
        {"data: {\"a\":", "[", "1", "]", "}\n\n"},
        {"", "data:", "x", "", "\n"},
        {"[{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"f\",\"partialArgs\":[{\"jsonPath\":\"$",
         ".a", "\",\"stringValue\":\"x\"}]}}]}}]}]", "", ""},
        {"{\"mine\":", "[", "", "", ""},
        /* Within something else: as an object, as a text, and in a list. */
        {"{\"custom_id\":\"a\",\"response\":{\"status_code\":200,\"body\":{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}]}}],\"a\":",
         "[", "1", "]", "}}}"},
        {"{\"statusCode\":200,\"body\":\"{\\\"output\\\":{\\\"message\\\":{\\\"content\\\":[{\\\"text\\\":\\\"x\\\"}]}},\\\"a\\\":", "[", "1",
         "]", "}\"}"},
        {"[[{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}],\"a\":", "[", "1", "]", "}]]"},
        {"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}{\"choices\":[],\"a\":", "[", "1", "]", "}"},
        /* Nearly JSON, and what is behind something else. */
        {"{'choices':[{'index':0,'delta':{'content':'x'}}],'a':", "[", "1", "]", "}"},
        {"Choice(choices=[Choice(index=0, message=Message(content='x'))], a=", "f(a=", "1", ")", ")"},
        {"data: {'choices':[{'index':0,'delta':{'content':'x'}}],'a':", "{b:", "NaN", "}", "}\n\n"},
        {"HTTP/1.1 200 OK\r\n\r\n{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"a\":", "[", "1", "]", "}"},
        /* Sessions, agents and media. */
        {"{\"steps\":[{\"finishReason\":\"stop\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]},{\"finishReason\":\"stop\",\"content\":[],\"a\":",
         "[", "1", "]", "}]}"},
        {"[{\"type\":\"assistant\",\"message\":{\"id\":\"a\",\"content\":[{\"type\":\"tool_use\",\"name\":\"f\",\"input\":", "[", "1",
         "]", "}]}}]"},
        {"[{\"serverContent\":{\"modelTurn\":{\"parts\":[{\"text\":\"x\"}]},\"a\":", "[", "1", "]", "}}]"},
        {"[{\"trace\":{\"trace\":", "[", "1", "]", "}},{\"chunk\":{\"bytes\":\"eA==\"}}]"},
        {"{\"images\":[{\"url\":\"https://example.invalid/a.png\",\"a\":", "[", "1", "]", "}]}"},
        {"{\"type\":\"ai\",\"response_metadata\":{},\"content\":[{\"a\":", "[", "1", "]", "}]}"},
        /* Texts with calls in them, whose arguments have names: alone, as a JSON text, in a list of texts, as an event. */
        {"get_weather(city='Paris', a=", "f(a=", "1", ")", ")"},
        {"\"get_weather(city='Paris', a=", "f(a=", "1", ")", ")\""},
        {"\"Choice(choices=[Choice(message=Message(content='x'))], a=", "f(a=", "1", ")", ")\""},
        {"[\"Choice(choices=[Choice(message=Message(content='x'))], a=", "f(a=[", "1", "])", ")\"]"},
        {"data: Choice(choices=[Choice(delta=Delta(content='x'))], a=", "f(a=", "1", ")", ")\n\n"},
        {"{\"choices\":[{\"message\":{\"content\":\"get_weather(a=", "f(a=", "1", ")", ")\"}}]}"},
        /* A stream that breaks off, also within something else. */
        {"[{\"request_id\":\"q\",\"output\":{\"text\":\"x\",\"a\":", "[", "1", "]", "}},{\"error\":{\"message\":\"x\"}}]"},
        {"{\"chatResponse\":{\"apiFormat\":\"GENERIC\",\"choices\":[{\"message\":{\"role\":\"ASSISTANT\",\"content\":[{\"type\":\"TEXT\",\"text\":\"x\",\"content\":",
         "[", "1", "]", "}]}}]}}"},
        {"[{\"Choices\":[{\"Delta\":{\"Content\":\"x\",\"ToolCalls\":", "[", "1", "]", "}}]},{\"error\":\"x\"}]"},
        {"[{\"result\":{\"alternatives\":[{\"message\":{\"text\":\"x\",\"a\":", "[", "1", "]", "}}]}},{\"error\":\"x\"}]"},
        {"{\"body\":[{\"request_id\":\"q\",\"output\":{\"text\":\"x\"}},{\"error\":{\"message\":\"x\",\"a\":", "[", "1", "]", "}}]}"},
    };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        const char *const *part = results[i];
        text = nested(part[0], part[1], part[2], part[3], part[4], levels);
        ANY_STATUS(maxim_generation_result(logger, id, text, 0));
        ANY_STATUS(maxim_normalise_result(text, 0, out, sizeof out, NULL));
        ANY_STATUS(maxim_tool_call_result(logger, id, text));
        ANY_STATUS(maxim_trace_set_output(logger, id, text));
    }
    static const char *const messages[][5] = {
        {"{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"a\":", "[", "1", "]",
         ",\"image\":\"https://example.com/x.png\"}]}"},
        {"{\"role\":\"tool\",\"content\":", "[", "{\"type\":\"image\",\"image\":\"https://example.com/x.png\"}", "]", "}"},
    };
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        const char *const *part = messages[i];
        text = nested(part[0], part[1], part[2], part[3], part[4], levels);
        ANY_STATUS(maxim_generation_add_message(logger, id, text));
        memcpy(out, "[", 1);
        memcpy(out + 1, text.data, text.len);
        memcpy(out + 1 + text.len, "]", 1);
        config.messages_json = maxim_str_n(out, text.len + 2);
        ANY_STATUS(maxim_trace_add_generation(logger, id, &config, NULL));
    }
    text = nested("", "{\"a\":", "\"x@example.com\"", "}", "", levels);
    ANY_STATUS(maxim_trace_add_metadata(logger, id, text));
    ANY_STATUS(maxim_generation_set_model_parameters(logger, id, text));
    ANY_STATUS(maxim_trace_add_feedback(logger, id, text));
    ANY_STATUS(maxim_commit(logger, MAXIM_ENTITY_TRACE, id, MAXIM_STR("update"), text));
}

static void deep(void) {
    static const size_t depths[] = {1, 2, 4, 6, 8, 10, 12, 20, 60, 110, 117, 120, 125, 127, 130, 1000, 10000, 100000};
    for (int how = 0; how < 4; how++) {
        maxim_logger_config config = MAXIM_LOGGER_CONFIG_INIT;
        config.lossy = how & 1;
        if (how & 2) {
            config.masks_json = MAXIM_STR("[{\"preset\": \"email\"}, {\"key\": \"password\"}]");
            config.mask_callback = on_mask;
        }
        maxim_logger *logger;
        check(maxim_logger_new(&config, &logger), "a logger for deep calls");
        for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
            deep_calls(logger, depths[i]);
        }
        maxim_stats stats = MAXIM_STATS_INIT;
        check(maxim_flush(logger, LIMIT_MS), "a flush of deep records");
        check(maxim_logger_stats(logger, &stats), "stats");
        REQUIRE(stats.accepted > 0 && stats.held == 0 && stats.delivered == stats.accepted);
        check(maxim_logger_free(logger), "free");
    }
}

static ucontext_t outside, inside;
static char **words;
static int result;

static void run(void) {
    result = every_call(2, words);
    deep();
}

int main(int count, char **arguments) {
    if (count != 2) {
        return 2;
    }
    words = arguments;
    stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = STACK_BYTES;
    inside.uc_link = &outside;
    makecontext(&inside, run, 0);
    swapcontext(&outside, &inside);
    printf("\n%s %zu\n", name_of_most, most);
    return result;
}
