// The logger, its values and scopes: what they log, what they refuse, and that nothing throws or crashes
// that must not.
#include "support.hpp"

#include <set>
#include <thread>

namespace {

using namespace support;
using maxim::json_array;
using maxim::json_object;
using maxim::status;

// No configuration is one too: all of it from the environment.
static_assert(std::is_same_v<decltype(maxim::logger({})), maxim::logger>);
static_assert(std::is_same_v<decltype(maxim::log_client({})), maxim::log_client>);

class logger_test : public logging {};

TEST_F(logger_test, an_agents_conversation_arrives_as_it_was_told) {
    maxim::logger logger(config());
    const auto session = logger.create_session({"talk", "s-1", json_object{{"user", "ada"}}});
    const auto trace = session.add_trace({"question", "t-1"});
    const auto span = trace.add_span({"step", "sp-1"});
    const auto inner = span.add_span({"inner", "sp-2"});
    maxim::generation_config call;
    call.id = "g-1";
    call.provider = "OpenAI";
    call.model = "gpt-4o";
    call.messages = json_array{json_object{{"role", "user"}, {"content", "Hi\n\"there\""}}};
    const auto generation = span.add_generation(call);
    const auto retrieval = trace.add_retrieval({"docs", "r-1"});
    const auto tool = span.add_tool_call({"forecast", "c-1", "weather", "{}"});

    EXPECT_EQ(tool.result("rain"), status::ok);
    EXPECT_EQ(tool.update(json_object{{"took", 3}}), status::ok);
    EXPECT_EQ(retrieval.set_input("umbrella"), status::ok);
    EXPECT_EQ(retrieval.set_output(json_array{"one"}), status::ok);
    EXPECT_EQ(generation.add_cost(0.1, 0.2, 0.3), status::ok);
    EXPECT_EQ(generation.result(maxim::raw(R"({"any": 1})"), maxim::result_shape::any), status::ok);
    EXPECT_EQ(inner.end(), status::ok);
    EXPECT_EQ(trace.add_event({"fallback", "e-1", json_object{{"a", "b"}}}), status::ok);
    EXPECT_EQ(trace.add_feedback(json_object{{"score", 5}}), status::ok);
    EXPECT_EQ(trace.set_output("take one"), status::ok);
    EXPECT_EQ(trace.add_to_session("s-2"), status::ok);
    EXPECT_EQ(session.end(), status::ok);
    EXPECT_EQ(logger.commit(maxim::entity_kind::trace, "t-1", "update", json_object{{"x", 1}}), status::ok);
    logger.flush_or_throw(patience);

    const auto lines = server.new_maxim_lines();
    std::vector<std::string> told;
    for (const auto& each : lines) {
        told.push_back(each.entity + " " + each.id + " " + each.action);
    }
    const std::vector<std::string> expected{
        "session s-1 create",     "trace t-1 create",      "trace t-1 add-span",    "span sp-1 add-span",
        "span sp-1 add-generation", "trace t-1 add-retrieval", "span sp-1 add-tool-call",
        "tool_call c-1 result",   "tool_call c-1 end",     "tool_call c-1 update",  "retrieval r-1 update",
        "retrieval r-1 update",   "retrieval r-1 end",     "generation g-1 add-cost",
        "generation g-1 result",  "generation g-1 end",    "span sp-2 end",         "trace t-1 add-event",
        "trace t-1 add-feedback", "trace t-1 update",      "trace t-1 update",      "session s-1 end",
        "trace t-1 update"};
    EXPECT_EQ(told, expected);
    EXPECT_EQ(lines[0].data["tags"], json({{"user", "ada"}}));
    EXPECT_EQ(lines[1].data["sessionId"], "s-1");
    EXPECT_EQ(lines[3].data["spanId"], "sp-1");
    EXPECT_EQ(lines[4].data["provider"], "openai");
    EXPECT_EQ(lines[4].data["messages"][0]["content"], "Hi\n\"there\"");

    const auto stats = logger.stats();
    EXPECT_EQ(stats.accepted, expected.size());
    EXPECT_EQ(stats.delivered, expected.size());
}

TEST_F(logger_test, an_id_is_generated_where_none_is_given_and_kept_whole_where_one_is) {
    maxim::logger logger(config());
    EXPECT_EQ(logger.create_trace().id().size(), 36U);
    const std::string given(256, 'x');
    maxim::trace_config with_id;
    with_id.id = given;
    EXPECT_EQ(logger.create_trace(with_id).id(), given);
}

TEST_F(logger_test, a_trace_goes_on_from_its_id) {
    maxim::logger logger(config());
    const maxim::trace same(logger, "t-9");
    EXPECT_EQ(same.add_tag("k", "v"), status::ok);
    logger.flush_or_throw(patience);
    const auto lines = server.new_maxim_lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].id, "t-9");
}

