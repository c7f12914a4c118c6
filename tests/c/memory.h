/*
 * The verbs of torture.h that are about memory. Included by it once.
 */
#define STACK_BYTES (512 * 1024)
#define MOST_PIECES 100000
#define LARGE_TEXT 800000

/* Or the stack would need address space when there is none. */
__attribute__((noinline)) static void have_stack(void) {
    volatile char stack[STACK_BYTES];
    for (size_t n = 0; n < sizeof stack; n += 1024) {
        stack[n] = 1;
    }
}

static int limit_address_space(unsigned long long kib) {
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    int found = file && fscanf(file, "%llu", &pages) == 1;
    if (file) {
        fclose(file);
    }
    have_stack();
    rlim_t bytes = (rlim_t)(pages * (unsigned long long)sysconf(_SC_PAGESIZE) + kib * 1024);
    struct rlimit limit = {bytes, bytes};
    return found && setrlimit(RLIMIT_AS, &limit) == 0;
}

static void *taken[MOST_PIECES];
static size_t pieces;

/* All that malloc has. */
static void take_memory(void) {
    for (size_t size = 1 << 20; size >= 16; size /= 2) {
        while (pieces < MOST_PIECES && (taken[pieces] = malloc(size)) != NULL) {
            pieces++;
        }
    }
}

static void give_memory(void) {
    while (pieces > 0) {
        free(taken[--pieces]);
    }
}

/* A completion with thousands of choices, which is read into a tree. */
static maxim_status log_large_result(void) {
    static char json[LARGE_TEXT];
    if (!*json) {
        size_t at = (size_t)sprintf(json, "{\"object\":\"chat.completion\",\"choices\":[");
        for (int n = 0; at < sizeof json - 1000; n++) {
            at += (size_t)sprintf(json + at,
                                  "%s{\"index\":%d,\"message\":{\"role\":\"assistant\",\"content\":\"%d\"}}",
                                  n ? "," : "", n, n);
        }
        strcpy(json + at, "]}");
    }
    return maxim_generation_result(logger, MAXIM_STR("generation-1"), maxim_str_z(json), 0);
}

/* Gives it back piece by piece; whatever there is in between, a call has enough or is refused. */
static void give_memory_slowly(void) {
    unsigned long long done = 0, refused = 0;
    while (pieces > 0) {
        free(taken[--pieces]);
        if (pieces % 8 == 0) {
            last = log_large_result();
            done += last == MAXIM_OK;
            refused += last == MAXIM_ERR_NO_RESOURCES;
        }
    }
    printf("{\"done\":%llu,\"no_memory\":%llu}\n", done, refused);
    fflush(stdout);
}

/* Texts that a thread's buffer has to grow for. */
static void log_large_texts(unsigned long long count) {
    static char text[LARGE_TEXT];
    memset(text, 'x', sizeof text);
    last = MAXIM_OK;
    while (count-- > 0 && last == MAXIM_OK) {
        last = maxim_trace_set_output(logger, MAXIM_STR("trace-1"), maxim_str_n(text, sizeof text));
    }
}
