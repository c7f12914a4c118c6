// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The configurations of the binding: aggregates for designated initialisers, `{.name = "step"}`, or, before
// C++20, for assignment. What is not given is absent. Text and JSON views are borrowed until the call that
// takes the configuration has returned.
//
// `detail::c_struct` turns each into its struct of maxim.h.
#ifndef MAXIM_CONFIG_HPP
#define MAXIM_CONFIG_HPP

#include <maxim/json.hpp>
#include <maxim/status.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace maxim {

using text = std::optional<std::string_view>;
using time_point = std::chrono::system_clock::time_point;
using milliseconds = std::chrono::milliseconds;

/// What became of the records; see `maxim_stats` in maxim.h.
using delivery_stats = maxim_stats;

/// One line of what the library does, where debug output is asked for.
using debug_hook = std::function<void(std::string_view line)>;

/// Given every text of a record before it is kept, with the place that it has there (`messages.content`), on the
/// thread of the log call: gives another text in its place, or nothing to leave it. When it throws, the text is
/// dropped, and the record goes without it. `entity` is one of MAXIM_ENTITY_… or MAXIM_MASK_LOG_ENTRY.
using mask_hook = std::function<std::optional<std::string>(std::int32_t entity, std::string_view field,
                                                           std::string_view text)>;

/// How a logger is made; `maxim_logger_config` explains the members.
struct logger_config {
    text base_url{};
    text api_key{};
    text repository_id{};
    bool auto_flush = true;
    milliseconds flush_interval{MAXIM_DEFAULT_FLUSH_INTERVAL_MS};
    bool is_debug = false;
    text spool_dir{};
    std::uint64_t max_memory_bytes = 0;
    std::uint64_t max_disk_bytes = 0;
    overflow overflow_policy = overflow::drop_oldest;
    milliseconds block_timeout{0};
    text ca_file{};
    text proxy{};
    error_hook on_error{};
    debug_hook on_debug{};
    bool allow_plaintext = false;
    std::uint64_t max_attachment_bytes = 0;
    /// Whether a value that cannot be sent as it is (too long, not UTF-8, NaN) is changed rather than its record
    /// refused.
    bool lossy = true;
    /// Strict: log calls that are refused throw `maxim::error` instead of being passed to `on_error`.
    /// Without exceptions a logger cannot be made so.
    bool raise_exceptions = false;
    /// What may leave; docs/what-leaves.md explains it.
    bool disabled = false;
    std::optional<bool> capture_content{};
    std::optional<json_arg> masks{};
    mask_hook on_mask{};
    std::chrono::microseconds mask_budget{0};
    std::uint64_t max_field_bytes = 0;
    milliseconds max_age{0};
    milliseconds quarantine_max_age{0};
    bool memory_only = false;
    /// Whether a spool_dir that cannot be used is replaced by a default one and reported; an error otherwise.
    bool spool_dir_fallback = false;
    /// OpenTelemetry's protocol instead of Maxim's; docs/otlp.md explains it and what follows.
    maxim::protocol protocol = maxim::protocol::maxim;
    text otlp_url{};
    text otlp_headers{};
    maxim::otlp_encoding otlp_encoding = maxim::otlp_encoding::standard;
    std::optional<bool> otlp_compression{};
    text service_name{};
    text resource_attributes{};
    milliseconds incomplete_after{0};
    std::optional<bool> extract_media{};
    /// The share of traces that is sent; 0: of none more than errors and feedback.
    std::optional<double> sample_rate{};
};

struct session_config {
    text name{};
    text id{};
    std::optional<json_arg> tags{};
    std::optional<time_point> start_timestamp{};
};

struct trace_config {
    text name{};
    text id{};
    text session_id{};
    std::optional<json_arg> tags{};
    text input{};
    std::optional<time_point> start_timestamp{};
};

struct span_config {
    text name{};
    text id{};
    std::optional<json_arg> tags{};
    std::optional<time_point> start_timestamp{};
};

struct retrieval_config {
    text name{};
    text id{};
    std::optional<json_arg> tags{};
    std::optional<time_point> start_timestamp{};
};

struct generation_config {
    text name{};
    text id{};
    text provider{};
    text model{};
    std::optional<json_arg> messages{};
    std::optional<json_arg> model_parameters{};
    text span_id{};
    text maxim_prompt_id{};
    text maxim_prompt_version_id{};
    std::optional<json_arg> tags{};
    std::optional<time_point> start_timestamp{};
};

