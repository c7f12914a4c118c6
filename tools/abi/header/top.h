/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/**
 * libmaxim: log what AI applications do.
 *
 * Sessions, traces, spans, generations, retrievals and tool calls go to the Maxim log API;
 * application logs go to the structured log API. A call formats one record, copies it into memory
 * that survives the process, and returns: tens to hundreds of nanoseconds, no I/O.
 *
 * This file is generated from src/ffi by tools/abi; maxim.api.json has the same for programs. The rules below hold
 * for every function and are not repeated.
 *
 * STRINGS are UTF-8, given as `maxim_str` by value and borrowed for the call only; the library copies
 * what it keeps. {NULL, 0} is absent, len == MAXIM_NTS is NUL-terminated, NUL bytes inside a length are
 * content. Invalid UTF-8 is MAXIM_ERR_INVALID_UTF8. A text of more than 160 MiB is MAXIM_ERR_TOO_LARGE by its
 * length, before a byte of it is read. Arguments named `…_json` are JSON texts (RFC 8259, at
 * most 128 levels deep), checked during the call: MAXIM_ERR_INVALID_JSON names the argument, line and
 * column, and nothing is logged. Line breaks and indentation are removed.
 *
 * IDS of sessions, traces, spans, generations, retrievals and tool calls are 1 to 256 characters of
 * A-Z a-z 0-9 _ -; anything else is MAXIM_ERR_INVALID_ID and nothing is logged. An entity is addressed by
 * its id, so any thread, process or host can continue it, and there is nothing to free.
 *
 * OWNERSHIP: the only things to free are handles (maxim_logger_free and its like). Handles can be
 * misused without harm: a freed or made-up one is MAXIM_ERR_INVALID_HANDLE. NULL may be freed, and is
 * MAXIM_ERR_NULL_POINTER elsewhere. Strings that the library returns are static or say how long they last.
 *
 * STRUCTS start with struct_size; initialise them with their MAXIM_…_INIT macro, or where there are no macros
 * with their maxim_…_init function, and set what you need. A config that may be NULL has its defaults then. A
 * member that a call has no use for is MAXIM_ERR_INVALID_ARGUMENT. A program that was built with a later header may
 * run with this library as long as the fields that came later are zero; a call that sets one is refused
 * (MAXIM_ERR_INVALID_ARGUMENT), not half understood.
 *
 * ERRORS: a function that can fail returns a maxim_status; maxim_last_error() has the detail of the
 * last failure on the calling thread. Outputs are written only on success; a handle output is set to NULL
 * first. Errors that occur after a call has returned are reported through the error callback and counted in
 * maxim_stats.
 *
 * THREADS: every function may be called from any thread at any time, except from a signal handler. No
 * signal that the library's own system calls raise (SIGXFSZ below a limit on the size of files, SIGPIPE)
 * reaches the host: it is as if the disk were full. A thread that is cancelled (pthread_cancel) is
 * cancelled before or after a call, never in it, unless it has chosen PTHREAD_CANCEL_ASYNCHRONOUS.
 * What cannot be held back: SIGBUS when somebody truncates the library's files in /dev/shm, and SIGSYS of a
 * sandbox that ends the process for a system call. No call needs more than 16 KiB of the caller's stack; what a
 * result or message nested deeper than 8 levels needs beyond that is the stack of a thread that lives as long as
 * the call does. If no such thread can be had, the result or the message is sent as it is.
 *
 * MEMORY: where it runs out, a call whose text there is no room for answers MAXIM_ERR_NO_RESOURCES, records stay in
 * files, and the library's own threads send what they can in small pieces, or wait; the error callback hears of it
 * as MAXIM_ERR_NO_RESOURCES. A call that has begun to rewrite what it was given (a large result or image, masks,
 * `lossy`) waits for up to a second for what it needs; if there is none by then, the process ends as where any
 * allocation of Rust code fails.
 *
 * BLOCKING: a function returns without waiting and without I/O unless its documentation says **May
 * block**; then it takes a timeout in milliseconds and never exceeds it. The exceptions are making a logger or
 * client (local files, no network), records above 256 KiB, MAXIM_OVERFLOW_BLOCK, and attachments: a file
 * is opened once to see that it can be read (2 microseconds on a local disk), and bytes above 64 KiB,
 * also those of images in messages, are written to a file in the spool directory (0.13 ms, and 0.4 to 1.3
 * ms for each MiB, as measured on ext4).
 *
 * FORK: a child may go on logging with the handles it inherited: its first call gives it a spool and a
 * writer of its own. Records that the parent accepted stay the parent's; none is sent twice.
 *
 * EXIT: a record accepted with MAXIM_OK is in memory or a file that survives the process: exit, _exit,
 * abort and SIGKILL lose nothing, and the next logger for the same repository sends it. Call
 * maxim_cleanup for it to be sent now. The library installs no signal handler and its threads take no
 * signals.
 */

#ifndef MAXIM_H
#define MAXIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** The version of this header, as maxim_version() is that of the library that runs. */
#define MAXIM_VERSION_STRING "@VERSION@"

/** The value of maxim_str.len for a NUL-terminated text. */
#define MAXIM_NTS SIZE_MAX

/* Each of these may be defined before: as nothing, for a parser that does not know attributes. */

/** What the library exports. Define MAXIM_STATIC to link the static library on Windows. */
#ifndef MAXIM_API
#if defined(_WIN32) && !defined(MAXIM_STATIC)
#define MAXIM_API __declspec(dllimport)
#elif defined(__GNUC__) && !defined(_WIN32)
#define MAXIM_API __attribute__((visibility("default")))
#else
#define MAXIM_API
#endif
#endif

/** Marks a function whose answer must not be ignored. */
#ifndef MAXIM_NODISCARD
#if defined(__cplusplus) && __cplusplus >= 201703L
#define MAXIM_NODISCARD [[nodiscard]]
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L
#define MAXIM_NODISCARD [[nodiscard]]
#elif defined(__GNUC__)
#define MAXIM_NODISCARD __attribute__((warn_unused_result))
#else
#define MAXIM_NODISCARD
#endif
#endif

/** Marks a function that has a newer name; define it as empty to silence deprecation warnings. */
#ifndef MAXIM_DEPRECATED
#if defined(__GNUC__)
#define MAXIM_DEPRECATED(note) __attribute__((deprecated(note)))
#elif defined(_MSC_VER)
#define MAXIM_DEPRECATED(note) __declspec(deprecated(note))
#else
#define MAXIM_DEPRECATED(note)
#endif
#endif

/** Whether a pointer may be NULL, for compilers that tell: clang. */
#ifndef MAXIM_NONNULL
#if defined(__clang__)
#define MAXIM_NONNULL _Nonnull
#define MAXIM_NULLABLE _Nullable
#else
#define MAXIM_NONNULL
#define MAXIM_NULLABLE
#endif
#endif

/* A type of named numbers: in C a fixed-width integer, in C++ an enumeration of that width, so that a switch over it
   can be checked. */
#ifdef __cplusplus
#define MAXIM_ENUM(name, type) enum name : type
#else
#define MAXIM_ENUM(name, type) typedef type name; enum
#endif

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#endif

#ifdef __cplusplus
extern "C" {
#endif
