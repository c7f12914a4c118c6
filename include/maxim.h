/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/**
 * libmaxim: log what AI applications do.
 *
 * Sessions, traces, spans, generations, retrievals and tool calls go to the Maxim log API;
 * application logs go to the structured log API. A call formats one record, copies it into memory
 * that survives the process, and returns: tens to hundreds of nanoseconds, no I/O.
 *
 * This file, C99 and C++11 without extensions, is generated from src/ffi by tools/abi; maxim.api.json has the same
 * for programs. The rules below hold for every function and are not repeated.
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
 * as MAXIM_ERR_NO_RESOURCES. What is large is asked for before a call begins; if other threads of the host take it
 * meanwhile, the call waits for up to a second, and the process ends as where any allocation of Rust code fails.
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
#define MAXIM_VERSION_STRING "0.1.0"

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

/** Major version of the library that this header belongs to. */
#define MAXIM_VERSION_MAJOR 0

/** Minor version of the library that this header belongs to. */
#define MAXIM_VERSION_MINOR 1

/** Patch version of the library that this header belongs to. */
#define MAXIM_VERSION_PATCH 0

/** Default of the maximum time a record waits to be batched, in milliseconds. */
#define MAXIM_DEFAULT_FLUSH_INTERVAL_MS 10000

/** How many bytes a `traceparent` needs: 55 characters and a NUL. */
#define MAXIM_TRACEPARENT_SIZE 56

/** Default of the number of buffered entries that triggers a send. */
#define MAXIM_DEFAULT_BATCH_SIZE 10

/** Default of the maximum time an entry waits to be batched, in milliseconds. */
#define MAXIM_DEFAULT_LOG_FLUSH_INTERVAL_MS 5000

/** Default of the number of retries before a structured log client reports the failure. */
#define MAXIM_DEFAULT_MAX_RETRIES 3

/** Default of the upper bound of the first retry delay, in milliseconds. */
#define MAXIM_DEFAULT_INITIAL_DELAY_MS 1000

/** Default of the upper bound of any retry delay, in milliseconds. */
#define MAXIM_DEFAULT_MAX_DELAY_MS 30000

/** Default of the time that a mask callback may take for one record, in microseconds. */
#define MAXIM_DEFAULT_MASK_BUDGET_US 10000

/**
 * The `entity` that a mask callback gets for an entry of a structured log client; for a logger it
 * is one of MAXIM_ENTITY_….
 */
#define MAXIM_MASK_LOG_ENTRY -1

/** How a result is to be taken: 0, MAXIM_RESULT_FORCE or MAXIM_RESULT_STRICT. */
typedef uint32_t maxim_result_flags;
/** Send a result as it is, whatever its shape. */
#define MAXIM_RESULT_FORCE 1u
/** Refuse a result whose shape is not known, and a provider's error. */
#define MAXIM_RESULT_STRICT 2u

/** What a line is about: one of MAXIM_ENTITY_…. */
MAXIM_ENUM(maxim_entity, int32_t) {
    /** A conversation of several traces. */
    MAXIM_ENTITY_SESSION = 0,
    /** One request through the application. */
    MAXIM_ENTITY_TRACE = 1,
    /** A step within a trace. */
    MAXIM_ENTITY_SPAN = 2,
    /** One call of a model. */
    MAXIM_ENTITY_GENERATION = 3,
    /** A user's rating. */
    MAXIM_ENTITY_FEEDBACK = 4,
    /** One look-up of documents. */
    MAXIM_ENTITY_RETRIEVAL = 5,
    /** One call of a tool. */
    MAXIM_ENTITY_TOOL_CALL = 6,
    /** Something that went wrong. */
    MAXIM_ENTITY_ERROR = 7,
    /** A line that was too large to be sent as one. */
    MAXIM_ENTITY_STORAGE = 8
};

/** The severity of an entry: one of MAXIM_LEVEL_…. */
MAXIM_ENUM(maxim_level, int32_t) {
    /** Not specified. */
    MAXIM_LEVEL_NONE = -1,
    /** Diagnostic detail. */
    MAXIM_LEVEL_DEBUG = 0,
    /** Normal operation. */
    MAXIM_LEVEL_INFO = 1,
    /** Unexpected but recoverable. */
    MAXIM_LEVEL_WARN = 2,
    /** A failure. */
    MAXIM_LEVEL_ERROR = 3
};

/** Where an application runs: one of MAXIM_ENVIRONMENT_…. */
MAXIM_ENUM(maxim_environment, int32_t) {
    /** Not specified. */
    MAXIM_ENVIRONMENT_NONE = -1,
    /** On a developer's machine. */
    MAXIM_ENVIRONMENT_DEVELOPMENT = 0,
    /** Staging. */
    MAXIM_ENVIRONMENT_STAGING = 1,
    /** Production. */
    MAXIM_ENVIRONMENT_PRODUCTION = 2
};

/** What a raw document is: one of MAXIM_FORMAT_…. */
MAXIM_ENUM(maxim_format, int32_t) {
    /** One JSON document. */
    MAXIM_FORMAT_JSON = 0,
    /** A JSON document a line. */
    MAXIM_FORMAT_JSONL = 1,
    /** Syslog lines. */
    MAXIM_FORMAT_SYSLOG = 2,
    /** Plain text. */
    MAXIM_FORMAT_TEXT = 3,
    /** Comma-separated values with a head line. */
    MAXIM_FORMAT_CSV = 4,
    /** The service's own format. */
    MAXIM_FORMAT_OBL = 5
};

/**
 * The result of a call: `MAXIM_OK` (0) or one of the `MAXIM_ERR_…` codes.
 *
 * Codes are never reused and never renumbered. `maxim_status_str` names one, `maxim_last_error`
 * gives the detail of the last one that failed on the calling thread.
 */
MAXIM_ENUM(maxim_status, int32_t) {
    /** The call succeeded. */
    MAXIM_OK = 0,
    /** A pointer that must not be NULL was NULL. */
    MAXIM_ERR_NULL_POINTER = 1,
    /** The handle was never made, or has been freed. */
    MAXIM_ERR_INVALID_HANDLE = 2,
    /** An argument is out of its range; the detail names it. */
    MAXIM_ERR_INVALID_ARGUMENT = 3,
    /** A string is not UTF-8. */
    MAXIM_ERR_INVALID_UTF8 = 4,
    /**
     * A JSON text does not parse, or is not of the kind asked for; the detail has line and column.
     */
    MAXIM_ERR_INVALID_JSON = 5,
    /** An id does not match `[A-Za-z0-9_-]+` or is longer than 256 characters. */
    MAXIM_ERR_INVALID_ID = 6,
    /**
     * A provider's result has a shape that is not known: told to the error callback, or with
     * MAXIM_RESULT_STRICT the call's answer.
     */
    MAXIM_ERR_INVALID_RESULT = 7,
    /** The logger or client has been cleaned up or disconnected. */
    MAXIM_ERR_CLOSED = 8,
    /** The time given ran out; what was not delivered is still held. */
    MAXIM_ERR_TIMEOUT = 9,
    /** The configured space is full and the overflow policy refuses the newest record. */
    MAXIM_ERR_SPOOL_FULL = 10,
    /** A record or attachment is above its size limit. */
    MAXIM_ERR_TOO_LARGE = 11,
    /** A file could not be read or written. */
    MAXIM_ERR_IO = 12,
    /** The service could not be reached. */
    MAXIM_ERR_NETWORK = 13,
    /** The service answered with an error. */
    MAXIM_ERR_REJECTED = 14,
    /** The service refused the API key. */
    MAXIM_ERR_UNAUTHORIZED = 15,
    /** There is no API key, repository or endpoint to log to. */
    MAXIM_ERR_NOT_CONFIGURED = 16,
    /** A flow has used all of its step indices. */
    MAXIM_ERR_FLOW_EXHAUSTED = 17,
    /** A bug in the library was caught at its boundary; the host is unharmed. Please report it. */
    MAXIM_ERR_PANIC = 18,
    /**
     * Memory, a thread or another resource is not available. From a log call or the stats: there is
     * no memory for its text, or another thread was stopped in the middle of a log call and has not
     * come back, as after `longjmp` out of a signal handler. The first such call takes one second,
     * later ones milliseconds; logging goes on once that thread calls again.
     */
    MAXIM_ERR_NO_RESOURCES = 19
};

/** What happens to a record when the configured space is full: one of MAXIM_OVERFLOW_…. */
MAXIM_ENUM(maxim_overflow_policy, int32_t) {
    /** Evict the oldest unsent records when the configured space is full (the default). */
    MAXIM_OVERFLOW_DROP_OLDEST = 0,
    /** Refuse new records with MAXIM_ERR_SPOOL_FULL when the configured space is full. */
    MAXIM_OVERFLOW_DROP_NEWEST = 1,
    /**
     * Let a log call wait up to `block_timeout_ms` for space, then refuse it. The only policy under
     * which a log call may block.
     */
    MAXIM_OVERFLOW_BLOCK = 2
};

/** Whether something is on: one of MAXIM_SWITCH_…. */
MAXIM_ENUM(maxim_switch, int32_t) {
    /** What the environment says, else the default. */
    MAXIM_SWITCH_DEFAULT = 0,
    /** On, whatever the environment says. */
    MAXIM_SWITCH_ON = 1,
    /** Off, whatever the environment says. */
    MAXIM_SWITCH_OFF = 2
};

/** Who is spoken to: one of MAXIM_PROTOCOL_…. */
MAXIM_ENUM(maxim_protocol, int32_t) {
    /** The Maxim log API, or, for a log client, the structured log API. */
    MAXIM_PROTOCOL_MAXIM = 0,
    /** OpenTelemetry's protocol (OTLP) over HTTP. */
    MAXIM_PROTOCOL_OTLP = 1
};

/** How requests of OTLP are written: one of MAXIM_OTLP_…. */
MAXIM_ENUM(maxim_otlp_encoding, int32_t) {
    /** What the environment says, else protobuf. */
    MAXIM_OTLP_DEFAULT = 0,
    /** Protobuf, which every backend takes. */
    MAXIM_OTLP_PROTOBUF = 1,
    /** JSON, for debugging. */
    MAXIM_OTLP_JSON = 2
};

/** Where the content of an attachment is: one of MAXIM_ATTACHMENT_…. */
MAXIM_ENUM(maxim_attachment_kind, int32_t) {
    /** A file, named by `path`. */
    MAXIM_ATTACHMENT_FILE = 1,
    /** Bytes, at `data`. */
    MAXIM_ATTACHMENT_DATA = 2,
    /** A URL, which is logged and not fetched. */
    MAXIM_ATTACHMENT_URL = 3
};

/**
 * A logger for one repository of the Maxim log API: an opaque handle, made by `maxim_logger_new`
 * and freed by `maxim_logger_free`. Never look inside or compute with it. Using it after it was
 * freed, or freeing it twice, is refused with MAXIM_ERR_INVALID_HANDLE and touches nothing.
 */
typedef struct maxim_logger maxim_logger;

/**
 * A client of the structured log API: an opaque handle, made by `maxim_log_client_new` and freed by
 * `maxim_log_client_free`. As safe against misuse as a `maxim_logger`.
 */
typedef struct maxim_log_client maxim_log_client;

/**
 * Entries that belong together, as numbered steps: an opaque handle, made by `maxim_flow_new` and
 * freed by `maxim_flow_free`. As safe against misuse as a `maxim_logger`.
 */
typedef struct maxim_flow maxim_flow;

/**
 * A string given to the library: UTF-8 text of `len` bytes at `data`, borrowed for the call only.
 *
 * - `{NULL, 0}` means absent, which is not the same as empty (`{"", 0}`).
 * - `len == MAXIM_NTS` means that the text ends at the first NUL byte.
 * - NUL bytes within `len` are content, not an end.
 *
 * Make one with `MAXIM_STR("literal")`, `maxim_str_z(pointer)` or `maxim_str_n(pointer, length)`.
 */
typedef struct maxim_str {
    /** First byte of the text, or NULL when absent. The caller keeps it; the library copies. */
    const char *MAXIM_NULLABLE data;
    /** Length in bytes, or `MAXIM_NTS`. */
    size_t len;
} maxim_str;

/**
 * An id written by the library, given or generated: up to 256 characters and a terminating NUL.
 */
typedef struct maxim_id {
    /** The text, NUL-terminated. */
    char text[257];
} maxim_id;

/** One tag. In an array, as the `tags` of a config or of a `maxim_…_add_tags`. */
typedef struct maxim_tag {
    /** Its name. Required. */
    maxim_str key;
    /** Its value. Required. */
    maxim_str value;
} maxim_tag;

/**
 * Called when something went wrong after a call had returned: records dropped, a batch refused, a
 * key not accepted, an attachment unreadable.
 *
 * `message` is NUL-terminated text, valid during the call only; `records` says how many records it
 * concerns (0: none). While a trouble lasts, each status is reported at most once per 10 s; the
 * next report gives the number suppressed. Once records are delivered again, that is reported as
 * MAXIM_OK, and what comes after it is a new trouble. Every record that is refused or dropped for
 * good is part of some report, so that the numbers add up. MAXIM_ERR_SPOOL_FULL tells of records
 * that were dropped because the configured space was full, MAXIM_ERR_TIMEOUT because they were
 * older than `max_age_ms`, MAXIM_ERR_IO because their files had been damaged or removed.
 *
 * Runs on a thread that the library makes for it, with all signals blocked and with no lock held;
 * one at a time for each logger or client. So it may take its time, call the library, wait for it,
 * free its own logger or another one, fork, and end its thread with `pthread_exit` or by cancelling
 * it; delivery goes on meanwhile. No exception may leave it. (Where no thread can be created it
 * runs on one of the library's own or inside `maxim_flush`, and must return; it never runs on the
 * thread of a log call.)
 */
typedef void (*MAXIM_NULLABLE maxim_error_callback)(void *MAXIM_NULLABLE user_data, maxim_status status, const char *MAXIM_NONNULL message, uint64_t records);

/**
 * Called with one line of debug output, NUL-terminated and valid during the call only. Threads as
 * for `maxim_error_callback`. It may log with the same logger; what such a call is refused for is
 * counted in the stats and not told to it.
 */
