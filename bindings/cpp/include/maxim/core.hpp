// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What a handle's owner and the values made from it share: the handle, the hooks, and what happens to a
// refused log call. Internal.
//
// The handle outlives its owner here, as a number: the library refuses a freed one without touching
// anything, which is how calls on a trace whose logger is gone end in an error and not in a crash.
#ifndef MAXIM_CORE_HPP
#define MAXIM_CORE_HPP

#include <maxim/config.hpp>

#include <memory>
#include <new>
#include <utility>

namespace maxim::detail {

/// Calls a hook of the application's; what it throws ends here, as nothing may be thrown through the
/// library or out of a log call.
template <class Hook, class... Args>
void tell(const Hook& hook, Args... args) noexcept {
    if (!hook) {
        return;
    }
#if MAXIM_CPP_EXCEPTIONS
    try {
        hook(args...);
    } catch (...) {
    }
#else
    hook(args...);
#endif
}

/// Says that a core is given, so that `{}` is a configuration and nothing else.
struct from_core {};

template <class Handle>
struct core {
    Handle* handle = nullptr;
    error_hook on_error{};
    debug_hook on_debug{};
    mask_hook on_mask{};
    bool raise_exceptions = false;

    /// Tells of a refused log call, or throws it in strict mode.
    [[gnu::cold, gnu::noinline]] status refused(maxim_status code) const {
#if MAXIM_CPP_EXCEPTIONS
        if (raise_exceptions) {
            throw last_error(code);
        }
#endif
        return refused_quietly(code);
    }

    /// Tells of a refused log call.
    status refused_quietly(maxim_status code) const noexcept {
        tell(on_error, static_cast<status>(code), std::string_view(::maxim_last_error()), std::uint64_t{1});
        return static_cast<status>(code);
    }
};

template <class Handle>
using shared_core = std::shared_ptr<const core<Handle>>;

template <class Handle>
Handle* handle_of(const shared_core<Handle>& shared) noexcept {
    return shared ? shared->handle : nullptr;
}

/// A log call's outcome.
template <class Handle>
status settle(const shared_core<Handle>& shared, maxim_status code) {
    if (code == MAXIM_OK) {
        return status::ok;
    }
    return shared ? shared->refused(code) : static_cast<status>(code);
}

/// Asks a mask of the application's; what it throws is a failure, which drops the text.
inline std::int32_t ask(const mask_hook& hook, std::int32_t entity, const char* field, const char* text,
                        std::size_t length, maxim_str* out) noexcept {
    // Good until the next call on this thread.
    thread_local std::string kept;
#if MAXIM_CPP_EXCEPTIONS
    try {
#endif
        if (auto replaced = hook(entity, field, std::string_view(text, length))) {
            kept = *std::move(replaced);
            *out = str(kept);
        }
        return 0;
#if MAXIM_CPP_EXCEPTIONS
    } catch (...) {
        return 1;
    }
#endif
}

/// Puts a core's hooks into a C configuration; the core must stay until the handle has been freed.
template <class C, class Handle>
void set_hooks(C& c, core<Handle>& shared) noexcept {
    c.user_data = &shared;
    if (shared.on_error) {
        c.error_callback = [](void* data, maxim_status code, const char* message, std::uint64_t records) {
            tell(static_cast<core<Handle>*>(data)->on_error, static_cast<status>(code),
                 std::string_view(message), records);
        };
    }
    if (shared.on_mask) {
        c.mask_callback = [](void* data, std::int32_t entity, const char* field, const char* text,
                             std::size_t length, maxim_str* out) {
            return ask(static_cast<core<Handle>*>(data)->on_mask, entity, field, text, length, out);
        };
    }
    if (shared.on_debug) {
        c.debug_callback = [](void* data, const char* line) {
            tell(static_cast<core<Handle>*>(data)->on_debug, std::string_view(line));
        };
    }
}

/// After the handle was freed: a hook that still runs then has its core for good.
template <class Handle>
void keep_for_hook(const shared_core<Handle>& shared, maxim_status freed) noexcept {
    if (freed == MAXIM_ERR_TIMEOUT) {
        static_cast<void>(new (std::nothrow) shared_core<Handle>(shared));
    }
}

/// Makes a handle by `make(&c, &out)`, with a core around it that has the configuration's hooks.
template <class Handle, class Config, class C>
result<std::shared_ptr<core<Handle>>> make_core(const Config& config, C c,
                                                maxim_status (*make)(const C*, Handle**)) {
    if (config.raise_exceptions && !MAXIM_CPP_EXCEPTIONS) {
        return error(status::invalid_argument, "raise_exceptions: this program is built without exceptions");
    }
    auto shared = std::make_shared<core<Handle>>();
    shared->on_error = config.on_error;
    shared->on_debug = config.on_debug;
    shared->on_mask = config.on_mask;
    shared->raise_exceptions = config.raise_exceptions;
    set_hooks(c, *shared);
    const maxim_status code = make(&c, &shared->handle);
    if (code != MAXIM_OK) {
        return last_error(code);
    }
    return shared;
}

/// Runs `start(callback, user_data)`, which calls back once when it succeeds, with a function of the
/// application's.
template <class Start>
result<void> start_async(std::function<void(status, std::string_view)> done, Start start) {
    using function = std::function<void(status, std::string_view)>;
    auto kept = std::make_unique<function>(std::move(done));
    const maxim_status code = start(
        [](void* data, maxim_status outcome, const char* detail) {
            const std::unique_ptr<function> owned(static_cast<function*>(data));
            tell(*owned, static_cast<status>(outcome), std::string_view(detail));
        },
        kept.get());
    if (code != MAXIM_OK) {
        return last_error(code);
    }
    kept.release();
    return {};
}

}  // namespace maxim::detail

#endif  // MAXIM_CORE_HPP
