// Replays the wire vectors of the Maxim log API through the binding: every call must give the same lines
// as the captured client gave.
//
// Lines are compared as tests/vectors means it: data as JSON, current times and generated ids as
// wildcards, times as instants. Where the captured client was at fault the table below says what is
// expected instead.
#include "support.hpp"

#include <map>
#include <regex>
#include <set>

namespace {

using namespace support;
using maxim::status;

/// Steps whose call cannot be made, or is to come out differently, and why.
const std::map<int, std::string> differing{
    {6, "tag values that are no strings are sent as JSON, not as Python writes them"},
    {49, "tags that are absent are an empty object, given as null or not"},
    {62, "bytes that are no UTF-8 are refused, not replaced"},
    {84, "a metric without a number is refused, not sent as null"},
    {96, "an id that is not given is generated, not an error"},
    {135, "a result is never refused for its shape (tests/maxim_vectors.rs has what is sent)"},
    {137, "a result is never refused for its shape"},
    {139, "a result is never refused for its shape"},
    {141, "a result is never refused for its shape"},
    {158, "a span within a span is begun by the span itself"},
    {190, "an id that ends in a newline is refused"},
};

/// Microseconds of an ISO 8601 text; without an offset it is UTC, as the capture ran in UTC.
std::optional<std::int64_t> instant(const std::string& text) {
    static const std::regex shape(
        R"((\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:Z|[+-]00:00)?)");
    std::smatch part;
    if (!std::regex_match(text, part, shape)) {
        return std::nullopt;
    }
    std::tm date{};
    date.tm_year = std::stoi(part[1]) - 1900;
    date.tm_mon = std::stoi(part[2]) - 1;
    date.tm_mday = std::stoi(part[3]);
    date.tm_hour = std::stoi(part[4]);
    date.tm_min = std::stoi(part[5]);
    date.tm_sec = std::stoi(part[6]);
    std::string fraction = part[7];
    fraction.resize(6, '0');
    return std::int64_t{timegm(&date)} * 1'000'000 + std::stoll(fraction);
}

std::optional<maxim::time_point> start_of(const json& object) {
    const auto found = object.find("start_timestamp");
    if (found == object.end()) {
        return std::nullopt;
    }
    return maxim::time_point(std::chrono::microseconds(instant((*found)["$dt"]).value()));
}

template <class Config>
Config named(const json& given) {
    Config config;
    config.id = text_of(given, "id");
    config.name = text_of(given, "name");
    config.tags = json_of(given, "tags");
    config.start_timestamp = start_of(given);
    return config;
}

maxim::trace_config trace_of(const json& given) {
    using given_type = maxim::trace_config;
    auto config = named<given_type>(given);
    take_texts<given_type>(given, config, {{"session_id", &given_type::session_id}, {"input", &given_type::input}});
    return config;
}

maxim::generation_config generation_of(const json& given) {
    using given_type = maxim::generation_config;
    auto config = named<given_type>(given);
    take_texts<given_type>(given, config,
                           {{"provider", &given_type::provider},
                            {"model", &given_type::model},
                            {"span_id", &given_type::span_id},
                            {"maxim_prompt_id", &given_type::maxim_prompt_id},
                            {"maxim_prompt_version_id", &given_type::maxim_prompt_version_id}});
    take_json<given_type>(given, config,
                          {{"messages", &given_type::messages}, {"model_parameters", &given_type::model_parameters}});
    return config;
}

maxim::tool_call_config tool_call_of(const json& given) {
    using given_type = maxim::tool_call_config;
    auto config = named<given_type>(given);
    take_texts<given_type>(given, config, {{"description", &given_type::description}, {"args", &given_type::args}});
    return config;
}

maxim::error_config error_of(const json& given) {
    using given_type = maxim::error_config;
    given_type config;
    take_texts<given_type>(given, config,
                           {{"id", &given_type::id},
                            {"name", &given_type::name},
                            {"message", &given_type::message},
                            {"code", &given_type::code},
                            {"type", &given_type::type}});
    take_json<given_type>(given, config, {{"tags", &given_type::tags}, {"metadata", &given_type::metadata}});
    return config;
}

/// A value as text: what is no string, as its JSON.
std::string as_text(const json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

/// A tag's value as text. Within objects, too, every value is a string.
std::string tag_text(const json& value) {
    const auto parsed = value.is_string() ? json::parse(value.get<std::string>(), nullptr, false) : value;
    if (!parsed.is_object()) {
        return as_text(value);
    }
    std::function<void(json&)> stringify = [&](json& inner) {
        for (auto& element : inner) {
            if (element.is_object()) {
                stringify(element);
            } else {
                element = as_text(element);
            }
        }
    };
    json deep = parsed;
    stringify(deep);
    return deep.dump();
}

/// Replays calls by name.
class player {
  public:
    explicit player(const maxim::logger& logger) : logger_(logger) {
        entity_calls<maxim::session>("session");
        entity_calls<maxim::trace>("trace");
        entity_calls<maxim::span>("span");
        entity_calls<maxim::generation>("generation");
        entity_calls<maxim::retrieval>("retrieval");
        entity_calls<maxim::tool_call>("tool_call");
        own_calls();
    }

    /// Whether the call is known; then it has been made.
    bool play(const std::string& call, const json& args) {
        const auto found = calls_.find(call);
        if (found == calls_.end()) {
            return false;
        }
        found->second(args);
        return true;
    }

  private:
    using call = std::function<void(const json&)>;

    template <class Entity>
    Entity entity(const json& args) const {
        return Entity(logger_, args[0].get_ref<const std::string&>());
    }

    template <class Entity>
    void on(const std::string& name, std::function<void(const Entity&, const json&)> body) {
        calls_[name] = [this, body](const json& args) { body(entity<Entity>(args), args); };
    }

    template <class Entity>
    void entity_calls(const std::string& kind) {
        on<Entity>(kind + "_end", [](const Entity& e, const json&) { e.end(); });
        on<Entity>(kind + "_add_tag", [](const Entity& e, const json& args) {
            e.add_tag(args[1].get<std::string>(), tag_text(args[2]));
        });
        on<Entity>(kind + "_add_metadata",
                   [](const Entity& e, const json& args) { e.add_metadata(args[1]); });
        if constexpr (!std::is_same_v<Entity, maxim::span>) {
            on<Entity>(kind + "_add_metric", [](const Entity& e, const json& args) {
                e.add_metric(args[1].get<std::string>(),
                             args[2].is_null() ? std::numeric_limits<double>::quiet_NaN()
                                               : args[2].get<double>());
            });
        }
        if constexpr (!std::is_same_v<Entity, maxim::tool_call>) {
            on<Entity>(kind + "_evaluate.with_evaluators",
                       [](const Entity& e, const json& args) { e.evaluate_with_evaluators(args[1]); });
            on<Entity>(kind + "_evaluate.with_variables", [](const Entity& e, const json& args) {
                e.evaluate_with_variables(args[1], args[2]);
            });
            on<Entity>(kind + "_evaluate.with_evaluators.with_variables",
                       [](const Entity& e, const json& args) {
                           e.evaluate_with_evaluators(args[1]);
                           e.evaluate_with_variables(args[2], args[1]);
                       });
            on<Entity>(kind + "_add_attachment",
                       [](const Entity& e, const json& args) { attach(e, args[1]["$att"]); });
        }
        if constexpr (std::is_same_v<Entity, maxim::session> || std::is_same_v<Entity, maxim::trace> ||
                      std::is_same_v<Entity, maxim::span>) {
            both<Entity>(kind + "_add_event", kind + "_event", [](const Entity& e, const json& args) {
                maxim::event_config event;
                event.id = std::string_view(args[1].get_ref<const std::string&>());
                event.name = args[2].get_ref<const std::string&>();
                const auto json_at = [&](std::size_t i) {
                    return args.size() > i && !args[i].is_null() ? std::optional<maxim::json_arg>(args[i])
                                                                  : std::nullopt;
                };
                event.tags = json_at(3);
                event.metadata = json_at(4);
                e.add_event(event);
            });
        }
        if constexpr (std::is_same_v<Entity, maxim::session> || std::is_same_v<Entity, maxim::trace>) {
            both<Entity>(kind + "_add_feedback", kind + "_feedback",
                         [](const Entity& e, const json& args) { e.add_feedback(args[1]); });
        }
        if constexpr (std::is_same_v<Entity, maxim::trace> || std::is_same_v<Entity, maxim::span>) {
            both<Entity>(kind + "_add_generation", kind + "_generation",
                         [](const Entity& e, const json& args) { e.add_generation(generation_of(args[1])); });
            both<Entity>(kind + "_add_retrieval", kind + "_retrieval", [](const Entity& e, const json& args) {
                e.add_retrieval(named<maxim::retrieval_config>(args[1]));
            });
            on<Entity>(kind + "_add_tool_call",
                       [](const Entity& e, const json& args) { e.add_tool_call(tool_call_of(args[1])); });
            on<Entity>(kind + "_add_error",
                       [](const Entity& e, const json& args) { e.add_error(error_of(args[1])); });
            on<Entity>(kind + "_set_input", [](const Entity& e, const json& args) {
                // No input at all is no call.
                if (!args[1].is_null()) {
                    e.set_input(args[1].get<std::string>());
                }
            });
        }
    }

    void own_calls() {
        using namespace maxim;
        calls_["session"] = [this](const nlohmann::json& args) {
            logger_.create_session(named<session_config>(args[0]));
        };
        calls_["trace"] = [this](const nlohmann::json& args) { logger_.create_trace(trace_of(args[0])); };
        both<session>("session_add_trace", "session_trace",
                      [](const session& s, const auto& args) { s.add_trace(trace_of(args[1])); });
        both<trace>("trace_add_span", "trace_span", [](const trace& t, const auto& args) {
            t.add_span(named<span_config>(args[1]));
        });
        both<span>("span_add_sub_span", "span_span",
                   [](const span& s, const auto& args) { s.add_span(named<span_config>(args[1])); });
        on<trace>("trace_set_output",
                  [](const trace& t, const auto& args) { t.set_output(args[1].template get<std::string>()); });
        both<retrieval>("retrieval_set_input", "retrieval_input", [](const retrieval& r, const auto& args) {
            if (args[1].is_string()) {
                r.set_input(args[1].template get<std::string>());
            } else {
                r.set_input(args[1]);
            }
        });
        both<retrieval>("retrieval_set_output", "retrieval_output",
                        [](const retrieval& r, const auto& args) { r.set_output(args[1]); });
        on<tool_call>("tool_call_update", [](const tool_call& c, const auto& args) { c.update(args[1]); });
        on<tool_call>("tool_call_result",
                      [](const tool_call& c, const auto& args) { c.result(as_text(args[1])); });
        on<tool_call>("tool_call_error",
                      [](const tool_call& c, const auto& args) { c.error(error_of(args[1])); });
        on<generation>("generation_set_model", [](const generation& g, const auto& args) {
            g.set_model(args[1].template get<std::string>());
        });
        on<generation>("generation_set_provider", [](const generation& g, const auto& args) {
            g.set_provider(args[1].template get<std::string>());
        });
        on<generation>("generation_set_name", [](const generation& g, const auto& args) {
            g.set_name(args[1].template get<std::string>());
        });
        on<generation>("generation_set_model_parameters",
                       [](const generation& g, const auto& args) { g.set_model_parameters(args[1]); });
        on<generation>("generation_add_message",
                       [](const generation& g, const auto& args) { g.add_message(args[1]); });
        on<generation>("generation_result", [](const generation& g, const auto& args) { g.result(args[1]); });
        on<generation>("generation_error",
                       [](const generation& g, const auto& args) { g.error(error_of(args[1])); });
        on<generation>("generation_add_cost", [](const generation& g, const auto& args) {
            const auto& cost = args[1];
            g.add_cost(cost["input"].template get<double>(), cost["output"].template get<double>(),
                       cost["total"].template get<double>());
        });
    }

    template <class Entity>
    void both(const std::string& name, const std::string& older,
              std::function<void(const Entity&, const json&)> body) {
        on<Entity>(name, body);
        on<Entity>(older, body);
    }

    template <class Entity>
    static void attach(const Entity& entity, const json& given) {
        maxim::attachment attachment;
        std::string path;
        std::string bytes;
        if (given["kind"] == "file") {
            path = variable("MAXIM_TEST_ROOT") + "/tests/vectors/" + given["path"].get<std::string>();
            attachment.path = path;
        } else if (given["kind"] == "file_data") {
            bytes = from_base64(given["data"]["$b64"].get<std::string>());
            attachment.data = std::string_view(bytes);
        } else {
            attachment.url = text_of(given, "url");
        }
        using given_type = maxim::attachment;
        take_texts<given_type>(given, attachment,
                               {{"id", &given_type::id}, {"name", &given_type::name}, {"mime_type", &given_type::mime_type}});
        take_json<given_type>(given, attachment, {{"tags", &given_type::tags}, {"metadata", &given_type::metadata}});
        if (given.contains("timestamp")) {
            attachment.timestamp = std::chrono::seconds(given["timestamp"].get<std::int64_t>());
        }
        entity.add_attachment(attachment);
    }

    static std::string from_base64(const std::string& text) {
        static const std::string digits =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        std::string bytes;
        unsigned held = 0;
        int bits = 0;
        for (const char c : text.substr(0, text.find('='))) {
            held = (held << 6U) | static_cast<unsigned>(digits.find(c));
            bits += 6;
            if (bits >= 8) {
                bits -= 8;
                bytes += static_cast<char>((held >> static_cast<unsigned>(bits)) & 0xFFU);
            }
        }
        return bytes;
    }

    const maxim::logger& logger_;
    std::map<std::string, call> calls_{};
};

bool is_uuid(const json& value) {
    static const std::regex shape(R"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})");
    return value.is_string() && std::regex_match(value.get_ref<const std::string&>(), shape);
}

/// JSON text within a string, with white space gone: `"{\"x\": 1}"`.
json without_space(const json& value) {
    if (!value.is_string()) {
        return value;
    }
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty() || (text[0] != '{' && text[0] != '[')) {
        return value;
    }
    const auto parsed = json::parse(text, nullptr, false);
    return parsed.is_discarded() ? value : json(parsed.dump());
}

/// Brings a captured line's data, or ours, into the form that is compared.
json comparable(const std::string& action, json data, const std::set<std::string>& written) {
    std::function<void(json&)> normalise = [&](json& value) {
        if (value.is_string()) {
            const auto& text = value.get_ref<const std::string&>();
            if (const auto when = instant(text)) {
                // A current time is a wildcard; one that the caller gave is not.
                const bool given = *when < 1'750'000'000'000'000;
                value = given ? json(*when) : json("<now>");
            } else if (is_uuid(value) && written.count(text) == 0) {
                value = "<uuid>";
            } else {
                value = without_space(value);
            }
        } else if (value.is_structured()) {
            for (auto& element : value) {
                normalise(element);
            }
        }
    };
    // The captured client sends tag values that are no strings as they are.
    if (action != "add-attachment" && data.contains("tags")) {
        for (auto& value : data["tags"]) {
            value = tag_text(value);
        }
    }
    // And errors without their id.
    if (action == "add-error") {
        data.erase("id");
    }
    // And neither the size of a file nor the name of one that was given none.
    if (action == "add-attachment") {
        data.erase("size");
        if (data.value("name", "") == "unknown.bin") {
            data.erase("name");
        }
    }
    if (action == "add-attachment" && data.contains("key")) {
        // Keys of generated ids end in them.
        const auto key = data["key"].get<std::string>();
        const auto last = key.substr(key.rfind('/') + 1);
        if (is_uuid(last) && written.count(last) == 0) {
            data["key"] = key.substr(0, key.rfind('/')) + "/<uuid>";
        }
    }
    normalise(data);
    return data;
}

/// Every string of the arguments: ids among them are no wildcards.
void collect(const json& value, std::set<std::string>& into) {
    if (value.is_string()) {
        into.insert(value.get<std::string>());
    } else if (value.is_structured()) {
        for (const auto& element : value) {
            collect(element, into);
        }
    }
}

std::vector<std::string> shown(const std::vector<line>& lines, const std::set<std::string>& written) {
    std::vector<std::string> out;
    for (const auto& each : lines) {
        out.push_back(each.entity + " " + each.id + " " + each.action + " " +
                      comparable(each.action, each.data, written).dump());
    }
    // Attachments are told of when their upload has ended, which keeps no order.
    std::sort(out.begin(), out.end());
    return out;
}

class vectors_test : public logging {};

TEST_F(vectors_test, every_call_gives_the_lines_of_the_captured_client) {
    maxim::logger logger(config());
    player player(logger);
    std::ifstream vectors(variable("MAXIM_TEST_ROOT") + "/tests/vectors/maxim.jsonl");
    int played = 0;
    for (std::string text; std::getline(vectors, text);) {
        const auto step = json::parse(text);
        const int number = step["step"];
        SCOPED_TRACE("step " + std::to_string(number) + " " + step["call"].get<std::string>() + " " +
                     step["args"].dump().substr(0, 300));
        if (differing.count(number) != 0) {
            continue;
        }
        ASSERT_TRUE(player.play(step["call"], step["args"]));
        logger.flush_or_throw(patience);

        std::vector<line> expected;
        std::vector<std::string> uploads;
        for (const auto& request : step["requests"]) {
            const auto target = request["target"].get<std::string>();
            if (request["method"] == "PUT") {
                uploads.push_back(request["content_type"]);
            } else if (request["method"] == "POST") {
                std::istringstream body(request["body"].get<std::string>());
                for (std::string each; std::getline(body, each);) {
                    expected.push_back(parse_line(each));
                }
            }
        }
        std::set<std::string> written;
        collect(step["args"], written);
        EXPECT_EQ(shown(server.new_maxim_lines(), written), shown(expected, written));

        std::vector<std::string> uploaded;
        for (const auto& request : server.new_requests()) {
            if (request["method"] == "PUT") {
                for (const auto& [name, value] : request["headers"].items()) {
                    if (name == "content-type" || name == "Content-Type") {
                        uploaded.push_back(value);
                    }
                }
            }
        }
        EXPECT_EQ(uploaded, uploads);
        ++played;
    }
    EXPECT_EQ(played, 117 - static_cast<int>(differing.size()));
}

}  // namespace
