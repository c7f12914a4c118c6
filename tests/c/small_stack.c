/*
 * How much of the stack each export needs: every call of every_call.c, on a stack of our own that is painted
 * before the call and looked at after it.
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

static ucontext_t outside, inside;
static char **words;
static int result;

static void run(void) {
    result = every_call(2, words);
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
