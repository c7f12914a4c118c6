// The table of hostile values (tests/hostile_values.json, which says what it promises) through this binding.
#include "support.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <regex>

namespace {

using support::json;
using support::patience;

std::string unhexed(const std::string& digits) {
    std::string bytes;
    for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
        bytes += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
    }
    return bytes;
}

std::string times(const std::string& text, std::size_t count) {
    std::string all;
    for (std::size_t n = 0; n < count; ++n) {
        all += text;
    }
    return all;
}

/// A value of the table: text, or the JSON of it.
struct given {
    std::string text{};
    std::optional<std::string> raw{};
    bool whole = false;
};

given value_of(const json& value) {
    const std::size_t count = value.value("times", std::size_t{1});
    if (value.contains("text")) {
        return {times(value["text"].get<std::string>(), count)};
    }
    if (value.contains("hex")) {
        return {times(unhexed(value["hex"].get<std::string>()), count)};
    }
    if (value.contains("json")) {
        return {{}, value["json"].get<std::string>(), true};
    }
    if (value.contains("json_hex")) {
        return {{}, unhexed(value["json_hex"].get<std::string>()), true};
    }
    const auto name = value["value"].get<std::string>();
    if (name == "huge_integer") {
        return {{}, "1180591620717411303424"};
    }
    if (name == "exact_integer") {
        return {{}, std::to_string((std::int64_t{1} << 53) + 1)};
    }
    if (name == "deep") {
        return {{}, times("[", 1000) + "1" + times("]", 1000)};
    }
    // The rest are numbers, which the binding's own JSON has too; see number_of.
    return {name};
}

std::optional<double> number_of(const std::string& name) {
    if (name == "NaN") {
        return std::numeric_limits<double>::quiet_NaN();
    }
    if (name == "Infinity" || name == "-Infinity") {
        return (name[0] == '-' ? -1 : 1) * std::numeric_limits<double>::infinity();
    }
    return std::nullopt;
}

/// `name: value`, as the binding writes JSON.
maxim::json_object object_of(const char* name, const json& value, const given& it) {
    maxim::json_object object;
    if (it.raw) {
        object.add(name, maxim::raw(*it.raw));
    } else if (const auto number = value.contains("value") ? number_of(it.text) : std::nullopt) {
        object.add(name, *number);
    } else {
        object.add(name, std::string_view(it.text));
    }
    return object;
}

TEST(hostile_values, each_gives_one_entry_in_which_it_can_be_seen) {
    std::ifstream file(support::variable("MAXIM_TEST_ROOT") + "/tests/hostile_values.json");
    const json table = json::parse(file);
    support::dev_server server;
    const support::scratch scratch;
    const std::string spool = scratch.file("spool");

    maxim::logger logger(support::logger_config_for(server.url(), spool));
    maxim::log_client client(support::client_config_for(server.url(), spool));

    struct expected {
        std::string id;
        std::string what;
        std::string arrives;
    };
    std::vector<expected> all;
    std::size_t number = 0;
    for (const auto& value : table["values"]) {
        for (const auto& at : value["at"]) {
            char id[16];
            std::snprintf(id, sizeof id, "case-%04zu", number++);
            if (value.value("needs", "") == "objects") {
                continue;
            }
            const auto place = at.get<std::string>();
            const given it = value_of(value);
            const auto object = object_of("value", value, it);
            const maxim::json_arg whole =
                it.whole ? maxim::json_arg(maxim::raw(*it.raw)) : maxim::json_arg(object);
            const maxim::trace trace(logger, id);
            const maxim::trace parent(logger, "parent");
            maxim::log_entry entry;
            entry.message = "m";
            maxim::error_info info;
            info.name = "Error";
            info.message = "message";
            info.stack = "stack";
            maxim::log_options options;
            const maxim::json_array tags{id};
            const maxim::json_array two_tags{id, std::string_view(it.text)};
            entry.tags = tags;
            options.tags = tags;
            maxim::status status = maxim::status::ok;
            if (place == "message" || place == "data" || place == "tag" || place == "user_id") {
                if (place == "message") {
                    entry.message = it.text;
                } else if (place == "data") {
                    entry.data = whole;
                } else if (place == "tag") {
                    entry.tags = two_tags;
                } else {
                    entry.user_id = it.text;
                }
                status = client.log(entry);
            } else if (place.rfind("error_", 0) == 0) {
                (place == "error_name" ? info.name : place == "error_message" ? info.message : info.stack) =
                    it.text;
                status = client.error_with("m", info, options);
            } else if (place == "name") {
                maxim::trace_config config;
                config.id = id;
                config.name = it.text;
                status = logger.create_trace(config) ? maxim::status::ok : maxim::status::invalid_argument;
            } else if (place == "tag_key") {
                status = trace.add_tag(it.text, "v");
            } else if (place == "tag_value") {
                status = trace.add_tag("k", it.text);
            } else if (place == "metadata") {
                status = trace.add_metadata(whole);
            } else if (place == "input") {
                status = trace.set_input(it.text);
            } else if (place == "output") {
                status = trace.set_output(it.text);
            } else if (place == "tool_arguments") {
                maxim::tool_call_config config;
                config.id = id;
                config.name = "tool";
                config.args = it.text;
                status = parent.add_tool_call(config) ? maxim::status::ok : maxim::status::invalid_argument;
            } else if (place == "model_parameters") {
                status = maxim::generation(logger, id).set_model_parameters(whole);
            } else if (place == "message_content") {
                auto message = object_of("content", value, it);
                message.add("role", "user");
                const maxim::json_array messages{message};
                maxim::generation_config config;
                config.id = id;
                config.model = "model";
                config.messages = messages;
                status = parent.add_generation(config) ? maxim::status::ok : maxim::status::invalid_argument;
            } else {
                FAIL() << "no place " << place;
            }
            const auto what = value["name"].get<std::string>() + " as " + place;
            EXPECT_EQ(status, maxim::status::ok) << what << ": " << maxim_last_error();
            const auto special = value.find("arrives_at");
            all.push_back({id, what,
                           special != value.end() && special->contains(place)
                               ? (*special)[place].get<std::string>()
                               : value["arrives"].get<std::string>()});
        }
    }
    const auto entries_sent = client.flush(patience);
    const auto lines_sent = logger.flush(patience);
    EXPECT_TRUE(entries_sent) << entries_sent.what();
    EXPECT_TRUE(lines_sent) << lines_sent.what();

    const auto lines = server.new_lines();
    EXPECT_EQ(lines.size(), all.size());
    for (const auto& each : all) {
        const auto found = std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.find(each.id) != std::string::npos;
        });
        EXPECT_EQ(found, 1) << each.id << ' ' << each.what;
    }
    // What arrives is looked at where the pattern is a plain text: std::regex knows no UTF-8, and the core's own test
    // has looked at the rest.
    for (const auto& each : all) {
        if (each.arrives.find_first_of("\\|.*+?()[]{}^$") != std::string::npos) {
            continue;
        }
        const auto line = std::find_if(lines.begin(), lines.end(), [&](const std::string& text) {
            return text.find(each.id) != std::string::npos;
        });
        if (line != lines.end()) {
            const auto plain = std::regex_replace(*line, std::regex("\\\\ufffd"), "\xef\xbf\xbd");
            EXPECT_NE(plain.find(each.arrives), std::string::npos) << each.what << ": " << plain.substr(0, 300);
        }
    }
}

}  // namespace