typedef void (*MAXIM_NULLABLE maxim_debug_callback)(void *MAXIM_NULLABLE user_data, const char *MAXIM_NONNULL message);

/**
 * Called once when a flush that was started with `maxim_flush_async` has ended: `MAXIM_OK` when all
 * was delivered, else the status and a NUL-terminated detail, valid during the call only. Threads
 * as for `maxim_error_callback`.
 */
typedef void (*MAXIM_NULLABLE maxim_flush_callback)(void *MAXIM_NULLABLE user_data, maxim_status status, const char *MAXIM_NONNULL detail);

/**
 * Given one text of a record before it is kept, to replace it.
 *
 * `entity` is one of MAXIM_ENTITY_… or MAXIM_MASK_LOG_ENTRY. `field` is the NUL-terminated name of
 * the member that the text is in, those within it behind dots, as in `messages.content`. `text` has
 * `length` bytes of UTF-8 and is not NUL-terminated; both are valid during the call only. `*out` is
 * absent at first: leave it so to keep the text, or set it to another one (empty to remove it),
 * which must stay valid until the callback is called again on this thread or the log call returns.
 *
 * Returns 0, or anything else when it failed: then the text is dropped, and the record goes without
 * it. So is a text whose replacement is not UTF-8. Runs on the thread of the log call, inside it,
 * with no lock held; every thread that logs may be in it at once. What it logs itself has its texts
 * dropped. It must return: no exception, `longjmp` or `pthread_exit` may leave it. A thread that is
 * cancelled meanwhile ends after the log call.
 */
typedef int32_t (*MAXIM_NULLABLE maxim_mask_callback)(void *MAXIM_NULLABLE user_data, int32_t entity, const char *MAXIM_NONNULL field, const char *MAXIM_NONNULL text, size_t length, maxim_str *MAXIM_NONNULL out);

/** How a logger is made. Initialise with MAXIM_LOGGER_CONFIG_INIT. */
typedef struct maxim_logger_config {
    /** sizeof(maxim_logger_config). */
    size_t struct_size;
    /**
     * The log API; default: the environment's MAXIM_BASE_URL, else https://app.getmaxim.ai. Plain
     * http is refused for any host but this machine, unless `allow_plaintext` is set.
     */
    maxim_str base_url;
    /**
     * The API key; default: the environment's MAXIM_API_KEY. Without one the logger is not made
     * (MAXIM_ERR_NOT_CONFIGURED). Kept in memory that is wiped, never written or shown.
     */
    maxim_str api_key;
    /**
     * The log repository's id; default: the environment's MAXIM_LOG_REPO_ID. Without one the logger
     * is not made (MAXIM_ERR_NOT_CONFIGURED).
     */
    maxim_str repository_id;
    /**
     * Whether records are sent every `flush_interval_ms`. True after MAXIM_LOGGER_CONFIG_INIT. When
     * false, they are sent by `maxim_flush` and when half a segment is full.
     */
    bool auto_flush;
    /**
     * Maximum time a record waits to be batched, in milliseconds; 10,000 after
     * MAXIM_LOGGER_CONFIG_INIT. Zero with `auto_flush` is MAXIM_ERR_INVALID_ARGUMENT.
     */
    uint32_t flush_interval_ms;
    /** Whether debug output is written: to `debug_callback`, else to stderr. */
    bool is_debug;
    /**
     * The directory for records that cannot be sent yet. Default: the environment's
     * MAXIM_SPOOL_DIR, else $XDG_STATE_HOME/maxim, else ~/.local/state/maxim, else
     * /var/tmp/maxim-<uid>. Made when it is missing, with access for this user only. In one that
     * others may write to as well, such as an emptyDir of Kubernetes, a private directory
     * maxim-<uid> is made and used. A relative one is taken from the working directory of this
     * call. One that was named and cannot be used is MAXIM_ERR_IO, and the detail says why; with
     * `spool_dir_fallback` another of these is used instead, and the error callback is called. It
     * is also called when records are in memory only. `maxim_logger_spool_dir` gives the one in
     * use.
     */
    maxim_str spool_dir;
    /**
     * Most bytes of unsent records in memory (tmpfs, where there is one); 0: 64 MiB, or an eighth
     * of the memory limit of the container (control group) that the process is in, if that is less;
     * at least 1 MiB.
     */
    uint64_t max_memory_bytes;
    /**
     * Most bytes of unsent records in the spool directory, and as many again of unsent attachments
     * (not of files attached by their path); 0: 1 GiB.
     */
    uint64_t max_disk_bytes;
    /** One of MAXIM_OVERFLOW_…: what happens when both are full. */
    maxim_overflow_policy overflow_policy;
    /** How long a log call waits for space under MAXIM_OVERFLOW_BLOCK, in milliseconds. */
    uint32_t block_timeout_ms;
    /**
     * A PEM file of certificates to trust instead of the platform's, as issuers or as the service's
     * own (a self-signed one). It must be there now, a regular file of at most 16 MiB; one that is
     * missing later is tried again.
     */
    maxim_str ca_file;
    /**
     * A proxy (http://host:port) instead of what the environment's HTTPS_PROXY, HTTP_PROXY,
     * ALL_PROXY and NO_PROXY say. It is asked for a tunnel (CONNECT), for http as for https; with
     * an http address, which would show it the API key, only if `allow_plaintext` is set. SOCKS
     * proxies are not supported: one that is given here is refused, one of the environment is
     * reported while records are held.
     */
    maxim_str proxy;
    /** Called with errors that occur after a call has returned; NULL: none. */
    maxim_error_callback error_callback;
    /** Given debug lines when `is_debug` is set; NULL: they go to stderr. */
    maxim_debug_callback debug_callback;
    /** Passed to the callbacks; must stay valid until `maxim_logger_free` has returned. */
    void *MAXIM_NULLABLE user_data;
    /**
     * Whether the API key may be sent over plain http to another host, where others on the way can
     * read it. False by default.
     */
    bool allow_plaintext;
    /** The largest attachment that is accepted, in bytes; 0: 100 MiB. */
    uint64_t max_attachment_bytes;
    /**
     * Whether the library does nothing at all: calls are accepted and their records discarded, no
     * thread, file or descriptor is kept (making one may use a thread for a moment), and neither
     * key nor repository is needed. Also when the environment's MAXIM_DISABLED is 1.
     */
    bool disabled;
    /**
     * One of MAXIM_SWITCH_…: whether inputs, outputs, messages, documents, attachments and tool
     * arguments are sent. When off they stay here, and names, times, models, tokens, costs, tags,
     * metadata and errors go. Default: the environment's MAXIM_CAPTURE_CONTENT (0 or 1), else on.
     */
    maxim_switch capture_content;
    /**
     * One of MAXIM_SWITCH_…: whether images and audio in messages are taken out and become
     * attachments; when off they stay in the messages. Default: on.
     */
    maxim_switch extract_media;
    /**
     * What is masked before a record is kept or sent: a JSON array of rules, each an object with
     * one of `preset` (email, card, api_key, phone or ip), `key` (the name of members whose value
     * is masked) and `regex` (matched in linear time), and optionally `replace` (the text that
     * takes the place) and `name` (for messages). Searched are all texts of a record, also within
     * JSON, and text that is JSON itself; not ids, times and the contents of attachments. A rule
     * that cannot be used is MAXIM_ERR_INVALID_ARGUMENT, and the detail names it. Default: the
     * environment's MAXIM_MASKS.
     */
    maxim_str masks_json;
    /** Called with every text after `masks_json` has been applied, to replace it; NULL: none. */
    maxim_mask_callback mask_callback;
    /**
     * How long `mask_callback` may take for one record, in microseconds; 0: 10,000. The texts of a
     * record that come after that are dropped, and so is the one that took too long.
     */
    uint32_t mask_budget_us;
    /**
     * The share of traces that is sent, up to 1, chosen by the trace's id, so that every process
     * and language chooses alike: SHA-256 of the id, of its first 8 bytes as a big-endian number
     * the highest 53 bits, divided by 2^53, is below this. What belongs to another trace is
     * discarded (`sampled_out` in the stats counts it), but for errors and feedback, which are
     * always sent; so are sessions. An entity that was begun in another process is sent. Negative:
     * of no trace more than errors and feedback. 0: the environment's MAXIM_SAMPLE_RATE, else all.
     */
    double sample_rate;
    /**
     * Longer texts are cut at a character to so many bytes, and marked at their end; 0: no limit
     * but that of a record.
     */
    uint64_t max_field_bytes;
    /** Records that could not be sent for so long are given up, in milliseconds; 0: 72 hours. */
    uint64_t max_age_ms;
    /**
     * Files in the spool directory's `quarantine` are removed after so long, in milliseconds; 0:
     * they stay until there are too many.
     */
    uint64_t quarantine_max_age_ms;
    /**
     * Whether records are kept in this process's memory only and no file is made. They are lost
     * with the process, and an attachment of bytes takes its size in memory until it is sent.
     */
    bool memory_only;
    /**
     * Whether a call is accepted although a value in it cannot be sent as it is: the value is
     * changed, and the record kept. Bytes that are not UTF-8 become U+FFFD, and so does half of a
     * surrogate pair in JSON; texts over a limit are cut at a character and marked with "…" (a
     * message or a stack in its middle), surplus tags left out; NaN and infinities become null; an
     * id with other characters becomes a valid one, the same each time; a text that is no JSON
     * stands as text, with the reason. False by default: such calls are refused.
     */
    bool lossy;
    /**
     * Whether a `spool_dir` that was named and cannot be used is replaced by a default one and told
     * of, where it is an error of `maxim_logger_new` otherwise. Also when the environment's
     * MAXIM_SPOOL_DIR_FALLBACK is 1.
     */
    bool spool_dir_fallback;
    /**
     * OTLP: the exact address that spans are sent to. Default: that of the base address
     * (`base_url`, else the environment's OTEL_EXPORTER_OTLP_TRACES_ENDPOINT as it is, else
     * OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318) with /v1/traces behind it.
     */
    maxim_str otlp_url;
    /**
     * OTLP: headers of each request, as key=value,key=value with values percent-encoded. Kept like
     * the API key. Default: the environment's OTEL_EXPORTER_OTLP_TRACES_HEADERS, else
     * OTEL_EXPORTER_OTLP_HEADERS.
     */
    maxim_str otlp_headers;
    /**
     * OTLP: what the service is called (service.name). Default: the environment's
     * OTEL_SERVICE_NAME.
     */
    maxim_str service_name;
    /**
     * OTLP: what else is known of the service, as key=value,key=value with values percent-encoded;
     * beside the environment's OTEL_RESOURCE_ATTRIBUTES, and before it.
     */
    maxim_str resource_attributes;
    /**
     * OTLP: an entity that has not ended for so long leaves as it is, marked maxim.incomplete, in
     * milliseconds; 0: an hour.
     */
    uint64_t incomplete_after_ms;
    /**
     * One of MAXIM_PROTOCOL_…: who is spoken to. With MAXIM_PROTOCOL_OTLP neither key nor
     * repository is needed, plain http is refused only where there are headers, and
     * OTEL_SDK_DISABLED=true in the environment disables it.
     */
    maxim_protocol protocol;
    /**
     * OTLP: one of MAXIM_OTLP_…, how requests are written. Default: what the environment's
     * OTEL_EXPORTER_OTLP_PROTOCOL says, else protobuf.
     */
    maxim_otlp_encoding otlp_encoding;
    /**
     * OTLP: one of MAXIM_SWITCH_…, whether requests are compressed with gzip. Default: what the
     * environment's OTEL_EXPORTER_OTLP_COMPRESSION says, else once the endpoint has taken a
     * request.
     */
    maxim_switch otlp_compression;
} maxim_logger_config;

/** A new session. Initialise with MAXIM_SESSION_CONFIG_INIT. */
typedef struct maxim_session_config {
    /** sizeof(maxim_session_config). */
    size_t struct_size;
    /** Its id; generated (UUID version 4) when absent. */
    maxim_str id;
    /** Display name. */
    maxim_str name;
    /**
     * Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their
     * JSON text.
     */
    maxim_str tags_json;
    /**
     * Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
     */
    const maxim_tag *MAXIM_NULLABLE tags;
    /** How many tags are at `tags`. */
    size_t tag_count;
    /** When it began, in microseconds since 1970-01-01 UTC; 0: now. */
    int64_t start_timestamp_us;
} maxim_session_config;

/** A new trace. Initialise with MAXIM_TRACE_CONFIG_INIT. */
typedef struct maxim_trace_config {
    /** sizeof(maxim_trace_config). */
    size_t struct_size;
    /** Its id; generated (UUID version 4) when absent. */
    maxim_str id;
    /** Display name. */
    maxim_str name;
    /** The session it belongs to; may be absent. */
    maxim_str session_id;
    /**
     * Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their
     * JSON text.
     */
    maxim_str tags_json;
    /**
     * Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
     */
    const maxim_tag *MAXIM_NULLABLE tags;
    /** How many tags are at `tags`. */
    size_t tag_count;
    /** What the user asked, as text. */
    maxim_str input;
    /** When it began, in microseconds since 1970-01-01 UTC; 0: now. */
    int64_t start_timestamp_us;
} maxim_trace_config;

/** A new span. Initialise with MAXIM_SPAN_CONFIG_INIT. */
typedef struct maxim_span_config {
    /** sizeof(maxim_span_config). */
    size_t struct_size;
    /** Its id; generated (UUID version 4) when absent. */
    maxim_str id;
    /** Display name. */
    maxim_str name;
    /**
     * Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their
     * JSON text.
     */
    maxim_str tags_json;
    /**
     * Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
     */
    const maxim_tag *MAXIM_NULLABLE tags;
    /** How many tags are at `tags`. */
    size_t tag_count;
    /** When it began, in microseconds since 1970-01-01 UTC; 0: now. */
    int64_t start_timestamp_us;
} maxim_span_config;

/** A new retrieval. Initialise with MAXIM_RETRIEVAL_CONFIG_INIT. */
typedef struct maxim_retrieval_config {
    /** sizeof(maxim_retrieval_config). */
    size_t struct_size;
    /** Its id; generated (UUID version 4) when absent. */
    maxim_str id;
    /** Display name. */
    maxim_str name;
    /**
     * Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their
     * JSON text.
     */
    maxim_str tags_json;
    /**
     * Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
     */
    const maxim_tag *MAXIM_NULLABLE tags;
    /** How many tags are at `tags`. */
    size_t tag_count;
    /** When it began, in microseconds since 1970-01-01 UTC; 0: now. */
    int64_t start_timestamp_us;
} maxim_retrieval_config;

