/*
 * Readings of the time stamp counter around a call, calibrated against CLOCK_MONOTONIC.
 */
#ifndef TIMING_H
#define TIMING_H

#include <stdint.h>
#include <time.h>
#include <x86intrin.h>

static double ticks_per_ns;

static inline double now_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static inline uint64_t tick_before(void) {
    _mm_lfence();
    return __rdtsc();
}

static inline uint64_t tick_after(void) {
    unsigned core;
    uint64_t tick = __rdtscp(&core);
    _mm_lfence();
    return tick;
}

static inline void calibrate(void) {
    double start = now_ns(CLOCK_MONOTONIC);
    uint64_t first = tick_before();
    while (now_ns(CLOCK_MONOTONIC) - start < 100e6) {
    }
    ticks_per_ns = (double)(tick_before() - first) / (now_ns(CLOCK_MONOTONIC) - start);
}

static inline int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

#endif
