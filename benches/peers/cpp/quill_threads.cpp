// Quill 12 as benches/threads.c measures us: a record of like content, back to back, from 1, 2, 4, 8 and 16 threads,
// to a sink that discards everything, in its default settings. Its queues are emptied before each turn.
//
//     quill_threads ROUNDS MILLISECONDS
//
// Built by scripts/bench.sh where QUILL names the folder with Quill's headers: it is in no registry.

#include <quill/Backend.h>
#include <quill/Frontend.h>
#include <quill/LogMacros.h>
#include <quill/Logger.h>
#include <quill/sinks/NullSink.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>
#include <vector>

#include "../../timing.h"

namespace {

constexpr int Measured = 8;
constexpr int Counts[] = {1, 2, 4, 8, 16};

struct Turn {
    double calls_per_s, p50, p99, p99_9, switches, waits, cpu_ns;
};

struct Work {
    std::vector<uint32_t> ticks;
    double calls = 0, waits = 0, switches = 0, cpu_s = 0;
};

double seconds(const rusage &use) {
    return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

void log(quill::Logger *logger) {
    LOG_INFO(logger, "trace{{id={},action=update,data={{\"tags\":{{\"{}\":\"{}\"}}}}}}",
             "3f0c9d52-7a41-4c57-9be1-08a6d1f2c3e4", "user", "ada");
}

Turn take_turn(quill::Logger *logger, int threads, int milliseconds) {
    logger->flush_log();
    std::vector<Work> work(static_cast<size_t>(threads));
    std::vector<std::thread> all;
    std::barrier start(threads + 1);
    std::atomic<bool> is_over{false};
    for (Work &mine : work) {
        all.emplace_back([&] {
            mine.ticks.reserve(1 << 20);
            rusage before{}, after{};
            log(logger); // makes the thread's queue
            start.arrive_and_wait();
            getrusage(RUSAGE_THREAD, &before);
            while (!is_over.load(std::memory_order_relaxed)) {
                uint64_t first = tick_before();
                log(logger);
                uint64_t ticks = tick_after() - first;
                if (mine.ticks.size() < mine.ticks.capacity())
                    mine.ticks.push_back(static_cast<uint32_t>(std::min<uint64_t>(ticks, UINT32_MAX)));
                for (int i = 1; i < Measured; i++)
                    log(logger);
                mine.calls += Measured;
            }
            getrusage(RUSAGE_THREAD, &after);
            mine.cpu_s = seconds(after) - seconds(before);
            mine.waits = static_cast<double>(after.ru_nvcsw - before.ru_nvcsw);
            mine.switches = mine.waits + static_cast<double>(after.ru_nivcsw - before.ru_nivcsw);
        });
    }
    start.arrive_and_wait();
    double began = now_ns(CLOCK_MONOTONIC);
    usleep(static_cast<useconds_t>(milliseconds) * 1000);
    is_over = true;
    for (std::thread &thread : all)
        thread.join();
    double took = now_ns(CLOCK_MONOTONIC) - began;
    Work sum;
    for (const Work &mine : work) {
        sum.ticks.insert(sum.ticks.end(), mine.ticks.begin(), mine.ticks.end());
        sum.calls += mine.calls;
        sum.waits += mine.waits;
        sum.switches += mine.switches;
        sum.cpu_s += mine.cpu_s;
    }
    std::sort(sum.ticks.begin(), sum.ticks.end());
    auto at = [&](double share) {
        return sum.ticks[static_cast<size_t>(static_cast<double>(sum.ticks.size() - 1) * share)] / ticks_per_ns;
    };
    return {sum.calls / took * 1e9,       at(0.5), at(0.99), at(0.999), sum.switches / sum.calls * 1e4,
            sum.waits / sum.calls * 1e4, sum.cpu_s / sum.calls * 1e9};
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    quill::Backend::start();
    quill::Logger *logger = quill::Frontend::create_or_get_logger(
        "bench", quill::Frontend::create_or_get_sink<quill::NullSink>("null"));
    calibrate();
    std::map<int, std::vector<Turn>> turns;
    for (int round = 0; round < std::atoi(argv[1]); round++)
        for (int count : Counts)
            turns[count].push_back(take_turn(logger, count, std::atoi(argv[2])));
    double one = 0;
    for (auto &[count, of] : turns) {
        std::sort(of.begin(), of.end(), [](const Turn &a, const Turn &b) { return a.calls_per_s < b.calls_per_s; });
        const Turn &t = of[of.size() / 2];
        one = count == 1 ? t.calls_per_s : one;
        std::printf("threads %d threads=%d calls_per_s=%.0f p50=%.1f p99=%.1f p99.9=%.1f switches=%.2f waits=%.2f "
                    "cpu_ns=%.1f ratio=%.2f\n",
                    count, count, t.calls_per_s, t.p50, t.p99, t.p99_9, t.switches, t.waits, t.cpu_ns,
                    t.calls_per_s / one);
    }
    return 0;
}
