/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/**
 * libmaxim: log what AI applications do.
 *
 * Sessions, traces, spans, generations, retrievals and tool calls go to the Maxim log API;
 * application logs go to the structured log API. A call formats one record, copies it into memory
 * that survives the process, and returns: tens to hundreds of nanoseconds, no I/O.
 *
 * This file is generated from src/ffi. The rules below hold for every function and are not repeated.
 *
 * STRINGS are UTF-8, given as `maxim_str` by value and borrowed for the call only; the library copies
 * what it keeps. {NULL, 0} is absent, len == MAXIM_NTS is NUL-terminated, NUL bytes inside a length are
 * content. Invalid UTF-8 is MAXIM_ERR_INVALID_UTF8. Arguments named `…_json` are JSON texts (RFC 8259, at
 * most 128 levels deep), checked during the call: MAXIM_ERR_INVALID_JSON names the argument, line and
 * column, and nothing is logged. Line breaks and indentation are removed.
 *
 * IDS of sessions, traces, spans, generations, retrievals and tool calls are 1 to 256 characters of
 * A-Z a-z 0-9 _ -; anything else is MAXIM_ERR_INVALID_ID and nothing is logged. An entity is addressed by
 * its id, so another thread, process or host can go on with it, and nothing is to be freed.
 *
 * OWNERSHIP: the only things to give back are handles (maxim_logger_free and its like). Handles can be
 * misused without harm: a freed or made-up one is MAXIM_ERR_INVALID_HANDLE. NULL may be freed, and is
 * MAXIM_ERR_NULL_POINTER elsewhere. Strings that the library returns are static or say how long they last.
 *
 * STRUCTS start with struct_size; initialise them with their MAXIM_…_INIT macro and set what you need. A
 * program that was built with a later header may run with this library as long as the fields that came
 * later are zero; a call that sets one is refused (MAXIM_ERR_INVALID_ARGUMENT), not half understood.
 *
 * ERRORS: a function that can fail returns a maxim_status; maxim_last_error() has the detail of the
 * last failure on the calling thread. Outputs are written only on success; a handle output is set to NULL
 * first. What goes wrong after a call has returned is told by the error callback and maxim_stats.
 *
 * THREADS: every function may be called from any thread at any time, except from a signal handler. No
 * signal that the library's own system calls raise (SIGXFSZ below a limit on the size of files, SIGPIPE)
 * reaches the host: it is as if the disk were full. A thread that is cancelled (pthread_cancel) is
 * cancelled before or after a call, never in it, unless it has chosen PTHREAD_CANCEL_ASYNCHRONOUS.
 * What cannot be held back: SIGBUS when somebody truncates the library's files in /dev/shm, and SIGSYS of a
 * sandbox that ends the process for a system call.
 *
 * BLOCKING: a function returns without waiting and without I/O unless its documentation says **May
 * block**; then it takes a timeout in milliseconds and keeps it. The exceptions are making a logger or
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

/** Marks a function that has a newer name; define it as nothing to be left in peace. */
#ifndef MAXIM_DEPRECATED
#if defined(__GNUC__) || defined(__clang__)
#define MAXIM_DEPRECATED(note) __attribute__((deprecated(note)))
#elif defined(_MSC_VER)
#define MAXIM_DEPRECATED(note) __declspec(deprecated(note))
#else
#define MAXIM_DEPRECATED(note)
#endif
#endif


/**
 * Major version of the library that this header belongs to.
 */
#define MAXIM_VERSION_MAJOR 0

/**
 * Minor version of the library that this header belongs to.
 */
#define MAXIM_VERSION_MINOR 1

/**
 * Patch version of the library that this header belongs to.
 */
#define MAXIM_VERSION_PATCH 0

/**
 * The call did what it says.
 */
#define MAXIM_OK 0

/**
 * A pointer that must not be NULL was NULL.
 */
#define MAXIM_ERR_NULL_POINTER 1

/**
 * The handle was never made, or has been freed.
 */
#define MAXIM_ERR_INVALID_HANDLE 2

/**
 * An argument is out of its range; the detail names it.
 */
#define MAXIM_ERR_INVALID_ARGUMENT 3

/**
 * A string is not UTF-8.
 */
#define MAXIM_ERR_INVALID_UTF8 4

/**
 * A JSON text does not parse, or is not of the kind asked for; the detail has line and column.
 */
#define MAXIM_ERR_INVALID_JSON 5

/**
 * An id does not match `[A-Za-z0-9_-]+` or is longer than 256 characters.
 */
#define MAXIM_ERR_INVALID_ID 6

/**
 * A provider's result has a shape that is not known.
 */
#define MAXIM_ERR_INVALID_RESULT 7

/**
 * The logger or client has been cleaned up or disconnected.
 */
#define MAXIM_ERR_CLOSED 8

/**
 * The time given ran out; what was not delivered is still held.
 */
#define MAXIM_ERR_TIMEOUT 9

/**
 * The configured space is full and the overflow policy refuses the newest record.
 */
#define MAXIM_ERR_SPOOL_FULL 10

/**
 * A record or attachment is above its size limit.
 */
#define MAXIM_ERR_TOO_LARGE 11

/**
 * A file could not be read or written.
 */
#define MAXIM_ERR_IO 12

/**
 * The service could not be reached.
 */
#define MAXIM_ERR_NETWORK 13

/**
 * The service answered with an error.
 */
#define MAXIM_ERR_REJECTED 14

/**
 * The service refused the API key.
 */
#define MAXIM_ERR_UNAUTHORIZED 15

/**
 * There is no API key, repository or endpoint to log to.
 */
#define MAXIM_ERR_NOT_CONFIGURED 16

/**
 * A flow has used all of its step indices.
 */
#define MAXIM_ERR_FLOW_EXHAUSTED 17

/**
 * A bug in the library was caught at its boundary; the host is unharmed. Please report it.
 */
#define MAXIM_ERR_PANIC 18

/**
 * Memory, a thread or another resource could not be had.
 */
#define MAXIM_ERR_NO_RESOURCES 19

/**
 * Send a result as it is, even when its shape is not known.
 */
#define MAXIM_RESULT_FORCE 1

/**
 * A conversation of several traces.
 */
#define MAXIM_ENTITY_SESSION 0

/**
 * One request through the application.
 */
#define MAXIM_ENTITY_TRACE 1

/**
 * A step within a trace.
 */
#define MAXIM_ENTITY_SPAN 2

/**
 * One call of a model.
 */
#define MAXIM_ENTITY_GENERATION 3

/**
 * A user's verdict.
 */
#define MAXIM_ENTITY_FEEDBACK 4

/**
 * One look-up of documents.
 */
#define MAXIM_ENTITY_RETRIEVAL 5

/**
 * One call of a tool.
 */
#define MAXIM_ENTITY_TOOL_CALL 6

/**
 * Something that went wrong.
 */
#define MAXIM_ENTITY_ERROR 7

/**
 * A line that was too large to be sent as one.
 */
#define MAXIM_ENTITY_STORAGE 8

/**
 * For the developer.
 */
#define MAXIM_LEVEL_DEBUG 0

/**
 * As it should be.
 */
#define MAXIM_LEVEL_INFO 1

/**
 * Odd.
 */
#define MAXIM_LEVEL_WARN 2

/**
 * Wrong.
 */
#define MAXIM_LEVEL_ERROR 3

/**
 * On a developer's machine.
 */
#define MAXIM_ENVIRONMENT_DEVELOPMENT 0

/**
 * Before production.
 */
#define MAXIM_ENVIRONMENT_STAGING 1

/**
 * For real.
 */
#define MAXIM_ENVIRONMENT_PRODUCTION 2

/**
 * One JSON document.
 */
#define MAXIM_FORMAT_JSON 0

/**
 * A JSON document a line.
 */
#define MAXIM_FORMAT_JSONL 1

/**
 * Syslog lines.
 */
#define MAXIM_FORMAT_SYSLOG 2

/**
 * Plain text.
 */
#define MAXIM_FORMAT_TEXT 3

/**
 * Comma-separated values with a head line.
 */
#define MAXIM_FORMAT_CSV 4

/**
 * The service's own format.
 */
#define MAXIM_FORMAT_OBL 5

/**
 * How long a record waits for company, in milliseconds, unless configured otherwise.
 */
#define MAXIM_DEFAULT_FLUSH_INTERVAL_MS 10000

/**
 * How many entries of a structured log client make a batch, unless configured otherwise.
 */
#define MAXIM_DEFAULT_BATCH_SIZE 10

/**
 * How long an entry of a structured log client waits for company, in milliseconds.
 */
#define MAXIM_DEFAULT_LOG_FLUSH_INTERVAL_MS 5000

/**
 * How often a structured log client tries a failed request again before it tells.
 */
#define MAXIM_DEFAULT_MAX_RETRIES 3

/**
 * The longest first wait before a retry, in milliseconds.
 */
#define MAXIM_DEFAULT_INITIAL_DELAY_MS 1000

/**
 * The longest wait before a retry, in milliseconds.
 */
#define MAXIM_DEFAULT_MAX_DELAY_MS 30000

/**
 * Evict the oldest unsent records when the configured space is full (the default).
 */
#define MAXIM_OVERFLOW_DROP_OLDEST 0

/**
 * Refuse new records with MAXIM_ERR_SPOOL_FULL when the configured space is full.
 */
#define MAXIM_OVERFLOW_DROP_NEWEST 1

/**
 * Let a log call wait up to `block_timeout_ms` for space, then refuse it. The only policy under
 * which a log call may block.
 */
#define MAXIM_OVERFLOW_BLOCK 2

/**
 * What the environment says, else the default.
 */
#define MAXIM_SWITCH_DEFAULT 0

/**
 * On, whatever the environment says.
 */
#define MAXIM_SWITCH_ON 1

/**
 * Off, whatever the environment says.
 */
#define MAXIM_SWITCH_OFF 2

/**
 * How long a mask callback may take for one record, in microseconds, unless configured otherwise.
 */
#define MAXIM_DEFAULT_MASK_BUDGET_US 10000

/**
 * The entity that a mask callback is told for what a structured log client logs; for a logger it is one of
 * MAXIM_ENTITY_….
 */
#define MAXIM_MASK_LOG_ENTRY -1

/**
 * A file, named by `path`.
 */
#define MAXIM_ATTACHMENT_FILE 1

/**
 * Bytes, at `data`.
 */
#define MAXIM_ATTACHMENT_DATA 2

/**
 * A URL, which is logged and not fetched.
 */
#define MAXIM_ATTACHMENT_URL 3

/**
 * The steps of one thing: an opaque handle, made by `maxim_flow_new` and given back by
 * `maxim_flow_free`. As safe against misuse as a `maxim_logger`.
 */
typedef struct maxim_flow maxim_flow;

/**
 * A client of the structured log API: an opaque handle, made by `maxim_log_client_new` and given back
 * by `maxim_log_client_free`. As safe against misuse as a `maxim_logger`.
 */
typedef struct maxim_log_client maxim_log_client;