/** A new generation. Initialise with MAXIM_GENERATION_CONFIG_INIT. */
typedef struct maxim_generation_config {
    /** sizeof(maxim_generation_config). */
    size_t struct_size;
    /** Its id; generated (UUID version 4) when absent. */
    maxim_str id;
    /** Display name. */
    maxim_str name;
    /** Who runs the model; as in `maxim_generation_set_provider`. Absent: logged as `unknown`. */
    maxim_str provider;
    /** Which model. */
    maxim_str model;
    /**
     * The messages given to the model: a JSON array of objects with `role` and `content`. Images,
     * sounds and files in them become attachments of the generation; those in a tool's result also
     * stay there.
     */
    maxim_str messages_json;
    /**
     * The model's parameters: a JSON object. Values that are not strings are sent as their JSON
     * text, null members are left out.
     */
    maxim_str model_parameters_json;
    /** The span it belongs to, where the parent does not say it. */
    maxim_str span_id;
    /** The Maxim prompt that was used. */
    maxim_str maxim_prompt_id;
    /** The version of that prompt. */
    maxim_str maxim_prompt_version_id;
    /**
     * Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their
     * JSON text.
     */
    maxim_str tags_json;
    /**
     * Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
     */
    const maxim_tag *MAXIM_NULLABLE tags;
    /** How many tags are at `tags`. */
    size_t tag_count;
    /** When it began, in microseconds since 1970-01-01 UTC; 0: now. */
    int64_t start_timestamp_us;
} maxim_generation_config;

/** A new tool call. Initialise with MAXIM_TOOL_CALL_CONFIG_INIT. */
typedef struct maxim_tool_call_config {
    /** sizeof(maxim_tool_call_config). */
    size_t struct_size;
    /** Its id, as a rule the one that the model gave; generated (UUID version 4) when absent. */
    maxim_str id;
    /** The tool. */
    maxim_str name;
    /** What the tool does. */
    maxim_str description;
    /** What it was called with, as the model wrote it: text, usually JSON. */
    maxim_str args;
    /**
     * Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their
     * JSON text.
     */
    maxim_str tags_json;
    /**
     * Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
     */
    const maxim_tag *MAXIM_NULLABLE tags;
    /** How many tags are at `tags`. */
    size_t tag_count;
    /** When it began, in microseconds since 1970-01-01 UTC; 0: now. */
    int64_t start_timestamp_us;
} maxim_tool_call_config;

/** An error. Initialise with MAXIM_ERROR_CONFIG_INIT. */
typedef struct maxim_error_config {
    /** sizeof(maxim_error_config). */
    size_t struct_size;
    /** Its id; generated (UUID version 4) when absent. */
    maxim_str id;
    /** Display name. */
    maxim_str name;
    /** What happened. */
    maxim_str message;
    /** A code, as text. */
    maxim_str code;
    /** The kind of error. */
    maxim_str type;
    /**
     * Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their
     * JSON text.
     */
    maxim_str tags_json;
    /**
     * Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
     */
    const maxim_tag *MAXIM_NULLABLE tags;
    /** How many tags are at `tags`. */
    size_t tag_count;
    /** Anything else: a JSON object. */
    maxim_str metadata_json;
} maxim_error_config;

/** Something that happened at one time. Initialise with MAXIM_EVENT_CONFIG_INIT. */
typedef struct maxim_event_config {
    /** sizeof(maxim_event_config). */
    size_t struct_size;
    /** Its id; generated (UUID version 4) when absent. */
    maxim_str id;
    /** What happened. Required. */
    maxim_str name;
    /**
     * Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their
     * JSON text.
     */
    maxim_str tags_json;
    /**
     * Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
     */
    const maxim_tag *MAXIM_NULLABLE tags;
    /** How many tags are at `tags`. */
    size_t tag_count;
    /** Anything else: a JSON object. Values that are not strings are sent as their JSON text. */
    maxim_str metadata_json;
    /** When it happened, in microseconds since 1970-01-01 UTC; 0: now. */
    int64_t timestamp_us;
} maxim_event_config;

/**
 * A file, bytes or a URL to attach. Initialise with MAXIM_ATTACHMENT_INIT.
 *
 * A file that cannot be read is refused with MAXIM_ERR_IO, and content above `max_attachment_bytes`
 * with MAXIM_ERR_TOO_LARGE. A file is opened at the call and again when its turn has come. It is
 * uploaded only if it is the same file then (not another one or a link in its place), no shorter,
 * and unchanged or only longer; of a longer one, as much as it had at the call. Otherwise, or if it
 * is gone, it is counted as quarantined and the error callback is called. What the storage refuses
 * steps aside for other uploads, and is counted so when it has refused it for some seconds while it
 * takes others. Each repository has up to 4 uploads under way at a time, with a thread, a file and
 * a connection each, which end with them; log lines do not wait for uploads.
 */
typedef struct maxim_attachment {
    /** sizeof(maxim_attachment). */
    size_t struct_size;
    /** Its id; generated (UUID version 4) when absent. */
    maxim_str id;
    /** One of MAXIM_ATTACHMENT_…. */
    maxim_attachment_kind kind;
    /** Display name; a file without one is named after itself. */
    maxim_str name;
    /** MAXIM_ATTACHMENT_FILE: the file, read when it is uploaded. */
    maxim_str path;
    /** MAXIM_ATTACHMENT_DATA: the bytes, copied during the call. */
    const uint8_t *MAXIM_NULLABLE data;
    /** MAXIM_ATTACHMENT_DATA: how many bytes. */
    size_t data_len;
    /** MAXIM_ATTACHMENT_URL: the URL. */
    maxim_str url;
    /**
     * The MIME type, as in image/png; used where the content does not tell, and before what the end
     * of the file's name or of `name` says (.csv, .json, .md, .txt and their like). Anything else,
     * or more than 255 bytes, is MAXIM_ERR_INVALID_ARGUMENT.
     */
    maxim_str mime_type;
    /**
     * Tags: a JSON object, where `tags` gives none. Values that are not strings are sent as their
     * JSON text.
     */
    maxim_str tags_json;
    /**
     * Tags: `tag_count` of them, where `tags_json` gives none; both is MAXIM_ERR_INVALID_ARGUMENT.
     */
    const maxim_tag *MAXIM_NULLABLE tags;
    /** How many tags are at `tags`. */
    size_t tag_count;
    /** Anything else: a JSON object. */
    maxim_str metadata_json;
    /** When it was made, in seconds since 1970-01-01 UTC; 0: not specified. */
    int64_t timestamp_s;
} maxim_attachment;

/**
 * What became of the records of one logger, sink or client. Set `struct_size` before the call
 * (MAXIM_STATS_INIT).
 *
 * At any moment accepted + adopted = delivered + held + dropped_memory + dropped_disk +
 * dropped_expired + dropped_corrupt + quarantined + purged.
 */
typedef struct maxim_stats {
    /** sizeof(maxim_stats), set by the caller. */
    size_t struct_size;
    /** Records that calls accepted with MAXIM_OK. */
    uint64_t accepted;
    /** Records that the service has confirmed. */
    uint64_t delivered;
    /** Records that are still to be sent. */
    uint64_t held;
    /** Records evicted because memory was full and there was no disk to go to. */
    uint64_t dropped_memory;
    /** Records evicted because the disk space was full. */
    uint64_t dropped_disk;
    /**
     * Records given up because they could not be sent for 72 hours; also those that a logger with
     * another repository or key left here and never came back for (they count as adopted too).
     */
    uint64_t dropped_expired;
    /**
     * Records that the service refused for what they are; kept in the spool directory's
     * `quarantine`.
     */
    uint64_t quarantined;
    /** Requests that were retried. */
    uint64_t retries;
    /** Bytes of delivered records. */
    uint64_t bytes_delivered;
    /** Bytes of held records. */
    uint64_t bytes_held;
    /** Records taken over from loggers that ended before they could send them. */
    uint64_t adopted;
    /** How long the oldest held record has been waiting, in milliseconds. */
    uint64_t oldest_held_ms;
    /** The HTTP status of the last answer; 0: none yet. */
    int32_t last_http_status;
    /** Log calls that a client without an API key discarded, as documented; 0 for a logger. */
    uint64_t ignored;
    /** Calls that were refused because the configured space was full. */
    uint64_t refused;
    /** Records that could not be read back (a damaged file). */
    uint64_t dropped_corrupt;
    /**
     * Records that were discarded because their trace is not in the sample; not accepted, so in no
     * sum.
     */
    uint64_t sampled_out;
    /**
     * Texts that were dropped because a mask failed or took too long; their records went without
     * them.
     */
    uint64_t masks_failed;
    /** Generations' results of a shape that is not known, which were sent as they are. */
    uint64_t results_unrecognised;
    /**
     * Calls that were refused for an argument: out of its range, not UTF-8, no JSON, no id. For a
     * flow, its client's.
     */
    uint64_t refused_invalid;
    /** Calls that were refused because a record or attachment was above its limit. */
    uint64_t refused_too_large;
    /** Calls that were refused because the logger or client had been closed. */
    uint64_t refused_closed;
    /**
     * Calls that were refused for another reason, such as a file that could not be read. Those for
     * want of space are `refused`.
     */
    uint64_t refused_other;
    /** Records deleted by `maxim_purge` or `maxim_log_purge`. */
    uint64_t purged;
} maxim_stats;

/**
 * How a structured log client is made. Initialise with MAXIM_LOG_CLIENT_CONFIG_INIT.
 *
 * There is no sample rate: entries belong to no trace by whose id a share could be chosen alike
 * everywhere. `min_level` limits what is logged.
 */
typedef struct maxim_log_client_config {
    /** sizeof(maxim_log_client_config). */
    size_t struct_size;
    /** What logs: the name of an application or service. Required, and not empty. */
    maxim_str source;
    /** Where it runs: one of MAXIM_ENVIRONMENT_…. */
    maxim_environment environment;
    /**
     * The API key; default: the environment's MAXIM_API_KEY. Without one, log calls are discarded
     * (`ignored` in the stats counts them, and there is a warning) and raw ingestion is
     * MAXIM_ERR_NOT_CONFIGURED.
     */
    maxim_str api_key;
    /**
     * The service; default: the environment's MAXIM_LOG_ENDPOINT, else the public one. Plain http
     * is refused for any host but this machine, unless `allow_plaintext` is set.
     */
    maxim_str endpoint;
    /** The application's version. */
    maxim_str version;
    /** The dataset that entries go to, up to 50 characters. */
    maxim_str dataset;
    /** The user of entries that name none, up to 100 characters; see `maxim_log_set_user_id`. */
    maxim_str user_id;
    /**
     * The session of entries that name none, up to 100 characters; see `maxim_log_set_session_id`.
     */
    maxim_str session_id;
    /**
     * Number of buffered entries that triggers a send: 1 to 100; 10 after
     * MAXIM_LOG_CLIENT_CONFIG_INIT. A higher number counts as 100. What has been buffered goes in
     * requests of up to 100 entries.
     */
    uint32_t batch_size;
    /**
     * Maximum time an entry waits to be batched, in milliseconds, at least 1; 5,000 after
     * MAXIM_LOG_CLIENT_CONFIG_INIT.
     */
    uint32_t flush_interval_ms;
    /** Entries below this level are discarded: one of MAXIM_LEVEL_…. */
    maxim_level min_level;
    /**
     * How many retries of a failed request are made before the error callback is called, and before
     * `maxim_ingest_raw` gives up; 3 after MAXIM_LOG_CLIENT_CONFIG_INIT. Entries are held and tried
     * again beyond that.
     */
    uint32_t max_retries;
    /**
     * Upper bound of the first retry delay, in milliseconds; doubles with each attempt. 1,000 after
     * MAXIM_LOG_CLIENT_CONFIG_INIT. Values below 100 count as 100.
     */
    uint32_t initial_delay_ms;
    /**
     * Upper bound of any retry delay, in milliseconds; 30,000 after MAXIM_LOG_CLIENT_CONFIG_INIT.
     * Values below 1,000 count as 1,000.
     */
    uint32_t max_delay_ms;
    /** As in `maxim_logger_config`. */
    maxim_str spool_dir;
    /** As in `maxim_logger_config`. */
    uint64_t max_memory_bytes;
    /** As in `maxim_logger_config`. */
    uint64_t max_disk_bytes;
    /** As in `maxim_logger_config`. */
    maxim_overflow_policy overflow_policy;
    /** As in `maxim_logger_config`. */
    uint32_t block_timeout_ms;
    /** As in `maxim_logger_config`. */
    maxim_str ca_file;
    /** As in `maxim_logger_config`. */
    maxim_str proxy;
    /** As in `maxim_logger_config`. */
    bool is_debug;
    /** As in `maxim_logger_config`. */
    maxim_error_callback error_callback;
    /** As in `maxim_logger_config`. */
    maxim_debug_callback debug_callback;
    /** Passed to the callbacks; must stay valid until `maxim_log_client_free` has returned. */
    void *MAXIM_NULLABLE user_data;
    /** As in `maxim_logger_config`. */
    bool allow_plaintext;
    /** As in `maxim_logger_config`; neither a key nor a source is needed then. */
    bool disabled;
    /**
     * As in `maxim_logger_config`. When off, messages, data and stacks of errors stay here, and raw
     * documents are accepted and discarded; levels, times, error names, tags and ids go.
     */
    maxim_switch capture_content;
    /** As in `maxim_logger_config`. */
    maxim_str masks_json;
    /** As in `maxim_logger_config`. */
    maxim_mask_callback mask_callback;
    /** As in `maxim_logger_config`. */
    uint32_t mask_budget_us;
    /**
     * As in `maxim_logger_config`. With a limit, a message or stack above 10,000 characters is cut
     * to that and not refused.
     */
    uint64_t max_field_bytes;
    /** As in `maxim_logger_config`. */
    uint64_t max_age_ms;
    /** As in `maxim_logger_config`. */
    uint64_t quarantine_max_age_ms;
    /** As in `maxim_logger_config`. */
    bool memory_only;
    /** As in `maxim_logger_config`. */
    bool lossy;
    /** As in `maxim_logger_config`. */
    bool spool_dir_fallback;
    /**
     * OTLP: the exact address that log records are sent to. Default: that of the base address
     * (`endpoint`, else the environment's OTEL_EXPORTER_OTLP_LOGS_ENDPOINT as it is, else
     * OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318) with /v1/logs behind it.
     */
    maxim_str otlp_url;
    /**
     * OTLP: headers of each request, as key=value,key=value with values percent-encoded. Kept like
     * the API key. Default: the environment's OTEL_EXPORTER_OTLP_LOGS_HEADERS, else
     * OTEL_EXPORTER_OTLP_HEADERS.
     */
    maxim_str otlp_headers;
    /**
     * OTLP: what the service is called (service.name). Default: the environment's
     * OTEL_SERVICE_NAME, else `source`.
     */
    maxim_str service_name;
    /**
     * OTLP: what else is known of the service, as key=value,key=value with values percent-encoded;
     * beside the environment's OTEL_RESOURCE_ATTRIBUTES, and before it.
     */
    maxim_str resource_attributes;
    /**
     * One of MAXIM_PROTOCOL_…: who is spoken to. With MAXIM_PROTOCOL_OTLP no key is needed, plain
     * http is refused only where there are headers, and OTEL_SDK_DISABLED=true in the environment
     * disables it.
     */
    maxim_protocol protocol;
    /**
     * OTLP: one of MAXIM_OTLP_…, how requests are written. Default: what the environment's
     * OTEL_EXPORTER_OTLP_PROTOCOL says, else protobuf.
     */
    maxim_otlp_encoding otlp_encoding;
    /**
     * OTLP: one of MAXIM_SWITCH_…, whether requests are compressed with gzip. Default: what the
     * environment's OTEL_EXPORTER_OTLP_COMPRESSION says, else once the endpoint has taken a
     * request.
     */
    maxim_switch otlp_compression;
} maxim_log_client_config;