TEST_F(logger_test, times_are_sent_to_the_microsecond) {
    maxim::logger logger(config());
    maxim::trace_config when;
    when.start_timestamp = maxim::time_point(std::chrono::microseconds(1'704'164'645'000'001));
    const auto trace = logger.create_trace(when);
    trace.set_end_timestamp(maxim::time_point(std::chrono::microseconds(1'704'164'646'000'002)));
    logger.flush_or_throw(patience);
    const auto lines = server.new_maxim_lines();
    EXPECT_EQ(lines[0].data["startTimestamp"].get<std::string>().substr(0, 26), "2024-01-02T03:04:05.000001");
    EXPECT_EQ(lines[1].data["endTimestamp"].get<std::string>().substr(0, 26), "2024-01-02T03:04:06.000002");
}

TEST_F(logger_test, a_scope_ends_what_it_holds) {
    maxim::logger logger(config());
    const auto trace = logger.create_trace({"t", "t-1"});
    {
        maxim::scope span(trace.add_span({"s", "sp-1"}));
        span->add_tag("k", "v");
        maxim::scope moved(std::move(span));
        maxim::scope kept(trace.add_span({"s", "sp-2"}));
        EXPECT_EQ(kept.release().id(), "sp-2");
        maxim::scope early(trace.add_span({"s", "sp-3"}));
        EXPECT_EQ(early.end(), status::ok);
    }
    logger.flush_or_throw(patience);
    std::vector<std::string> ends;
    for (const auto& each : server.new_maxim_lines()) {
        if (each.action == "end") {
            ends.push_back(each.id);
        }
    }
    EXPECT_EQ(ends, (std::vector<std::string>{"sp-3", "sp-1"}));
}

TEST_F(logger_test, a_scope_that_an_exception_leaves_logs_an_error_first) {
    maxim::logger logger(config());
    try {
        maxim::scope trace(logger.create_trace({"t", "t-1"}));
        maxim::scope span(trace->add_span({"s", "sp-1"}));
        maxim::scope generation(span->add_generation({"g", "g-1"}));
        maxim::scope retrieval(span->add_retrieval({"r", "r-1"}));
        throw std::runtime_error("no network");
    } catch (const std::exception& failure) {
        maxim::trace(logger, "t-1").add_error(maxim::describe(failure));
    }
    logger.flush_or_throw(patience);
    const auto lines = server.new_maxim_lines();
    std::vector<std::string> told;
    for (std::size_t i = 4; i < lines.size(); ++i) {
        told.push_back(lines[i].id + " " + lines[i].action);
    }
    EXPECT_EQ(told, (std::vector<std::string>{"r-1 end", "g-1 result", "g-1 end", "sp-1 add-error",
                                              "sp-1 end", "t-1 add-error", "t-1 end", "t-1 add-error"}));
    EXPECT_EQ(lines[5].data["result"]["error"]["message"], "left by an exception");
    EXPECT_EQ(lines.back().data["message"], "no network");
}

TEST_F(logger_test, a_scope_within_a_handler_is_not_left_by_the_exception_being_handled) {
    maxim::logger logger(config());
    struct cleaner {
        maxim::logger& logger;
        // Runs while an exception passes; the scope in it is left as usual.
        ~cleaner() { maxim::scope span(maxim::trace(logger, "t-1").add_span({"s", "sp-1"})); }
    };
    try {
        const cleaner at_exit{logger};
        throw std::runtime_error("passing");
    } catch (const std::exception&) {
        logger.flush_or_throw(patience);
    }
    const auto lines = server.new_maxim_lines();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1].action, "end");
}

TEST_F(logger_test, bad_input_is_told_to_the_hook_and_nothing_is_thrown_or_sent) {
    refusals told;
    auto given = config();
    given.on_error = told.hook();
    maxim::logger logger(given);
    const auto trace = logger.create_trace({"t", "not an id!"});
    EXPECT_FALSE(trace);
    EXPECT_EQ(told.codes.back(), status::invalid_id);
    EXPECT_NE(told.last.find("not an id!"), std::string::npos);
    EXPECT_EQ(trace.add_tag("k", "v"), status::invalid_id);
    EXPECT_FALSE(trace.add_span());

    const maxim::trace good(logger, "t-1");
    EXPECT_EQ(good.add_metadata(maxim::raw("{\"a\": }")), status::invalid_json);
    EXPECT_NE(told.last.find("line 1"), std::string::npos) << told.last;
    EXPECT_EQ(good.add_metadata(maxim::raw("[1]")), status::invalid_json);
    EXPECT_EQ(good.add_tag("k", "\xff"), status::invalid_utf8);
    EXPECT_EQ(good.add_metric("m", std::numeric_limits<double>::quiet_NaN()), status::invalid_argument);
    EXPECT_EQ(good.evaluate_with_evaluators(json_array{}), status::invalid_argument);
    EXPECT_EQ(maxim::generation(logger, "g").result(maxim::raw("{\"a\": 1}"), maxim::result_shape::strict), status::invalid_result);
    EXPECT_EQ(told.codes.size(), 9U);
    logger.flush_or_throw(patience);
    EXPECT_TRUE(server.new_lines().empty());
}

TEST_F(logger_test, strict_mode_throws_what_would_be_told) {
    refusals told;
    auto given = config();
    given.on_error = told.hook();
    given.raise_exceptions = true;
    maxim::logger logger(given);
    try {
        maxim::trace(logger, "bad id").add_tag("k", "v");
        FAIL() << "was not refused";
    } catch (const maxim::error& refused) {
        EXPECT_EQ(refused.code(), status::invalid_id);
        EXPECT_NE(std::string_view(refused.what()).find("bad id"), std::string_view::npos);
    }
    EXPECT_THROW(logger.create_session({"s", "bad id"}), maxim::error);
    EXPECT_TRUE(told.codes.empty());
    // A destructor tells instead of throwing.
    { const maxim::scope left(maxim::trace(logger, "bad id")); }
    EXPECT_EQ(told.codes, (std::vector<status>{status::invalid_id}));
}

TEST_F(logger_test, a_hook_that_throws_harms_nobody) {
    auto given = config();
    given.on_error = [](status, std::string_view, std::uint64_t) { throw std::runtime_error("hook"); };
    maxim::logger logger(given);
    EXPECT_EQ(maxim::trace(logger, "bad id").end(), status::invalid_id);
}

TEST_F(logger_test, use_after_close_is_an_error_and_not_a_crash) {
    refusals told;
    auto given = config();
    given.on_error = told.hook();
    maxim::trace outlives;
    EXPECT_EQ(outlives.add_tag("k", "v"), status::null_pointer);
    {
        maxim::logger logger(given);
        outlives = logger.create_trace();
        logger.cleanup_or_throw(patience);
        EXPECT_EQ(outlives.add_tag("k", "v"), status::closed);
        logger.close();
        EXPECT_EQ(outlives.add_tag("k", "v"), status::invalid_handle);
        EXPECT_THROW(logger.flush_or_throw(0ms), maxim::error);
        EXPECT_EQ(logger.try_stats().code(), status::invalid_handle);
        EXPECT_EQ(logger.repository_id(), "");
        EXPECT_EQ(logger.spool_dir(), "");
        EXPECT_FALSE(logger.create_session());
        logger.close();
    }
    EXPECT_EQ(outlives.end(), status::invalid_handle);
    EXPECT_EQ(told.codes.size(), 4U);
}

TEST_F(logger_test, a_moved_logger_goes_on_and_leaves_an_empty_one) {
    maxim::logger first(config());
    const auto trace = first.create_trace({"t", "t-1"});
    maxim::logger second(std::move(first));
    EXPECT_EQ(trace.add_tag("k", "v"), status::ok);
    EXPECT_EQ(second.repository_id(), "repo-1");
    EXPECT_EQ(first.flush(0ms).code(), status::null_pointer);  // NOLINT: moved from on purpose
    EXPECT_FALSE(first.create_trace());
    first = std::move(second);
    EXPECT_EQ(trace.end(), status::ok);
    first.flush_or_throw(patience);
    EXPECT_EQ(server.new_lines().size(), 3U);
}

TEST_F(logger_test, assigning_a_logger_closes_the_one_that_was_there) {
    maxim::logger logger(config());
    const auto old = logger.create_trace();
    auto other = config();
    other.repository_id = "repo-2";
    logger = maxim::logger(other);
    EXPECT_EQ(old.end(), status::invalid_handle);
    EXPECT_EQ(logger.repository_id(), "repo-2");
}

TEST_F(logger_test, a_logger_that_cannot_be_made_says_why) {
    auto given = config();
    given.flush_interval = 0ms;
    const auto made = maxim::logger::try_make(given);
    EXPECT_FALSE(made);
    EXPECT_EQ(made.code(), status::invalid_argument);
    EXPECT_THROW(maxim::logger{given}, maxim::error);
    EXPECT_EQ(maxim::name(made.code()), "MAXIM_ERR_INVALID_ARGUMENT");
}

TEST_F(logger_test, threads_share_a_logger_and_its_values) {
    maxim::logger logger(config());
    const auto trace = logger.create_trace();
    constexpr int threads = 8;
    constexpr int each = 500;
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t) {
        running.emplace_back([&trace, copy = trace] {
            for (int i = 0; i < each; ++i) {
                maxim::scope span((i % 2 == 0 ? trace : copy).add_span());
                span->add_tag("i", std::to_string(i));
            }
        });
    }
    for (auto& thread : running) {
        thread.join();
    }
    logger.flush_or_throw(patience);
    EXPECT_EQ(server.new_lines().size(), 1U + 3U * threads * each);
}

TEST_F(logger_test, closing_while_threads_log_refuses_and_does_not_crash) {
    auto logger = std::make_unique<maxim::logger>(config());
    const auto trace = logger->create_trace();
    std::atomic<int> logging{0};
    std::vector<std::thread> running;
    for (int t = 0; t < 4; ++t) {
        running.emplace_back([&] {
            ++logging;
            while (trace.add_tag("k", "v") == status::ok) {
            }
        });
    }
    while (logging < 4) {
        std::this_thread::yield();
    }
    logger.reset();
    for (auto& thread : running) {
        thread.join();
    }
    EXPECT_EQ(trace.end(), status::invalid_handle);
}

TEST_F(logger_test, a_forked_child_goes_on_and_may_end_what_it_inherited) {
    auto logger = std::make_unique<maxim::logger>(config());
    const auto trace = logger->create_trace({"t", "t-1"});
    const pid_t child = fork();
    if (child == 0) {
        const bool logged = trace.add_tag("from", "child") == status::ok && logger->cleanup(patience);
        logger.reset();
        _exit(logged ? 0 : 1);
    }
    int ended = -1;
    ASSERT_EQ(waitpid(child, &ended, 0), child);
    EXPECT_EQ(ended, 0);
    EXPECT_EQ(trace.add_tag("from", "parent"), status::ok);
    logger->flush_or_throw(patience);
    // Each record once: the parent's two are the parent's to send.
    std::multiset<std::string> told;
    for (const auto& each : server.new_maxim_lines()) {
        told.insert(each.action == "create" ? "create" : each.data["tags"]["from"].get<std::string>());
    }
    EXPECT_EQ(told, (std::multiset<std::string>{"create", "child", "parent"}));
}

TEST_F(logger_test, an_asynchronous_flush_calls_back_once) {
    maxim::logger logger(config());
    (void)logger.create_trace();
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<status> outcomes;
    logger.flush_async(patience, [&](status code, std::string_view) {
        const std::lock_guard lock(mutex);
        outcomes.push_back(code);
        changed.notify_all();
    });
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, patience, [&] { return !outcomes.empty(); }));
    EXPECT_EQ(outcomes, std::vector<status>{status::ok});
    logger.close();
    EXPECT_THROW(logger.flush_async(0ms, [](status, std::string_view) {}), maxim::error);
}