/**
 * A logger for one repository of the Maxim log API: an opaque handle, made by `maxim_logger_new`
 * and given back by `maxim_logger_free`. Never look inside or compute with it. Using it after it was
 * freed, or freeing it twice, is refused with MAXIM_ERR_INVALID_HANDLE and touches nothing.
 */
typedef struct maxim_logger maxim_logger;

/**
 * What a call came to: `MAXIM_OK` (0) or one of the `MAXIM_ERR_…` codes.
 *
 * Codes are never reused and never renumbered. `maxim_status_str` names one, `maxim_last_error`
 * gives the detail of the last one that failed on the calling thread.
 */
typedef int32_t maxim_status;

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
    /**
     * First byte of the text, or NULL when absent. The caller keeps it; the library copies.
     */
    const char *data;
    /**
     * Length in bytes, or `MAXIM_NTS`.
     */
    size_t len;
} maxim_str;

/**
 * What a log call may say beside message and data. Initialise with MAXIM_LOG_OPTIONS_INIT.
 */
typedef struct maxim_log_options {
    /**
     * sizeof(maxim_log_options).
     */
    size_t struct_size;
    /**
     * Tags: a JSON array of up to 20 strings of up to 50 characters.
     */
    struct maxim_str tags_json;
} maxim_log_options;

/**
 * An error to log. Initialise with MAXIM_LOG_ERROR_INFO_INIT.
 */
typedef struct maxim_log_error_info {
    /**
     * sizeof(maxim_log_error_info).
     */
    size_t struct_size;
    /**
     * The kind of error, up to 200 characters.
     */
    struct maxim_str name;
    /**
     * What it says; becomes `data.message`.
     */
    struct maxim_str message;
    /**
     * Where it came from, up to 10,000 characters.
     */
    struct maxim_str stack;
} maxim_log_error_info;

/**
 * An error. Initialise with MAXIM_ERROR_CONFIG_INIT.
 */
typedef struct maxim_error_config {
    /**
     * sizeof(maxim_error_config).
     */
    size_t struct_size;
    /**
     * Its id; generated (UUID version 4) when absent.
     */
    struct maxim_str id;
    /**
     * What to call it.
     */
    struct maxim_str name;
    /**
     * What happened.
     */
    struct maxim_str message;
    /**
     * A code, as text.
     */
    struct maxim_str code;
    /**
     * The kind of error.
     */
    struct maxim_str type;
    /**
     * Tags: a JSON object. Values that are not strings are sent as their JSON text.
     */
    struct maxim_str tags_json;
    /**
     * Anything else: a JSON object.
     */
    struct maxim_str metadata_json;
} maxim_error_config;

/**
 * A file, bytes or a URL to attach. Initialise with MAXIM_ATTACHMENT_INIT.
 *
 * A file that cannot be read is refused with MAXIM_ERR_IO, and content above `max_attachment_bytes` with
 * MAXIM_ERR_TOO_LARGE. A file that is gone when its turn has come is told of by the error callback and
 * counted as quarantined. Each repository has up to 4 uploads under way at a time, with a thread, a file
 * and a connection each, which end with them; log lines do not wait for uploads.
 */
typedef struct maxim_attachment {
    /**
     * sizeof(maxim_attachment).
     */
    size_t struct_size;
    /**
     * Its id; generated (UUID version 4) when absent.
     */
    struct maxim_str id;
    /**
     * One of MAXIM_ATTACHMENT_….
     */
    int32_t kind;
    /**
     * What to call it.
     */
    struct maxim_str name;
    /**
     * MAXIM_ATTACHMENT_FILE: the file, read when it is uploaded.
     */
    struct maxim_str path;
    /**
     * MAXIM_ATTACHMENT_DATA: the bytes, copied during the call.
     */
    const uint8_t *data;
    /**
     * MAXIM_ATTACHMENT_DATA: how many bytes.
     */
    size_t data_len;
    /**
     * MAXIM_ATTACHMENT_URL: the URL.
     */
    struct maxim_str url;
    /**
     * The MIME type; used where the content does not tell.
     */
    struct maxim_str mime_type;
    /**
     * Tags: a JSON object. Values that are not strings are sent as their JSON text.
     */
    struct maxim_str tags_json;
    /**
     * Anything else: a JSON object.
     */
    struct maxim_str metadata_json;
    /**
     * When it was made, in seconds since 1970-01-01 UTC; 0: not said.
     */
    int64_t timestamp;
} maxim_attachment;

/**
 * An id written by the library: 36 characters of a UUID and a terminating NUL, or a flow's id.
 */
typedef struct maxim_id {
    /**
     * The text, NUL-terminated.
     */
    char text[37];
} maxim_id;

/**
 * What the service is told about a raw document. Initialise with MAXIM_RAW_OPTIONS_INIT.
 */
typedef struct maxim_raw_options {
    /**
     * sizeof(maxim_raw_options).
     */
    size_t struct_size;
    /**
     * What logs, up to 1,000 bytes.
     */
    struct maxim_str source;
    /**
     * One of MAXIM_ENVIRONMENT_…; -1 after MAXIM_RAW_OPTIONS_INIT: not said.
     */
    int32_t environment;
    /**
     * How bad entries without a level are, one of MAXIM_LEVEL_…; -1 after MAXIM_RAW_OPTIONS_INIT: not
     * said.
     */
    int32_t level;
    /**
     * The dataset, up to 1,000 bytes.
     */
    struct maxim_str dataset;
} maxim_raw_options;

/**
 * Called when something went wrong after a call had returned: records dropped, a batch refused, a
 * key not accepted, an attachment unreadable.
 *
 * `message` is NUL-terminated text, valid during the call only; `records` says how many records it
 * concerns (0: none). The same kind of trouble is told of at most once in ten seconds; the next message
 * says how often it was left out. Records that are refused for good are all told of in the end, so that
 * the numbers in reports of them add up. Runs on a thread of the library with all signals blocked, or on the thread
 * inside `maxim_flush` in Lambda mode; never on the thread of a log call. No lock is held, so it may
 * call the library, but a blocking call from here waits in vain and times out.
 */
typedef void (*maxim_error_callback)(void *user_data,
                                     maxim_status status,
                                     const char *message,
                                     uint64_t records);

/**
 * Called with one line of debug output, NUL-terminated and valid during the call only. Threads as
 * for `maxim_error_callback`.
 */
typedef void (*maxim_debug_callback)(void *user_data,
                                     const char *message);

/**
 * Given one text of a record before it is kept, to replace it.
 *
 * `entity` is one of MAXIM_ENTITY_… or MAXIM_MASK_LOG_ENTRY. `field` is the NUL-terminated name of the
 * member that the text is in, those within it behind dots, as in `messages.content`. `text` has `length`
 * bytes of UTF-8 and is not NUL-terminated; both are valid during the call only. `*out` is absent at
 * first: leave it so to keep the text, or set it to another one (empty to remove it), which must stay good
 * until the callback is called again on this thread or the log call returns.
 *
 * Returns 0, or anything else when it failed: then the text is dropped, and the record goes without it.
 * So is a text whose replacement is not UTF-8. Runs on the thread of the log call, inside it, with no lock
 * held; every thread that logs may be in it at once. What it logs itself has its texts dropped.
 */
typedef int32_t (*maxim_mask_callback)(void *user_data,
                                       int32_t entity,
                                       const char *field,
                                       const char *text,
                                       size_t length,
                                       struct maxim_str *out);

/**
 * How a structured log client is made. Initialise with MAXIM_LOG_CLIENT_CONFIG_INIT.
 */
typedef struct maxim_log_client_config {
    /**
     * sizeof(maxim_log_client_config).
     */
    size_t struct_size;
    /**
     * What logs: the name of an application or service. Required, and not empty.
     */
    struct maxim_str source;
    /**
     * Where it runs: one of MAXIM_ENVIRONMENT_….
     */
    int32_t environment;
    /**
     * The API key. Without one, log calls are let go silently (`ignored` in the stats counts them) and
     * raw ingestion is MAXIM_ERR_NOT_CONFIGURED.
     */
    struct maxim_str api_key;
    /**
     * The service; default: the public one. Plain http is refused for any host but this machine,
     * unless `allow_plaintext` is set.
     */
    struct maxim_str endpoint;
    /**
     * The application's version.
     */
    struct maxim_str version;
    /**
     * The dataset that entries go to, up to 50 characters.
     */
    struct maxim_str dataset;
    /**
     * The user of entries that name none, up to 100 characters; see `maxim_log_set_user_id`.
     */
    struct maxim_str user_id;
    /**
     * The session of entries that name none, up to 100 characters; see `maxim_log_set_session_id`.
     */
    struct maxim_str session_id;
    /**
     * So many waiting entries are sent without waiting for the interval, and no more go in one
     * request: 1 to 100; 10 after MAXIM_LOG_CLIENT_CONFIG_INIT. A higher number counts as 100.
     */
    uint32_t batch_size;
    /**
     * How long an entry waits for company at most, in milliseconds, at least 1; 5,000 after
     * MAXIM_LOG_CLIENT_CONFIG_INIT.
     */
    uint32_t flush_interval_ms;
    /**
     * Entries below this level are let go: one of MAXIM_LEVEL_….
     */
    int32_t min_level;
    /**
     * How often a failed request is tried again before the error callback is told, and before
     * `maxim_ingest_raw` gives up; 3 after MAXIM_LOG_CLIENT_CONFIG_INIT. Entries are held and tried
     * again beyond that.
     */
    uint32_t max_retries;
    /**
     * The longest first wait before a retry, in milliseconds; it doubles. 1,000 after
     * MAXIM_LOG_CLIENT_CONFIG_INIT.
     */
    uint32_t initial_delay_ms;
    /**
     * The longest wait before a retry, in milliseconds; 30,000 after MAXIM_LOG_CLIENT_CONFIG_INIT.
     */
    uint32_t max_delay_ms;
    /**
     * As in `maxim_logger_config`.
     */
    struct maxim_str spool_dir;
    /**
     * As in `maxim_logger_config`.
     */
    uint64_t max_memory_bytes;
    /**
     * As in `maxim_logger_config`.
     */
    uint64_t max_disk_bytes;
    /**
     * As in `maxim_logger_config`.
     */
    int32_t overflow_policy;
    /**
     * As in `maxim_logger_config`.
     */
    uint32_t block_timeout_ms;
    /**
     * As in `maxim_logger_config`.
     */
    struct maxim_str ca_file;
    /**
     * As in `maxim_logger_config`.
     */
    struct maxim_str proxy;
    /**
     * As in `maxim_logger_config`.
     */
    bool is_debug;
    /**
     * As in `maxim_logger_config`.
     */
    maxim_error_callback error_callback;
    /**
     * As in `maxim_logger_config`.
     */
    maxim_debug_callback debug_callback;
    /**
     * Passed to both callbacks; must stay good until `maxim_log_client_free` has returned.
     */
    void *user_data;
    /**
     * As in `maxim_logger_config`.
     */
    bool allow_plaintext;
    /**
     * As in `maxim_logger_config`; neither a key nor a source is needed then.
     */
    bool disabled;
    /**
     * As in `maxim_logger_config`. When off, messages, data and stacks of errors stay here, and raw documents
     * are accepted and let go; levels, times, error names, tags and ids go.
     */
    int32_t capture_content;
    /**
     * As in `maxim_logger_config`.
     */
    struct maxim_str masks_json;
    /**
     * As in `maxim_logger_config`.
     */
    maxim_mask_callback mask_callback;
    /**
     * As in `maxim_logger_config`.
     */
    uint32_t mask_budget_us;
    /**
     * As in `maxim_logger_config`. With a limit, a message or stack above 10,000 characters is cut to that
     * and not refused.
     */
    uint64_t max_field_bytes;
    /**
     * As in `maxim_logger_config`.
     */
    uint64_t max_age_ms;
    /**
     * As in `maxim_logger_config`.
     */
    uint64_t quarantine_max_age_ms;
    /**
     * As in `maxim_logger_config`.
     */
    bool memory_only;
} maxim_log_client_config;