/** What a log call may say beside message and data. Initialise with MAXIM_LOG_OPTIONS_INIT. */
typedef struct maxim_log_options {
    /** sizeof(maxim_log_options). */
    size_t struct_size;
    /** Tags: a JSON array of up to 20 strings of up to 50 characters. */
    maxim_str tags_json;
} maxim_log_options;

/** An error to log. Initialise with MAXIM_LOG_ERROR_INFO_INIT. */
typedef struct maxim_log_error_info {
    /** sizeof(maxim_log_error_info). */
    size_t struct_size;
    /** The kind of error, up to 200 characters. */
    maxim_str name;
    /** What it says; becomes `data.message`. */
    maxim_str message;
    /** Where it came from, up to 10,000 characters. */
    maxim_str stack;
} maxim_log_error_info;

/** Everything that an entry can say. Initialise with MAXIM_LOG_ENTRY_INIT. */
typedef struct maxim_log_entry {
    /** sizeof(maxim_log_entry). */
    size_t struct_size;
    /** One of MAXIM_LEVEL_…. */
    maxim_level level;
    /** What happened, 1 to 10,000 characters. Required. */
    maxim_str message;
    /** Additional data: a JSON object. */
    maxim_str data_json;
    /** The user it concerns, up to 100 characters; the client's default when absent. */
    maxim_str user_id;
    /** The session it belongs to, up to 100 characters; the client's default when absent. */
    maxim_str session_id;
    /** The request it belongs to, up to 100 characters. */
    maxim_str request_id;
    /** The kind of error, up to 200 characters. */
    maxim_str error_name;
    /** Where it came from, up to 10,000 characters. */
    maxim_str error_stack;
    /** Tags: a JSON array of up to 20 strings of up to 50 characters. */
    maxim_str tags_json;
    /** The flow it is a step of, up to 50 characters. */
    maxim_str flow_id;
    /** Number of the step, 0 to 1,000; -1 after MAXIM_LOG_ENTRY_INIT: none. */
    int32_t step_index;
    /** Another dataset than the client's, up to 50 characters. */
    maxim_str dataset;
    /** Time of the entry, in milliseconds since 1970-01-01 UTC; 0: now. */
    int64_t timestamp_ms;
    /** The client's IP address, up to 100 characters. */
    maxim_str ip_address;
    /** The client's country, up to 10 characters. */
    maxim_str country;
} maxim_log_entry;

/** Options of a raw document, passed to the service. Initialise with MAXIM_RAW_OPTIONS_INIT. */
typedef struct maxim_raw_options {
    /** sizeof(maxim_raw_options). */
    size_t struct_size;
    /** What logs, up to 1,000 bytes. */
    maxim_str source;
    /** Where it runs; MAXIM_ENVIRONMENT_NONE after MAXIM_RAW_OPTIONS_INIT: not specified. */
    maxim_environment environment;
    /**
     * The level of entries that have none; MAXIM_LEVEL_NONE after MAXIM_RAW_OPTIONS_INIT: not
     * specified.
     */
    maxim_level level;
    /** The dataset, up to 1,000 bytes. */
    maxim_str dataset;
} maxim_raw_options;