TEST_F(logger_test, every_operation_on_what_is_held_can_be_asked_for) {
    maxim::logger logger(config());
    (void)logger.create_trace();
    logger.write_to_file_or_throw(patience);
    logger.flush_commit_logs_or_throw(patience);
    logger.flush_log_files_or_throw(patience);
    EXPECT_TRUE(logger.can_access_filesystem());
    EXPECT_EQ(logger.spool_dir().substr(0, 1), "/");
    EXPECT_FALSE(maxim::is_running_on_lambda());
    EXPECT_EQ(server.new_lines().size(), 1U);
    EXPECT_EQ(maxim::version(), MAXIM_VERSION_STRING);
}

TEST_F(logger_test, a_sink_gets_every_record_too) {
    maxim::logger logger(config());
    dev_server second;
    auto other = config();
    other.base_url = second.url();
    other.repository_id = "repo-2";
    const auto number = logger.add_sink(other);
    (void)logger.create_trace();
    logger.flush_or_throw(patience);
    EXPECT_EQ(logger.sink_stats(number).delivered, 1U);
    EXPECT_EQ(second.new_lines().size(), 1U);
    EXPECT_EQ(logger.try_sink_stats(number + 1).code(), status::invalid_argument);
}

TEST_F(logger_test, what_goes_wrong_later_is_told_to_the_hook) {
    const dev_server refusing({"--unauthorized"});
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<status> told;
    auto given = config();
    given.base_url = refusing.url();
    given.on_error = [&](status code, std::string_view, std::uint64_t) {
        const std::lock_guard lock(mutex);
        told.push_back(code);
        changed.notify_all();
    };
    maxim::logger logger(given);
    (void)logger.create_trace();
    EXPECT_NE(logger.flush(200ms).code(), status::ok);
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, patience, [&] { return !told.empty(); }));
    EXPECT_EQ(told.front(), status::unauthorized);
}

