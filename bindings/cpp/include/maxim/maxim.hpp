// SPDX-License-Identifier: MIT OR Apache-2.0
//
// libmaxim for C++17 and newer: log what AI applications do.
//
// This header brings in the whole binding; the library itself is `maxim.h`, which says how strings, ids,
// threads, fork and exit are dealt with. On top of that, in C++:
//
// LOG CALLS (everything said about a session, trace, span, generation, retrieval or tool call, and every
// application log entry) return a `maxim::status` and never throw, so that logging cannot end a program.
// Calls that were refused are passed to the `on_error` hook of the configuration. With `raise_exceptions` set there,
// refused log calls throw `maxim::error` instead.
//
// EXPLICIT OPERATIONS (making a logger, flush, cleanup, raw ingestion) throw `maxim::error`. Each has a
// twin `try_…` that returns a `maxim::result<T>`; without exceptions (-fno-exceptions) only those exist.
//
// OBJECTS: `logger`, `log_client` and `flow` own a handle and can be moved, not copied. `session`, `trace`
// and the rest are values: an id and a share in their logger. They may be copied, sent to other threads,
// and outlive the logger: then their calls are refused.
#ifndef MAXIM_MAXIM_HPP
#define MAXIM_MAXIM_HPP

#include <maxim/config.hpp>
#include <maxim/entities.hpp>
#include <maxim/json.hpp>
#include <maxim/log_client.hpp>
#include <maxim/logger.hpp>
#include <maxim/scope.hpp>
#include <maxim/status.hpp>

#endif  // MAXIM_MAXIM_HPP
