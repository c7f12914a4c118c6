// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Structured application logs: `log_client` owns the connection to one source's logs, `flow` numbers the
// entries that belong together.
#ifndef MAXIM_LOG_CLIENT_HPP
#define MAXIM_LOG_CLIENT_HPP

#include <maxim/log_config.hpp>

#include <exception>
#include <string>

namespace maxim {

class flow;

/// A client for one source of application logs.
///
/// Without an API key it lets log calls go, so that a program runs where nothing is configured. As with
/// `logger`, its end does not wait: call `disconnect` to have everything sent now.
class log_client {
  public:
    [[nodiscard]] static result<log_client> try_make(const log_client_config& config) {
        auto made =
            detail::make_core<maxim_log_client>(config, detail::c_struct(config), &::maxim_log_client_new);
        if (!made) {
            return made.error();
        }
        return log_client(detail::from_core{}, *std::move(made));
    }

#if MAXIM_CPP_EXCEPTIONS
    explicit log_client(const log_client_config& config) : log_client(try_make(config).value()) {}
#endif

    log_client(log_client&&) noexcept = default;
    log_client& operator=(log_client&& other) noexcept {
        if (this != &other) {
            close();
            core_ = std::move(other.core_);
        }
        return *this;
    }
    log_client(const log_client&) = delete;
    log_client& operator=(const log_client&) = delete;
    ~log_client() { close(); }

    /// Gives the handle back, as the destructor does. May be called again.
    void close() noexcept { detail::keep_for_hook(core_, ::maxim_log_client_free(handle())); }

    /// The C handle, for functions of maxim.h. NULL once moved from; still this client's.
    [[nodiscard]] maxim_log_client* handle() const noexcept { return detail::handle_of(core_); }

    // One entry of a level; `data` is a JSON object.
    status debug(std::string_view message, const std::optional<json_arg>& data = {},
                 const log_options& options = {}) const {
        return write(&::maxim_log_debug, message, data, options);
    }
    status info(std::string_view message, const std::optional<json_arg>& data = {},
                const log_options& options = {}) const {
        return write(&::maxim_log_info, message, data, options);
    }
    status warn(std::string_view message, const std::optional<json_arg>& data = {},
                const log_options& options = {}) const {
        return write(&::maxim_log_warn, message, data, options);
    }
    status error(std::string_view message, const std::optional<json_arg>& data = {},
                 const log_options& options = {}) const {
        return write(&::maxim_log_error, message, data, options);
    }

    /// An error with its name, message and stack.
    status error_with(std::string_view message, const error_info& failure,
                      const log_options& options = {}) const {
        const auto info = detail::c_struct(failure);
        const auto c = detail::c_struct(options);
        return settle(::maxim_log_error_with(handle(), detail::str(message), &info, &c));
    }

    /// One entry with every field.
    status log(const log_entry& entry) const {
        const auto c = detail::c_struct(entry);
        return settle(::maxim_log(handle(), &c));
    }

    /// The user of the entries from now on; nothing clears it.
    status set_user_id(text user_id) const {
        return settle(::maxim_log_set_user_id(handle(), detail::str(user_id)));
    }

    /// The session of the entries from now on; nothing clears it.
    status set_session_id(text session_id) const {
        return settle(::maxim_log_set_session_id(handle(), detail::str(session_id)));
    }

    /// Whether entries of a level are logged, for callers that would work to make one.
    [[nodiscard]] bool would_log(level of) const noexcept {
        return ::maxim_log_would_log(handle(), static_cast<maxim_level>(of));
    }

    /// Sends everything accepted so far and waits for it, at most `timeout`. What has not arrived is said and is
    /// not lost; nothing is thrown.
    outcome flush(milliseconds timeout) const {
        return sent(::maxim_log_flush(handle(), detail::timeout(timeout)));
    }

    /// As flush, without waiting: `done` is called once, on a thread of the library.
    [[nodiscard]] result<void> try_flush_async(milliseconds timeout,
                                               std::function<void(status, std::string_view)> done) const {
        return detail::start_async(std::move(done), [&](maxim_flush_callback callback, void* data) {
            return ::maxim_log_flush_async(handle(), detail::timeout(timeout), callback, data);
        });
    }