/**
 * Everything that an entry can say. Initialise with MAXIM_LOG_ENTRY_INIT.
 */
typedef struct maxim_log_entry {
    /**
     * sizeof(maxim_log_entry).
     */
    size_t struct_size;
    /**
     * One of MAXIM_LEVEL_….
     */
    int32_t level;
    /**
     * What happened, 1 to 10,000 characters. Required.
     */
    struct maxim_str message;
    /**
     * Whatever belongs to it: a JSON object.
     */
    struct maxim_str data_json;
    /**
     * Whom it concerns, up to 100 characters; the client's default when absent.
     */
    struct maxim_str user_id;
    /**
     * In which session, up to 100 characters; the client's default when absent.
     */
    struct maxim_str session_id;
    /**
     * In which request, up to 100 characters.
     */
    struct maxim_str request_id;
    /**
     * The kind of error, up to 200 characters.
     */
    struct maxim_str error_name;
    /**
     * Where it came from, up to 10,000 characters.
     */
    struct maxim_str error_stack;
    /**
     * Tags: a JSON array of up to 20 strings of up to 50 characters.
     */
    struct maxim_str tags_json;
    /**
     * The flow it is a step of, up to 50 characters.
     */
    struct maxim_str flow_id;
    /**
     * Which step, 0 to 1,000; -1 after MAXIM_LOG_ENTRY_INIT: none.
     */
    int32_t step_index;
    /**
     * Another dataset than the client's, up to 50 characters.
     */
    struct maxim_str dataset;
    /**
     * When, in milliseconds since 1970-01-01 UTC; 0: now.
     */
    int64_t timestamp_ms;
    /**
     * From where, up to 100 characters.
     */
    struct maxim_str ip_address;
    /**
     * From which country, up to 10 characters.
     */
    struct maxim_str country;
} maxim_log_entry;

/**
 * Called once when a flush that was started with `maxim_flush_async` has ended: `MAXIM_OK` when
 * all was delivered, else the status and a NUL-terminated detail, valid during the call only.
 * Threads as for `maxim_error_callback`.
 */
typedef void (*maxim_flush_callback)(void *user_data,
                                     maxim_status status,
                                     const char *detail);

/**
 * What became of the records of one logger, sink or client. Set `struct_size` before the call
 * (MAXIM_STATS_INIT).
 *
 * At any moment accepted + adopted = delivered + held + dropped_memory + dropped_disk +
 * dropped_expired + quarantined.
 */
typedef struct maxim_stats {
    /**
     * sizeof(maxim_stats), set by the caller.
     */
    size_t struct_size;
    /**
     * Records that calls accepted with MAXIM_OK.
     */
    uint64_t accepted;
    /**
     * Records that the service has confirmed.
     */
    uint64_t delivered;
    /**
     * Records that are still to be sent.
     */
    uint64_t held;
    /**
     * Records evicted because memory was full and there was no disk to go to.
     */
    uint64_t dropped_memory;
    /**
     * Records evicted because the disk space was full.
     */
    uint64_t dropped_disk;
    /**
     * Records given up because they could not be sent for 72 hours; also those that a logger with another
     * repository or key left here and never came back for (they count as adopted too).
     */
    uint64_t dropped_expired;
    /**
     * Records that the service refused for what they are; kept in the spool directory's `quarantine`.
     */
    uint64_t quarantined;
    /**
     * Requests that were made again.
     */
    uint64_t retries;
    /**
     * Bytes of delivered records.
     */
    uint64_t bytes_delivered;
    /**
     * Bytes of held records.
     */
    uint64_t bytes_held;
    /**
     * Records taken over from loggers that ended before they could send them.
     */
    uint64_t adopted;
    /**
     * How long the oldest held record has been waiting, in milliseconds.
     */
    uint64_t oldest_held_ms;
    /**
     * The HTTP status of the last answer; 0: none yet.
     */
    int32_t last_http_status;
    /**
     * Log calls that a client without an API key let go, as documented; 0 for a logger.
     */
    uint64_t ignored;
    /**
     * Calls that were refused because the configured space was full.
     */
    uint64_t refused;
    /**
     * Records that could not be read back (a damaged file).
     */
    uint64_t dropped_corrupt;
    /**
     * Records that were let go because their trace is not in the sample; not accepted, so in no sum.
     */
    uint64_t sampled_out;
    /**
     * Texts that were dropped because a mask failed or took too long; their records went without them.
     */
    uint64_t masks_failed;
} maxim_stats;

/**
 * How a logger is made. Initialise with MAXIM_LOGGER_CONFIG_INIT.
 */
typedef struct maxim_logger_config {
    /**
     * sizeof(maxim_logger_config).
     */
    size_t struct_size;
    /**
     * The log API; default: the environment's MAXIM_BASE_URL, else https://app.getmaxim.ai. Plain
     * http is refused for any host but this machine, unless `allow_plaintext` is set.
     */
    struct maxim_str base_url;
    /**
     * The API key; default: the environment's MAXIM_API_KEY. Without one the logger is not made
     * (MAXIM_ERR_NOT_CONFIGURED). Kept in memory that is wiped, never written or shown.
     */
    struct maxim_str api_key;
    /**
     * The log repository's id; default: the environment's MAXIM_LOG_REPO_ID. Without one the logger
     * is not made (MAXIM_ERR_NOT_CONFIGURED).
     */
    struct maxim_str repository_id;
    /**
     * Whether records are sent every `flush_interval_ms`. True after MAXIM_LOGGER_CONFIG_INIT. When
     * false, they are sent by `maxim_flush` and when much has come together.
     */
    bool auto_flush;
    /**
     * How long a record waits for company at most, in milliseconds; 10,000 after
     * MAXIM_LOGGER_CONFIG_INIT. Zero with `auto_flush` is MAXIM_ERR_INVALID_ARGUMENT.
     */
    uint32_t flush_interval_ms;
    /**
     * Whether the library tells what it does: to `debug_callback`, else to stderr.
     */
    bool is_debug;
    /**
     * Where records go that cannot be sent. Default: the environment's MAXIM_SPOOL_DIR, else
     * $XDG_STATE_HOME/maxim, else ~/.local/state/maxim, else /var/tmp/maxim-<uid>. Made when it is
     * missing, with access for this user only; one that belongs to somebody else is not used.
     */
    struct maxim_str spool_dir;
    /**
     * Most bytes of unsent records in memory (tmpfs, where there is one); 0: 64 MiB.
     */
    uint64_t max_memory_bytes;
    /**
     * Most bytes of unsent records in the spool directory, and as many again of unsent attachments (not of
     * files attached by their path); 0: 1 GiB.
     */
    uint64_t max_disk_bytes;
    /**
     * One of MAXIM_OVERFLOW_…: what happens when both are full.
     */
    int32_t overflow_policy;
    /**
     * How long a log call waits for space under MAXIM_OVERFLOW_BLOCK, in milliseconds.
     */
    uint32_t block_timeout_ms;
    /**
     * A PEM file of certificates to trust instead of the platform's, as issuers or as the service's own
     * (a self-signed one). It must be there now; one that is missing later is tried again.
     */
    struct maxim_str ca_file;
    /**
     * A proxy (http://host:port) instead of what the environment's HTTPS_PROXY, HTTP_PROXY, ALL_PROXY
     * and NO_PROXY say. It is asked for a tunnel (CONNECT), for http as for https; with an http address, which
     * would show it the API key, only if `allow_plaintext` is set. SOCKS proxies are not supported: one that
     * is given here is refused, one of the environment is told of while records are held.
     */
    struct maxim_str proxy;
    /**
     * Told of errors that happen after a call has returned; NULL: nobody is.
     */
    maxim_error_callback error_callback;
    /**
     * Given debug lines when `is_debug` is set; NULL: they go to stderr.
     */
    maxim_debug_callback debug_callback;
    /**
     * Passed to both callbacks; must stay good until `maxim_logger_free` has returned.
     */
    void *user_data;
    /**
     * Whether the API key may travel over plain http to another host. False by default, for good
     * reason.
     */
    bool allow_plaintext;
    /**
     * The largest attachment that is accepted, in bytes; 0: 100 MiB.
     */
    uint64_t max_attachment_bytes;
    /**
     * Whether the library does nothing at all: calls are accepted and let go, no thread, file or
     * descriptor is made, and neither key nor repository is needed. Also when the environment's
     * MAXIM_DISABLED is 1.
     */
    bool disabled;
    /**
     * One of MAXIM_SWITCH_…: whether inputs, outputs, messages, documents, attachments and tool arguments are
     * sent. When off they stay here, and names, times, models, tokens, costs, tags, metadata and errors go.
     * Default: the environment's MAXIM_CAPTURE_CONTENT (0 or 1), else on.
     */
    int32_t capture_content;
    /**
     * One of MAXIM_SWITCH_…: whether images and audio in messages are taken out and become attachments;
     * when off they stay in the messages. Default: on.
     */
    int32_t extract_media;
    /**
     * What is masked before a record is kept or sent: a JSON array of rules, each an object with one of
     * `preset` (email, card, api_key, phone or ip), `key` (the name of members whose value is masked) and
     * `regex` (matched in linear time), and optionally `replace` (the text that takes the place) and
     * `name` (for messages). Searched are all texts of a record, also within JSON, and text that is JSON
     * itself; not ids, times and the contents of attachments. A rule that cannot be used is
     * MAXIM_ERR_INVALID_ARGUMENT, and the detail names it. Default: the environment's MAXIM_MASKS.
     */
    struct maxim_str masks_json;
    /**
     * Given every text that `masks_json` has gone over, to replace it; NULL: nobody is.
     */
    maxim_mask_callback mask_callback;
    /**
     * How long `mask_callback` may take for one record, in microseconds; 0: 10,000. The texts of a record
     * that come after that are dropped, and so is the one that took too long.
     */
    uint32_t mask_budget_us;
    /**
     * The share of traces that is sent, up to 1, chosen by the trace's id, so that every process and
     * language chooses alike: SHA-256 of the id, of its first 8 bytes as a big-endian number the highest 53
     * bits, divided by 2^53, is below this. What belongs to another trace is let go (`sampled_out` in the
     * stats counts it), but for errors and feedback, which are always sent; so are sessions. An entity that
     * was begun in another process is sent. Negative: of no trace more than errors and feedback. 0: the
     * environment's MAXIM_SAMPLE_RATE, else all.
     */
    double sample_rate;
    /**
     * Longer texts are cut at a character to so many bytes, and marked at their end; 0: no limit but that
     * of a record.
     */
    uint64_t max_field_bytes;
    /**
     * Records that could not be sent for so long are given up, in milliseconds; 0: 72 hours.
     */
    uint64_t max_age_ms;
    /**
     * Files in the spool directory's `quarantine` are removed after so long, in milliseconds; 0: they stay
     * until there are too many.
     */
    uint64_t quarantine_max_age_ms;
    /**
     * Whether records are kept in this process's memory only and no file is made. They are lost with the
     * process, and an attachment of bytes takes its size in memory until it is sent.
     */
    bool memory_only;
} maxim_logger_config;

