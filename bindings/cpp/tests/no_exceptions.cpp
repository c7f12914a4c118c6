// The binding without exceptions and run-time types (-fno-exceptions -fno-rtti): everything can be done by
// the try_… functions and by those that send. Ends with 0 when all came out as it must.
#include <maxim/maxim.hpp>

#include <cstdio>
#include <cstdlib>

static_assert(!MAXIM_CPP_EXCEPTIONS);

namespace {

void must(bool held, const char* what) {
    if (!held) {
        std::fprintf(stderr, "%s: %s\n", what, maxim_last_error());
        std::exit(1);
    }
}

}  // namespace

int main(int, char** argv) {
    maxim::logger_config config;
    config.base_url = argv[1];
    config.api_key = "key";
    config.repository_id = "repo-1";
    config.spool_dir = argv[2];
    config.lossy = false;
    auto made = maxim::logger::try_make(config);
    must(made.has_value(), "try_make");
    maxim::logger logger = *std::move(made);
    {
        const maxim::scope trace(logger.create_trace({"t"}));
        must(maxim::ok(trace->add_tag("k", "v")), "add_tag");
        must(trace->add_tag("k", "\xff") == maxim::status::invalid_utf8, "invalid UTF-8");
    }
    must(logger.flush(std::chrono::seconds(30)).has_value(), "flush");
    must(logger.try_stats()->delivered == 3, "try_stats");

    config.raise_exceptions = true;
    must(maxim::logger::try_make(config).code() == maxim::status::invalid_argument, "raise_exceptions");

    maxim::log_client_config logs;
    logs.source = "svc";
    logs.api_key = "key";
    logs.endpoint = argv[1];
    logs.spool_dir = argv[2];
    auto client = maxim::log_client::try_make(logs);
    must(client.has_value(), "log_client::try_make");
    must(maxim::ok(client->info("hello", maxim::json_object{{"a", 1}})), "info");
    auto flow = maxim::flow::try_make(*client, "f");
    must(flow.has_value() && maxim::ok(flow->info("step")), "flow");
    must(client->disconnect(std::chrono::seconds(30)).has_value(), "disconnect");
    must(client->try_stats()->delivered == 2, "log_client::try_stats");
}
