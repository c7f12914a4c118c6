// What a log call costs through the binding and directly in C, in the same process: trace add_tag with
// short texts, one thread, nothing sent meanwhile.
//
// Rounds of both kinds alternate, so that the machine's mood hits both; the best round of each counts.
// Prints one line of JSON. Needs a server at MAXIM_BASE_URL: `maxim-dev --mode count`.
#include <maxim/maxim.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr int calls = 20'000;  // fits into the memory of a logger together with what is not sent yet
constexpr int rounds = 40;

template <class Call>
double nanoseconds_per_call(Call call) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
        call();
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    return took.count() / calls;
}

void check(maxim::status code) {
    if (!maxim::ok(code)) {
        std::fprintf(stderr, "refused: %s\n", maxim_last_error());
        std::exit(1);
    }
}

}  // namespace

int main() {
    maxim::logger_config config;
    config.api_key = "key";
    config.repository_id = "bench";
    maxim::logger logger(config);
    const maxim::trace trace = logger.create_trace();
    const maxim_str id = maxim_str_n(trace.id().data(), trace.id().size());

    double c = 1e9;
    double cpp = 1e9;
    for (int round = 0; round < rounds; ++round) {
        c = std::min(c, nanoseconds_per_call([&] {
                         check(maxim::status{maxim_trace_add_tag(logger.handle(), id, MAXIM_STR("color"),
                                                                 MAXIM_STR("blue"))});
                     }));
        cpp = std::min(cpp, nanoseconds_per_call([&] { check(trace.add_tag("color", "blue")); }));
        logger.flush_or_throw(std::chrono::seconds(30));
    }
    std::printf("{\"call\": \"trace_add_tag\", \"c_ns\": %.1f, \"cpp_ns\": %.1f, \"difference_ns\": %.1f}\n", c, cpp,
                cpp - c);
}