/**
 * The version of the library that is running, as "0.1.0"; static, never NULL.
 *
 * @return The version, static.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API const char *MAXIM_NONNULL maxim_version(void);

/**
 * A status's name, as "MAXIM_ERR_INVALID_ID"; "MAXIM_ERR_UNKNOWN" for a number that is none.
 * Static, never NULL.
 *
 * @param status The status.
 * @return The name, static.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API const char *MAXIM_NONNULL maxim_status_str(maxim_status status);

/**
 * What was wrong with the last call that failed on the calling thread: which argument, which limit,
 * what to do. Empty when none failed. UTF-8, at most 1,023 bytes, never NULL, never a credential;
 * good until the next call fails on this thread, or the thread ends.
 *
 * @return The detail.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API const char *MAXIM_NONNULL maxim_last_error(void);

/**
 * Makes a logger. Does no network I/O; makes the spool directory and starts the writer thread.
 *
 * `*out` is set to NULL first, and to the logger on success. The caller frees it with
 * `maxim_logger_free`.
 *
 * Errors: MAXIM_ERR_NOT_CONFIGURED without an API key or repository id, MAXIM_ERR_INVALID_ARGUMENT
 * for a field out of its range (the detail names it), MAXIM_ERR_IO when the spool directory that
 * was named cannot be used, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_NO_RESOURCES when less than 8 MiB of
 * memory or address space are left.
 *
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out Receives the handle; NULL when the call fails. Not NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_INVALID_UTF8,
 *     MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_IO,
 *     MAXIM_ERR_NOT_CONFIGURED, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_NODISCARD MAXIM_API maxim_status maxim_logger_new(
    const maxim_logger_config *MAXIM_NULLABLE config,
    maxim_logger *MAXIM_NULLABLE *MAXIM_NONNULL out);

/**
 * Frees a logger. NULL is a no-op.
 *
 * Does not wait for the network: what is still held is put into files in the background and sent by
 * the next logger for the same repository. Call `maxim_cleanup` first to have it sent now. When
 * this returns, no error or debug callback of the logger runs any more, but for the one that the
 * call is made in. A callback that is running is waited for, for a second at most. Records that
 * were dropped since the last report are not told of any more; `maxim_cleanup` tells of them.
 *
 * Errors: MAXIM_ERR_INVALID_HANDLE when it was freed before; MAXIM_ERR_TIMEOUT when a callback
 * still runs after that second: the logger is freed, and `user_data` must stay good until the
 * callback returns.
 *
 * @param logger The logger. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_TIMEOUT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_logger_free(maxim_logger *MAXIM_NULLABLE logger);

/**
 * The log repository's id, NUL-terminated; good until the logger is freed. NULL for a bad handle.
 *
 * @param logger The logger.
 * @return The id; NULL for a bad handle.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API const char *MAXIM_NULLABLE maxim_logger_repository_id(const maxim_logger *MAXIM_NONNULL logger);

/**
 * Sends everything that was accepted before the call, and waits until it has arrived, up to
 * `timeout_ms` milliseconds. **May block**, never longer than that; with 0 it starts the work and
 * returns MAXIM_OK at once. A retry that is waiting is tried at once.
 *
 * What earlier loggers for the same repository left behind is sent beside it and not waited for:
 * `maxim_flush_log_files` and `maxim_cleanup` wait for that too.
 *
 * Errors: MAXIM_ERR_TIMEOUT when something is still held (the detail says how much and why);
 * nothing is lost by that. MAXIM_ERR_IO when what is held cannot be read at present, or when
 * records that it waited for were dropped instead of sent.
 *
 * @param logger The logger.
 * @param timeout_ms How long it may take, in milliseconds; 0: start the work and return at once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_TIMEOUT, MAXIM_ERR_IO, MAXIM_ERR_REJECTED, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_flush(maxim_logger *MAXIM_NONNULL logger, uint32_t timeout_ms);

/**
 * As `maxim_flush`, without waiting: `callback` is called once, on a thread of the library, when
 * all has arrived or `timeout_ms` milliseconds are over, also when the logger has been freed by
 * then. It is not called when this function fails.
 *
 * `user_data` is passed to the callback and must stay good until then.
 *
 * @param logger The logger.
 * @param timeout_ms How long it may take, in milliseconds; 0: start the work and return at once.
 * @param callback Called with the outcome. Not NULL.
 * @param user_data Passed to the callback. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_flush_async(
    maxim_logger *MAXIM_NONNULL logger,
    uint32_t timeout_ms,
    maxim_flush_callback callback,
    void *MAXIM_NULLABLE user_data);

/**
 * Sends all log lines, and waits for them: `maxim_flush` without attachments. **May block** up to
 * `timeout_ms` milliseconds.
 *
 * @param logger The logger.
 * @param timeout_ms How long it may take, in milliseconds; 0: start the work and return at once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_TIMEOUT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_flush_commit_logs(maxim_logger *MAXIM_NONNULL logger, uint32_t timeout_ms);

/**
 * Uploads all attachments, and waits for them: `maxim_flush` without log lines, but for those that
 * the uploads make, which are sent afterwards. **May block** up to `timeout_ms` milliseconds.
 *
 * @param logger The logger.
 * @param timeout_ms How long it may take, in milliseconds; 0: start the work and return at once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_TIMEOUT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_flush_attachments(maxim_logger *MAXIM_NONNULL logger, uint32_t timeout_ms);

/**
 * Sends what earlier loggers for the same repository left behind in files, and everything else that
 * is held. **May block** up to `timeout_ms` milliseconds; errors as for `maxim_flush`.
 *
 * @param logger The logger.
 * @param timeout_ms How long it may take, in milliseconds; 0: start the work and return at once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_TIMEOUT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_flush_log_files(maxim_logger *MAXIM_NONNULL logger, uint32_t timeout_ms);

/**
 * Writes everything that is held to files in the spool directory, where it survives a reboot too.
 * **May block** up to `timeout_ms` milliseconds.
 *
 * Errors: MAXIM_ERR_IO when there is no file system to write to, MAXIM_ERR_TIMEOUT.
 *
 * @param logger The logger.
 * @param timeout_ms How long it may take, in milliseconds; 0: start the work and return at once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_TIMEOUT, MAXIM_ERR_IO, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_write_to_file(maxim_logger *MAXIM_NONNULL logger, uint32_t timeout_ms);

/**
 * Closes a logger: refuses further records (MAXIM_ERR_CLOSED), sends what it can within
 * `timeout_ms` milliseconds, leaves the rest in files for the next logger, and stops its threads.
 * **May block**, never longer than `timeout_ms`. The handle must still be freed.
 *
 * Once its own records have arrived it looks for what earlier loggers for the same repository left
 * behind, and sends that while there is time: where every process is short, as on a command line,
 * nobody else would. A forked child leaves that to its parent.
 *
 * Errors: MAXIM_ERR_TIMEOUT when something is left for the next logger, MAXIM_ERR_UNAUTHORIZED or
 * MAXIM_ERR_REJECTED when the service refused it before the time was up; the detail says how much
 * and why.
 *
 * @param logger The logger.
 * @param timeout_ms How long it may take, in milliseconds; 0: start the work and return at once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_TIMEOUT, MAXIM_ERR_REJECTED, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_cleanup(maxim_logger *MAXIM_NONNULL logger, uint32_t timeout_ms);

/**
 * Deletes everything that is held and not delivered, as a request to delete data asks for: records
 * and attachments of this logger and its sinks, what earlier loggers for the same repository left
 * behind, and what is in quarantine; no byte of them is left in the spool directories, in memory or
 * on disk. Files are removed, not overwritten. **May block** on the file system; does no network
 * I/O.
 *
 * A request that is under way at that moment may still arrive; so may what other running processes
 * hold for the repository: call it in each. `purged` in the stats counts the records. The logger
 * can be used as before; after `maxim_cleanup`, make a new one for it.
 *
 * Errors: MAXIM_ERR_IO when something could not be removed or read (the detail says what; the rest
 * is gone, and the call can be made again), MAXIM_ERR_CLOSED after `maxim_cleanup`.
 *
 * @param logger The logger.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_IO, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_purge(maxim_logger *MAXIM_NONNULL logger);

/**
 * Asks the service whether the log repository exists and the API key is accepted. **May block** up
 * to `timeout_ms` milliseconds. Nothing is logged; a disabled logger makes no request.
 *
 * Errors: MAXIM_ERR_UNAUTHORIZED when the key is refused, MAXIM_ERR_REJECTED when the service has
 * no such repository (the detail is what it says), MAXIM_ERR_NETWORK, MAXIM_ERR_TIMEOUT.
 *
 * @param logger The logger.
 * @param timeout_ms How long to wait for the answer, in milliseconds.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_TIMEOUT,
 *     MAXIM_ERR_NETWORK, MAXIM_ERR_REJECTED, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_check(maxim_logger *MAXIM_NONNULL logger, uint32_t timeout_ms);

/**
 * Whether the spool directory can be written to, as far as is known; when not, records are kept in
 * memory only and may end with the process. Also false while the process has no descriptor left to
 * open it with, and while it has been removed and cannot be made again. The library tries every few
 * seconds for want of descriptors, else once a minute at least, and writes what waits to files
 * then. A file that cannot be made in it at some moment does not make it false.
 *
 * @param logger The logger.
 * @return Whether files can be written; false for a bad handle.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API bool maxim_can_access_filesystem(const maxim_logger *MAXIM_NONNULL logger);

/**
 * The spool directory in use, where records wait that cannot be sent yet: absolute, and
 * NUL-terminated; good until the logger is freed. It is the one that was named, a private one
 * within it, or one of the defaults (`spool_dir` of the config says which).
 *
 * @param logger The logger.
 * @return The directory; NULL when there is none, so that records are kept in memory only, and for
 *     a bad handle.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API const char *MAXIM_NULLABLE maxim_logger_spool_dir(const maxim_logger *MAXIM_NONNULL logger);

/**
 * Whether this process runs on AWS Lambda (AWS_LAMBDA_FUNCTION_NAME is set). Then there is no
 * writer thread: records are sent by `maxim_flush` on the caller's thread, before the function's
 * answer lets the machine freeze.
 *
 * @return Whether it does.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API bool maxim_is_running_on_lambda(void);

/**
 * What became of the logger's records. `stats->struct_size` must be set (MAXIM_STATS_INIT).
 *
 * @param logger The logger.
 * @param stats Receives the numbers; its struct_size is set before (MAXIM_STATS_INIT). Not NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_logger_stats(
    const maxim_logger *MAXIM_NONNULL logger,
    maxim_stats *MAXIM_NONNULL stats);

/**
 * What became of the records of one of the logger's sinks, numbered as by `maxim_logger_add_sink`.
 *
 * @param logger The logger.
 * @param sink The number of the sink; 0: the logger itself.
 * @param stats Receives the numbers; its struct_size is set before (MAXIM_STATS_INIT). Not NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_logger_sink_stats(
    const maxim_logger *MAXIM_NONNULL logger,
    uint32_t sink,
    maxim_stats *MAXIM_NONNULL stats);

/**
 * Sends every record from now on to a further repository or endpoint as well, with a spool and a
 * delivery state of its own: one that fails never holds another back. At most 8.
 *
 * `config` is as for `maxim_logger_new`; its callbacks and `user_data` are ignored, the logger's
 * are used. What the logger sends is what the sink is sent: masks, sampling and their like are the
 * logger's, and are MAXIM_ERR_INVALID_ARGUMENT here. `out_sink`, which may be NULL, receives the
 * sink's number (1 and up). Does no network I/O.
 *
 * @param logger The logger.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_sink Receives the number of the sink. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_IO, MAXIM_ERR_NOT_CONFIGURED, MAXIM_ERR_PANIC,
 *     MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_logger_add_sink(
    maxim_logger *MAXIM_NONNULL logger,
    const maxim_logger_config *MAXIM_NULLABLE config,
    uint32_t *MAXIM_NULLABLE out_sink);

/**
 * Sends one line of the caller's making: any action on any entity.
 *
 * `entity` is one of MAXIM_ENTITY_…, `action` as in `create`, `update`, `end` or `add-event` (a-z
 * and hyphens), `data_json` a JSON object.
 *
 * @param logger The logger.
 * @param entity What the line is about.
 * @param entity_id Its id.
 * @param action The action, as in `create`, `update`, `end` or `add-event`: a-z and hyphens.
 * @param data_json The line's data: a JSON object.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_commit(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_entity entity,
    maxim_str entity_id,
    maxim_str action,
    maxim_str data_json);

/**
 * Begins a session.
 *
 * @param logger The logger.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_create(
    maxim_logger *MAXIM_NONNULL logger,
    const maxim_session_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a trace in a session. `config.session_id` must be absent.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_add_trace(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    const maxim_trace_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a trace in a session. `config.session_id` must be absent.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_session_add_trace")
MAXIM_API maxim_status maxim_session_trace(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    const maxim_trace_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Adds one tag to a session. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param key The tag's name.
 * @param value Its value.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_add_tag(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    maxim_str key,
    maxim_str value);

/**
 * Adds several tags to a session in one record. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param tags The tags. May be NULL when there are none.
 * @param tag_count How many.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_add_tags(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    const maxim_tag *MAXIM_NULLABLE tags,
    size_t tag_count);

/**
 * Adds an event to a session. `config.name` is required.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_add_event(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    const maxim_event_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Adds an event to a session. `config.name` is required.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_session_add_event")
MAXIM_API maxim_status maxim_session_event(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    const maxim_event_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Adds a user's feedback to a session.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param feedback_json A JSON object with a `score`, and `comment`, `tags` or whatever else there
 *     is to say. Null members are left out.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_add_feedback(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    maxim_str feedback_json);

/**
 * Adds a user's feedback to a session.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param feedback_json A JSON object with a `score`, and `comment`, `tags` or whatever else there
 *     is to say. Null members are left out.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_session_add_feedback")
MAXIM_API maxim_status maxim_session_feedback(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    maxim_str feedback_json);

/**
 * Adds metadata to a session.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param metadata_json A JSON object. Values that are not strings are sent as their JSON text.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_add_metadata(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    maxim_str metadata_json);

/**
 * Adds a named number to a session. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param name What the number is.
 * @param value The number.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_add_metric(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    maxim_str name,
    double value);

/**
 * Attaches a file, bytes or a URL to a session; see `maxim_attachment`.
 *
 * The call returns at once: a file is read and uploaded later, by the library's own threads, and
 * must stay as it is until then; bytes are copied during the call. The attachment shows up when its
 * upload has succeeded. A logger's first one takes about a millisecond, in which a place for
 * attachments is made that outlives the process; programs without attachments have none.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param attachment What to attach. Not NULL.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_IO, MAXIM_ERR_PANIC,
 *     MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_add_attachment(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    const maxim_attachment *MAXIM_NONNULL attachment,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Has a session evaluated.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param evaluators_json Whom by: a JSON array of at least one evaluator's name. A name given twice
 *     counts once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_evaluate_with_evaluators(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    maxim_str evaluators_json);

/**
 * Has a session evaluated with values for the evaluators' variables.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param variables_json A JSON object of values.
 * @param evaluators_json Whom by: a JSON array of at least one evaluator's name. A name given twice
 *     counts once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_evaluate_with_variables(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    maxim_str variables_json,
    maxim_str evaluators_json);

/**
 * Sets when a session began.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_set_start_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    int64_t timestamp_us);

/**
 * Sets when a session ended.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_set_end_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str session_id,
    int64_t timestamp_us);

/**
 * Ends a session, at the time of the call.
 *
 * @param logger The logger.
 * @param session_id The session's id.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_end(maxim_logger *MAXIM_NONNULL logger, maxim_str session_id);

/**
 * Begins a trace, in the session that `config.session_id` names if it is given.
 *
 * @param logger The logger.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_create(
    maxim_logger *MAXIM_NONNULL logger,
    const maxim_trace_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a generation in a trace.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_generation(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_generation_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a generation in a trace.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_trace_add_generation")
MAXIM_API maxim_status maxim_trace_generation(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_generation_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a retrieval in a trace.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_retrieval(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_retrieval_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a retrieval in a trace.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_trace_add_retrieval")
MAXIM_API maxim_status maxim_trace_retrieval(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_retrieval_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a span in a trace.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_span(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_span_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a span in a trace.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_trace_add_span")
MAXIM_API maxim_status maxim_trace_span(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_span_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a tool call in a trace.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_tool_call(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_tool_call_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Logs an error in a trace. `config.message` is required.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_error(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_error_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Adds one tag to a trace. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param key The tag's name.
 * @param value Its value.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_tag(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    maxim_str key,
    maxim_str value);

/**
 * Adds several tags to a trace in one record. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param tags The tags. May be NULL when there are none.
 * @param tag_count How many.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_tags(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_tag *MAXIM_NULLABLE tags,
    size_t tag_count);

/**
 * Adds an event to a trace. `config.name` is required.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_event(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_event_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Adds an event to a trace. `config.name` is required.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_trace_add_event")
MAXIM_API maxim_status maxim_trace_event(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_event_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Sets what the user asked.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param input The question, as text.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_set_input(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    maxim_str input);

/**
 * Sets what the application answered.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param output The answer, as text.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_set_output(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    maxim_str output);

/**
 * Adds a user's feedback to a trace.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param feedback_json A JSON object with a `score`, and `comment`, `tags` or whatever else there
 *     is to say. Null members are left out.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_feedback(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    maxim_str feedback_json);

/**
 * Adds a user's feedback to a trace.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param feedback_json A JSON object with a `score`, and `comment`, `tags` or whatever else there
 *     is to say. Null members are left out.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_trace_add_feedback")
MAXIM_API maxim_status maxim_trace_feedback(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    maxim_str feedback_json);

/**
 * Adds metadata to a trace.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param metadata_json A JSON object. Values that are not strings are sent as their JSON text.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_metadata(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    maxim_str metadata_json);

/**
 * Adds a named number to a trace. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param name What the number is.
 * @param value The number.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_metric(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    maxim_str name,
    double value);

/**
 * Attaches a file, bytes or a URL to a trace; see `maxim_attachment`.
 *
 * The call returns at once: a file is read and uploaded later, by the library's own threads, and
 * must stay as it is until then; bytes are copied during the call. The attachment shows up when its
 * upload has succeeded. A logger's first one takes about a millisecond, in which a place for
 * attachments is made that outlives the process; programs without attachments have none.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param attachment What to attach. Not NULL.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_IO, MAXIM_ERR_PANIC,
 *     MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_attachment(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    const maxim_attachment *MAXIM_NONNULL attachment,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Puts a trace that began without a session into one.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param session_id The session's id.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_add_to_session(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    maxim_str session_id);

/**
 * Has a trace evaluated.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param evaluators_json Whom by: a JSON array of at least one evaluator's name. A name given twice
 *     counts once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_evaluate_with_evaluators(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    maxim_str evaluators_json);

/**
 * Has a trace evaluated with values for the evaluators' variables.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param variables_json A JSON object of values.
 * @param evaluators_json Whom by: a JSON array of at least one evaluator's name. A name given twice
 *     counts once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_evaluate_with_variables(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    maxim_str variables_json,
    maxim_str evaluators_json);

/**
 * Sets when a trace began.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_set_start_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    int64_t timestamp_us);

/**
 * Sets when a trace ended.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_set_end_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str trace_id,
    int64_t timestamp_us);

/**
 * Ends a trace, at the time of the call.
 *
 * @param logger The logger.
 * @param trace_id The trace's id.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_end(maxim_logger *MAXIM_NONNULL logger, maxim_str trace_id);

/**
 * Begins a generation in a span.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_generation(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_generation_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a generation in a span.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_span_add_generation")
MAXIM_API maxim_status maxim_span_generation(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_generation_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a retrieval in a span.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_retrieval(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_retrieval_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a retrieval in a span.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_span_add_retrieval")
MAXIM_API maxim_status maxim_span_retrieval(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_retrieval_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a span in a span.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_sub_span(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_span_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a span in a span.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_span_add_sub_span")
MAXIM_API maxim_status maxim_span_span(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_span_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Begins a tool call in a span.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_tool_call(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_tool_call_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Logs an error in a span. `config.message` is required.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_error(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_error_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Adds one tag to a span. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param key The tag's name.
 * @param value Its value.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_tag(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    maxim_str key,
    maxim_str value);

/**
 * Adds several tags to a span in one record. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param tags The tags. May be NULL when there are none.
 * @param tag_count How many.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_tags(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_tag *MAXIM_NULLABLE tags,
    size_t tag_count);

/**
 * Adds an event to a span. `config.name` is required.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_event(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_event_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Adds an event to a span. `config.name` is required.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_span_add_event")
MAXIM_API maxim_status maxim_span_event(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_event_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Sets what a span works on.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param input Its input, as text.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_set_input(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    maxim_str input);

/**
 * Adds metadata to a span.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param metadata_json A JSON object. Values that are not strings are sent as their JSON text.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_metadata(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    maxim_str metadata_json);

/**
 * Adds a named number to a span. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param name What the number is.
 * @param value The number.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_metric(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    maxim_str name,
    double value);

/**
 * Attaches a file, bytes or a URL to a span; see `maxim_attachment`.
 *
 * The call returns at once: a file is read and uploaded later, by the library's own threads, and
 * must stay as it is until then; bytes are copied during the call. The attachment shows up when its
 * upload has succeeded. A logger's first one takes about a millisecond, in which a place for
 * attachments is made that outlives the process; programs without attachments have none.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param attachment What to attach. Not NULL.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_IO, MAXIM_ERR_PANIC,
 *     MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_add_attachment(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    const maxim_attachment *MAXIM_NONNULL attachment,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Has a span evaluated.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param evaluators_json Whom by: a JSON array of at least one evaluator's name. A name given twice
 *     counts once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_evaluate_with_evaluators(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    maxim_str evaluators_json);

/**
 * Has a span evaluated with values for the evaluators' variables.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param variables_json A JSON object of values.
 * @param evaluators_json Whom by: a JSON array of at least one evaluator's name. A name given twice
 *     counts once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_evaluate_with_variables(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    maxim_str variables_json,
    maxim_str evaluators_json);

/**
 * Sets when a span began.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_set_start_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    int64_t timestamp_us);

/**
 * Sets when a span ended.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_set_end_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str span_id,
    int64_t timestamp_us);

/**
 * Ends a span, at the time of the call.
 *
 * @param logger The logger.
 * @param span_id The span's id.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_end(maxim_logger *MAXIM_NONNULL logger, maxim_str span_id);

/**
 * Sets the model of a generation.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param model Which model.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_set_model(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str model);

/**
 * Sets the provider of a generation.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param provider Who runs the model. Those that the log API knows (openai, azure, anthropic,
 *     huggingface, together, google, groq, bedrock, cohere, fireworks, elevenlabs) go by that name
 *     in any case, and under other names that are usual (aws, vertex, gemini, azure_openai); any
 *     other is sent as it is, in lower case.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_set_provider(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str provider);

/**
 * Sets the name of a generation.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param name Display name.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_set_name(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str name);

/**
 * Sets the Maxim prompt that a generation used, where that is known only after its creation.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param maxim_prompt_id The prompt's id.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_set_maxim_prompt_id(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str maxim_prompt_id);

/**
 * Sets the version of the Maxim prompt that a generation used, where that is known only after its
 * creation.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param maxim_prompt_version_id The id of the prompt's version.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_set_maxim_prompt_version_id(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str maxim_prompt_version_id);

/**
 * Adds a message to a generation.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param message_json A JSON object with `role` and `content`. Images, sounds and files in it
 *     become attachments of the generation, as in `maxim_generation_config.messages_json`.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_add_message(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str message_json);

/**
 * Sets the model's parameters.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param parameters_json A JSON object. Values that are not strings are sent as their JSON text,
 *     null members are left out.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_set_model_parameters(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str parameters_json);

/**
 * Logs what the model answered, and ends the generation.
 *
 * Known are
 *
 * - OpenAI's chat completions, text completions and Responses, and what is compatible with them, as
 *     they are: what the log API would not take (a missing id, time or index, counts as floats) is
 *     patched,
 * - Anthropic (Messages, complete), Google (generateContent, Interactions), AWS Bedrock (Converse,
 *     InvokeModel, retrieveAndGenerate, agents), Cohere (v1, v2), Mistral (also conversations),
 *     Ollama, TGI, watsonx, Replicate, Aleph Alpha, Writer, Workers AI, llama.cpp, Triton, ERNIE,
 *     Hunyuan, Oracle, YandexGPT, Reka, DashScope, Spark, KoboldAI: converted to a chat completion,
 * - the messages of a Gemini Live or OpenAI Realtime session, the AI SDK's results, streams and
 *     messages, LangChain's messages and results, the messages of the Claude Agent SDK,
 * - any of these within the line of a batch, a gateway's or a client's response, or a list of its
 *     own,
 * - generated images, sounds and films (OpenAI, Imagen, Veo, Stability AI, fal and others),
 *     transcriptions, documents that were read, and embeddings (numbers of values, not the values),
 * - a provider's error, which becomes the generation's error.
 *
 * What a chat completion has no place for is kept beside what it has: in the message `citations`,
 * `images` (attached to the generation, unless `extract_media` is off), `server_tool_calls` (the
 * provider's own tools and their results), `reasoning_signatures` and `other_content`; in message,
 * choice, usage and response whatever else the provider says there, under its own name. A stream
 * that ends in an error keeps what came, with the `error` beside it. Of several answers in one
 * array the last is the result, with those before it in `earlier_responses`. Where a response names
 * no model, the generation's stands in, if it was begun in this process lately; else `model` is
 * left out, never empty.
 *
 * Nothing is refused for its shape, and the generation ends: what is not known is sent as it is,
 * counted in `maxim_stats.results_unrecognised`, and reported to the error callback as
 * MAXIM_ERR_INVALID_RESULT. So is a text that is not JSON and none of what follows, or JSON nested
 * more than 128 deep: it is sent as one string.
 *
 * What is not an OpenAI completion as it stands is read into memory during the call: some four
 * times its size, more where it has many small values; one with more than 8 million is sent as it
 * is, as what is not known. What is left of a result when images and sounds are taken out may have
 * 64 MiB; beyond that it is MAXIM_ERR_TOO_LARGE.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param result_json The provider's own response, whole or as the array of its stream's chunks or
 *     events, also as a proxy has it: server-sent events, JSON values one after the other, a body
 *     that was cut short, gzip, UTF-16; or what is nearly JSON, such as Python's way of writing a
 *     value. Absent: null.
 * @param flags 0, or MAXIM_RESULT_STRICT: refuse what is not known, a provider's error, members of
 *     OpenAI's shapes that would have to be patched (all MAXIM_ERR_INVALID_RESULT) and what is not
 *     JSON, or MAXIM_RESULT_FORCE: send it as it is, whatever it is, and report nothing.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID,
 *     MAXIM_ERR_INVALID_RESULT, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE,
 *     MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_result(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str result_json,
    maxim_result_flags flags);

/**
 * Logs that a generation failed, and ends it.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param config The message, code and type; all may be absent, and the other members must be. May
 *     be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_error(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    const maxim_error_config *MAXIM_NULLABLE config);

/**
 * Adds what a generation cost. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param input_usd What its input cost, in US dollars.
 * @param output_usd What its output cost, in US dollars.
 * @param total_usd What it cost in all, in US dollars.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_add_cost(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    double input_usd,
    double output_usd,
    double total_usd);

/**
 * Adds what a generation cost where only the total is known. NaN and infinities are
 * MAXIM_ERR_INVALID_ARGUMENT.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param total_usd What it cost in all, in US dollars.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_add_total_cost(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    double total_usd);

/**
 * Adds one tag to a generation. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param key The tag's name.
 * @param value Its value.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_add_tag(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str key,
    maxim_str value);

/**
 * Adds several tags to a generation in one record. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param tags The tags. May be NULL when there are none.
 * @param tag_count How many.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_add_tags(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    const maxim_tag *MAXIM_NULLABLE tags,
    size_t tag_count);

/**
 * Adds an event to a generation. `config.name` is required.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_add_event(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    const maxim_event_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Adds metadata to a generation.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param metadata_json A JSON object. Values that are not strings are sent as their JSON text.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_add_metadata(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str metadata_json);

/**
 * Adds a named number to a generation. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param name What the number is.
 * @param value The number.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_add_metric(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str name,
    double value);

/**
 * Attaches a file, bytes or a URL to a generation; see `maxim_attachment`.
 *
 * The call returns at once: a file is read and uploaded later, by the library's own threads, and
 * must stay as it is until then; bytes are copied during the call. The attachment shows up when its
 * upload has succeeded. A logger's first one takes about a millisecond, in which a place for
 * attachments is made that outlives the process; programs without attachments have none.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param attachment What to attach. Not NULL.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_IO, MAXIM_ERR_PANIC,
 *     MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_add_attachment(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    const maxim_attachment *MAXIM_NONNULL attachment,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Has a generation evaluated.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param evaluators_json Whom by: a JSON array of at least one evaluator's name. A name given twice
 *     counts once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_evaluate_with_evaluators(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str evaluators_json);

/**
 * Has a generation evaluated with values for the evaluators' variables.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param variables_json A JSON object of values.
 * @param evaluators_json Whom by: a JSON array of at least one evaluator's name. A name given twice
 *     counts once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_evaluate_with_variables(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    maxim_str variables_json,
    maxim_str evaluators_json);

/**
 * Sets when a generation began.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_set_start_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    int64_t timestamp_us);

/**
 * Sets when a generation ended.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_set_end_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str generation_id,
    int64_t timestamp_us);

/**
 * Ends a generation, at the time of the call.
 *
 * @param logger The logger.
 * @param generation_id The generation's id.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_end(maxim_logger *MAXIM_NONNULL logger, maxim_str generation_id);

/**
 * Sets what a retrieval looks for, as text.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param input The query.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_set_input(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    maxim_str input);

/**
 * Sets what a retrieval looks for, as text.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param input The query.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_retrieval_set_input")
MAXIM_API maxim_status maxim_retrieval_input(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    maxim_str input);

/**
 * Sets what a retrieval looks for, as any JSON value.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param input_json The query.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_set_input_json(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    maxim_str input_json);

/**
 * Logs the documents that were found, and ends the retrieval.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param documents_json A JSON array of strings or objects; any other JSON value is taken as the
 *     only document, null or an absent text as none.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_set_output(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    maxim_str documents_json);

/**
 * Logs the documents that were found, and ends the retrieval.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param documents_json A JSON array of strings or objects; any other JSON value is taken as the
 *     only document, null or an absent text as none.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_DEPRECATED("use maxim_retrieval_set_output")
MAXIM_API maxim_status maxim_retrieval_output(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    maxim_str documents_json);

/**
 * Adds one tag to a retrieval. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param key The tag's name.
 * @param value Its value.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_add_tag(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    maxim_str key,
    maxim_str value);

/**
 * Adds several tags to a retrieval in one record. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param tags The tags. May be NULL when there are none.
 * @param tag_count How many.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_add_tags(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    const maxim_tag *MAXIM_NULLABLE tags,
    size_t tag_count);

/**
 * Adds metadata to a retrieval.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param metadata_json A JSON object. Values that are not strings are sent as their JSON text.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_add_metadata(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    maxim_str metadata_json);

/**
 * Adds a named number to a retrieval. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param name What the number is.
 * @param value The number.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_add_metric(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    maxim_str name,
    double value);

/**
 * Attaches a file, bytes or a URL to a retrieval; see `maxim_attachment`.
 *
 * The call returns at once: a file is read and uploaded later, by the library's own threads, and
 * must stay as it is until then; bytes are copied during the call. The attachment shows up when its
 * upload has succeeded. A logger's first one takes about a millisecond, in which a place for
 * attachments is made that outlives the process; programs without attachments have none.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param attachment What to attach. Not NULL.
 * @param out_id Receives the id, given or generated. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_IO, MAXIM_ERR_PANIC,
 *     MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_add_attachment(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    const maxim_attachment *MAXIM_NONNULL attachment,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * Has a retrieval evaluated.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param evaluators_json Whom by: a JSON array of at least one evaluator's name. A name given twice
 *     counts once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_evaluate_with_evaluators(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    maxim_str evaluators_json);

/**
 * Has a retrieval evaluated with values for the evaluators' variables.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param variables_json A JSON object of values.
 * @param evaluators_json Whom by: a JSON array of at least one evaluator's name. A name given twice
 *     counts once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_evaluate_with_variables(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    maxim_str variables_json,
    maxim_str evaluators_json);

/**
 * Sets when a retrieval began.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_set_start_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    int64_t timestamp_us);

/**
 * Sets when a retrieval ended.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_set_end_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str retrieval_id,
    int64_t timestamp_us);

/**
 * Ends a retrieval, at the time of the call.
 *
 * @param logger The logger.
 * @param retrieval_id The retrieval's id.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_end(maxim_logger *MAXIM_NONNULL logger, maxim_str retrieval_id);

/**
 * Logs that a tool call failed, and ends it.
 *
 * @param logger The logger.
 * @param tool_call_id The tool call's id.
 * @param config The message, code and type; all may be absent, and the other members must be. May
 *     be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_error(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str tool_call_id,
    const maxim_error_config *MAXIM_NULLABLE config);

/**
 * Changes members of a tool call.
 *
 * @param logger The logger.
 * @param tool_call_id The tool call's id.
 * @param data_json A JSON object, whose null members are left out.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_update(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str tool_call_id,
    maxim_str data_json);

/**
 * Logs what the tool answered, and ends the tool call.
 *
 * @param logger The logger.
 * @param tool_call_id The tool call's id.
 * @param result The answer, as text; absent: the text "null", as the public clients have it.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_result(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str tool_call_id,
    maxim_str result);

/**
 * Adds one tag to a tool call. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param tool_call_id The tool call's id.
 * @param key The tag's name.
 * @param value Its value.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_add_tag(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str tool_call_id,
    maxim_str key,
    maxim_str value);

/**
 * Adds several tags to a tool call in one record. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param tool_call_id The tool call's id.
 * @param tags The tags. May be NULL when there are none.
 * @param tag_count How many.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_add_tags(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str tool_call_id,
    const maxim_tag *MAXIM_NULLABLE tags,
    size_t tag_count);

/**
 * Adds metadata to a tool call.
 *
 * @param logger The logger.
 * @param tool_call_id The tool call's id.
 * @param metadata_json A JSON object. Values that are not strings are sent as their JSON text.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_add_metadata(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str tool_call_id,
    maxim_str metadata_json);

/**
 * Adds a named number to a tool call. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 *
 * @param logger The logger.
 * @param tool_call_id The tool call's id.
 * @param name What the number is.
 * @param value The number.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_add_metric(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str tool_call_id,
    maxim_str name,
    double value);

/**
 * Sets when a tool call began.
 *
 * @param logger The logger.
 * @param tool_call_id The tool call's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_set_start_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str tool_call_id,
    int64_t timestamp_us);

/**
 * Sets when a tool call ended.
 *
 * @param logger The logger.
 * @param tool_call_id The tool call's id.
 * @param timestamp_us Microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the nearest
 *     is taken).
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_set_end_timestamp(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str tool_call_id,
    int64_t timestamp_us);

/**
 * Ends a tool call, at the time of the call.
 *
 * @param logger The logger.
 * @param tool_call_id The tool call's id.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_end(maxim_logger *MAXIM_NONNULL logger, maxim_str tool_call_id);

/**
 * Adds one tag to an error. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param error_id The error's id.
 * @param key The tag's name.
 * @param value Its value.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_error_add_tag(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str error_id,
    maxim_str key,
    maxim_str value);

/**
 * Adds several tags to an error in one record. A tag given again replaces the earlier value.
 *
 * @param logger The logger.
 * @param error_id The error's id.
 * @param tags The tags. May be NULL when there are none.
 * @param tag_count How many.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_error_add_tags(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str error_id,
    const maxim_tag *MAXIM_NULLABLE tags,
    size_t tag_count);

/**
 * Adds metadata to an error.
 *
 * @param logger The logger.
 * @param error_id The error's id.
 * @param metadata_json A JSON object. Values that are not strings are sent as their JSON text.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_error_add_metadata(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str error_id,
    maxim_str metadata_json);

/**
 * Sets an attachment to the defaults of MAXIM_ATTACHMENT_INIT, for languages that have no macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_attachment has; they become zero where the
 *     library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_attachment_init(maxim_attachment *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets an error config to the defaults of MAXIM_ERROR_CONFIG_INIT, for languages that have no
 * macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_error_config has; they become zero where the
 *     library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_error_config_init(maxim_error_config *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets an event config to the defaults of MAXIM_EVENT_CONFIG_INIT, for languages that have no
 * macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_event_config has; they become zero where the
 *     library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_event_config_init(maxim_event_config *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets a generation config to the defaults of MAXIM_GENERATION_CONFIG_INIT, for languages that have
 * no macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_generation_config has; they become zero
 *     where the library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_generation_config_init(
    maxim_generation_config *MAXIM_NONNULL out,
    size_t struct_size);

/**
 * Sets a log client config to the defaults of MAXIM_LOG_CLIENT_CONFIG_INIT, for languages that have
 * no macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_log_client_config has; they become zero
 *     where the library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_client_config_init(
    maxim_log_client_config *MAXIM_NONNULL out,
    size_t struct_size);

/**
 * Sets a log entry to the defaults of MAXIM_LOG_ENTRY_INIT, for languages that have no macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_log_entry has; they become zero where the
 *     library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_entry_init(maxim_log_entry *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets a log error info to the defaults of MAXIM_LOG_ERROR_INFO_INIT, for languages that have no
 * macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_log_error_info has; they become zero where
 *     the library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_error_info_init(maxim_log_error_info *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets a log options to the defaults of MAXIM_LOG_OPTIONS_INIT, for languages that have no macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_log_options has; they become zero where the
 *     library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_options_init(maxim_log_options *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets a logger config to the defaults of MAXIM_LOGGER_CONFIG_INIT, for languages that have no
 * macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_logger_config has; they become zero where
 *     the library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_logger_config_init(maxim_logger_config *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets a raw options to the defaults of MAXIM_RAW_OPTIONS_INIT, for languages that have no macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_raw_options has; they become zero where the
 *     library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_raw_options_init(maxim_raw_options *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets a retrieval config to the defaults of MAXIM_RETRIEVAL_CONFIG_INIT, for languages that have
 * no macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_retrieval_config has; they become zero where
 *     the library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_retrieval_config_init(
    maxim_retrieval_config *MAXIM_NONNULL out,
    size_t struct_size);

/**
 * Sets a session config to the defaults of MAXIM_SESSION_CONFIG_INIT, for languages that have no
 * macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_session_config has; they become zero where
 *     the library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_session_config_init(maxim_session_config *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets a span config to the defaults of MAXIM_SPAN_CONFIG_INIT, for languages that have no macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_span_config has; they become zero where the
 *     library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_config_init(maxim_span_config *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets a stats to the defaults of MAXIM_STATS_INIT, for languages that have no macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_stats has; they become zero where the
 *     library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_stats_init(maxim_stats *MAXIM_NONNULL out, size_t struct_size);

/**
 * Sets a tool call config to the defaults of MAXIM_TOOL_CALL_CONFIG_INIT, for languages that have
 * no macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_tool_call_config has; they become zero where
 *     the library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_tool_call_config_init(
    maxim_tool_call_config *MAXIM_NONNULL out,
    size_t struct_size);

/**
 * Sets a trace config to the defaults of MAXIM_TRACE_CONFIG_INIT, for languages that have no
 * macros.
 *
 * @param out The struct. Not NULL.
 * @param struct_size How many bytes the caller's maxim_trace_config has; they become zero where the
 *     library knows no default.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_config_init(maxim_trace_config *MAXIM_NONNULL out, size_t struct_size);

/**
 * What the log API is sent for a provider's result: the parser of `maxim_generation_result` as a
 * function.
 *
 * Writes the JSON and a NUL to `out`, which has `capacity` bytes, and how many bytes the JSON has
 * to `out_len`. MAXIM_ERR_TOO_LARGE says that it does not fit: then `out_len` says what is needed
 * beside the NUL, and `out` stays as it was.
 *
 * @param result_json The provider's own response, as for `maxim_generation_result`.
 * @param flags As for `maxim_generation_result`; without any, what is not known is taken as it is.
 * @param out Receives the JSON. May be NULL when `capacity` is 0.
 * @param capacity How many bytes there are at `out`.
 * @param out_len Receives the length of the JSON. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON,
 *     MAXIM_ERR_INVALID_RESULT, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_normalise_result(
    maxim_str result_json,
    maxim_result_flags flags,
    char *MAXIM_NULLABLE out,
    size_t capacity,
    size_t *MAXIM_NULLABLE out_len);

/**
 * Makes a structured log client. Does no network I/O; makes the spool directory and starts the
 * writer thread, or neither without an API key.
 *
 * `*out` is set to NULL first, and to the client on success. The caller frees it with
 * `maxim_log_client_free`.
 *
 * Errors: MAXIM_ERR_INVALID_ARGUMENT for a field out of its range (the detail names it),
 * MAXIM_ERR_IO when the spool directory that was named cannot be used, MAXIM_ERR_NULL_POINTER.
 *
 * @param config The configuration. May be NULL: then all defaults apply.
 * @param out Receives the handle; NULL when the call fails. Not NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_INVALID_UTF8,
 *     MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_IO,
 *     MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_NODISCARD MAXIM_API maxim_status maxim_log_client_new(
    const maxim_log_client_config *MAXIM_NULLABLE config,
    maxim_log_client *MAXIM_NULLABLE *MAXIM_NONNULL out);

/**
 * Frees a client. NULL is a no-op.
 *
 * Does not wait for the network: what is still held is put into files in the background and sent by
 * the next client for the same source. Call `maxim_log_disconnect` first to have it sent now. When
 * this returns, no callback of the client runs any more, as `maxim_logger_free` has it. Its flows
 * answer MAXIM_ERR_CLOSED from then on and must still be freed.
 *
 * Errors: MAXIM_ERR_INVALID_HANDLE when it was freed before; MAXIM_ERR_TIMEOUT as for
 * `maxim_logger_free`.
 *
 * @param client The client. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_TIMEOUT, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_client_free(maxim_log_client *MAXIM_NULLABLE client);

/**
 * Logs at level DEBUG. `message` has 1 to 10,000 characters; `data_json` is a JSON object and may
 * be absent; `options` may be NULL. Below the client's `min_level` nothing is looked at and nothing
 * is done.
 *
 * Errors: MAXIM_ERR_INVALID_ARGUMENT names the field, its limit and its length; nothing else is
 * lost.
 *
 * @param client The client.
 * @param message What happened, 1 to 10,000 characters.
 * @param data_json Additional data: a JSON object; may be absent.
 * @param options Tags. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_debug(
    maxim_log_client *MAXIM_NONNULL client,
    maxim_str message,
    maxim_str data_json,
    const maxim_log_options *MAXIM_NULLABLE options);

/**
 * Logs at level INFO. Arguments and errors as for `maxim_log_debug`.
 *
 * @param client The client.
 * @param message What happened, 1 to 10,000 characters.
 * @param data_json Additional data: a JSON object; may be absent.
 * @param options Tags. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_info(
    maxim_log_client *MAXIM_NONNULL client,
    maxim_str message,
    maxim_str data_json,
    const maxim_log_options *MAXIM_NULLABLE options);

/**
 * Logs at level WARN. Arguments and errors as for `maxim_log_debug`.
 *
 * @param client The client.
 * @param message What happened, 1 to 10,000 characters.
 * @param data_json Additional data: a JSON object; may be absent.
 * @param options Tags. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_warn(
    maxim_log_client *MAXIM_NONNULL client,
    maxim_str message,
    maxim_str data_json,
    const maxim_log_options *MAXIM_NULLABLE options);

/**
 * Logs at level ERROR. Arguments and errors as for `maxim_log_debug`.
 *
 * @param client The client.
 * @param message What happened, 1 to 10,000 characters.
 * @param data_json Additional data: a JSON object; may be absent.
 * @param options Tags. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_error(
    maxim_log_client *MAXIM_NONNULL client,
    maxim_str message,
    maxim_str data_json,
    const maxim_log_options *MAXIM_NULLABLE options);

/**
 * Logs an error with its kind and stack; its own message becomes `data.message`. `error` is
 * required, `options` may be NULL. Errors as for `maxim_log_debug`.
 *
 * @param client The client.
 * @param message What happened, 1 to 10,000 characters.
 * @param error The error. Not NULL.
 * @param options Tags. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_error_with(
    maxim_log_client *MAXIM_NONNULL client,
    maxim_str message,
    const maxim_log_error_info *MAXIM_NONNULL error,
    const maxim_log_options *MAXIM_NULLABLE options);

/**
 * Logs an entry with any of its fields. Errors as for `maxim_log_debug`.
 *
 * @param client The client.
 * @param entry The entry. Not NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log(
    maxim_log_client *MAXIM_NONNULL client,
    const maxim_log_entry *MAXIM_NONNULL entry);

/**
 * Sets the user of entries that name none, from now on and on all threads; absent clears it. Up to
 * 100 characters.
 *
 * @param client The client.
 * @param user_id The user, up to 100 characters; absent: none.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_set_user_id(maxim_log_client *MAXIM_NONNULL client, maxim_str user_id);

/**
 * Sets the session of entries that name none, from now on and on all threads; absent clears it. Up
 * to 100 characters.
 *
 * @param client The client.
 * @param session_id The session, up to 100 characters; absent: none.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_ID, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_set_session_id(maxim_log_client *MAXIM_NONNULL client, maxim_str session_id);

/**
 * Sends everything that was accepted before the call, and waits until it has arrived, up to
 * `timeout_ms` milliseconds. **May block**, never longer than that; with 0 it starts the work and
 * returns MAXIM_OK at once.
 *
 * Errors: MAXIM_ERR_TIMEOUT when something is still held (the detail says how much and why);
 * nothing is lost by that.
 *
 * @param client The client.
 * @param timeout_ms How long it may take, in milliseconds; 0: start the work and return at once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_TIMEOUT, MAXIM_ERR_REJECTED, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_log_flush(maxim_log_client *MAXIM_NONNULL client, uint32_t timeout_ms);

/**
 * As `maxim_log_flush`, without waiting; see `maxim_flush_async`.
 *
 * @param client The client.
 * @param timeout_ms How long it may take, in milliseconds; 0: start the work and return at once.
 * @param callback Called with the outcome. Not NULL.
 * @param user_data Passed to the callback. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_flush_async(
    maxim_log_client *MAXIM_NONNULL client,
    uint32_t timeout_ms,
    maxim_flush_callback callback,
    void *MAXIM_NULLABLE user_data);

/**
 * Deletes everything that is held and not delivered: `maxim_purge` for a client. **May block** on
 * the file system.
 *
 * Errors: MAXIM_ERR_IO when something could not be removed or read, MAXIM_ERR_CLOSED after
 * `maxim_log_disconnect`.
 *
 * @param client The client.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_IO, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_log_purge(maxim_log_client *MAXIM_NONNULL client);

/**
 * Closes a client: refuses further entries (MAXIM_ERR_CLOSED), sends what it can within
 * `timeout_ms` milliseconds, leaves the rest in files for the next client, and stops its thread.
 * **May block**, never longer than `timeout_ms`. The handle must still be freed.
 *
 * Once its own entries have arrived it sends what earlier clients for the same source left behind,
 * while there is time, as `maxim_cleanup` does.
 *
 * Errors: MAXIM_ERR_TIMEOUT when something is left for the next client, MAXIM_ERR_UNAUTHORIZED or
 * MAXIM_ERR_REJECTED when the service refused it before the time was up; the detail says how much
 * and why.
 *
 * @param client The client.
 * @param timeout_ms How long it may take, in milliseconds; 0: start the work and return at once.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_TIMEOUT, MAXIM_ERR_REJECTED, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_log_disconnect(maxim_log_client *MAXIM_NONNULL client, uint32_t timeout_ms);

/**
 * Whether an entry of a level (MAXIM_LEVEL_…) would be logged: false below `min_level`, for a
 * number that is no level, and for a bad handle.
 *
 * @param client The client.
 * @param level How bad it is.
 * @return Whether it would.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API bool maxim_log_would_log(const maxim_log_client *MAXIM_NONNULL client, maxim_level level);

/**
 * The client's spool directory, as `maxim_logger_spool_dir` gives a logger's.
 *
 * @param client The client.
 * @return The directory, good until the client is freed; NULL when there is none, and for a bad
 *     handle.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API const char *MAXIM_NULLABLE maxim_log_client_spool_dir(const maxim_log_client *MAXIM_NONNULL client);

/**
 * What became of the client's entries. `stats->struct_size` must be set (MAXIM_STATS_INIT).
 *
 * @param client The client.
 * @param stats Receives the numbers; its struct_size is set before (MAXIM_STATS_INIT). Not NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_log_client_stats(
    const maxim_log_client *MAXIM_NONNULL client,
    maxim_stats *MAXIM_NONNULL stats);

/**
 * Begins a flow with a local id: the name, a hyphen and eight random hexadecimal digits.
 *
 * `name` has 1 to 41 characters; a lossy client cuts a longer one in the id, and has `(no name)`
 * there for an empty one. `*out` is set to NULL first, and to the flow on success; the caller frees
 * it with `maxim_flow_free`. The flow is good as long as its client is.
 *
 * @param client The client.
 * @param name Its name, 1 to 41 characters.
 * @param out Receives the handle; NULL when the call fails. Not NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_CLOSED, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC,
 *     MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_NODISCARD MAXIM_API maxim_status maxim_flow_new(
    maxim_log_client *MAXIM_NONNULL client,
    maxim_str name,
    maxim_flow *MAXIM_NULLABLE *MAXIM_NONNULL out);

/**
 * Begins a flow whose id the service gives. **May block** up to `timeout_ms` milliseconds.
 *
 * `name` has 1 to 50 characters, or is changed as by `maxim_flow_new`; `out` as for
 * `maxim_flow_new`. Errors: MAXIM_ERR_NOT_CONFIGURED without an API key, MAXIM_ERR_NETWORK,
 * MAXIM_ERR_TIMEOUT, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_REJECTED.
 *
 * @param client The client.
 * @param name Its name, 1 to 50 characters.
 * @param timeout_ms How long to wait for the service, in milliseconds.
 * @param out Receives the handle; NULL when the call fails. Not NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_CLOSED, MAXIM_ERR_TIMEOUT, MAXIM_ERR_TOO_LARGE,
 *     MAXIM_ERR_NETWORK, MAXIM_ERR_REJECTED, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_NOT_CONFIGURED,
 *     MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_NODISCARD MAXIM_API maxim_status maxim_flow_new_remote(
    maxim_log_client *MAXIM_NONNULL client,
    maxim_str name,
    uint32_t timeout_ms,
    maxim_flow *MAXIM_NULLABLE *MAXIM_NONNULL out);

/**
 * A flow's id, NUL-terminated; good until the flow is freed. NULL for a bad handle.
 *
 * @param flow The flow.
 * @return The id; NULL for a bad handle.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API const char *MAXIM_NULLABLE maxim_flow_id(const maxim_flow *MAXIM_NONNULL flow);

/**
 * A flow's name, NUL-terminated; good until the flow is freed. NULL for a bad handle.
 *
 * @param flow The flow.
 * @return The name; NULL for a bad handle.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API const char *MAXIM_NULLABLE maxim_flow_name(const maxim_flow *MAXIM_NONNULL flow);

/**
 * The index that the flow's next step will have, 0 to 1,001; -1 for a bad handle.
 *
 * @param flow The flow.
 * @return The index.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API int32_t maxim_flow_step_index(const maxim_flow *MAXIM_NONNULL flow);

/**
 * Logs a step at level DEBUG. Arguments and errors as for `maxim_log_debug`.
 *
 * Steps are numbered from 0 without a gap, in the order of the calls; a step that is filtered or
 * refused takes no number. After 1,001 steps the flow is used up: MAXIM_ERR_FLOW_EXHAUSTED.
 *
 * @param flow The flow.
 * @param message What happened, 1 to 10,000 characters.
 * @param data_json Additional data: a JSON object; may be absent.
 * @param options Tags. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_FLOW_EXHAUSTED, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_flow_debug(
    maxim_flow *MAXIM_NONNULL flow,
    maxim_str message,
    maxim_str data_json,
    const maxim_log_options *MAXIM_NULLABLE options);

/**
 * Logs a step at level INFO; see `maxim_flow_debug`.
 *
 * @param flow The flow.
 * @param message What happened, 1 to 10,000 characters.
 * @param data_json Additional data: a JSON object; may be absent.
 * @param options Tags. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_FLOW_EXHAUSTED, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_flow_info(
    maxim_flow *MAXIM_NONNULL flow,
    maxim_str message,
    maxim_str data_json,
    const maxim_log_options *MAXIM_NULLABLE options);

/**
 * Logs a step at level WARN; see `maxim_flow_debug`.
 *
 * @param flow The flow.
 * @param message What happened, 1 to 10,000 characters.
 * @param data_json Additional data: a JSON object; may be absent.
 * @param options Tags. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_FLOW_EXHAUSTED, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_flow_warn(
    maxim_flow *MAXIM_NONNULL flow,
    maxim_str message,
    maxim_str data_json,
    const maxim_log_options *MAXIM_NULLABLE options);

/**
 * Logs a step at level ERROR; see `maxim_flow_debug`.
 *
 * @param flow The flow.
 * @param message What happened, 1 to 10,000 characters.
 * @param data_json Additional data: a JSON object; may be absent.
 * @param options Tags. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_FLOW_EXHAUSTED, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_flow_error(
    maxim_flow *MAXIM_NONNULL flow,
    maxim_str message,
    maxim_str data_json,
    const maxim_log_options *MAXIM_NULLABLE options);

/**
 * Logs a step at level ERROR, with an error; see `maxim_flow_debug` and `maxim_log_error_with`.
 *
 * @param flow The flow.
 * @param message What happened, 1 to 10,000 characters.
 * @param error The error. Not NULL.
 * @param options Tags. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL,
 *     MAXIM_ERR_TOO_LARGE, MAXIM_ERR_FLOW_EXHAUSTED, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_flow_error_with(
    maxim_flow *MAXIM_NONNULL flow,
    maxim_str message,
    const maxim_log_error_info *MAXIM_NONNULL error,
    const maxim_log_options *MAXIM_NULLABLE options);

/**
 * Frees a flow; entries already logged are unaffected. NULL is a no-op.
 *
 * Errors: MAXIM_ERR_INVALID_HANDLE when it was freed before.
 *
 * @param flow The flow. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_flow_free(maxim_flow *MAXIM_NULLABLE flow);

/**
 * Sends a document of `body_len` bytes as it is, and waits for the answer, with the client's
 * retries. **May block** up to `timeout_ms` milliseconds. The body is not copied.
 *
 * `format` is one of MAXIM_FORMAT_…; `options` may be NULL. Errors: MAXIM_ERR_INVALID_ARGUMENT for
 * an unknown format or an empty body, MAXIM_ERR_NOT_CONFIGURED without an API key,
 * MAXIM_ERR_NETWORK, MAXIM_ERR_TIMEOUT, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_REJECTED,
 * MAXIM_ERR_TOO_LARGE.
 *
 * @param client The client.
 * @param body The document. Not NULL.
 * @param body_len Its length in bytes.
 * @param format What the document is.
 * @param options Options, passed to the service. May be NULL.
 * @param timeout_ms How long to wait, in milliseconds.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_CLOSED, MAXIM_ERR_TIMEOUT, MAXIM_ERR_TOO_LARGE,
 *     MAXIM_ERR_NETWORK, MAXIM_ERR_REJECTED, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_NOT_CONFIGURED,
 *     MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: **May block**.
 */