    /// Deletes everything that is held and not delivered, with what earlier clients left and what is in quarantine.
    [[nodiscard]] result<void> try_purge() const { return detail::checked(::maxim_log_purge(handle())); }

    /// Ends the work: refuses further entries and sends what it can within `timeout`. Says what was left for the
    /// next client, and throws nothing.
    outcome disconnect(milliseconds timeout) const {
        return sent(::maxim_log_disconnect(handle(), detail::timeout(timeout)));
    }

    /// As logger::spool_dir.
    [[nodiscard]] std::string spool_dir() const {
        const char* directory = ::maxim_log_client_spool_dir(handle());
        return directory ? directory : "";
    }

    [[nodiscard]] result<delivery_stats> try_stats() const {
        delivery_stats out = MAXIM_STATS_INIT;
        const auto code = ::maxim_log_client_stats(handle(), &out);
        return code == MAXIM_OK ? result<delivery_stats>(out) : detail::last_error(code);
    }

    /// Sends a document in a format of its own and waits for the answer, at most `timeout`.
    [[nodiscard]] result<void> try_ingest_raw(std::string_view body, raw_format format,
                                              const raw_options& options, milliseconds timeout) const {
        const auto c = detail::c_struct(options);
        return detail::checked(::maxim_ingest_raw(handle(),
                                                  reinterpret_cast<const std::uint8_t*>(body.data()),
                                                  body.size(), static_cast<maxim_format>(format), &c,
                                                  detail::timeout(timeout)));
    }

    /// Hands a document over to be sent, without waiting.
    [[nodiscard]] result<void> try_ingest_raw_async(std::string_view body, raw_format format,
                                                    const raw_options& options = {}) const {
        const auto c = detail::c_struct(options);
        return detail::checked(::maxim_ingest_raw_async(handle(),
                                                        reinterpret_cast<const std::uint8_t*>(body.data()),
                                                        body.size(), static_cast<maxim_format>(format),
                                                        &c));
    }

#if MAXIM_CPP_EXCEPTIONS
    // As their twins, throwing `maxim::error` where those return one.
    void flush_or_throw(milliseconds timeout) const { flush(timeout).or_throw(); }
    void flush_async(milliseconds timeout, std::function<void(status, std::string_view)> done) const {
        try_flush_async(timeout, std::move(done)).value();
    }
    void purge() const { try_purge().value(); }
    void disconnect_or_throw(milliseconds timeout) const { disconnect(timeout).or_throw(); }
    [[nodiscard]] delivery_stats stats() const { return try_stats().value(); }
    void ingest_raw(std::string_view body, raw_format format, const raw_options& options,
                    milliseconds timeout) const {
        try_ingest_raw(body, format, options, timeout).value();
    }
    void ingest_raw_async(std::string_view body, raw_format format, const raw_options& options = {}) const {
        try_ingest_raw_async(body, format, options).value();
    }
#endif

  private:
    friend class flow;
    log_client(detail::from_core, std::shared_ptr<detail::core<maxim_log_client>> core) : core_(std::move(core)) {}

    outcome sent(maxim_status code) const {
        return detail::sent<maxim_log_client>(code, handle(), &::maxim_log_client_stats);
    }

    status settle(maxim_status code) const { return detail::settle(core_, code); }

    status write(maxim_status (*function)(maxim_log_client*, maxim_str, maxim_str, const maxim_log_options*),
                 std::string_view message, const std::optional<json_arg>& data,
                 const log_options& options) const {
        const auto c = detail::c_struct(options);
        return settle(function(handle(), detail::str(message), detail::str(data), &c));
    }

    detail::shared_core<maxim_log_client> core_;
};

/// A sequence of entries with a common id and rising step numbers, gap-free from any number of threads.
class flow {
  public:
    /// Begins a flow with an id of this process's making.
    [[nodiscard]] static result<flow> try_make(const log_client& client, std::string_view name) {
        maxim_flow* handle = nullptr;
        const auto code = ::maxim_flow_new(client.handle(), detail::str(name), &handle);
        return made(client, code, handle);
    }

