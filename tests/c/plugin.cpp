// A C++ plugin of the probe: real exceptions in a process with live loggers.
#include <stdexcept>

namespace {

// Destructors log while the stack is being unwound.
struct Guard {
    void (*log)();
    ~Guard() { log(); }
};

void fail(void (*log)()) {
    Guard guard{log};
    throw std::runtime_error("the plugin fails");
}

}  // namespace

extern "C" void plugin_throws(void (*log)()) { fail(log); }

extern "C" void plugin_throws_and_catches(void (*log)()) {
    try {
        fail(log);
    } catch (const std::exception &) {
        log();
    }
}