/**
 * A new session. Initialise with MAXIM_SESSION_CONFIG_INIT.
 */
typedef struct maxim_session_config {
    /**
     * sizeof(maxim_session_config).
     */
    size_t struct_size;
    /**
     * Its id; generated (UUID version 4) when absent.
     */
    struct maxim_str id;
    /**
     * What to call it.
     */
    struct maxim_str name;
    /**
     * Tags: a JSON object. Values that are not strings are sent as their JSON text.
     */
    struct maxim_str tags_json;
    /**
     * When it began, in microseconds since 1970-01-01 UTC; 0: now.
     */
    int64_t start_timestamp_us;
} maxim_session_config;

/**
 * A new trace. Initialise with MAXIM_TRACE_CONFIG_INIT.
 */
typedef struct maxim_trace_config {
    /**
     * sizeof(maxim_trace_config).
     */
    size_t struct_size;
    /**
     * Its id; generated (UUID version 4) when absent.
     */
    struct maxim_str id;
    /**
     * What to call it.
     */
    struct maxim_str name;
    /**
     * The session it belongs to; may be absent.
     */
    struct maxim_str session_id;
    /**
     * Tags: a JSON object. Values that are not strings are sent as their JSON text.
     */
    struct maxim_str tags_json;
    /**
     * What the user asked, as text.
     */
    struct maxim_str input;
    /**
     * When it began, in microseconds since 1970-01-01 UTC; 0: now.
     */
    int64_t start_timestamp_us;
} maxim_trace_config;

/**
 * A new generation. Initialise with MAXIM_GENERATION_CONFIG_INIT.
 */
typedef struct maxim_generation_config {
    /**
     * sizeof(maxim_generation_config).
     */
    size_t struct_size;
    /**
     * Its id; generated (UUID version 4) when absent.
     */
    struct maxim_str id;
    /**
     * What to call it.
     */
    struct maxim_str name;
    /**
     * Who runs the model: openai, azure, anthropic, huggingface, together, google, groq, bedrock,
     * cohere, fireworks or elevenlabs, in any case; others are logged as `unknown`.
     */
    struct maxim_str provider;
    /**
     * Which model.
     */
    struct maxim_str model;
    /**
     * The messages given to the model: a JSON array of objects with `role` and `content`. Images and
     * audio in them become attachments of the generation.
     */
    struct maxim_str messages_json;
    /**
     * The model's parameters: a JSON object. Values that are not strings are sent as their JSON text,
     * null members are left out.
     */
    struct maxim_str model_parameters_json;
    /**
     * The span it belongs to, where the parent does not say it.
     */
    struct maxim_str span_id;
    /**
     * The Maxim prompt that was used.
     */
    struct maxim_str maxim_prompt_id;
    /**
     * The version of that prompt.
     */
    struct maxim_str maxim_prompt_version_id;
    /**
     * Tags: a JSON object. Values that are not strings are sent as their JSON text.
     */
    struct maxim_str tags_json;
    /**
     * When it began, in microseconds since 1970-01-01 UTC; 0: now.
     */
    int64_t start_timestamp_us;
} maxim_generation_config;

/**
 * A new retrieval. Initialise with MAXIM_RETRIEVAL_CONFIG_INIT.
 */
typedef struct maxim_retrieval_config {
    /**
     * sizeof(maxim_retrieval_config).
     */
    size_t struct_size;
    /**
     * Its id; generated (UUID version 4) when absent.
     */
    struct maxim_str id;
    /**
     * What to call it.
     */
    struct maxim_str name;
    /**
     * Tags: a JSON object. Values that are not strings are sent as their JSON text.
     */
    struct maxim_str tags_json;
    /**
     * When it began, in microseconds since 1970-01-01 UTC; 0: now.
     */
    int64_t start_timestamp_us;
} maxim_retrieval_config;

/**
 * A new span. Initialise with MAXIM_SPAN_CONFIG_INIT.
 */
typedef struct maxim_span_config {
    /**
     * sizeof(maxim_span_config).
     */
    size_t struct_size;
    /**
     * Its id; generated (UUID version 4) when absent.
     */
    struct maxim_str id;
    /**
     * What to call it.
     */
    struct maxim_str name;
    /**
     * Tags: a JSON object. Values that are not strings are sent as their JSON text.
     */
    struct maxim_str tags_json;
    /**
     * When it began, in microseconds since 1970-01-01 UTC; 0: now.
     */
    int64_t start_timestamp_us;
} maxim_span_config;

/**
 * A new tool call. Initialise with MAXIM_TOOL_CALL_CONFIG_INIT.
 */
typedef struct maxim_tool_call_config {
    /**
     * sizeof(maxim_tool_call_config).
     */
    size_t struct_size;
    /**
     * Its id, as a rule the one that the model gave; generated (UUID version 4) when absent.
     */
    struct maxim_str id;
    /**
     * The tool.
     */
    struct maxim_str name;
    /**
     * What the tool does.
     */
    struct maxim_str description;
    /**
     * What it was called with, as the model wrote it: text, usually JSON.
     */
    struct maxim_str args;
    /**
     * Tags: a JSON object. Values that are not strings are sent as their JSON text.
     */
    struct maxim_str tags_json;
    /**
     * When it began, in microseconds since 1970-01-01 UTC; 0: now.
     */
    int64_t start_timestamp_us;
} maxim_tool_call_config;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library that is running, as "0.1.0"; static, never NULL.
 */
const char *maxim_version(void);

/**
 * A status's name, as "MAXIM_ERR_INVALID_ID"; "MAXIM_ERR_UNKNOWN" for a number that is none. Static,
 * never NULL.
 */
const char *maxim_status_str(maxim_status status);

/**
 * What was wrong with the last call that failed on the calling thread: which argument, which limit,
 * what to do. Empty when none failed. UTF-8, at most 1,023 bytes, never NULL, never a credential;
 * good until the next call fails on this thread, or the thread ends.
 */
const char *maxim_last_error(void);

/**
 * Begins a flow with a local id: the name, a hyphen and eight random hexadecimal digits.
 *
 * `name` has 1 to 41 characters. `*out` is set to NULL first, and to the flow on success; the caller
 * frees it with `maxim_flow_free`. The flow is good as long as its client is.
 */
maxim_status maxim_flow_new(struct maxim_log_client *client,
                            struct maxim_str name,
                            struct maxim_flow **out);

/**
 * Begins a flow whose id the service gives. **May block** up to `timeout_ms` milliseconds.
 *
 * `name` has 1 to 50 characters; `out` as for `maxim_flow_new`. Errors: MAXIM_ERR_NOT_CONFIGURED without
 * an API key, MAXIM_ERR_NETWORK, MAXIM_ERR_TIMEOUT, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_REJECTED.
 */
maxim_status maxim_flow_new_remote(struct maxim_log_client *client,
                                   struct maxim_str name,
                                   uint32_t timeout_ms,
                                   struct maxim_flow **out);

/**
 * A flow's id, NUL-terminated; good until the flow is freed. NULL for a bad handle.
 */
const char *maxim_flow_id(struct maxim_flow *flow);

/**
 * A flow's name, NUL-terminated; good until the flow is freed. NULL for a bad handle.
 */
const char *maxim_flow_name(struct maxim_flow *flow);

/**
 * The index that the flow's next step will have, 0 to 1,001; -1 for a bad handle.
 */
int32_t maxim_flow_step_index(struct maxim_flow *flow);

/**
 * Logs a step for the developer. Arguments and errors as for `maxim_log_debug`.
 *
 * Steps are numbered from 0 without a gap, in the order of the calls; a step that is filtered or refused
 * takes no number. After 1,001 steps the flow is used up: MAXIM_ERR_FLOW_EXHAUSTED.
 */
maxim_status maxim_flow_debug(struct maxim_flow *flow,
                              struct maxim_str message,
                              struct maxim_str data_json,
                              const struct maxim_log_options *options);

/**
 * Logs a step that is as it should be; see `maxim_flow_debug`.
 */
maxim_status maxim_flow_info(struct maxim_flow *flow,
                             struct maxim_str message,
                             struct maxim_str data_json,
                             const struct maxim_log_options *options);

/**
 * Logs a step that is odd; see `maxim_flow_debug`.
 */
maxim_status maxim_flow_warn(struct maxim_flow *flow,
                             struct maxim_str message,
                             struct maxim_str data_json,
                             const struct maxim_log_options *options);

/**
 * Logs a step that went wrong; see `maxim_flow_debug`.
 */
maxim_status maxim_flow_error(struct maxim_flow *flow,
                              struct maxim_str message,
                              struct maxim_str data_json,
                              const struct maxim_log_options *options);

/**
 * Logs a step that went wrong, with the error; see `maxim_flow_debug` and `maxim_log_error_with`.
 */
maxim_status maxim_flow_error_with(struct maxim_flow *flow,
                                   struct maxim_str message,
                                   const struct maxim_log_error_info *error,
                                   const struct maxim_log_options *options);

/**
 * Gives a flow back; what it logged goes its way. NULL is safe.
 *
 * Errors: MAXIM_ERR_INVALID_HANDLE when it was freed before.
 */
maxim_status maxim_flow_free(struct maxim_flow *flow);

/**
 * Sets the model of a generation.
 */
maxim_status maxim_generation_set_model(struct maxim_logger *logger,
                                        struct maxim_str generation_id,
                                        struct maxim_str model);

/**
 * Sets the provider of a generation: openai, azure, anthropic, huggingface, together, google, groq,
 * bedrock, cohere, fireworks or elevenlabs, in any case; others are logged as `unknown`.
 */
maxim_status maxim_generation_set_provider(struct maxim_logger *logger,
                                           struct maxim_str generation_id,
                                           struct maxim_str provider);

/**
 * Sets the name of a generation.
 */
maxim_status maxim_generation_set_name(struct maxim_logger *logger,
                                       struct maxim_str generation_id,
                                       struct maxim_str name);

/**
 * Adds a message to a generation: a JSON object with `role` and `content`.
 *
 * Images and audio in it become attachments of the generation, as in `maxim_generation_config.messages_json`.
 */
