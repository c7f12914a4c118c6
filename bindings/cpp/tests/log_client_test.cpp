// Application logs: the client, its flows and its raw documents.
#include "support.hpp"

#include <set>
#include <thread>

namespace {

using namespace support;
using maxim::json_array;
using maxim::json_object;
using maxim::status;

class log_client_test : public client_logging {};

TEST_F(log_client_test, entries_arrive_as_they_were_told) {
    maxim::log_client client(config());
    EXPECT_EQ(client.debug("d"), status::ok);
    EXPECT_EQ(client.info("i", json{{"a", 1}}), status::ok);
    EXPECT_EQ(client.warn("w", {}, {json_array{"t"}}), status::ok);
    EXPECT_EQ(client.error("e", json_object{{"k", nullptr}}), status::ok);
    EXPECT_EQ(client.error_with("x", {"ValueError", "boom", "at line 1"}), status::ok);
    maxim::log_entry entry;
    entry.level = maxim::level::warn;
    entry.message = "full";
    entry.request_id = "r1";
    entry.step_index = 3;
    entry.timestamp = maxim::time_point(std::chrono::milliseconds(1'704'164'645'123));
    EXPECT_EQ(client.log(entry), status::ok);
    client.flush_or_throw(patience);
    const auto entries = new_entries();
    ASSERT_EQ(entries.size(), 6U);
    EXPECT_EQ(entries[0]["level"], "debug");
    EXPECT_EQ(entries[0]["source"], "svc");
    EXPECT_EQ(entries[1]["data"], json({{"a", 1}}));
    EXPECT_EQ(entries[2]["tags"], json({"t"}));
    EXPECT_EQ(entries[3]["level"], "error");
    EXPECT_EQ(entries[4]["errorName"], "ValueError");
    EXPECT_EQ(entries[4]["errorStack"], "at line 1");
    EXPECT_EQ(entries[4]["data"]["message"], "boom");
    EXPECT_EQ(entries[5]["requestId"], "r1");
    EXPECT_EQ(entries[5]["stepIndex"], 3);
    EXPECT_EQ(entries[5]["timestamp"], 1'704'164'645'123);
    EXPECT_EQ(client.stats().delivered, 6U);
    EXPECT_EQ(client.spool_dir().substr(0, 1), "/");
}

TEST_F(log_client_test, user_and_session_are_set_and_cleared) {
    maxim::log_client client(config());
    client.set_user_id("u");
    client.set_session_id("s");
    client.info("with");
    client.set_user_id(std::nullopt);
    client.set_session_id(std::nullopt);
    client.info("without");
    client.flush_or_throw(patience);
    const auto entries = new_entries();
    EXPECT_EQ(entries[0]["userId"], "u");
    EXPECT_EQ(entries[0]["sessionId"], "s");
    EXPECT_FALSE(entries[1].contains("userId"));
    EXPECT_FALSE(entries[1].contains("sessionId"));
}

TEST_F(log_client_test, levels_below_the_minimum_are_not_logged) {
    auto given = config();
    given.min_level = maxim::level::warn;
    maxim::log_client client(given);
    EXPECT_FALSE(client.would_log(maxim::level::info));
    EXPECT_TRUE(client.would_log(maxim::level::warn));
    const maxim::flow flow(client, "f");
    EXPECT_EQ(flow.info("hidden"), status::ok);
    EXPECT_EQ(flow.step_index(), 0);
    EXPECT_EQ(flow.warn("shown"), status::ok);
    EXPECT_EQ(flow.step_index(), 1);
    client.flush_or_throw(patience);
    EXPECT_EQ(new_entries().size(), 1U);
}

TEST_F(log_client_test, bad_input_is_told_to_the_hook_and_nothing_is_thrown_or_sent) {
    refusals told;
    auto given = config();
    given.on_error = told.hook();
    maxim::log_client client(given);
    EXPECT_EQ(client.info(""), status::invalid_argument);
    EXPECT_EQ(client.info("m", maxim::raw("{")), status::invalid_json);
    EXPECT_EQ(client.info("\xff"), status::invalid_utf8);
    EXPECT_EQ(client.set_user_id(std::string(101, 'u')), status::invalid_argument);
    EXPECT_EQ(told.codes.size(), 4U);
    client.flush_or_throw(patience);
    EXPECT_TRUE(new_entries().empty());

    given.raise_exceptions = true;
    maxim::log_client strict(given);
    EXPECT_THROW(strict.info(""), maxim::error);
}

TEST_F(log_client_test, flow_steps_are_unique_and_gap_free_from_many_threads) {
    maxim::log_client client(config());
    maxim::flow flow(client, "checkout");
    EXPECT_EQ(flow.name(), "checkout");
    EXPECT_EQ(flow.id().rfind("checkout-", 0), 0U);
    constexpr int threads = 4;
    constexpr int each = 50;
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) {
        running.emplace_back([&flow] {
            for (int i = 0; i < each; ++i) {
                flow.info("step");
            }
        });
    }
    for (auto& thread : running) {
        thread.join();
    }
    client.flush_or_throw(patience);
    std::set<int> steps;
    for (const auto& entry : new_entries()) {
        EXPECT_EQ(entry["flowId"], flow.id());
        steps.insert(entry["stepIndex"].get<int>());
    }
    EXPECT_EQ(steps.size(), std::size_t{threads * each});
    EXPECT_EQ(*steps.rbegin(), threads * each - 1);
}

