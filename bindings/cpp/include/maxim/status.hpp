// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What a call came to: `status` (of constants.hpp), the exception `error`, and `result<T>` for those who do without
// exceptions. Nothing here logs.
#ifndef MAXIM_STATUS_HPP
#define MAXIM_STATUS_HPP

#include <maxim/constants.hpp>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

// 1 where exceptions can be thrown, 0 under -fno-exceptions.
#if defined(__cpp_exceptions)
#define MAXIM_CPP_EXCEPTIONS 1
#else
#define MAXIM_CPP_EXCEPTIONS 0
#endif

namespace maxim {

/// Whether the call did what it says.
[[nodiscard]] constexpr bool ok(status code) noexcept { return code == status::ok; }

/// The status's name in maxim.h, as "MAXIM_ERR_INVALID_ID".
[[nodiscard]] inline std::string_view name(status code) noexcept {
    return ::maxim_status_str(static_cast<maxim_status>(code));
}

/// The version of the library that is running, as "0.1.0".
[[nodiscard]] inline std::string_view version() noexcept { return ::maxim_version(); }

/// What was wrong: a status and, as `what()`, the library's explanation.
class error : public std::runtime_error {
  public:
    error(status code, const std::string& detail) : std::runtime_error(detail), code_(code) {}

    [[nodiscard]] status code() const noexcept { return code_; }

  private:
    status code_;
};

/// Told of log calls that were refused, on the thread that made them, and of what goes wrong after a call
/// has returned, on a thread of the library. `records` says how many records it concerns (0: none).
/// An exception that leaves it is swallowed.
using error_hook = std::function<void(status code, std::string_view detail, std::uint64_t records)>;

/// A value, or the error instead of it.
template <class T>
class [[nodiscard]] result {
  public:
    result(T value) : value_(std::move(value)) {}
    result(maxim::error failure) : error_(std::move(failure)) {}

    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }

    /// `status::ok`, or the error's.
    [[nodiscard]] status code() const noexcept { return error_ ? error_->code() : status::ok; }

    /// The error; only where there is no value.
    [[nodiscard]] const maxim::error& error() const { return *error_; }

    /// The value; only where there is one.
    T& operator*() & { return *value_; }
    T&& operator*() && { return *std::move(value_); }
    T* operator->() { return &*value_; }

#if MAXIM_CPP_EXCEPTIONS
    /// The value, or throws the error.
    T value() && {
        if (error_) {
            throw *error_;
        }
        return *std::move(value_);
    }
#endif

  private:
    std::optional<T> value_{};
    std::optional<maxim::error> error_{};
};

/// Success, or an error.
template <>
class [[nodiscard]] result<void> {
  public:
    result() = default;
    result(maxim::error failure) : error_(std::move(failure)) {}

    [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] status code() const noexcept { return error_ ? error_->code() : status::ok; }
    [[nodiscard]] const maxim::error& error() const { return *error_; }

#if MAXIM_CPP_EXCEPTIONS
    void value() && {
        if (error_) {
            throw *error_;
        }
    }
#endif

  private:
    std::optional<maxim::error> error_{};
};

/// What came of sending: whether everything has arrived, and if not, what is left and why. Nothing that is left is
/// lost: it is still held, and the next logger or client sends it.
///
/// Unlike a `result` it may be ignored.
class outcome {
  public:
    outcome() = default;
    outcome(maxim::error failure, std::uint64_t held) : error_(std::move(failure)), held_(held) {}

    /// Whether everything has arrived.
    [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }

    /// `status::ok`, or why not everything has arrived.
    [[nodiscard]] status code() const noexcept { return error_ ? error_->code() : status::ok; }

    /// Why not everything has arrived, in words; empty where it has.
    [[nodiscard]] std::string_view what() const noexcept {
        return error_ ? std::string_view(error_->what()) : std::string_view();
    }

    /// How many records are still held.
    [[nodiscard]] std::uint64_t held() const noexcept { return held_; }

    /// The error; only where not everything has arrived.
    [[nodiscard]] const maxim::error& error() const { return *error_; }

#if MAXIM_CPP_EXCEPTIONS
    /// Throws the error, if there is one.
    void or_throw() const {
        if (error_) {
            throw *error_;
        }
    }
#endif

  private:
    std::optional<maxim::error> error_{};
    std::uint64_t held_ = 0;
};

namespace detail {

/// The error of the call that has just failed on this thread.
inline maxim::error last_error(maxim_status code) {
    return maxim::error(static_cast<status>(code), ::maxim_last_error());
}

inline result<void> checked(maxim_status code) {
    if (code == MAXIM_OK) {
        return {};
    }
    return last_error(code);
}

/// What came of a call that sends, with what the handle still holds.
template <class Handle>
outcome sent(maxim_status code, const Handle* handle,
             maxim_status (*count)(const Handle*, maxim_stats*)) {
    if (code == MAXIM_OK) {
        return {};
    }
    auto failure = last_error(code);
    maxim_stats stats = MAXIM_STATS_INIT;
    return {std::move(failure), count(handle, &stats) == MAXIM_OK ? stats.held : 0};
}

}  // namespace detail
}  // namespace maxim

#endif  // MAXIM_STATUS_HPP
