// What must not leave does not: the table of tests/masks.json through this binding, the application's own mask, and
// what a configuration switches off.
#include "support.hpp"

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

TEST_F(control_test, no_secret_of_the_table_leaves) {
    const auto table = json::parse(read_file(variable("MAXIM_TEST_ROOT") + "/tests/masks.json"));
    ASSERT_EQ(table["texts"].size(), 60U);
    auto given = config();
    const std::string rules = table["rules"].dump();
    given.masks = maxim::raw(rules);
    maxim::logger logger(given);
    for (const auto& each : table["texts"]) {
        tell(logger, each["text"].get<std::string>());
    }
    logger.flush_or_throw(patience);
    const std::string found = read_file(server.file("record"));
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
