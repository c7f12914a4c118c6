// SPDX-License-Identifier: MIT OR Apache-2.0
//
// `logger`: the owner of a `maxim_logger`. What is logged through it is in entities.hpp.
#ifndef MAXIM_LOGGER_HPP
#define MAXIM_LOGGER_HPP

#include <maxim/core.hpp>
#include <maxim/entities.hpp>

#include <string>

namespace maxim {

/// Whether the process runs in AWS Lambda, where flushing works on the caller's thread.
[[nodiscard]] inline bool is_running_on_lambda() noexcept { return ::maxim_is_running_on_lambda(); }

/// What the log API is sent for a provider's result: the parser of `generation::result` as a function. Nothing is
/// logged.
[[nodiscard]] inline result<std::string> try_normalise_result(const json_arg& given) {
    std::string normal;
    std::size_t length = 0;
    auto code = ::maxim_normalise_result(detail::str(given), 0, nullptr, 0, &length);
    if (code == MAXIM_ERR_TOO_LARGE) {
        normal.resize(length + 1);  // and a NUL
        code = ::maxim_normalise_result(detail::str(given), 0, normal.data(), normal.size(), &length);
    }
    if (code != MAXIM_OK) {
        return detail::last_error(code);
    }
    normal.resize(length);
    return normal;
}

#if MAXIM_CPP_EXCEPTIONS
/// The same, throwing `maxim::error`.
[[nodiscard]] inline std::string normalise_result(const json_arg& given) {
    return try_normalise_result(given).value();
}
#endif

/// A logger for one repository of the Maxim log API.
///
/// Its end does not wait for the network: what is still held is kept in files, which the next logger for
/// the repository sends. Call `cleanup` first to have it sent now.
class logger {
  public:
    /// Makes a logger. Does local file work, no network.
    [[nodiscard]] static result<logger> try_make(const logger_config& config) {
        auto made = detail::make_core<maxim_logger>(config, detail::c_struct(config), &::maxim_logger_new);
        if (!made) {
            return made.error();
        }
        return logger(detail::from_core{}, *std::move(made));
    }

#if MAXIM_CPP_EXCEPTIONS
    explicit logger(const logger_config& config) : logger(try_make(config).value()) {}
#endif

    logger(logger&&) noexcept = default;
    logger& operator=(logger&& other) noexcept {
        if (this != &other) {
            close();
            core_ = std::move(other.core_);
        }
        return *this;
    }
    logger(const logger&) = delete;
    logger& operator=(const logger&) = delete;
    ~logger() { close(); }

    /// Gives the handle back, as the destructor does. When it returns, no hook of the logger runs any more
    /// on a thread of the library, unless one took more than a second. May be called again.
    void close() noexcept { detail::keep_for_hook(core_, ::maxim_logger_free(handle())); }

    /// The C handle, for functions of maxim.h. NULL once moved from; still this logger's.
    [[nodiscard]] maxim_logger* handle() const noexcept { return detail::handle_of(core_); }

    /// Begins a session.
    session create_session(const session_config& config = {}) const {
        const auto c = detail::c_struct(config);
        maxim_id id{};
        const auto code = detail::session_functions::create(handle(), &c, &id);
        return session(core_, config.id, id, detail::settle(core_, code));
    }

    /// Begins a trace, in the session that `config.session_id` names if it is given.
    trace create_trace(const trace_config& config = {}) const {
        const auto c = detail::c_struct(config);
        maxim_id id{};
        const auto code = detail::trace_functions::create(handle(), &c, &id);
        return trace(core_, config.id, id, detail::settle(core_, code));
    }

    /// Begins a trace below another service's span, which the header traceparent (W3C Trace Context) names.
    trace create_trace_from(std::string_view traceparent, const trace_config& config = {}) const {
        const auto c = detail::c_struct(config);
        maxim_id id{};
        const auto code = detail::trace_functions::from_traceparent(handle(), detail::str(traceparent), &c, &id);
        return trace(core_, config.id, id, detail::settle(core_, code));
    }

    /// The header traceparent for a request that is made from an entity of a trace; empty for what is no id.
    static std::string traceparent(std::string_view trace_id, entity_kind kind, std::string_view id) {
        char header[MAXIM_TRACEPARENT_SIZE] = "";
        const auto code = ::maxim_span_traceparent(detail::str(trace_id), static_cast<maxim_entity>(kind),
                                                   detail::str(id), header, sizeof header);
        return code == MAXIM_OK ? header : "";
    }

    /// Logs one line of the caller's making: any action (a-z and hyphens) on any entity; `data` is a JSON
    /// object.
    status commit(entity_kind kind, std::string_view id, std::string_view action,
                  const json_arg& data) const {
        return detail::settle(core_, ::maxim_commit(handle(), static_cast<maxim_entity>(kind),
                                                    detail::str(id), detail::str(action),
                                                    detail::str(data)));
    }

    /// The repository's id; empty once closed.
    [[nodiscard]] std::string repository_id() const {
        const char* id = ::maxim_logger_repository_id(handle());
        return id ? id : "";
    }

    /// The directory for records that cannot be sent yet; empty when they are kept in memory only, and once closed.
    [[nodiscard]] std::string spool_dir() const {
        const char* directory = ::maxim_logger_spool_dir(handle());
        return directory ? directory : "";
    }

    /// Whether records can be put into files, or are kept in memory only.
    [[nodiscard]] bool can_access_filesystem() const noexcept {
        return ::maxim_can_access_filesystem(handle());
    }