MAXIM_API maxim_status maxim_ingest_raw(
    maxim_log_client *MAXIM_NONNULL client,
    const uint8_t *MAXIM_NONNULL body,
    size_t body_len,
    maxim_format format,
    const maxim_raw_options *MAXIM_NULLABLE options,
    uint32_t timeout_ms);

/**
 * Accepts a document of `body_len` bytes, up to 64 MiB, to be sent as entries are: it survives the
 * process and an outage. The body is copied once; above 1 MiB the call makes a segment of its own
 * for it, which takes system calls and no more.
 *
 * Arguments as for `maxim_ingest_raw`. Errors: MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_NOT_CONFIGURED
 * without an API key, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_SPOOL_FULL.
 *
 * @param client The client.
 * @param body The document. Not NULL.
 * @param body_len Its length in bytes.
 * @param format What the document is.
 * @param options Options, passed to the service. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_CLOSED, MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE,
 *     MAXIM_ERR_NOT_CONFIGURED, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_ingest_raw_async(
    maxim_log_client *MAXIM_NONNULL client,
    const uint8_t *MAXIM_NONNULL body,
    size_t body_len,
    maxim_format format,
    const maxim_raw_options *MAXIM_NULLABLE options);

/**
 * Begins a trace that continues one of another service or of another OpenTelemetry SDK: by OTLP,
 * the header's trace is its trace, and the header's span is above it. Its id begins with both.
 *
 * `config` is as for `maxim_trace_create`, without an id. A later version of the header is read as
 * far as this one is known.
 *
 * Errors: MAXIM_ERR_INVALID_ARGUMENT for a header that is not one of W3C Trace Context: begin a
 * trace of your own then.
 *
 * @param logger The logger.
 * @param traceparent The value of the header `traceparent`.
 * @param config The trace. May be NULL.
 * @param out_id Receives the trace's id. May be NULL.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_HANDLE, MAXIM_ERR_INVALID_ARGUMENT,
 *     MAXIM_ERR_INVALID_UTF8, MAXIM_ERR_INVALID_JSON, MAXIM_ERR_INVALID_ID, MAXIM_ERR_CLOSED,
 *     MAXIM_ERR_SPOOL_FULL, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC, MAXIM_ERR_NO_RESOURCES.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_trace_from_traceparent(
    maxim_logger *MAXIM_NONNULL logger,
    maxim_str traceparent,
    const maxim_trace_config *MAXIM_NULLABLE config,
    maxim_id *MAXIM_NULLABLE out_id);

/**
 * The header `traceparent` for a request that is made within a trace, span, generation, retrieval
 * or tool call: the service that is called goes on below it. The same ids give the same header each
 * time; no logger is needed.
 *
 * Writes 55 characters and a NUL to `out`.
 *
 * @param trace_id The trace's id.
 * @param entity What is above the request: MAXIM_ENTITY_TRACE, _SPAN, _GENERATION, _RETRIEVAL or
 *     _TOOL_CALL.
 * @param entity_id Its id; the trace's own for MAXIM_ENTITY_TRACE.
 * @param out Receives the header's value.
 * @param capacity How many bytes there are at `out`: at least MAXIM_TRACEPARENT_SIZE.
 * @return MAXIM_OK, MAXIM_ERR_NULL_POINTER, MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_INVALID_UTF8,
 *     MAXIM_ERR_INVALID_ID, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_PANIC.
 *
 * Threads: any. Blocking: no.
 */
