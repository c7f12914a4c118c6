// A new user's most likely mistakes in C++: the status is true, and the message names the option or argument, the value
// (never a key), and what to do. And what a result and a logged error can be asked for.
#include "support.hpp"

#include <functional>

namespace {

using maxim::status;
using support::json;

struct mistake {
    const char* name;
    status code;
    std::string said;
    status expected;
    std::vector<std::string> words;
};

TEST(mistakes, each_is_answered_with_the_option_the_value_and_the_remedy) {
    unsetenv("MAXIM_API_KEY");
    unsetenv("MAXIM_LOG_REPO_ID");
    const support::scratch scratch;
    const std::string spool = scratch.file("spool");
    const auto usual = [&] {
        maxim::logger_config config;
        config.base_url = "http://127.0.0.1:9";
        config.api_key = "secret";
        config.repository_id = "mistakes";
        config.spool_dir = spool;
        config.lossy = false;
        config.on_error = [](status, std::string_view, std::uint64_t) {};
        return config;
    };
    std::vector<mistake> all;
    const auto made = [&](const char* name, const std::function<void(maxim::logger_config&)>& change, status expected,
                          std::vector<std::string> words) {
        auto config = usual();
        change(config);
        const auto result = maxim::logger::try_make(config);
        all.push_back({name, result.code(), result ? std::string() : result.error().what(), expected, std::move(words)});
    };
    const auto called = [&](const char* name, status code, status expected, std::vector<std::string> words) {
        all.push_back({name, code, maxim_last_error(), expected, std::move(words)});
    };
    made("no key", [](auto& config) { config.api_key = {}; }, status::not_configured, {"api_key", "MAXIM_API_KEY"});
    made("no repository", [](auto& config) { config.repository_id = {}; }, status::not_configured,
         {"repository_id", "MAXIM_LOG_REPO_ID"});
    made("a key with a line break", [](auto& config) { config.api_key = "secret\n"; }, status::invalid_argument,
         {"api_key", "line break"});
    made("plain http", [](auto& config) { config.base_url = "http://app.example.test"; }, status::invalid_argument,
         {"base_url", "app.example.test", "https"});
    made("no directory", [](auto& config) { config.spool_dir = "/proc/nowhere"; }, status::io,
         {"spool_dir", "/proc/nowhere"});
    made("no CA file", [](auto& config) { config.ca_file = "/nowhere/ca.pem"; }, status::io,
         {"ca_file", "/nowhere/ca.pem", "PEM"});
    maxim::logger logger(usual());
    const maxim::trace trace(logger, "t");
    called("an id with a space", maxim::trace(logger, "order 17").end(), status::invalid_id, {"order 17", "A-Z"});
    called("a trace of no logger", maxim::trace().end(), status::null_pointer, {"logger", "NULL"});
    called("JSON in single quotes", trace.add_metadata(maxim::raw("{'a':1}")), status::invalid_json, {"metadata", "column 2"});
    called("text in Latin-1", trace.add_tag("k", "caf\xe9"), status::invalid_utf8, {"UTF-8", "byte 3"});
    maxim::log_client_config no_source;
    const auto client = maxim::log_client::try_make(no_source);
    all.push_back({"no source", client.code(), client ? "" : client.error().what(), status::invalid_argument, {"source"}});
    logger.cleanup(maxim::milliseconds(1));
    called("a call after cleanup", trace.end(), status::closed, {"closed"});
    for (const auto& each : all) {
        EXPECT_EQ(each.code, each.expected) << each.name << ": " << each.said;
        for (const auto& word : each.words) {
            EXPECT_NE(each.said.find(word), std::string::npos) << each.name << ": " << word << " is not in " << each.said;
        }
        EXPECT_EQ(each.said.find("secret"), std::string::npos) << each.said;
    }
}

TEST(mistakes, results_are_normalised_and_logged_errors_get_tags) {
    const auto normal = json::parse(maxim::normalise_result(maxim::raw(
        R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
        R"("message":{"role":"assistant","content":"It is."},"finish_reason":"stop"}]})")));
    EXPECT_EQ(normal["choices"][0]["message"]["content"], "It is.");

    support::dev_server server;
    const support::scratch scratch;
    const std::string spool = scratch.file("spool");
    maxim::logger logger(support::logger_config_for(server.url(), spool));
    maxim::error_config failure;
    failure.message = "failed";
    std::string id;
    EXPECT_EQ(maxim::trace(logger, "t-1").add_error(failure, &id), status::ok);
    EXPECT_EQ(maxim::logged_error(logger, id).add_tag("k", "v"), status::ok);
    EXPECT_EQ(maxim::logged_error(logger, id).add_metadata(maxim::json_object{{"n", 1}}), status::ok);
    EXPECT_TRUE(logger.flush(support::patience));
    EXPECT_EQ(server.new_lines().size(), 3U);
}

}  // namespace
