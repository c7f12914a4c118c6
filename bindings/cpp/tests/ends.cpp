// Objects that were moved from, default-made or assigned over, and log calls while an exception unwinds, in destructors
// and after main: each call answers, none throws, and under the address sanitizer nothing is used late or leaked.
// Usage: ends URL SPOOL
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <maxim/maxim.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace {

constexpr auto patience = maxim::milliseconds(60'000);

void expect(bool held, const char* what) {
    if (held) return;
    std::fprintf(stderr, "ends.cpp: %s\n", what);
    std::_Exit(1);
}

// Logs when it ends, whatever ends it.
struct last_words {
    const maxim::logger& logger;
    explicit last_words(const maxim::logger& to) : logger(to) {}
    last_words(const last_words&) = delete;
    ~last_words() { expect(logger.create_trace({}).set_output("last words") == maxim::status::ok, "no line in a destructor"); }
};

struct ends_late {
    maxim::trace trace;
    ~ends_late() { expect(trace.end() == maxim::status::ok, "no line of a trace after main"); }
};

}  // namespace

int main(int, char** arguments) try {
    maxim::logger_config config;
    config.base_url = arguments[1];
    config.spool_dir = arguments[2];
    config.api_key = "ends";
    config.repository_id = "ends";
    maxim::log_client_config client_config;
    client_config.endpoint = arguments[1];
    client_config.spool_dir = arguments[2];
    client_config.api_key = "ends";
    client_config.source = "ends";

    maxim::logger gone(config);
    maxim::logger logger(std::move(gone));
    maxim::log_client client_gone(client_config);
    maxim::log_client client(std::move(client_gone));
    const auto none = maxim::status::null_pointer;
    expect(!gone.flush(patience) && gone.flush(patience).code() == none, "a flush of a logger that was moved from");
    expect(maxim::trace(gone, "t").end() == none, "a trace of a logger that was moved from");
    expect(maxim::trace().add_tag("k", "v") == none, "a trace of no logger");
    expect(maxim::generation().end() == none, "a generation of no logger");
    expect(client_gone.info("m") == none, "an entry of a client that was moved from");
    expect(!maxim::flow::try_make(client_gone, "f"), "a flow of a client that was moved from");
    (void)gone.cleanup(patience);
    (void)client_gone.disconnect(patience);

    const auto before = logger.create_trace({});
    maxim::logger other(config);
    other = std::move(logger);
    expect(before.end() == maxim::status::ok, "a trace whose logger was moved");

    const char text[] = {'a', '\0', 'b'};
    expect(before.set_input(std::string_view(text, sizeof text)) == maxim::status::ok, "a NUL in a text");
    try {
        try {
            const last_words speaker(other);
            throw std::runtime_error("within");
        } catch (...) {
            std::throw_with_nested(std::logic_error("around"));
        }
    } catch (const std::exception& error) {
        expect(before.add_error(maxim::describe(error)) == maxim::status::ok, "a nested exception");
    }
    expect(static_cast<bool>(other.flush(patience)), "a flush");

    static const maxim::logger late(config);
    static const last_words speaker(late);
    static const ends_late trace{late.create_trace({})};
} catch (const std::exception& error) {
    std::fprintf(stderr, "ends.cpp: thrown: %s\n", error.what());
    return 1;
}