maxim_status maxim_generation_add_message(struct maxim_logger *logger,
                                          struct maxim_str generation_id,
                                          struct maxim_str message_json);

/**
 * Sets the model's parameters: a JSON object. Values that are not strings are sent as their JSON text,
 * null members are left out.
 */
maxim_status maxim_generation_set_model_parameters(struct maxim_logger *logger,
                                                   struct maxim_str generation_id,
                                                   struct maxim_str parameters_json);

/**
 * Logs what the model answered, and ends the generation.
 *
 * `result_json` is the provider's own response: an OpenAI chat completion, text completion or
 * Responses object, an Anthropic message, a Gemini generateContent response, an AWS Bedrock Converse
 * response, a Mistral or Cohere chat response, or the array of chunks of an OpenAI or Anthropic
 * stream. Anything else is MAXIM_ERR_INVALID_RESULT, with the reason in `maxim_last_error`, and nothing
 * is logged; with MAXIM_RESULT_FORCE in `flags` (else 0) any JSON object is sent as it is.
 */
maxim_status maxim_generation_result(struct maxim_logger *logger,
                                     struct maxim_str generation_id,
                                     struct maxim_str result_json,
                                     uint32_t flags);

/**
 * Logs that the model failed, and ends the generation. Of `config`, the message, code and type are
 * used; all may be absent.
 */
maxim_status maxim_generation_error(struct maxim_logger *logger,
                                    struct maxim_str generation_id,
                                    const struct maxim_error_config *config);

/**
 * Adds what a generation cost, in US dollars. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 */
maxim_status maxim_generation_add_cost(struct maxim_logger *logger,
                                       struct maxim_str generation_id,
                                       double input,
                                       double output,
                                       double total);

/**
 * Adds a named number to a generation. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 */
maxim_status maxim_generation_add_metric(struct maxim_logger *logger,
                                         struct maxim_str generation_id,
                                         struct maxim_str name,
                                         double value);

/**
 * Adds one tag to a generation. A tag given again replaces the earlier value.
 */
maxim_status maxim_generation_add_tag(struct maxim_logger *logger,
                                      struct maxim_str generation_id,
                                      struct maxim_str key,
                                      struct maxim_str value);

/**
 * Adds metadata to a generation: a JSON object. Values that are not strings are sent as their JSON text.
 */
maxim_status maxim_generation_add_metadata(struct maxim_logger *logger,
                                           struct maxim_str generation_id,
                                           struct maxim_str metadata_json);

/**
 * Attaches a file, bytes or a URL to a generation; see `maxim_attachment`.
 *
 * The call returns at once: a file is read and uploaded later, by the library's own threads, and
 * must stay as it is until then; bytes are copied during the call. The attachment shows up when its
 * upload has succeeded. `out_id`, which may be NULL, receives its id.
 */
maxim_status maxim_generation_add_attachment(struct maxim_logger *logger,
                                             struct maxim_str generation_id,
                                             const struct maxim_attachment *attachment,
                                             struct maxim_id *out_id);

/**
 * Has a generation evaluated by the evaluators named in `evaluators_json`, a JSON array of at least one string.
 */
maxim_status maxim_generation_evaluate_with_evaluators(struct maxim_logger *logger,
                                                       struct maxim_str generation_id,
                                                       struct maxim_str evaluators_json);

/**
 * Has a generation evaluated with `variables_json`, a JSON object of values for the evaluators' variables, by the
 * evaluators named in `evaluators_json`, a JSON array of at least one string.
 */
maxim_status maxim_generation_evaluate_with_variables(struct maxim_logger *logger,
                                                      struct maxim_str generation_id,
                                                      struct maxim_str variables_json,
                                                      struct maxim_str evaluators_json);

/**
 * Sets when a generation began, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
 * nearest is taken).
 */
maxim_status maxim_generation_set_start_timestamp(struct maxim_logger *logger,
                                                  struct maxim_str generation_id,
                                                  int64_t timestamp_us);

/**
 * Sets when a generation ended, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
 * nearest is taken).
 */
maxim_status maxim_generation_set_end_timestamp(struct maxim_logger *logger,
                                                struct maxim_str generation_id,
                                                int64_t timestamp_us);

/**
 * Ends a generation, at the time of the call.
 */
maxim_status maxim_generation_end(struct maxim_logger *logger,
                                  struct maxim_str generation_id);

/**
 * Sends a document of `body_len` bytes as it is, and waits for the answer, with the client's retries.
 * **May block** up to `timeout_ms` milliseconds. The body is not copied.
 *
 * `format` is one of MAXIM_FORMAT_…; `options` may be NULL. Errors: MAXIM_ERR_INVALID_ARGUMENT for an
 * unknown format or an empty body, MAXIM_ERR_NOT_CONFIGURED without an API key, MAXIM_ERR_NETWORK,
 * MAXIM_ERR_TIMEOUT, MAXIM_ERR_UNAUTHORIZED, MAXIM_ERR_REJECTED, MAXIM_ERR_TOO_LARGE.
 */
maxim_status maxim_ingest_raw(struct maxim_log_client *client,
                              const uint8_t *body,
                              size_t body_len,
                              int32_t format,
                              const struct maxim_raw_options *options,
                              uint32_t timeout_ms);

/**
 * Accepts a document of `body_len` bytes, up to 64 MiB, to be sent as entries are: it survives the
 * process and an outage. The body is copied once; above 1 MiB the call makes a segment of its own for
 * it, which takes system calls and no more.
 *
 * Arguments as for `maxim_ingest_raw`. Errors: MAXIM_ERR_INVALID_ARGUMENT, MAXIM_ERR_NOT_CONFIGURED
 * without an API key, MAXIM_ERR_TOO_LARGE, MAXIM_ERR_SPOOL_FULL.
 */
maxim_status maxim_ingest_raw_async(struct maxim_log_client *client,
                                    const uint8_t *body,
                                    size_t body_len,
                                    int32_t format,
                                    const struct maxim_raw_options *options);

/**
 * Makes a structured log client. Does no network I/O; makes the spool directory and starts the writer
 * thread, or neither without an API key.
 *
 * `*out` is set to NULL first, and to the client on success. The caller frees it with
 * `maxim_log_client_free`.
 *
 * Errors: MAXIM_ERR_INVALID_ARGUMENT for a field out of its range (the detail names it),
 * MAXIM_ERR_NULL_POINTER.
 */
maxim_status maxim_log_client_new(const struct maxim_log_client_config *config,
                                  struct maxim_log_client **out);

/**
 * Gives a client back. NULL is safe.
 *
 * Does not wait for the network: what is still held is put into files in the background and sent
 * by the next client for the same source. Call `maxim_log_disconnect` first to have it sent now. When
 * this returns, no callback of the client runs any more. Its flows answer MAXIM_ERR_CLOSED from then on
 * and are still to be freed.
 *
 * Errors: MAXIM_ERR_INVALID_HANDLE when it was freed before.
 */
maxim_status maxim_log_client_free(struct maxim_log_client *client);

/**
 * Logs for the developer. `message` has 1 to 10,000 characters; `data_json` is a JSON object and may be
 * absent; `options` may be NULL. Below the client's `min_level` nothing is looked at and nothing is done.
 *
 * Errors: MAXIM_ERR_INVALID_ARGUMENT names the field, its limit and its length; nothing else is lost.
 */
maxim_status maxim_log_debug(struct maxim_log_client *client,
                             struct maxim_str message,
                             struct maxim_str data_json,
                             const struct maxim_log_options *options);

/**
 * Logs that something is as it should be. Arguments and errors as for `maxim_log_debug`.
 */
maxim_status maxim_log_info(struct maxim_log_client *client,
                            struct maxim_str message,
                            struct maxim_str data_json,
                            const struct maxim_log_options *options);

/**
 * Logs that something is odd. Arguments and errors as for `maxim_log_debug`.
 */
maxim_status maxim_log_warn(struct maxim_log_client *client,
                            struct maxim_str message,
                            struct maxim_str data_json,
                            const struct maxim_log_options *options);

/**
 * Logs that something is wrong. Arguments and errors as for `maxim_log_debug`.
 */
maxim_status maxim_log_error(struct maxim_log_client *client,
                             struct maxim_str message,
                             struct maxim_str data_json,
                             const struct maxim_log_options *options);

/**
 * Logs an error with its kind and stack; its own message becomes `data.message`. `error` is required,
 * `options` may be NULL. Errors as for `maxim_log_debug`.
 */
maxim_status maxim_log_error_with(struct maxim_log_client *client,
                                  struct maxim_str message,
                                  const struct maxim_log_error_info *error,
                                  const struct maxim_log_options *options);

/**
 * Logs an entry with any of its fields. Errors as for `maxim_log_debug`.
 */
maxim_status maxim_log(struct maxim_log_client *client,
                       const struct maxim_log_entry *entry);

/**
 * Sets the user of entries that name none, from now on and on all threads; absent clears it. Up to 100
 * characters.
 */
maxim_status maxim_log_set_user_id(struct maxim_log_client *client,
                                   struct maxim_str user_id);

/**
 * Sets the session of entries that name none, from now on and on all threads; absent clears it. Up to
 * 100 characters.
 */
maxim_status maxim_log_set_session_id(struct maxim_log_client *client,
                                      struct maxim_str session_id);

/**
 * Sends everything that was accepted before the call, and waits until it has arrived, up to
 * `timeout_ms` milliseconds. **May block**, never longer than that; with 0 it starts the work and
 * returns MAXIM_OK at once.
 *
 * Errors: MAXIM_ERR_TIMEOUT when something is still held (the detail says how much and why); nothing
 * is lost by that.
 */
maxim_status maxim_log_flush(struct maxim_log_client *client,
                             uint32_t timeout_ms);

/**
 * As `maxim_log_flush`, without waiting; see `maxim_flush_async`.
 */
maxim_status maxim_log_flush_async(struct maxim_log_client *client,
                                   uint32_t timeout_ms,
                                   maxim_flush_callback callback,
                                   void *user_data);

/**
 * Ends a client's work: refuses further entries (MAXIM_ERR_CLOSED), sends what it can within
 * `timeout_ms` milliseconds, leaves the rest in files for the next client, and stops its thread. **May
 * block**, never longer than `timeout_ms`. The handle is still to be freed.
 *
 * Errors: MAXIM_ERR_TIMEOUT when something is left for the next client; the detail says how much.
 */
maxim_status maxim_log_disconnect(struct maxim_log_client *client,
                                  uint32_t timeout_ms);

/**
 * Whether an entry of a level (MAXIM_LEVEL_…) would be logged: false below `min_level`, for a number
 * that is no level, and for a bad handle.
 */
bool maxim_log_would_log(struct maxim_log_client *client,
                         int32_t level);

/**
 * What became of the client's entries. `stats->struct_size` must be set (MAXIM_STATS_INIT).
 */
maxim_status maxim_log_client_stats(struct maxim_log_client *client,
                                    struct maxim_stats *stats);

