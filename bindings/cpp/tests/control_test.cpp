// What must not leave does not: the table of tests/masks.json through this binding, the application's own mask, and
// what a configuration switches off.
#include "support.hpp"

#include <dirent.h>

#include <mutex>
#include <thread>

namespace {

using namespace support;
using maxim::json_array;
using maxim::json_object;
using maxim::status;

class control_test : public logging {};

/// A text as it may stand in JSON, in JSON in a JSON string, and so on.
std::vector<std::string> escaped(const std::string& text) {
    std::vector<std::string> forms{text};
    for (int times = 0; times < 3; times++) {
        const std::string quoted = json(forms.back()).dump();
        forms.push_back(quoted.substr(1, quoted.size() - 2));
    }
    return forms;
}

std::string read_file(const std::string& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void tell(const maxim::logger& logger, const std::string& text) {
    const json_object tags{{text, text}};
    maxim::session_config a_session;
    a_session.name = text;
    a_session.tags = tags;
    const auto session = logger.create_session(a_session);
    EXPECT_EQ(session.add_feedback(json_object{{"score", 1}, {"comment", text}}), status::ok);
    maxim::trace_config a_trace;
    a_trace.name = text;
    a_trace.input = text;
    a_trace.tags = tags;
    const auto trace = session.add_trace(a_trace);
    EXPECT_EQ(trace.add_tag(text, text), status::ok);
    EXPECT_EQ(trace.set_output(text), status::ok);
    EXPECT_EQ(trace.add_metadata(json_object{{"plain", text}, {text, json_array{text}}}), status::ok);
    const auto span = trace.add_span({text});
    EXPECT_EQ(span.set_input(text), status::ok);
    maxim::generation_config call;
    call.name = text;
    call.model = text;
    call.messages = json_array{json_object{{"role", "user"}, {"content", text}}};
    const auto generation = span.add_generation(call);
    EXPECT_EQ(generation.result(json_object{{"mine", text}}, maxim::result_shape::any), status::ok);
    const auto retrieval = trace.add_retrieval({text});
    EXPECT_EQ(retrieval.set_input(text), status::ok);
    EXPECT_EQ(retrieval.set_output(json_array{text}), status::ok);
    maxim::tool_call_config a_tool;
    a_tool.name = text;
    a_tool.description = text;
    a_tool.args = text;
    const auto tool = trace.add_tool_call(a_tool);
    EXPECT_EQ(tool.result(text), status::ok);
    EXPECT_EQ(logger.commit(maxim::entity_kind::trace, "t", "update", json_object{{text, text}}), status::ok);
}

json read_table() {
    auto table = json::parse(read_file(variable("MAXIM_TEST_ROOT") + "/tests/masks.json"));
    EXPECT_EQ(table["texts"].size(), 60U);
    return table;
}

void expect_no_secret(const json& table, const std::string& found) {
    EXPECT_NE(found.find("[email]"), std::string::npos);
    EXPECT_NE(found.find("[customer]"), std::string::npos);
    for (const auto& each : table["texts"]) {
        for (const auto& secret : each["secrets"]) {
            for (const auto& form : escaped(secret.get<std::string>())) {
                EXPECT_EQ(found.find(form), std::string::npos) << form;
            }
        }
    }
}

/// All that is in the files below a directory, with their names.
std::string contents(const std::string& directory) {
    std::string all;
    DIR* open = opendir(directory.c_str());
    for (const dirent* entry = open != nullptr ? readdir(open) : nullptr; entry != nullptr; entry = readdir(open)) {
        const std::string name = entry->d_name;
        const std::string path = directory + "/" + name;
        if (name != "." && name != "..") {
            all += entry->d_type == DT_DIR ? contents(path) : path + read_file(path);
        }
    }
    if (open != nullptr) {
        closedir(open);
    }
    return all;
}

TEST_F(control_test, no_secret_of_the_table_leaves) {
    const auto table = read_table();
    auto given = config();
    const std::string rules = table["rules"].dump();
    given.masks = maxim::raw(rules);
    maxim::logger logger(given);
    for (const auto& each : table["texts"]) {
        tell(logger, each["text"].get<std::string>());
    }
    logger.flush_or_throw(patience);
    expect_no_secret(table, read_file(server.file("record")));
}

TEST_F(control_test, no_secret_of_the_table_lies_in_the_spool_or_in_quarantine_or_is_told) {
    const auto table = read_table();
    const dev_server refusing({"--status", "400"});
    std::mutex lock;
    std::string told;
    std::string all;
    auto given = config();
    given.base_url = refusing.url();
    const std::string rules = table["rules"].dump();
    given.masks = maxim::raw(rules);
    given.is_debug = true;
    given.on_debug = [&](std::string_view line) {
        const std::lock_guard<std::mutex> held(lock);
        told += line;
    };
    given.on_error = [&](maxim::status, std::string_view detail, std::uint64_t) {
        const std::lock_guard<std::mutex> held(lock);
        told += detail;
    };
    {
        maxim::logger logger(given);
        for (const auto& each : table["texts"]) {
            tell(logger, each["text"].get<std::string>());
        }
        logger.write_to_file_or_throw(patience);
        all = contents(server.file("spool"));
        EXPECT_NE(all.find("[email]"), std::string::npos) << "nothing was kept";
        // Refused by the service, each by itself.
        static_cast<void>(logger.flush(std::chrono::milliseconds(0)));
        const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(4);
        while (logger.stats().quarantined == 0 && std::chrono::steady_clock::now() < limit) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    all += contents(server.file("spool"));
    EXPECT_NE(all.find("quarantine"), std::string::npos) << "there is no quarantine";
    const std::lock_guard<std::mutex> held(lock);
    expect_no_secret(table, all + told);
}

TEST_F(control_test, a_mask_of_the_applications_replaces_texts_and_what_it_throws_costs_the_text_alone) {
    auto given = config();
    given.on_mask = [](std::int32_t entity, std::string_view field, std::string_view text) -> std::optional<std::string> {
        EXPECT_EQ(entity, MAXIM_ENTITY_TRACE);
        if (field == "output") {
            throw std::runtime_error("no");
        }
        if (field == "input") {
            return "<" + std::string(text) + ">";
        }
        return std::nullopt;
    };
    maxim::logger logger(given);
    maxim::trace_config a_trace;
    a_trace.id = "t-1";
    a_trace.name = "named";
    a_trace.input = "asked";
    const auto trace = logger.create_trace(a_trace);
    EXPECT_EQ(trace.set_output("told"), status::ok);
    logger.flush_or_throw(patience);
    const auto lines = server.new_maxim_lines();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].data["name"], "named");
    EXPECT_EQ(lines[0].data["input"], "<asked>");
    EXPECT_EQ(lines[1].data["output"], "[dropped: a mask failed]");
    EXPECT_EQ(logger.stats().masks_failed, 1U);
}

TEST_F(control_test, content_stays_here_and_a_disabled_logger_needs_nothing) {
    auto given = config();
    given.capture_content = false;
    maxim::logger logger(given);
    maxim::trace_config a_trace;
    a_trace.name = "named";
    a_trace.input = "content";
    static_cast<void>(logger.create_trace(a_trace));
    logger.flush_or_throw(patience);
    const auto lines = server.new_maxim_lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].data["name"], "named");
    EXPECT_FALSE(lines[0].data.contains("input"));

    maxim::logger_config nothing;
    nothing.disabled = true;
    maxim::logger quiet(nothing);
    EXPECT_EQ(quiet.create_trace(a_trace).end(), status::ok);
    EXPECT_EQ(quiet.stats().accepted, 0U);
    EXPECT_TRUE(quiet.flush(patience));

    given.masks = maxim::raw(R"([{"preset": "mail"}])");
    const auto refused = maxim::logger::try_make(given);
    ASSERT_FALSE(refused);
    EXPECT_NE(std::string(refused.error().what()).find("rule 1"), std::string::npos);
}

}  // namespace
