// What must not leave does not: the table of tests/masks.json through this binding, the application's own mask, and
// what a configuration switches off.
#include "support.hpp"

#include <dirent.h>

#include <map>
#include <mutex>
#include <thread>

namespace {

using namespace support;
using maxim::json_array;
using maxim::json_object;
using maxim::status;

class control_test : public logging {
  protected:
    /// Of a client that refuses nothing: what is too long is cut.
    maxim::log_client_config client_config() {
        auto given = client_config_for(server.url(), config().spool_dir);
        given.flush_interval = 1h;
        return given;
    }
};

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

/// A template of the table with the text in each place.
json filled(const json& given, const std::string& text) {
    if (given.is_string() && given == "$") {
        return text;
    }
    json made = given.is_array() ? json::array() : given.is_object() ? json::object() : given;
    for (const auto& [key, value] : given.items()) {
        if (given.is_array()) {
            made.push_back(filled(value, text));
        } else if (given.is_object()) {
            made[key == "$" ? text : key] = filled(value, text);
        }
    }
    return made;
}

/// What the calls of entity_calls.hpp are given: the text, alone and in JSON.
struct given {
    given(const json& table, const std::string& one) : text(one) {
        for (const auto& [name, each] : table["given"].items()) {
            texts[name] = filled(each, text).dump();
        }
    }

    /// Borrowed from this.
    [[nodiscard]] maxim::json_arg json(const std::string& name) const {
        const auto found = texts.find(name);
        return maxim::raw(found == texts.end() ? texts.at("metadata_json") : found->second);
    }

    std::string text;
    std::map<std::string, std::string> texts{};
    const char* traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    maxim::time_point now = std::chrono::system_clock::now();
};

/// What ends with an error has its name and tags already.
maxim::error_config cause_of(const given& given) {
    maxim::error_config cause;
    cause.message = given.text;
    cause.code = given.text;
    cause.type = given.text;
    return cause;
}

#define CHECK(call) EXPECT_EQ(call, status::ok)
#define MADE(call) EXPECT_TRUE(call)
#include "entity_calls.hpp"

/// Gives a text to every call that takes one.
void tell(const maxim::logger& logger, const maxim::log_client& client, const json& table, const std::string& text) {
    const given given(table, text);
    call_all(logger, given);
    const maxim::logged_error error(logger, "error-1");
    CHECK(error.add_tag(text, text));
    CHECK(error.add_metadata(given.json("metadata_json")));
    CHECK(logger.commit(maxim::entity_kind::trace, "t", "update", json_object{{text, text}}));

    maxim::log_entry entry;
    entry.level = maxim::level::warn;
    entry.message = text;
    entry.data = given.json("metadata_json");
    const std::string tags = json::array({text}).dump();
    entry.tags = maxim::raw(tags);
    for (auto* member : {&entry.user_id, &entry.session_id, &entry.request_id, &entry.error_name, &entry.error_stack,
                         &entry.flow_id, &entry.dataset, &entry.ip_address, &entry.country}) {
        *member = text;
    }
    CHECK(client.log(entry));
    maxim::raw_options options;
    options.source = text;
    options.dataset = text;
    client.ingest_raw_async("say " + text, maxim::raw_format::plain_text, options);
}

json read_table() {
    auto table = json::parse(read_file(variable("MAXIM_TEST_ROOT") + "/tests/masks.json"));
    EXPECT_EQ(table["texts"].size(), 76U);
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
    auto client_given = client_config();
    client_given.masks = maxim::raw(rules);
    maxim::logger logger(given);
    maxim::log_client client(client_given);
    for (const auto& each : table["texts"]) {
        tell(logger, client, table, each["text"].get<std::string>());
    }
    logger.flush_or_throw(patience);
    client.flush_or_throw(patience);
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
    auto client_given = client_config();
    client_given.endpoint = refusing.url();
    client_given.masks = maxim::raw(rules);
    client_given.is_debug = true;
    client_given.on_debug = given.on_debug;
    client_given.on_error = given.on_error;
    {
        maxim::logger logger(given);
        maxim::log_client client(client_given);
        for (const auto& each : table["texts"]) {
            tell(logger, client, table, each["text"].get<std::string>());
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