/**
 * Makes a logger. Does no network I/O; makes the spool directory and starts the writer thread.
 *
 * `*out` is set to NULL first, and to the logger on success. The caller frees it with
 * `maxim_logger_free`.
 *
 * Errors: MAXIM_ERR_NOT_CONFIGURED without an API key or repository id, MAXIM_ERR_INVALID_ARGUMENT
 * for a field out of its range (the detail names it), MAXIM_ERR_NULL_POINTER.
 */
maxim_status maxim_logger_new(const struct maxim_logger_config *config,
                              struct maxim_logger **out);

/**
 * Gives a logger back. NULL is safe.
 *
 * Does not wait for the network: what is still held is put into files in the background and sent
 * by the next logger for the same repository. Call `maxim_cleanup` first to have it sent now. When
 * this returns, no callback of the logger runs any more.
 *
 * Errors: MAXIM_ERR_INVALID_HANDLE when it was freed before.
 */
maxim_status maxim_logger_free(struct maxim_logger *logger);

/**
 * The log repository's id, NUL-terminated; good until the logger is freed. NULL for a bad handle.
 */
const char *maxim_logger_repository_id(struct maxim_logger *logger);

/**
 * Sends everything that was accepted before the call, and waits until it has arrived, up to
 * `timeout_ms` milliseconds. **May block**, never longer than that; with 0 it starts the work and
 * returns MAXIM_OK at once. A retry that is waiting is tried at once.
 *
 * Errors: MAXIM_ERR_TIMEOUT when something is still held (the detail says how much and why); nothing
 * is lost by that.
 */
maxim_status maxim_flush(struct maxim_logger *logger,
                         uint32_t timeout_ms);

/**
 * As `maxim_flush`, without waiting: `callback` is called once, on a thread of the library, when all
 * has arrived or `timeout_ms` milliseconds are over. It is not called when this function fails.
 *
 * `user_data` is passed to the callback and must stay good until then.
 */
maxim_status maxim_flush_async(struct maxim_logger *logger,
                               uint32_t timeout_ms,
                               maxim_flush_callback callback,
                               void *user_data);

/**
 * Sends all log lines, and waits for them: `maxim_flush` without attachments. **May block** up to
 * `timeout_ms` milliseconds.
 */
maxim_status maxim_flush_commit_logs(struct maxim_logger *logger,
                                     uint32_t timeout_ms);

/**
 * Uploads all attachments, and waits for them: `maxim_flush` without log lines, but for those that the
 * uploads make, which are sent afterwards. **May block** up to `timeout_ms` milliseconds.
 */
maxim_status maxim_flush_attachments(struct maxim_logger *logger,
                                     uint32_t timeout_ms);

/**
 * Sends what earlier loggers for the same repository left behind in files, and everything else that
 * is held. **May block** up to `timeout_ms` milliseconds; errors as for `maxim_flush`.
 */
maxim_status maxim_flush_log_files(struct maxim_logger *logger,
                                   uint32_t timeout_ms);

/**
 * Writes everything that is held to files in the spool directory, where it survives a reboot too.
 * **May block** up to `timeout_ms` milliseconds.
 *
 * Errors: MAXIM_ERR_IO when there is no file system to write to, MAXIM_ERR_TIMEOUT.
 */
maxim_status maxim_write_to_file(struct maxim_logger *logger,
                                 uint32_t timeout_ms);

/**
 * Ends a logger's work: refuses further records (MAXIM_ERR_CLOSED), sends what it can within
 * `timeout_ms` milliseconds, leaves the rest in files for the next logger, and stops its threads.
 * **May block**, never longer than `timeout_ms`. The handle is still to be freed.
 *
 * Errors: MAXIM_ERR_TIMEOUT when something is left for the next logger; the detail says how much.
 */
maxim_status maxim_cleanup(struct maxim_logger *logger,
                           uint32_t timeout_ms);

/**
 * Whether the spool directory can be written to; when not, records are kept in memory only.
 */
bool maxim_can_access_filesystem(struct maxim_logger *logger);

/**
 * Whether this process runs on AWS Lambda (AWS_LAMBDA_FUNCTION_NAME is set). Then there is no writer
 * thread: records are sent by `maxim_flush` on the caller's thread, before the function's answer
 * lets the machine freeze.
 */
bool maxim_is_running_on_lambda(void);

/**
 * What became of the logger's records. `stats->struct_size` must be set (MAXIM_STATS_INIT).
 */
maxim_status maxim_logger_stats(struct maxim_logger *logger,
                                struct maxim_stats *stats);

/**
 * What became of the records of one of the logger's sinks, numbered as by `maxim_logger_add_sink`.
 */
maxim_status maxim_logger_sink_stats(struct maxim_logger *logger,
                                     uint32_t sink,
                                     struct maxim_stats *stats);

/**
 * Sends every record from now on to a further repository or endpoint as well, with a spool and a
 * delivery state of its own: one that fails never holds another back. At most 8.
 *
 * `config` is as for `maxim_logger_new`; its callbacks and `user_data` are ignored, the logger's are
 * used. `out_sink`, which may be NULL, receives the sink's number (1 and up). Does no network I/O.
 */
maxim_status maxim_logger_add_sink(struct maxim_logger *logger,
                                   const struct maxim_logger_config *config,
                                   uint32_t *out_sink);

/**
 * Sends one line of the caller's making: any action on any entity.
 *
 * `entity` is one of MAXIM_ENTITY_…, `action` as in `create`, `update`, `end` or `add-event` (a-z and
 * hyphens), `data_json` a JSON object.
 */
maxim_status maxim_commit(struct maxim_logger *logger,
                          int32_t entity,
                          struct maxim_str entity_id,
                          struct maxim_str action,
                          struct maxim_str data_json);

/**
 * Sets what a retrieval looks for, as text.
 */
maxim_status maxim_retrieval_set_input(struct maxim_logger *logger,
                                       struct maxim_str retrieval_id,
                                       struct maxim_str input);

/**
 * Sets what a retrieval looks for, as any JSON value.
 */
maxim_status maxim_retrieval_set_input_json(struct maxim_logger *logger,
                                            struct maxim_str retrieval_id,
                                            struct maxim_str input_json);

/**
 * Sets what a retrieval looks for, as text.
 */
MAXIM_DEPRECATED("use maxim_retrieval_set_input")
maxim_status maxim_retrieval_input(struct maxim_logger *logger,
                                   struct maxim_str retrieval_id,
                                   struct maxim_str input);

/**
 * Logs the documents that were found, and ends the retrieval: a JSON array of strings or objects; any
 * other JSON value is taken as the only document.
 */
maxim_status maxim_retrieval_set_output(struct maxim_logger *logger,
                                        struct maxim_str retrieval_id,
                                        struct maxim_str documents_json);

/**
 * Logs the documents that were found, and ends the retrieval: a JSON array of strings or objects; any
 * other JSON value is taken as the only document.
 */
MAXIM_DEPRECATED("use maxim_retrieval_set_output")
maxim_status maxim_retrieval_output(struct maxim_logger *logger,
                                    struct maxim_str retrieval_id,
                                    struct maxim_str documents_json);

/**
 * Adds one tag to a retrieval. A tag given again replaces the earlier value.
 */
maxim_status maxim_retrieval_add_tag(struct maxim_logger *logger,
                                     struct maxim_str retrieval_id,
                                     struct maxim_str key,
                                     struct maxim_str value);

/**
 * Adds metadata to a retrieval: a JSON object. Values that are not strings are sent as their JSON text.
 */
maxim_status maxim_retrieval_add_metadata(struct maxim_logger *logger,
                                          struct maxim_str retrieval_id,
                                          struct maxim_str metadata_json);

/**
 * Adds a named number to a retrieval. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 */
maxim_status maxim_retrieval_add_metric(struct maxim_logger *logger,
                                        struct maxim_str retrieval_id,
                                        struct maxim_str name,
                                        double value);

/**
 * Attaches a file, bytes or a URL to a retrieval; see `maxim_attachment`.
 *
 * The call returns at once: a file is read and uploaded later, by the library's own threads, and
 * must stay as it is until then; bytes are copied during the call. The attachment shows up when its
 * upload has succeeded. `out_id`, which may be NULL, receives its id.
 */
maxim_status maxim_retrieval_add_attachment(struct maxim_logger *logger,
                                            struct maxim_str retrieval_id,
                                            const struct maxim_attachment *attachment,
                                            struct maxim_id *out_id);

/**
 * Has a retrieval evaluated by the evaluators named in `evaluators_json`, a JSON array of at least one string.
 */
maxim_status maxim_retrieval_evaluate_with_evaluators(struct maxim_logger *logger,
                                                      struct maxim_str retrieval_id,
                                                      struct maxim_str evaluators_json);

/**
 * Has a retrieval evaluated with `variables_json`, a JSON object of values for the evaluators' variables, by the
 * evaluators named in `evaluators_json`, a JSON array of at least one string.
 */
maxim_status maxim_retrieval_evaluate_with_variables(struct maxim_logger *logger,
                                                     struct maxim_str retrieval_id,
                                                     struct maxim_str variables_json,
                                                     struct maxim_str evaluators_json);

/**
 * Ends a retrieval, at the time of the call.
 */
maxim_status maxim_retrieval_end(struct maxim_logger *logger,
                                 struct maxim_str retrieval_id);

/**
 * Begins a session.
 *
 * `config` is required; `out_id`, which may be NULL, receives the session's id (given or generated).
 */
maxim_status maxim_session_create(struct maxim_logger *logger,
                                  const struct maxim_session_config *config,
                                  struct maxim_id *out_id);

/**
 * Begins a trace in a session. `config.session_id` is ignored.
 *
 * `config` is required; `out_id`, which may be NULL, receives the trace's id (given or generated).
 */
maxim_status maxim_session_add_trace(struct maxim_logger *logger,
                                     struct maxim_str session_id,
                                     const struct maxim_trace_config *config,
                                     struct maxim_id *out_id);

/**
 * Begins a trace in a session.
 */
MAXIM_DEPRECATED("use maxim_session_add_trace")
maxim_status maxim_session_trace(struct maxim_logger *logger,
                                 struct maxim_str session_id,
                                 const struct maxim_trace_config *config,
                                 struct maxim_id *out_id);

/**
 * Adds one tag to a session. A tag given again replaces the earlier value.
 */
maxim_status maxim_session_add_tag(struct maxim_logger *logger,
                                   struct maxim_str session_id,
                                   struct maxim_str key,
                                   struct maxim_str value);

/**
 * Adds an event to a session, at the time of the call.
 *
 * `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
 * and may be absent. `out_id`, which may be NULL, receives the event's id.
 */
maxim_status maxim_session_add_event(struct maxim_logger *logger,
                                     struct maxim_str session_id,
                                     struct maxim_str event_id,
                                     struct maxim_str name,
                                     struct maxim_str tags_json,
                                     struct maxim_str metadata_json,
                                     struct maxim_id *out_id);

/**
 * Adds an event to a session, at the time of the call.
 *
 * `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
 * and may be absent. `out_id`, which may be NULL, receives the event's id.
 */