    /// Begins a flow whose id the service gives; waits for it, at most `timeout`.
    [[nodiscard]] static result<flow> try_make_remote(const log_client& client, std::string_view name,
                                                      milliseconds timeout) {
        maxim_flow* handle = nullptr;
        const auto code =
            ::maxim_flow_new_remote(client.handle(), detail::str(name), detail::timeout(timeout), &handle);
        return made(client, code, handle);
    }

#if MAXIM_CPP_EXCEPTIONS
    flow(const log_client& client, std::string_view name) : flow(try_make(client, name).value()) {}

    [[nodiscard]] static flow remote(const log_client& client, std::string_view name, milliseconds timeout) {
        return try_make_remote(client, name, timeout).value();
    }
#endif

    flow(flow&& other) noexcept : client_(std::move(other.client_)), handle_(other.take()) {}
    flow& operator=(flow&& other) noexcept {
        if (this != &other) {
            close();
            client_ = std::move(other.client_);
            handle_ = other.take();
        }
        return *this;
    }
    flow(const flow&) = delete;
    flow& operator=(const flow&) = delete;
    ~flow() { close(); }

    /// Gives the handle back, as the destructor does. May be called again.
    void close() noexcept { ::maxim_flow_free(handle_); }

    /// The C handle, for functions of maxim.h. NULL once moved from; still this flow's.
    [[nodiscard]] maxim_flow* handle() const noexcept { return handle_; }

    /// The id that the entries carry; empty once closed.
    [[nodiscard]] std::string id() const { return owned(::maxim_flow_id(handle_)); }

    [[nodiscard]] std::string name() const { return owned(::maxim_flow_name(handle_)); }

    /// The number that the next entry gets; -1 once closed.
    [[nodiscard]] std::int32_t step_index() const noexcept { return ::maxim_flow_step_index(handle_); }

    // One entry of a level; one that the client's level filters out takes no number.
    status debug(std::string_view message, const std::optional<json_arg>& data = {},
                 const log_options& options = {}) const {
        return write(&::maxim_flow_debug, message, data, options);
    }
    status info(std::string_view message, const std::optional<json_arg>& data = {},
                const log_options& options = {}) const {
        return write(&::maxim_flow_info, message, data, options);
    }
    status warn(std::string_view message, const std::optional<json_arg>& data = {},
                const log_options& options = {}) const {
        return write(&::maxim_flow_warn, message, data, options);
    }
    status error(std::string_view message, const std::optional<json_arg>& data = {},
                 const log_options& options = {}) const {
        return write(&::maxim_flow_error, message, data, options);
    }

    status error_with(std::string_view message, const error_info& failure,
                      const log_options& options = {}) const {
        const auto info = detail::c_struct(failure);
        const auto c = detail::c_struct(options);
        return detail::settle(client_,
                              ::maxim_flow_error_with(handle_, detail::str(message), &info, &c));
    }

  private:
    flow(detail::shared_core<maxim_log_client> client, maxim_flow* handle)
        : client_(std::move(client)), handle_(handle) {}

    static result<flow> made(const log_client& client, maxim_status code, maxim_flow* handle) {
        if (code != MAXIM_OK) {
            return detail::last_error(code);
        }
        return flow(client.core_, handle);
    }

    maxim_flow* take() noexcept { return std::exchange(handle_, nullptr); }

    static std::string owned(const char* given) { return given ? given : ""; }

    status write(maxim_status (*function)(maxim_flow*, maxim_str, maxim_str, const maxim_log_options*),
                 std::string_view message, const std::optional<json_arg>& data,
                 const log_options& options) const {
        const auto c = detail::c_struct(options);
        return detail::settle(client_, function(handle_, detail::str(message), detail::str(data), &c));
    }

    detail::shared_core<maxim_log_client> client_;
    maxim_flow* handle_;
};

}  // namespace maxim

#endif  // MAXIM_LOG_CLIENT_HPP