TEST_F(logger_test, attachments_are_uploaded_before_they_are_told_of) {
    refusals told;
    auto given = config();
    given.on_error = told.hook();
    maxim::logger logger(given);
    const maxim::trace trace(logger, "t-1");
    maxim::attachment attachment;
    attachment.data = std::string_view("\1\0", 2);
    attachment.id = "a-1";
    std::string id;
    EXPECT_EQ(trace.add_attachment(attachment, &id), status::ok);
    EXPECT_EQ(id, "a-1");
    attachment.url = "https://example.com/both";
    EXPECT_EQ(trace.add_attachment(attachment, &id), status::invalid_argument);
    EXPECT_EQ(id, "a-1") << "a refused call wrote its output";
    EXPECT_EQ(trace.add_attachment({}), status::invalid_argument);
    logger.flush_attachments_or_throw(patience);
    logger.flush_or_throw(patience);
    std::vector<std::string> methods;
    for (const auto& request : server.new_requests()) {
        methods.push_back(request["method"]);
    }
    EXPECT_EQ(methods, (std::vector<std::string>{"GET", "PUT", "POST"}));
    const auto lines = server.new_maxim_lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].action, "add-attachment");
    EXPECT_EQ(lines[0].data["key"], "repo-1/trace/t-1/files/original/a-1");
}