MAXIM_DEPRECATED("use maxim_session_add_event")
maxim_status maxim_session_event(struct maxim_logger *logger,
                                 struct maxim_str session_id,
                                 struct maxim_str event_id,
                                 struct maxim_str name,
                                 struct maxim_str tags_json,
                                 struct maxim_str metadata_json,
                                 struct maxim_id *out_id);

/**
 * Adds a user's feedback to a session: a JSON object with a `score`, and `comment`, `tags` or whatever
 * else there is to say.
 */
maxim_status maxim_session_add_feedback(struct maxim_logger *logger,
                                        struct maxim_str session_id,
                                        struct maxim_str feedback_json);

/**
 * Adds a user's feedback to a session: a JSON object with a `score`, and `comment`, `tags` or whatever
 * else there is to say.
 */
MAXIM_DEPRECATED("use maxim_session_add_feedback")
maxim_status maxim_session_feedback(struct maxim_logger *logger,
                                    struct maxim_str session_id,
                                    struct maxim_str feedback_json);

/**
 * Adds metadata to a session: a JSON object. Values that are not strings are sent as their JSON text.
 */
maxim_status maxim_session_add_metadata(struct maxim_logger *logger,
                                        struct maxim_str session_id,
                                        struct maxim_str metadata_json);

/**
 * Adds a named number to a session. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 */
maxim_status maxim_session_add_metric(struct maxim_logger *logger,
                                      struct maxim_str session_id,
                                      struct maxim_str name,
                                      double value);

/**
 * Attaches a file, bytes or a URL to a session; see `maxim_attachment`.
 *
 * The call returns at once: a file is read and uploaded later, by the library's own threads, and
 * must stay as it is until then; bytes are copied during the call. The attachment shows up when its
 * upload has succeeded. `out_id`, which may be NULL, receives its id.
 */
maxim_status maxim_session_add_attachment(struct maxim_logger *logger,
                                          struct maxim_str session_id,
                                          const struct maxim_attachment *attachment,
                                          struct maxim_id *out_id);

/**
 * Has a session evaluated by the evaluators named in `evaluators_json`, a JSON array of at least one string.
 */
maxim_status maxim_session_evaluate_with_evaluators(struct maxim_logger *logger,
                                                    struct maxim_str session_id,
                                                    struct maxim_str evaluators_json);

/**
 * Has a session evaluated with `variables_json`, a JSON object of values for the evaluators' variables, by the
 * evaluators named in `evaluators_json`, a JSON array of at least one string.
 */
maxim_status maxim_session_evaluate_with_variables(struct maxim_logger *logger,
                                                   struct maxim_str session_id,
                                                   struct maxim_str variables_json,
                                                   struct maxim_str evaluators_json);

/**
 * Sets when a session began, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
 * nearest is taken).
 */
maxim_status maxim_session_set_start_timestamp(struct maxim_logger *logger,
                                               struct maxim_str session_id,
                                               int64_t timestamp_us);

/**
 * Sets when a session ended, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
 * nearest is taken).
 */
maxim_status maxim_session_set_end_timestamp(struct maxim_logger *logger,
                                             struct maxim_str session_id,
                                             int64_t timestamp_us);

/**
 * Ends a session, at the time of the call.
 */
maxim_status maxim_session_end(struct maxim_logger *logger,
                               struct maxim_str session_id);

/**
 * Begins a generation in a span.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
maxim_status maxim_span_add_generation(struct maxim_logger *logger,
                                       struct maxim_str span_id,
                                       const struct maxim_generation_config *config,
                                       struct maxim_id *out_id);

/**
 * Begins a generation in a span.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
MAXIM_DEPRECATED("use maxim_span_add_generation")
maxim_status maxim_span_generation(struct maxim_logger *logger,
                                   struct maxim_str span_id,
                                   const struct maxim_generation_config *config,
                                   struct maxim_id *out_id);

/**
 * Begins a retrieval in a span.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
maxim_status maxim_span_add_retrieval(struct maxim_logger *logger,
                                      struct maxim_str span_id,
                                      const struct maxim_retrieval_config *config,
                                      struct maxim_id *out_id);

/**
 * Begins a retrieval in a span.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
MAXIM_DEPRECATED("use maxim_span_add_retrieval")
maxim_status maxim_span_retrieval(struct maxim_logger *logger,
                                  struct maxim_str span_id,
                                  const struct maxim_retrieval_config *config,
                                  struct maxim_id *out_id);

/**
 * Begins a span in a span.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
maxim_status maxim_span_add_sub_span(struct maxim_logger *logger,
                                     struct maxim_str span_id,
                                     const struct maxim_span_config *config,
                                     struct maxim_id *out_id);

/**
 * Begins a span in a span.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
MAXIM_DEPRECATED("use maxim_span_add_sub_span")
maxim_status maxim_span_span(struct maxim_logger *logger,
                             struct maxim_str span_id,
                             const struct maxim_span_config *config,
                             struct maxim_id *out_id);

/**
 * Begins a tool call in a span.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
maxim_status maxim_span_add_tool_call(struct maxim_logger *logger,
                                      struct maxim_str span_id,
                                      const struct maxim_tool_call_config *config,
                                      struct maxim_id *out_id);

/**
 * Logs an error in a span. `config.message` is required.
 *
 * `out_id`, which may be NULL, receives the error's id (given or generated).
 */
maxim_status maxim_span_add_error(struct maxim_logger *logger,
                                  struct maxim_str span_id,
                                  const struct maxim_error_config *config,
                                  struct maxim_id *out_id);

/**
 * Sets what a span works on, as text.
 */
maxim_status maxim_span_set_input(struct maxim_logger *logger,
                                  struct maxim_str span_id,
                                  struct maxim_str input);

/**
 * Adds one tag to a span. A tag given again replaces the earlier value.
 */
maxim_status maxim_span_add_tag(struct maxim_logger *logger,
                                struct maxim_str span_id,
                                struct maxim_str key,
                                struct maxim_str value);

/**
 * Adds an event to a span, at the time of the call.
 *
 * `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
 * and may be absent. `out_id`, which may be NULL, receives the event's id.
 */
maxim_status maxim_span_add_event(struct maxim_logger *logger,
                                  struct maxim_str span_id,
                                  struct maxim_str event_id,
                                  struct maxim_str name,
                                  struct maxim_str tags_json,
                                  struct maxim_str metadata_json,
                                  struct maxim_id *out_id);

/**
 * Adds an event to a span, at the time of the call.
 *
 * `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
 * and may be absent. `out_id`, which may be NULL, receives the event's id.
 */
MAXIM_DEPRECATED("use maxim_span_add_event")
maxim_status maxim_span_event(struct maxim_logger *logger,
                              struct maxim_str span_id,
                              struct maxim_str event_id,
                              struct maxim_str name,
                              struct maxim_str tags_json,
                              struct maxim_str metadata_json,
                              struct maxim_id *out_id);

/**
 * Adds metadata to a span: a JSON object. Values that are not strings are sent as their JSON text.
 */
maxim_status maxim_span_add_metadata(struct maxim_logger *logger,
                                     struct maxim_str span_id,
                                     struct maxim_str metadata_json);

/**
 * Attaches a file, bytes or a URL to a span; see `maxim_attachment`.
 *
 * The call returns at once: a file is read and uploaded later, by the library's own threads, and
 * must stay as it is until then; bytes are copied during the call. The attachment shows up when its
 * upload has succeeded. `out_id`, which may be NULL, receives its id.
 */
maxim_status maxim_span_add_attachment(struct maxim_logger *logger,
                                       struct maxim_str span_id,
                                       const struct maxim_attachment *attachment,
                                       struct maxim_id *out_id);

/**
 * Has a span evaluated by the evaluators named in `evaluators_json`, a JSON array of at least one string.
 */
maxim_status maxim_span_evaluate_with_evaluators(struct maxim_logger *logger,
                                                 struct maxim_str span_id,
                                                 struct maxim_str evaluators_json);

/**
 * Has a span evaluated with `variables_json`, a JSON object of values for the evaluators' variables, by the
 * evaluators named in `evaluators_json`, a JSON array of at least one string.
 */
maxim_status maxim_span_evaluate_with_variables(struct maxim_logger *logger,
                                                struct maxim_str span_id,
                                                struct maxim_str variables_json,
                                                struct maxim_str evaluators_json);

/**
 * Sets when a span began, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
 * nearest is taken).
 */
maxim_status maxim_span_set_start_timestamp(struct maxim_logger *logger,
                                            struct maxim_str span_id,
                                            int64_t timestamp_us);

/**
 * Sets when a span ended, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
 * nearest is taken).
 */
maxim_status maxim_span_set_end_timestamp(struct maxim_logger *logger,
                                          struct maxim_str span_id,
                                          int64_t timestamp_us);

/**
 * Ends a span, at the time of the call.
 */
maxim_status maxim_span_end(struct maxim_logger *logger,
                            struct maxim_str span_id);

/**
 * Changes members of a tool call: a JSON object, whose null members are left out.
 */
maxim_status maxim_tool_call_update(struct maxim_logger *logger,
                                    struct maxim_str tool_call_id,
                                    struct maxim_str data_json);

/**
 * Logs what the tool answered, as text, and ends the tool call.
 */
maxim_status maxim_tool_call_result(struct maxim_logger *logger,
                                    struct maxim_str tool_call_id,
                                    struct maxim_str result);

/**
 * Logs that the tool failed, and ends the tool call. Of `config`, the message, code and type are used;
 * all may be absent.
 */
maxim_status maxim_tool_call_error(struct maxim_logger *logger,
                                   struct maxim_str tool_call_id,
                                   const struct maxim_error_config *config);

/**
 * Adds one tag to a tool call. A tag given again replaces the earlier value.
 */
maxim_status maxim_tool_call_add_tag(struct maxim_logger *logger,
                                     struct maxim_str tool_call_id,
                                     struct maxim_str key,
                                     struct maxim_str value);

/**
 * Adds metadata to a tool call: a JSON object. Values that are not strings are sent as their JSON text.
 */
maxim_status maxim_tool_call_add_metadata(struct maxim_logger *logger,
                                          struct maxim_str tool_call_id,
                                          struct maxim_str metadata_json);

/**
 * Adds a named number to a tool call. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 */
maxim_status maxim_tool_call_add_metric(struct maxim_logger *logger,
                                        struct maxim_str tool_call_id,
                                        struct maxim_str name,
                                        double value);

/**
 * Ends a tool call, at the time of the call.
 */
maxim_status maxim_tool_call_end(struct maxim_logger *logger,
                                 struct maxim_str tool_call_id);

/**
 * Begins a trace, in the session that `config.session_id` names if it is given.
 *
 * `config` is required; `out_id`, which may be NULL, receives the trace's id (given or generated).
 */
maxim_status maxim_trace_create(struct maxim_logger *logger,
                                const struct maxim_trace_config *config,
                                struct maxim_id *out_id);