MAXIM_API maxim_status maxim_span_traceparent(
    maxim_str trace_id,
    maxim_entity entity,
    maxim_str entity_id,
    char *MAXIM_NONNULL out,
    size_t capacity);

#ifdef __cplusplus
}  /* extern "C" */
#endif

/* Define MAXIM_NO_INLINE for a parser that knows declarations only: it does without what follows. */
#ifndef MAXIM_NO_INLINE

/* In C++ without internal linkage, so that a module can use and export them. */
#ifdef __cplusplus
#define MAXIM_INLINE inline
#else
#define MAXIM_INLINE static inline
#endif

/** A string literal without its NUL: MAXIM_STR("text"). Nothing but a literal compiles. */
#define MAXIM_STR(literal) (maxim_str_n(("" literal), sizeof("" literal) - 1))

/** The text of `length` bytes at `data`; absent when `data` is NULL. */
MAXIM_INLINE maxim_str maxim_str_n(const char *MAXIM_NULLABLE data, size_t length) {
    maxim_str text;
    text.data = data;
    text.len = data != NULL ? length : 0;
    return text;
}

/** The NUL-terminated text at `data`; absent when it is NULL. */
MAXIM_INLINE maxim_str maxim_str_z(const char *MAXIM_NULLABLE data) {
    return maxim_str_n(data, MAXIM_NTS);
}

