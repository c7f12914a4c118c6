// The JSON builder and the JSON arguments: what they write is what a parser reads back.
#include "support.hpp"

#include <clocale>

namespace {

using namespace support;
using maxim::json_array;
using maxim::json_object;

json read(const maxim::json& written) { return json::parse(written.text()); }

TEST(json_test, strings_read_back_as_they_were) {
    std::string every;
    for (int c = 0; c < 128; ++c) {
        every += static_cast<char>(c);
    }
    every += "h\xc3\xa9llo \xf0\x9f\x98\x80";
    EXPECT_EQ(read(maxim::json(every)), json(every));
    EXPECT_EQ(read(json_object{{every, 1}}), json({{every, 1}}));
}

TEST(json_test, numbers_read_back_as_they_were) {
    for (const double value : {0.0, -0.0, 0.1, 1e22, 1e-7, 5e-324, 1.7976931348623157e308, 12345678.875}) {
        EXPECT_EQ(read(maxim::json(value)).get<double>(), value);
    }
    EXPECT_EQ(maxim::json(std::numeric_limits<std::int64_t>::min()).text(), "-9223372036854775808");
    EXPECT_EQ(maxim::json(std::numeric_limits<std::uint64_t>::max()).text(), "18446744073709551615");
    EXPECT_EQ(maxim::json(true).text(), "true");
    EXPECT_EQ(maxim::json(nullptr).text(), "null");
    EXPECT_EQ(maxim::json(std::numeric_limits<double>::infinity()).text(), "null");
    EXPECT_EQ(maxim::json(std::numeric_limits<double>::quiet_NaN()).text(), "null");
}

TEST(json_test, containers_nest_and_grow) {
    json_object object{{"a", 1}, {"b", json_array{"x", nullptr, json_object{}}}, {"c", maxim::raw("[ 1 ]")}};
    object.add("d", json_array{});
    json_array array;
    array.add(1).add("two").add(object);
    EXPECT_EQ(json_object{}.text(), "{}");
    EXPECT_EQ(json_array{}.text(), "[]");
    EXPECT_EQ(read(array), json::parse(R"([1, "two", {"a": 1, "b": ["x", null, {}], "c": [1], "d": []}])"));
}

TEST(json_test, arguments_borrow_text_and_own_what_is_written) {
    const std::string text = R"({"a": 1})";
    const maxim::json_arg borrowed = maxim::raw(text);
    EXPECT_EQ(static_cast<const void*>(borrowed.text().data()), static_cast<const void*>(text.data()));
    const maxim::json_arg owned = json_object{{"k", "v"}};
    const maxim::json_arg copy = owned;
    EXPECT_EQ(copy.text(), R"({"k":"v"})");
    const maxim::json_arg converted = json{{"n", 1}};
    EXPECT_EQ(converted.text(), R"({"n":1})");
    const maxim::json_arg ordered = nlohmann::ordered_json{{"z", 1}, {"a", 2}};
    EXPECT_EQ(ordered.text(), R"({"z":1,"a":2})");
    // Where nlohmann would throw for bytes that are no UTF-8, they are replaced.
    const maxim::json_arg replaced = json("\xff");
    EXPECT_EQ(replaced.text(), "\"\xef\xbf\xbd\"");
}

class json_log_test : public logging {};

TEST_F(json_log_test, a_nlohmann_value_goes_where_json_goes) {
    maxim::logger logger(config());
    maxim::trace_config traced;
    traced.tags = json{{"n", 1}};
    const auto trace = logger.create_trace(traced);
    trace.add_metadata(json{{"deep", {{"x", {1, 2}}}}});
    const auto retrieval = trace.add_retrieval();
    retrieval.set_input(json{{"q", 1}});
    retrieval.set_input("text");
    retrieval.set_output(json{"d1", "d2"});
    logger.flush_or_throw(patience);
    const auto lines = server.new_maxim_lines();
    EXPECT_EQ(lines[0].data["tags"], json({{"n", "1"}}));
    EXPECT_EQ(lines[1].data["metadata"]["deep"], R"({"x":[1,2]})");
    EXPECT_EQ(lines[3].data["input"], json({{"q", 1}}));
    EXPECT_EQ(lines[4].data["input"], "text");
    EXPECT_EQ(lines[5].data["docs"], json({"d1", "d2"}));
}

}  // namespace
