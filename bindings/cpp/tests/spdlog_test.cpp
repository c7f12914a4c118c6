// The spdlog sink: levels, structured fields, flows.
#include "support.hpp"

#include <maxim/spdlog_sink.hpp>

#include <spdlog/spdlog.h>

#include <memory>
#include <thread>

namespace {

using namespace support;

class spdlog_test : public client_logging {};

TEST_F(spdlog_test, levels_fields_and_place_arrive) {
    const maxim::log_client client(config());
    auto sink = std::make_shared<maxim::spdlog_sink_mt>(
        client, maxim::spdlog_sink_mt::fields{{"service", "shop"}, {"zone", 3}});
    spdlog::logger logger("orders", sink);
    logger.set_level(spdlog::level::trace);
    logger.trace("t");
    logger.debug("d");
    {
        const maxim::log_fields request{{"request", "r-1"}, {"zone", 4}};
        logger.info("order {} of {}", 1, "ada");
        const maxim::log_fields inner{{"request", "r-2"}};
        logger.warn("w");
    }
    logger.error("e");
    SPDLOG_LOGGER_CRITICAL(&logger, "c");
    client.flush_or_throw(patience);
    const auto entries = new_entries();
    ASSERT_EQ(entries.size(), 6U);
    std::vector<std::string> levels;
    for (const auto& entry : entries) {
        levels.push_back(entry["level"]);
    }
    EXPECT_EQ(levels, (std::vector<std::string>{"debug", "debug", "info", "warn", "error", "error"}));
    EXPECT_EQ(entries[2]["message"], "order 1 of ada");
    EXPECT_EQ(entries[0]["data"]["logger"], "orders");
    EXPECT_EQ(entries[0]["data"]["service"], "shop");
    EXPECT_EQ(entries[0]["data"]["zone"], 3);
    EXPECT_FALSE(entries[0]["data"].contains("request"));
    EXPECT_EQ(entries[2]["data"]["request"], "r-1");
    EXPECT_EQ(entries[2]["data"]["zone"], 4);
    EXPECT_EQ(entries[3]["data"]["request"], "r-2");
    EXPECT_FALSE(entries[4]["data"].contains("request"));
    EXPECT_GT(entries[5]["data"]["line"].get<int>(), 0);
    EXPECT_TRUE(entries[0].contains("timestamp"));
}

// A server's requests overlap, and a coroutine ends on another thread than the one it began on.
TEST_F(spdlog_test, fields_end_in_any_order_and_on_any_thread) {
    const maxim::log_client client(config());
    spdlog::logger logger("orders", std::make_shared<maxim::spdlog_sink_mt>(client));
    struct request {
        explicit request(const char* name) : fields{{name, 1}} {}
        maxim::log_fields fields;
    };
    auto first = std::make_unique<request>("first");
    auto second = std::make_unique<request>("second");
    first.reset();
    logger.info("in the second");
    std::thread other([&] {
        const request own("other");
        second.reset();
        logger.info("on the other");
    });
    other.join();
    logger.info("in none");
    client.flush_or_throw(patience);
    const auto entries = new_entries();
    ASSERT_EQ(entries.size(), 3U);
    const auto has = [&](std::size_t entry, const char* field) { return entries[entry]["data"].contains(field); };
    EXPECT_TRUE(!has(0, "first") && has(0, "second"));
    EXPECT_TRUE(has(1, "other") && !has(1, "second"));
    EXPECT_TRUE(!has(2, "first") && !has(2, "second") && !has(2, "other"));
}

// What is local to a thread may log when the thread's fields are gone already.
TEST_F(spdlog_test, a_thread_that_ends_may_log) {
    struct last_words {
        spdlog::logger* logger = nullptr;
        ~last_words() {
            const maxim::log_fields none{{"too", "late"}};
            logger->info("ended");
        }
    };
    const maxim::log_client client(config());
    spdlog::logger logger("orders", std::make_shared<maxim::spdlog_sink_mt>(client));
    std::thread([&] {
        thread_local last_words words;
        words.logger = &logger;
        logger.info("alive");
    }).join();
    client.flush_or_throw(patience);
    ASSERT_EQ(new_entries().size(), 2U);
}

TEST_F(spdlog_test, a_flow_numbers_what_is_logged) {
    const maxim::log_client client(config());
    const maxim::flow flow(client, "checkout");
    spdlog::logger logger("orders", std::make_shared<maxim::spdlog_sink_st>(flow));
    logger.info("one");
    logger.error("two");
    client.flush_or_throw(patience);
    const auto entries = new_entries();
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[1]["flowId"], flow.id());
    EXPECT_EQ(entries[1]["stepIndex"], 1);
    EXPECT_EQ(entries[1]["level"], "error");
}

TEST_F(spdlog_test, what_cannot_be_logged_harms_nobody) {
    maxim::log_client client(config());
    spdlog::logger logger("orders", std::make_shared<maxim::spdlog_sink_mt>(client));
    logger.info("");
    client.close();
    logger.info("late");
}

}  // namespace