/**
 * Begins a generation in a trace.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
maxim_status maxim_trace_add_generation(struct maxim_logger *logger,
                                        struct maxim_str trace_id,
                                        const struct maxim_generation_config *config,
                                        struct maxim_id *out_id);

/**
 * Begins a generation in a trace.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
MAXIM_DEPRECATED("use maxim_trace_add_generation")
maxim_status maxim_trace_generation(struct maxim_logger *logger,
                                    struct maxim_str trace_id,
                                    const struct maxim_generation_config *config,
                                    struct maxim_id *out_id);

/**
 * Begins a retrieval in a trace.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
maxim_status maxim_trace_add_retrieval(struct maxim_logger *logger,
                                       struct maxim_str trace_id,
                                       const struct maxim_retrieval_config *config,
                                       struct maxim_id *out_id);

/**
 * Begins a retrieval in a trace.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
MAXIM_DEPRECATED("use maxim_trace_add_retrieval")
maxim_status maxim_trace_retrieval(struct maxim_logger *logger,
                                   struct maxim_str trace_id,
                                   const struct maxim_retrieval_config *config,
                                   struct maxim_id *out_id);

/**
 * Begins a span in a trace.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
maxim_status maxim_trace_add_span(struct maxim_logger *logger,
                                  struct maxim_str trace_id,
                                  const struct maxim_span_config *config,
                                  struct maxim_id *out_id);

/**
 * Begins a span in a trace.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
MAXIM_DEPRECATED("use maxim_trace_add_span")
maxim_status maxim_trace_span(struct maxim_logger *logger,
                              struct maxim_str trace_id,
                              const struct maxim_span_config *config,
                              struct maxim_id *out_id);

/**
 * Begins a tool call in a trace.
 *
 * `config` is required; `out_id`, which may be NULL, receives the new id (given or generated).
 */
maxim_status maxim_trace_add_tool_call(struct maxim_logger *logger,
                                       struct maxim_str trace_id,
                                       const struct maxim_tool_call_config *config,
                                       struct maxim_id *out_id);

/**
 * Logs an error in a trace. `config.message` is required.
 *
 * `out_id`, which may be NULL, receives the error's id (given or generated).
 */
maxim_status maxim_trace_add_error(struct maxim_logger *logger,
                                   struct maxim_str trace_id,
                                   const struct maxim_error_config *config,
                                   struct maxim_id *out_id);

/**
 * Adds one tag to a trace. A tag given again replaces the earlier value.
 */
maxim_status maxim_trace_add_tag(struct maxim_logger *logger,
                                 struct maxim_str trace_id,
                                 struct maxim_str key,
                                 struct maxim_str value);

/**
 * Adds an event to a trace, at the time of the call.
 *
 * `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
 * and may be absent. `out_id`, which may be NULL, receives the event's id.
 */
maxim_status maxim_trace_add_event(struct maxim_logger *logger,
                                   struct maxim_str trace_id,
                                   struct maxim_str event_id,
                                   struct maxim_str name,
                                   struct maxim_str tags_json,
                                   struct maxim_str metadata_json,
                                   struct maxim_id *out_id);

/**
 * Adds an event to a trace, at the time of the call.
 *
 * `event_id` may be absent: then one is generated. `tags_json` and `metadata_json` are JSON objects
 * and may be absent. `out_id`, which may be NULL, receives the event's id.
 */
MAXIM_DEPRECATED("use maxim_trace_add_event")
maxim_status maxim_trace_event(struct maxim_logger *logger,
                               struct maxim_str trace_id,
                               struct maxim_str event_id,
                               struct maxim_str name,
                               struct maxim_str tags_json,
                               struct maxim_str metadata_json,
                               struct maxim_id *out_id);

/**
 * Sets what the user asked.
 */
maxim_status maxim_trace_set_input(struct maxim_logger *logger,
                                   struct maxim_str trace_id,
                                   struct maxim_str input);

/**
 * Sets what the application answered.
 */
maxim_status maxim_trace_set_output(struct maxim_logger *logger,
                                    struct maxim_str trace_id,
                                    struct maxim_str output);

/**
 * Adds a user's feedback to a trace: a JSON object with a `score`, and `comment`, `tags` or whatever
 * else there is to say.
 */
maxim_status maxim_trace_add_feedback(struct maxim_logger *logger,
                                      struct maxim_str trace_id,
                                      struct maxim_str feedback_json);

/**
 * Adds a user's feedback to a trace: a JSON object with a `score`, and `comment`, `tags` or whatever
 * else there is to say.
 */
MAXIM_DEPRECATED("use maxim_trace_add_feedback")
maxim_status maxim_trace_feedback(struct maxim_logger *logger,
                                  struct maxim_str trace_id,
                                  struct maxim_str feedback_json);

/**
 * Adds metadata to a trace: a JSON object. Values that are not strings are sent as their JSON text.
 */
maxim_status maxim_trace_add_metadata(struct maxim_logger *logger,
                                      struct maxim_str trace_id,
                                      struct maxim_str metadata_json);

/**
 * Adds a named number to a trace. NaN and infinities are MAXIM_ERR_INVALID_ARGUMENT.
 */
maxim_status maxim_trace_add_metric(struct maxim_logger *logger,
                                    struct maxim_str trace_id,
                                    struct maxim_str name,
                                    double value);

/**
 * Attaches a file, bytes or a URL to a trace; see `maxim_attachment`.
 *
 * The call returns at once: a file is read and uploaded later, by the library's own threads, and
 * must stay as it is until then; bytes are copied during the call. The attachment shows up when its
 * upload has succeeded. `out_id`, which may be NULL, receives its id.
 */
maxim_status maxim_trace_add_attachment(struct maxim_logger *logger,
                                        struct maxim_str trace_id,
                                        const struct maxim_attachment *attachment,
                                        struct maxim_id *out_id);

/**
 * Puts a trace that began without a session into one.
 */
maxim_status maxim_trace_add_to_session(struct maxim_logger *logger,
                                        struct maxim_str trace_id,
                                        struct maxim_str session_id);

/**
 * Has a trace evaluated by the evaluators named in `evaluators_json`, a JSON array of at least one string.
 */
maxim_status maxim_trace_evaluate_with_evaluators(struct maxim_logger *logger,
                                                  struct maxim_str trace_id,
                                                  struct maxim_str evaluators_json);

/**
 * Has a trace evaluated with `variables_json`, a JSON object of values for the evaluators' variables, by the
 * evaluators named in `evaluators_json`, a JSON array of at least one string.
 */
maxim_status maxim_trace_evaluate_with_variables(struct maxim_logger *logger,
                                                 struct maxim_str trace_id,
                                                 struct maxim_str variables_json,
                                                 struct maxim_str evaluators_json);

/**
 * Sets when a trace began, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
 * nearest is taken).
 */
maxim_status maxim_trace_set_start_timestamp(struct maxim_logger *logger,
                                             struct maxim_str trace_id,
                                             int64_t timestamp_us);

/**
 * Sets when a trace ended, in microseconds since 1970-01-01 UTC (years 1 to 9999; beyond them the
 * nearest is taken).
 */
maxim_status maxim_trace_set_end_timestamp(struct maxim_logger *logger,
                                           struct maxim_str trace_id,
                                           int64_t timestamp_us);

/**
 * Ends a trace, at the time of the call.
 */
maxim_status maxim_trace_end(struct maxim_logger *logger,
                             struct maxim_str trace_id);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MAXIM_H */

#ifndef MAXIM_H_INLINE
#define MAXIM_H_INLINE

/** A string literal, or any array of characters, without its NUL: MAXIM_STR("text"). */
#define MAXIM_STR(literal) (maxim_str_n((literal), sizeof(literal) - 1))

/** The text of `length` bytes at `data`; absent when `data` is NULL. */
static inline maxim_str maxim_str_n(const char *data, size_t length) {
    maxim_str text;
    text.data = data;
    text.len = data ? length : 0;
    return text;
}

/** The NUL-terminated text at `data`; absent when it is NULL. */
static inline maxim_str maxim_str_z(const char *data) {
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
    maxim_logger_config config = sized<maxim_logger_config>();
    config.auto_flush = true;
    config.flush_interval_ms = MAXIM_DEFAULT_FLUSH_INTERVAL_MS;
    return config;
}
inline maxim_log_client_config log_client_config() noexcept {
    maxim_log_client_config config = sized<maxim_log_client_config>();
    config.batch_size = MAXIM_DEFAULT_BATCH_SIZE;
    config.flush_interval_ms = MAXIM_DEFAULT_LOG_FLUSH_INTERVAL_MS;
    config.max_retries = MAXIM_DEFAULT_MAX_RETRIES;
    config.initial_delay_ms = MAXIM_DEFAULT_INITIAL_DELAY_MS;
    config.max_delay_ms = MAXIM_DEFAULT_MAX_DELAY_MS;
    return config;
}
inline maxim_log_entry log_entry() noexcept {
    maxim_log_entry entry = sized<maxim_log_entry>();
    entry.step_index = -1;
    return entry;
}
inline maxim_raw_options raw_options() noexcept {
    maxim_raw_options options = sized<maxim_raw_options>();
    options.environment = -1;
    options.level = -1;
    return options;
}
}  // namespace maxim_detail
#define MAXIM_SIZED_INIT(type) (maxim_detail::sized<type>())
#define MAXIM_LOG_CLIENT_CONFIG_INIT (maxim_detail::log_client_config())
#define MAXIM_LOG_ENTRY_INIT (maxim_detail::log_entry())
#define MAXIM_RAW_OPTIONS_INIT (maxim_detail::raw_options())
#define MAXIM_LOGGER_CONFIG_INIT (maxim_detail::logger_config())
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
#define MAXIM_LOG_ENTRY_INIT {.struct_size = sizeof(maxim_log_entry), .step_index = -1}
#define MAXIM_RAW_OPTIONS_INIT {.struct_size = sizeof(maxim_raw_options), .environment = -1, .level = -1}
#endif
#define MAXIM_SESSION_CONFIG_INIT MAXIM_SIZED_INIT(maxim_session_config)
#define MAXIM_TRACE_CONFIG_INIT MAXIM_SIZED_INIT(maxim_trace_config)
#define MAXIM_SPAN_CONFIG_INIT MAXIM_SIZED_INIT(maxim_span_config)
#define MAXIM_RETRIEVAL_CONFIG_INIT MAXIM_SIZED_INIT(maxim_retrieval_config)
#define MAXIM_GENERATION_CONFIG_INIT MAXIM_SIZED_INIT(maxim_generation_config)
#define MAXIM_TOOL_CALL_CONFIG_INIT MAXIM_SIZED_INIT(maxim_tool_call_config)
#define MAXIM_ERROR_CONFIG_INIT MAXIM_SIZED_INIT(maxim_error_config)
#define MAXIM_ATTACHMENT_INIT MAXIM_SIZED_INIT(maxim_attachment)
#define MAXIM_LOG_OPTIONS_INIT MAXIM_SIZED_INIT(maxim_log_options)
#define MAXIM_LOG_ERROR_INFO_INIT MAXIM_SIZED_INIT(maxim_log_error_info)
#define MAXIM_STATS_INIT MAXIM_SIZED_INIT(maxim_stats)

#endif  /* MAXIM_H_INLINE */
