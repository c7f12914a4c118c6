// A program of two files, one of which imports the binding as a module and the other includes it: both see the same
// types. It ends well when all that it logged has arrived.
#ifdef INCLUDES
#include <maxim/maxim.hpp>
#else
import maxim;
#include <chrono>
#include <cstdio>
#include <string>
#endif

maxim::status log_from_elsewhere(const maxim::trace& trace);

#ifdef INCLUDES
maxim::status log_from_elsewhere(const maxim::trace& trace) {
    return trace.add_metadata(maxim::json_object{{"included", true}});
}
#else
int main() {
    auto made = maxim::logger::try_make({.on_error = [](maxim::status code, std::string_view what, std::uint64_t) {
        std::printf("%s: %s\n", std::string(maxim::name(code)).c_str(), std::string(what).c_str());
    }});
    if (!made) {
        std::printf("%s\n", made.error().what());
        return 1;
    }
    maxim::logger logger = *std::move(made);
    {
        maxim::scope trace(logger.create_trace({.name = "imported"}));
        const auto generation = trace->add_generation({.name = "answer", .model = "model"});
        if (generation.end() != maxim::status::ok || log_from_elsewhere(*trace) != maxim::status::ok) {
            return 1;
        }
    }
    return logger.cleanup(std::chrono::seconds(30)) ? 0 : 1;
}
#endif