TEST_F(logger_test, what_an_entity_is_given_says_its_id) {
    maxim::logger logger(config());
    const maxim::trace trace(logger, "t-1");
    maxim::attachment attachment;
    attachment.url = "https://example.com/map.png";
    maxim::error_config error;
    error.message = "it broke";
    std::string attached, event, failed;
    EXPECT_EQ(trace.add_attachment(attachment, &attached), status::ok);
    EXPECT_EQ(trace.add_event({"asked"}, &event), status::ok);
    EXPECT_EQ(trace.add_error(error, &failed), status::ok);
    logger.flush_or_throw(patience);
    const auto lines = server.new_maxim_lines();
    ASSERT_EQ(lines.size(), 3U);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_EQ(lines[i].data["id"], (i == 0 ? attached : i == 1 ? event : failed)) << lines[i].action;
        EXPECT_EQ(lines[i].data["id"].get<std::string>().size(), 36U);
    }
}

#if __cplusplus >= 202002L
TEST_F(logger_test, configurations_take_designated_initialisers) {
    maxim::logger logger({.base_url = server.url(),
                          .api_key = support::key,
                          .repository_id = "r",
                          .flush_interval = 1h,
                          .spool_dir = spool});
    const auto trace = logger.create_trace({.name = "t", .tags = json_object{{"a", 1}}, .input = "hi"});
    EXPECT_TRUE(trace.add_span({.name = "s"}));
    EXPECT_TRUE(trace.add_generation({
        .model = "m",
        .messages = json{{{"role", "user"}, {"content", "hi"}}},
    }));
    EXPECT_EQ(trace.add_error({.message = "m", .code = "1"}), status::ok);
    logger.flush_or_throw(patience);
    EXPECT_EQ(server.new_lines().size(), 4U);
}
#endif

}  // namespace