    /// Sends everything accepted so far and waits for it, at most `timeout`. 0: starts it and returns. What has not
    /// arrived is said and is not lost; nothing is thrown.
    outcome flush(milliseconds timeout) const {
        return sent(::maxim_flush(handle(), detail::timeout(timeout)));
    }

    /// As flush, without waiting: `done` is called once, on a thread of the library.
    [[nodiscard]] result<void> try_flush_async(milliseconds timeout,
                                               std::function<void(status, std::string_view)> done) const {
        return detail::start_async(std::move(done), [&](maxim_flush_callback callback, void* data) {
            return ::maxim_flush_async(handle(), detail::timeout(timeout), callback, data);
        });
    }

    /// Sends all log lines, without attachments, and waits for them.
    outcome flush_commit_logs(milliseconds timeout) const {
        return sent(::maxim_flush_commit_logs(handle(), detail::timeout(timeout)));
    }

    /// Uploads all attachments and waits for them.
    outcome flush_attachments(milliseconds timeout) const {
        return sent(::maxim_flush_attachments(handle(), detail::timeout(timeout)));
    }

    /// Sends what earlier loggers left in files, and everything else that is held.
    outcome flush_log_files(milliseconds timeout) const {
        return sent(::maxim_flush_log_files(handle(), detail::timeout(timeout)));
    }

    /// Puts everything that is held into files, where it survives a reboot.
    outcome write_to_file(milliseconds timeout) const {
        return sent(::maxim_write_to_file(handle(), detail::timeout(timeout)));
    }

    /// Deletes everything that is held and not delivered, with what earlier loggers left and what is in quarantine. Works
    /// with files. A request that is under way may still arrive.
    [[nodiscard]] result<void> try_purge() const { return detail::checked(::maxim_purge(handle())); }

    /// Whether the log repository exists and the API key is accepted. Nothing is logged.
    [[nodiscard]] result<void> try_check(milliseconds timeout) const {
        return detail::checked(::maxim_check(handle(), detail::timeout(timeout)));
    }

    /// Ends the work: refuses further records, sends what it can within `timeout`, leaves the rest to the
    /// next logger. Says what was left, and throws nothing.
    outcome cleanup(milliseconds timeout) const {
        return sent(::maxim_cleanup(handle(), detail::timeout(timeout)));
    }

    /// Sends every record from now on to a further repository or endpoint as well; gives its number. The
    /// hooks of `config` are not used: this logger's are.
    [[nodiscard]] result<std::uint32_t> try_add_sink(const logger_config& config) const {
        const auto c = detail::c_struct(config);
        std::uint32_t number = 0;
        const auto code = ::maxim_logger_add_sink(handle(), &c, &number);
        return code == MAXIM_OK ? result<std::uint32_t>(number) : detail::last_error(code);
    }

    /// What became of the records.
    [[nodiscard]] result<delivery_stats> try_stats() const {
        delivery_stats out = MAXIM_STATS_INIT;
        const auto code = ::maxim_logger_stats(handle(), &out);
        return code == MAXIM_OK ? result<delivery_stats>(out) : detail::last_error(code);
    }

    /// What became of the records of one sink.
    [[nodiscard]] result<delivery_stats> try_sink_stats(std::uint32_t sink) const {
        delivery_stats out = MAXIM_STATS_INIT;
        const auto code = ::maxim_logger_sink_stats(handle(), sink, &out);
        return code == MAXIM_OK ? result<delivery_stats>(out) : detail::last_error(code);
    }

#if MAXIM_CPP_EXCEPTIONS
    // As their twins, throwing `maxim::error` where those return one.
    void flush_or_throw(milliseconds timeout) const { flush(timeout).or_throw(); }
    void flush_async(milliseconds timeout, std::function<void(status, std::string_view)> done) const {
        try_flush_async(timeout, std::move(done)).value();
    }
    void flush_commit_logs_or_throw(milliseconds timeout) const { flush_commit_logs(timeout).or_throw(); }
    void flush_attachments_or_throw(milliseconds timeout) const { flush_attachments(timeout).or_throw(); }
    void flush_log_files_or_throw(milliseconds timeout) const { flush_log_files(timeout).or_throw(); }
    void write_to_file_or_throw(milliseconds timeout) const { write_to_file(timeout).or_throw(); }
    void purge() const { try_purge().value(); }
    void check(milliseconds timeout) const { try_check(timeout).value(); }
    void cleanup_or_throw(milliseconds timeout) const { cleanup(timeout).or_throw(); }
    std::uint32_t add_sink(const logger_config& config) const { return try_add_sink(config).value(); }
    [[nodiscard]] delivery_stats stats() const { return try_stats().value(); }
    [[nodiscard]] delivery_stats sink_stats(std::uint32_t sink) const { return try_sink_stats(sink).value(); }
#endif

  private:
    friend class entity;

    outcome sent(maxim_status code) const { return detail::sent<maxim_logger>(code, handle(), &::maxim_logger_stats); }

    logger(detail::from_core, std::shared_ptr<detail::core<maxim_logger>> core) : core_(std::move(core)) {}

    detail::shared_core<maxim_logger> core_;
};

inline entity::entity(const logger& owner, std::string_view id) : core_(owner.core_), id_(id) {}

}  // namespace maxim

#endif  // MAXIM_LOGGER_HPP