/**
 * Initialisers. Each sets struct_size and the defaults that are not zero:
 *     maxim_span_config config = MAXIM_SPAN_CONFIG_INIT;
 */
#ifdef __cplusplus
namespace maxim_detail {
template <class T>
inline T sized() noexcept {
    T value = T();
    value.struct_size = sizeof(T);
    return value;
}
inline maxim_logger_config logger_config() noexcept {
    maxim_logger_config value = sized<maxim_logger_config>();
    value.auto_flush = true;
    value.flush_interval_ms = MAXIM_DEFAULT_FLUSH_INTERVAL_MS;
    return value;
}
inline maxim_log_client_config log_client_config() noexcept {
    maxim_log_client_config value = sized<maxim_log_client_config>();
    value.batch_size = MAXIM_DEFAULT_BATCH_SIZE;
    value.flush_interval_ms = MAXIM_DEFAULT_LOG_FLUSH_INTERVAL_MS;
    value.max_retries = MAXIM_DEFAULT_MAX_RETRIES;
    value.initial_delay_ms = MAXIM_DEFAULT_INITIAL_DELAY_MS;
    value.max_delay_ms = MAXIM_DEFAULT_MAX_DELAY_MS;
    return value;
}
inline maxim_log_entry log_entry() noexcept {
    maxim_log_entry value = sized<maxim_log_entry>();
    value.step_index = -1;
    return value;
}
inline maxim_raw_options raw_options() noexcept {
    maxim_raw_options value = sized<maxim_raw_options>();
    value.environment = MAXIM_ENVIRONMENT_NONE;
    value.level = MAXIM_LEVEL_NONE;
    return value;
}
}  // namespace maxim_detail
#define MAXIM_SIZED_INIT(type) (maxim_detail::sized<type>())
#define MAXIM_LOGGER_CONFIG_INIT (maxim_detail::logger_config())
#define MAXIM_LOG_CLIENT_CONFIG_INIT (maxim_detail::log_client_config())
#define MAXIM_LOG_ENTRY_INIT (maxim_detail::log_entry())
#define MAXIM_RAW_OPTIONS_INIT (maxim_detail::raw_options())
#else
#define MAXIM_SIZED_INIT(type) {.struct_size = sizeof(type)}
#define MAXIM_LOGGER_CONFIG_INIT \
    {.struct_size = sizeof(maxim_logger_config), \
     .auto_flush = true, \
     .flush_interval_ms = MAXIM_DEFAULT_FLUSH_INTERVAL_MS}
#define MAXIM_LOG_CLIENT_CONFIG_INIT \
    {.struct_size = sizeof(maxim_log_client_config), \
     .batch_size = MAXIM_DEFAULT_BATCH_SIZE, \
     .flush_interval_ms = MAXIM_DEFAULT_LOG_FLUSH_INTERVAL_MS, \
     .max_retries = MAXIM_DEFAULT_MAX_RETRIES, \
     .initial_delay_ms = MAXIM_DEFAULT_INITIAL_DELAY_MS, \
     .max_delay_ms = MAXIM_DEFAULT_MAX_DELAY_MS}
#define MAXIM_LOG_ENTRY_INIT \
    {.struct_size = sizeof(maxim_log_entry), \
     .step_index = -1}
#define MAXIM_RAW_OPTIONS_INIT \
    {.struct_size = sizeof(maxim_raw_options), \
     .environment = MAXIM_ENVIRONMENT_NONE, \
     .level = MAXIM_LEVEL_NONE}
#endif
#define MAXIM_SESSION_CONFIG_INIT MAXIM_SIZED_INIT(maxim_session_config)
#define MAXIM_TRACE_CONFIG_INIT MAXIM_SIZED_INIT(maxim_trace_config)
#define MAXIM_SPAN_CONFIG_INIT MAXIM_SIZED_INIT(maxim_span_config)
#define MAXIM_RETRIEVAL_CONFIG_INIT MAXIM_SIZED_INIT(maxim_retrieval_config)
#define MAXIM_GENERATION_CONFIG_INIT MAXIM_SIZED_INIT(maxim_generation_config)
#define MAXIM_TOOL_CALL_CONFIG_INIT MAXIM_SIZED_INIT(maxim_tool_call_config)
#define MAXIM_ERROR_CONFIG_INIT MAXIM_SIZED_INIT(maxim_error_config)
#define MAXIM_EVENT_CONFIG_INIT MAXIM_SIZED_INIT(maxim_event_config)
#define MAXIM_ATTACHMENT_INIT MAXIM_SIZED_INIT(maxim_attachment)
#define MAXIM_STATS_INIT MAXIM_SIZED_INIT(maxim_stats)
#define MAXIM_LOG_OPTIONS_INIT MAXIM_SIZED_INIT(maxim_log_options)
#define MAXIM_LOG_ERROR_INFO_INIT MAXIM_SIZED_INIT(maxim_log_error_info)

#endif /* MAXIM_NO_INLINE */

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif /* MAXIM_H */
