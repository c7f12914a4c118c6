// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The configurations and entries of structured application logs; see config.hpp for how they are used.
#ifndef MAXIM_LOG_CONFIG_HPP
#define MAXIM_LOG_CONFIG_HPP

#include <maxim/core.hpp>

#include <exception>

namespace maxim {

/// How a client is made; `maxim_log_client_config` explains the members. What is nothing here has the
/// default that it has there.
struct log_client_config {
    text source{};
    maxim::environment environment = maxim::environment::development;
    text api_key{};
    text endpoint{};
    text version{};
    text dataset{};
    text user_id{};
    text session_id{};
    std::optional<std::uint32_t> batch_size{};
    std::optional<milliseconds> flush_interval{};
    level min_level = level::debug;
    std::optional<std::uint32_t> max_retries{};
    std::optional<milliseconds> initial_delay{};
    std::optional<milliseconds> max_delay{};
    text spool_dir{};
    std::uint64_t max_memory_bytes = 0;
    std::uint64_t max_disk_bytes = 0;
    overflow overflow_policy = overflow::drop_oldest;
    milliseconds block_timeout{0};
    text ca_file{};
    text proxy{};
    bool is_debug = false;
    error_hook on_error{};
    debug_hook on_debug{};
    bool allow_plaintext = false;
    /// As in `logger_config`.
    bool lossy = true;
    /// Strict: log calls that are refused throw `maxim::error` instead of being passed to `on_error`.
    /// Without exceptions a client cannot be made so.
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
};

struct log_options {
    /// A JSON array of strings.
    std::optional<json_arg> tags{};
};

/// What went wrong, beside an entry's message.
struct error_info {
    text name{};
    text message{};
    text stack{};
};

struct log_entry {
    maxim::level level = maxim::level::info;
    std::string_view message{};
    std::optional<json_arg> data{};
    text user_id{};
    text session_id{};
    text request_id{};
    text error_name{};
    text error_stack{};
    std::optional<json_arg> tags{};
    text flow_id{};
    std::optional<std::int32_t> step_index{};
    text dataset{};
    std::optional<time_point> timestamp{};
    text ip_address{};
    text country{};
};

struct raw_options {
    text source{};
    std::optional<maxim::environment> environment{};
    std::optional<maxim::level> level{};
    text dataset{};
};

namespace detail {

inline maxim_log_client_config c_struct(const log_client_config& config) {
    maxim_log_client_config c = MAXIM_LOG_CLIENT_CONFIG_INIT;
    c.source = str(config.source);
    c.environment = static_cast<maxim_environment>(config.environment);
    c.api_key = str(config.api_key);
    c.endpoint = str(config.endpoint);
    c.version = str(config.version);
    c.dataset = str(config.dataset);
    c.user_id = str(config.user_id);
    c.session_id = str(config.session_id);
    c.batch_size = config.batch_size.value_or(c.batch_size);
    c.flush_interval_ms = config.flush_interval ? timeout(*config.flush_interval) : c.flush_interval_ms;
    c.min_level = static_cast<maxim_level>(config.min_level);
    c.max_retries = config.max_retries.value_or(c.max_retries);
    c.initial_delay_ms = config.initial_delay ? timeout(*config.initial_delay) : c.initial_delay_ms;
    c.max_delay_ms = config.max_delay ? timeout(*config.max_delay) : c.max_delay_ms;
    set_common(c, config);
    return c;
}

inline maxim_log_options c_struct(const log_options& options) {
    maxim_log_options c = MAXIM_LOG_OPTIONS_INIT;
    c.tags_json = str(options.tags);
    return c;
}

inline maxim_log_error_info c_struct(const error_info& info) {
    maxim_log_error_info c = MAXIM_LOG_ERROR_INFO_INIT;
    c.name = str(info.name);
    c.message = str(info.message);
    c.stack = str(info.stack);
    return c;
}

inline maxim_log_entry c_struct(const log_entry& entry) {
    maxim_log_entry c = MAXIM_LOG_ENTRY_INIT;
    c.level = static_cast<maxim_level>(entry.level);
    c.message = str(entry.message);
    c.data_json = str(entry.data);
    c.user_id = str(entry.user_id);
    c.session_id = str(entry.session_id);
    c.request_id = str(entry.request_id);
    c.error_name = str(entry.error_name);
    c.error_stack = str(entry.error_stack);
    c.tags_json = str(entry.tags);
    c.flow_id = str(entry.flow_id);
    c.step_index = entry.step_index.value_or(c.step_index);
    c.dataset = str(entry.dataset);
    c.timestamp_ms = given_time<milliseconds>(entry.timestamp);
    c.ip_address = str(entry.ip_address);
    c.country = str(entry.country);
    return c;
}

inline maxim_raw_options c_struct(const raw_options& options) {
    maxim_raw_options c = MAXIM_RAW_OPTIONS_INIT;
    c.source = str(options.source);
    if (options.environment) {
        c.environment = static_cast<maxim_environment>(*options.environment);
    }
    if (options.level) {
        c.level = static_cast<maxim_level>(*options.level);
    }
    c.dataset = str(options.dataset);
    return c;
}

}  // namespace detail
}  // namespace maxim

#endif  // MAXIM_LOG_CONFIG_HPP