struct tool_call_config {
    text name{};
    text id{};
    text description{};
    text args{};
    std::optional<json_arg> tags{};
    std::optional<time_point> start_timestamp{};
};

struct error_config {
    text message{};
    text code{};
    text type{};
    text name{};
    text id{};
    std::optional<json_arg> tags{};
    std::optional<json_arg> metadata{};
};

struct event_config {
    std::string_view name{};
    text id{};
    std::optional<json_arg> tags{};
    std::optional<json_arg> metadata{};
};

/// What to attach: give exactly one of `path` (read when it is uploaded), `data` (bytes, copied during the
/// call) and `url`.
struct attachment {
    text path{};
    text data{};
    text url{};
    text name{};
    text id{};
    text mime_type{};
    std::optional<json_arg> tags{};
    std::optional<json_arg> metadata{};
    std::optional<std::chrono::seconds> timestamp{};
};

namespace detail {

/// Text that is given, though it may be empty.
inline maxim_str str(std::string_view given) noexcept {
    return ::maxim_str_n(given.data() ? given.data() : "", given.size());
}
inline maxim_str str(const std::string& given) noexcept { return str(std::string_view(given)); }
inline maxim_str str(const text& given) noexcept { return given ? str(*given) : maxim_str{nullptr, 0}; }
inline maxim_str str(const json_arg& given) noexcept { return str(given.text()); }
inline maxim_str str(const std::optional<json_arg>& given) noexcept {
    return given ? str(*given) : maxim_str{nullptr, 0};
}

template <class Unit>
std::int64_t since_1970(time_point when) noexcept {
    return std::chrono::duration_cast<Unit>(when.time_since_epoch()).count();
}

/// 0 says now to the library, so 1970 itself is said as its next moment.
template <class Unit>
std::int64_t given_time(const std::optional<time_point>& when) noexcept {
    if (!when) {
        return 0;
    }
    const auto count = since_1970<Unit>(*when);
    return count == 0 ? 1 : count;
}

/// A duration as the library takes it: below 0 is 0, above 49 days is 49 days.
inline std::uint32_t timeout(milliseconds given) noexcept {
    constexpr milliseconds::rep most = UINT32_MAX;
    return static_cast<std::uint32_t>(std::clamp(given.count(), milliseconds::rep{0}, most));
}

/// What is on, what is off, and what is left to the environment.
inline maxim_switch switched(std::optional<bool> given) noexcept {
    return given ? (*given ? MAXIM_SWITCH_ON : MAXIM_SWITCH_OFF) : MAXIM_SWITCH_DEFAULT;
}

/// What loggers and clients have in common.
template <class C, class Config>
void set_common(C& c, const Config& config) {
    c.spool_dir = str(config.spool_dir);
    c.max_memory_bytes = config.max_memory_bytes;
    c.max_disk_bytes = config.max_disk_bytes;
    c.disabled = config.disabled;
    c.capture_content = switched(config.capture_content);
    c.masks_json = str(config.masks);
    c.mask_budget_us = static_cast<std::uint32_t>(
        std::clamp(config.mask_budget.count(), std::chrono::microseconds::rep{0},
                   std::chrono::microseconds::rep{UINT32_MAX}));
    c.max_field_bytes = config.max_field_bytes;
    c.max_age_ms = static_cast<std::uint64_t>(std::max(config.max_age.count(), milliseconds::rep{0}));
    c.quarantine_max_age_ms =
        static_cast<std::uint64_t>(std::max(config.quarantine_max_age.count(), milliseconds::rep{0}));
    c.memory_only = config.memory_only;
    c.spool_dir_fallback = config.spool_dir_fallback;
    c.protocol = static_cast<maxim_protocol>(config.protocol);
    c.otlp_url = str(config.otlp_url);
    c.otlp_headers = str(config.otlp_headers);
    c.otlp_encoding = static_cast<maxim_otlp_encoding>(config.otlp_encoding);
    c.otlp_compression = switched(config.otlp_compression);
    c.service_name = str(config.service_name);
    c.resource_attributes = str(config.resource_attributes);
    c.overflow_policy = static_cast<maxim_overflow_policy>(config.overflow_policy);
    c.block_timeout_ms = timeout(config.block_timeout);
    c.ca_file = str(config.ca_file);
    c.proxy = str(config.proxy);
    c.is_debug = config.is_debug;
    c.allow_plaintext = config.allow_plaintext;
    c.lossy = config.lossy;
}

inline maxim_logger_config c_struct(const logger_config& config) {
    maxim_logger_config c = MAXIM_LOGGER_CONFIG_INIT;
    c.base_url = str(config.base_url);
    c.incomplete_after_ms =
        static_cast<std::uint64_t>(std::max(config.incomplete_after.count(), milliseconds::rep{0}));
    c.api_key = str(config.api_key);
    c.repository_id = str(config.repository_id);
    c.auto_flush = config.auto_flush;
    c.flush_interval_ms = timeout(config.flush_interval);
    c.max_attachment_bytes = config.max_attachment_bytes;
    c.extract_media = switched(config.extract_media);
    c.sample_rate = config.sample_rate ? (*config.sample_rate == 0 ? -1 : *config.sample_rate) : 0;
    set_common(c, config);
    return c;
}

/// What sessions, spans and retrievals have in common.
template <class C, class Config>
C named(C c, const Config& config) {
    c.id = str(config.id);
    c.name = str(config.name);
    c.tags_json = str(config.tags);
    c.start_timestamp_us = given_time<std::chrono::microseconds>(config.start_timestamp);
    return c;
}

inline maxim_session_config c_struct(const session_config& config) {
    return named(MAXIM_SESSION_CONFIG_INIT, config);
}

inline maxim_span_config c_struct(const span_config& config) {
    return named(MAXIM_SPAN_CONFIG_INIT, config);
}

inline maxim_retrieval_config c_struct(const retrieval_config& config) {
    return named(MAXIM_RETRIEVAL_CONFIG_INIT, config);
}

inline maxim_trace_config c_struct(const trace_config& config) {
    auto c = named(MAXIM_TRACE_CONFIG_INIT, config);
    c.session_id = str(config.session_id);
    c.input = str(config.input);
    return c;
}

inline maxim_generation_config c_struct(const generation_config& config) {
    auto c = named(MAXIM_GENERATION_CONFIG_INIT, config);
    c.provider = str(config.provider);
    c.model = str(config.model);
    c.messages_json = str(config.messages);
    c.model_parameters_json = str(config.model_parameters);
    c.span_id = str(config.span_id);
    c.maxim_prompt_id = str(config.maxim_prompt_id);
    c.maxim_prompt_version_id = str(config.maxim_prompt_version_id);
    return c;
}

inline maxim_tool_call_config c_struct(const tool_call_config& config) {
    auto c = named(MAXIM_TOOL_CALL_CONFIG_INIT, config);
    c.description = str(config.description);
    c.args = str(config.args);
    return c;
}

inline maxim_error_config c_struct(const error_config& config) {
    maxim_error_config c = MAXIM_ERROR_CONFIG_INIT;
    c.id = str(config.id);
    c.name = str(config.name);
    c.message = str(config.message);
    c.code = str(config.code);
    c.type = str(config.type);
    c.tags_json = str(config.tags);
    c.metadata_json = str(config.metadata);
    return c;
}

inline maxim_event_config c_struct(const event_config& config) {
    maxim_event_config c = MAXIM_EVENT_CONFIG_INIT;
    c.id = str(config.id);
    c.name = str(config.name);
    c.tags_json = str(config.tags);
    c.metadata_json = str(config.metadata);
    return c;
}

inline maxim_attachment c_struct(const attachment& given) {
    maxim_attachment c = MAXIM_ATTACHMENT_INIT;
    const int sources =
        int{given.path.has_value()} + int{given.data.has_value()} + int{given.url.has_value()};
    // No or several sources leave the kind at 0, which the library refuses.
    if (sources == 1) {
        c.kind = given.path   ? MAXIM_ATTACHMENT_FILE
                 : given.data ? MAXIM_ATTACHMENT_DATA
                              : MAXIM_ATTACHMENT_URL;
    }
    c.id = str(given.id);
    c.name = str(given.name);
    c.path = str(given.path);
    if (given.data) {
        c.data = reinterpret_cast<const std::uint8_t*>(given.data->data());
        c.data_len = given.data->size();
    }
    c.url = str(given.url);
    c.mime_type = str(given.mime_type);
    c.tags_json = str(given.tags);
    c.metadata_json = str(given.metadata);
    c.timestamp_s = given.timestamp ? given.timestamp->count() : 0;
    return c;
}

}  // namespace detail
}  // namespace maxim

#endif  // MAXIM_CONFIG_HPP
