// SPDX-License-Identifier: MIT OR Apache-2.0
//
// JSON as text: `json_view` marks text as JSON, `json`, `json_object` and `json_array` write it with proper
// escapes, `json_arg` is how functions take any of them. The library checks every text; nothing here
// parses. (`maxim/nlohmann.hpp` lets functions take a nlohmann::json as well.)
#ifndef MAXIM_JSON_HPP
#define MAXIM_JSON_HPP

#include <charconv>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace maxim {

/// Text that is JSON already, borrowed. A type of its own, so that plain text is not taken for JSON.
class json_view {
  public:
    explicit constexpr json_view(std::string_view text) noexcept : text_(text) {}

    [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

  private:
    std::string_view text_;
};

/// Says that `text` is JSON: `trace.add_metadata(maxim::raw(R"({"a": 1})"))`.
[[nodiscard]] constexpr json_view raw(std::string_view text) noexcept { return json_view(text); }

namespace detail {

inline void append_quoted(std::string& out, std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default: {
                const auto byte = static_cast<unsigned char>(c);
                if (byte < 0x20) {
                    out += "\\u00";
                    out += digits[byte >> 4U];
                    out += digits[byte & 0x0FU];
                } else {
                    out += c;
                }
            }
        }
    }
    out += '"';
}

/// The shortest text that reads back as the same number; `null` for what JSON has no number for.
inline std::string number(double value) {
    if (!std::isfinite(value)) {
        return "null";
    }
    char text[40];
#if defined(__cpp_lib_to_chars)
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return std::string(text, end);
#else
    const int length = std::snprintf(text, sizeof text, "%.17g", value);
    std::string written(text, static_cast<std::size_t>(length));
    // The locale's decimal point may be a comma.
    for (char& c : written) {
        c = c == ',' ? '.' : c;
    }
    return written;
#endif
}

}  // namespace detail

/// One JSON value, written from a C++ value. Floating-point values that are not finite become null.
class json {
  public:
    json(std::nullptr_t) : text_("null") {}
    json(json_view text) : text_(text.text()) {}
    json(std::string_view value) { detail::append_quoted(text_, value); }
    json(const std::string& value) : json(std::string_view(value)) {}
    json(const char* value) : json(std::string_view(value)) {}

    template <class T, std::enable_if_t<std::is_arithmetic_v<T>, int> = 0>
    json(T value) {
        if constexpr (std::is_same_v<T, bool>) {
            text_ = value ? "true" : "false";
        } else if constexpr (std::is_integral_v<T>) {
            text_ = std::to_string(value);
        } else {
            text_ = detail::number(static_cast<double>(value));
        }
    }

    [[nodiscard]] std::string_view text() const noexcept { return text_; }

  protected:
    struct as_is {};
    json(as_is, std::string_view text) : text_(text) {}

    /// Makes room for one more element before the closing bracket.
    void reopen() {
        text_.pop_back();
        if (text_.size() > 1) {
            text_ += ',';
        }
    }

    std::string text_{};
};

/// A JSON object: `json_object{{"role", "user"}, {"turns", 3}}`, or member by member with `add`.
class json_object : public json {
  public:
    json_object() : json(as_is{}, "{}") {}

    json_object(std::initializer_list<std::pair<std::string_view, json>> members) : json_object() {
        for (const auto& [key, value] : members) {
            add(key, value);
        }
    }

    /// Adds a member; one that is there already is not looked for.
    json_object& add(std::string_view key, const json& value) {
        reopen();
        detail::append_quoted(text_, key);
        text_ += ':';
        text_ += value.text();
        text_ += '}';
        return *this;
    }
};

/// A JSON array: `json_array{"a", 1, json_object{}}`, or element by element with `add`.
class json_array : public json {
  public:
    json_array() : json(as_is{}, "[]") {}

    json_array(std::initializer_list<json> elements) : json_array() {
        for (const auto& element : elements) {
            add(element);
        }
    }

    json_array& add(const json& element) {
        reopen();
        text_ += element.text();
        text_ += ']';
        return *this;
    }
};

/// Specialise with `static std::string text(const T&)` to have functions take a T where they take JSON.
template <class T, class = void>
struct json_writer;

/// A JSON argument: a `json_view` (borrowed), or anything that is or can be written as JSON text (owned).
class json_arg {
  public:
    json_arg(json_view text) noexcept : borrowed_(text.text()) {}
    json_arg(const json& value) : owned_(value.text()) {}

    template <class T, class = decltype(json_writer<std::decay_t<T>>::text(std::declval<const T&>()))>
    json_arg(const T& value) : owned_(json_writer<std::decay_t<T>>::text(value)) {}

    [[nodiscard]] std::string_view text() const noexcept {
        return borrowed_.data() != nullptr ? borrowed_ : std::string_view(owned_);
    }

  private:
    std::string_view borrowed_{};
    std::string owned_{};
};

}  // namespace maxim

#endif  // MAXIM_JSON_HPP
