// The application's own logs with libmaxim: levels, an exception, and the steps of one order as a flow.
//
// Without configuration it talks to a local maxim-dev. Set MAXIM_LOG_ENDPOINT and MAXIM_LOG_API_KEY to log
// to your own account. Needs C++20 for the designated initialisers.
#include <maxim/maxim.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using maxim::json_array;
using maxim::json_object;

namespace {

std::string or_default(const char* variable, const char* value) {
    const char* given = std::getenv(variable);
    return given != nullptr && *given != '\0' ? given : value;
}

void charge_card() { throw std::runtime_error("card declined"); }

// The steps of an order belong together: a flow numbers them.
void check_out(const maxim::log_client& client) {
    const maxim::flow checkout(client, "checkout");
    checkout.info("cart confirmed", json_object{{"items", 3}, {"total", 59.9}});
    try {
        charge_card();
    } catch (const std::exception& failure) {
        checkout.error_with("payment failed", {.name = "payment_error", .message = failure.what()});
    }
    checkout.warn("order parked", json_object{{"retry_in_s", 600}}, {.tags = json_array{"payment", "retry"}});
}

void serve() {
    const auto endpoint =
        or_default("MAXIM_LOG_ENDPOINT", or_default("MAXIM_BASE_URL", "http://127.0.0.1:8899").c_str());
    const auto api_key = or_default("MAXIM_LOG_API_KEY", "local-development");
    const maxim::log_client client({
        .source = "shop",
        .environment = maxim::environment::development,
        .api_key = api_key,
        .endpoint = endpoint,
        .version = "1.4.0",
        .min_level = maxim::level::info,
        // This example stops at the first refused call; a service would set `on_error` instead.
        .raise_exceptions = true,
    });

    client.debug("not sent: below the minimum level");
    client.info("service started", json_object{{"port", 8080}});
    client.set_user_id("ada");
    client.set_session_id("session-1");
    check_out(client);
    client.log({
        .level = maxim::level::warn,
        .message = "slow request",
        .data = json_object{{"path", "/checkout"}, {"took_ms", 1840}},
        .request_id = "req-42",
        .tags = json_array{"latency"},
    });

    // Sends what is held and ends; whatever cannot be sent now waits in files for the next run.
    if (const auto sent = client.disconnect(5s); !sent) {
        std::fprintf(stderr, "%llu not sent yet: %s\n", static_cast<unsigned long long>(sent.held()), sent.error().what());
    }
    const auto stats = client.stats();
    std::printf("logged %llu entries, delivered %llu, held %llu\n",
                static_cast<unsigned long long>(stats.accepted),
                static_cast<unsigned long long>(stats.delivered),
                static_cast<unsigned long long>(stats.held));
}

}  // namespace

int main() {
    try {
        serve();
    } catch (const maxim::error& failure) {
        std::fprintf(stderr, "%s: %s\n", maxim::name(failure.code()).data(), failure.what());
        return 1;
    }
}