TEST_F(log_client_test, a_remote_flow_gets_its_id_from_the_service) {
    maxim::log_client client(config());
    const auto flow = maxim::flow::remote(client, "checkout", patience);
    EXPECT_FALSE(flow.id().empty());
    EXPECT_EQ(flow.error_with("e", {"E", "boom"}), status::ok);
    EXPECT_EQ(flow.debug("d"), status::ok);
    EXPECT_EQ(flow.error("e"), status::ok);
    client.flush_or_throw(patience);
    const auto entries = new_entries();
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(entries[0]["flowId"], flow.id());
    EXPECT_EQ(entries[0]["errorName"], "E");
}

TEST_F(log_client_test, raw_documents_are_sent_as_they_are) {
    maxim::log_client client(config());
    maxim::raw_options options;
    options.source = "src";
    client.ingest_raw("{\"a\":1}\n", maxim::raw_format::jsonl, options, patience);
    client.ingest_raw_async("a,b\n", maxim::raw_format::csv);
    client.flush_or_throw(patience);
    std::set<std::string> targets;
    for (const auto& request : server.new_requests()) {
        targets.insert(request["target"].get<std::string>() + " " + request["body"].get<std::string>());
    }
    EXPECT_EQ(targets, (std::set<std::string>{"/v1/logs?format=jsonl&source=src {\"a\":1}\n",
                                              "/v1/logs?format=csv a,b\n"}));
    EXPECT_EQ(client.try_ingest_raw("x", static_cast<maxim::raw_format>(9), {}, 1s).code(),
              status::invalid_argument);
}

TEST_F(log_client_test, use_after_close_is_an_error_and_not_a_crash) {
    auto client = std::make_unique<maxim::log_client>(config());
    maxim::flow flow(*client, "f");
    client->disconnect_or_throw(patience);
    EXPECT_EQ(client->info("late"), status::closed);
    client->close();
    EXPECT_EQ(client->info("late"), status::invalid_handle);
    EXPECT_THROW(client->flush_or_throw(0ms), maxim::error);
    EXPECT_EQ(maxim::flow::try_make(*client, "g").code(), status::invalid_handle);
    EXPECT_FALSE(client->would_log(maxim::level::error));
    client.reset();
    EXPECT_NE(flow.info("late"), status::ok);
    flow.close();
    EXPECT_EQ(flow.info("late"), status::invalid_handle);
    EXPECT_EQ(flow.id(), "");
    EXPECT_EQ(flow.step_index(), -1);
}

TEST_F(log_client_test, moved_clients_and_flows_go_on) {
    maxim::log_client first(config());
    maxim::flow flow(first, "f");
    maxim::log_client second(std::move(first));
    maxim::flow moved(std::move(flow));
    EXPECT_EQ(moved.info("m"), status::ok);
    EXPECT_EQ(first.info("m"), status::null_pointer);  // NOLINT: moved from on purpose
    EXPECT_EQ(flow.info("m"), status::null_pointer);   // NOLINT: moved from on purpose
    second.flush_or_throw(patience);
    EXPECT_EQ(new_entries().size(), 1U);
}

TEST_F(log_client_test, without_a_key_log_calls_are_discarded) {
    auto given = config();
    given.api_key = "";
    maxim::log_client client(given);
    EXPECT_EQ(client.info("nobody hears it"), status::ok);
    EXPECT_EQ(client.stats().ignored, 1U);
    EXPECT_EQ(client.try_ingest_raw("x", maxim::raw_format::plain_text, {}, 1s).code(), status::not_configured);
}

}  // namespace
