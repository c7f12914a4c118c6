package maxim

// A logger: how it is made, what it can be told to do, and how it ends.

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"math"
	"runtime"
	"runtime/cgo"
	"time"
)

// Version is the version of the library that is running, as "0.1.0".
func Version() string { return C.GoString(C.maxim_version()) }

// Protocol says who is spoken to.
type Protocol int32

// OTLPEncoding says how requests of OTLP are written.
type OTLPEncoding int32

// OTLP says how OpenTelemetry's protocol is spoken, with ProtocolOTLP. The zero value takes everything from the
// standard environment (OTEL_EXPORTER_OTLP_ENDPOINT and its like); docs/otlp.md explains it.
type OTLP struct {
	URL                string        // the exact address; otherwise the base address with /v1/traces or /v1/logs
	Headers            string        // of each request: key=value,key=value, values percent-encoded; kept like a key
	Encoding           OTLPEncoding  // how requests are written
	Compression        *bool         // whether they are compressed; default: once the endpoint has taken one
	ServiceName        string        // what the service is called
	ResourceAttributes string        // what else is known of it: key=value,key=value
	IncompleteAfter    time.Duration // an entity that has not ended for so long leaves as it is; 0: an hour
}

// Overflow says what happens when the configured space is full of unsent records.
type Overflow int32

// Defaults of Config and LogClientConfig.
const (
	DefaultFlushInterval = C.MAXIM_DEFAULT_FLUSH_INTERVAL_MS * time.Millisecond
	DefaultCloseTimeout  = 5 * time.Second
)

// Config says how a logger is made. The zero value takes everything from the environment.
type Config struct {
	BaseURL      string // default: MAXIM_BASE_URL, else the public service; plain http only to this machine
	APIKey       string // default: MAXIM_API_KEY; required
	RepositoryID string // default: MAXIM_LOG_REPO_ID; required

	Protocol Protocol // who is spoken to; with ProtocolOTLP neither key nor repository is needed
	OTLP     OTLP     // how, with ProtocolOTLP

	// FlushInterval is the maximum time a record waits to be batched; 0: DefaultFlushInterval.
	FlushInterval time.Duration
	// NoAutoFlush leaves sending to Flush, and to the space that fills up.
	NoAutoFlush bool
	// CloseTimeout is how long Close tries to send what is held; 0: DefaultCloseTimeout, negative: not.
	CloseTimeout time.Duration

	SpoolDir       string        // where unsent records go; default: MAXIM_SPOOL_DIR, else the user's state directory
	MaxMemoryBytes uint64        // most bytes of unsent records in memory; 0: 64 MiB, or an eighth of the container's limit
	MaxDiskBytes   uint64        // most bytes of unsent records in SpoolDir; 0: 1 GiB
	Overflow       Overflow      // what happens when both are full
	BlockTimeout   time.Duration // how long a log call waits for space under Block

	MaxAttachmentBytes uint64 // the largest attachment; 0: 100 MiB

	Disabled         bool          // do nothing at all; also with MAXIM_DISABLED=1
	CaptureContent   *bool         // whether inputs, outputs, messages and documents are sent; default: MAXIM_CAPTURE_CONTENT, else yes
	Masks            []Mask        // what is masked before a record is kept or sent; default: MAXIM_MASKS
	MaskFunc         MaskFunc      `json:"-"` // given every text that the masks have gone over, to replace it
	MaskBudget       time.Duration // how long MaskFunc may take for one record; 0: 10 ms
	MaxFieldBytes    uint64        // longer texts are cut and marked; 0: none is
	MaxAge           time.Duration // records that could not be sent for so long are given up; 0: 72 hours
	QuarantineMaxAge time.Duration // files in quarantine are removed after so long; 0: they stay
	MemoryOnly       bool          // make no file: records are lost with the process
	SpoolDirFallback bool          // a SpoolDir that cannot be used is replaced by a default one and reported; an error otherwise
	ExtractMedia     *bool         // whether images and audio in messages become attachments; default: yes
	SampleRate       float64       // the share of traces that is sent; 0: MAXIM_SAMPLE_RATE, else all; negative: none

	CAFile         string // a PEM file of certificates to trust instead of the platform's
	Proxy          string // http://host:port, instead of the environment's
	AllowPlaintext bool   // lets the API key travel over plain http to another host

	// Strict refuses a call with a value that cannot be sent as it is (too long, not UTF-8, NaN); otherwise the
	// value is changed and the record kept.
	Strict bool

	// OnError is called with log calls that were refused, on the caller's goroutine, and of what goes
	// wrong with delivery later (records dropped, a key refused), on a thread of the library. The
	// errors are *Error. It may log; it must not wait for the logger. Without one, the library writes
	// a line to standard error, for each kind at most one in ten seconds (MAXIM_WARNINGS=0: none).
	OnError func(error) `json:"-"`

	// Debug lets the library tell what it does: to OnDebug, else to standard error.
	Debug   bool
	OnDebug func(line string) `json:"-"`
}

// c gives the configuration as C has it.
func (c *Config) c() C.maxim_logger_config {
	config := C.maxim_go_logger_config()
	config.base_url = optional(c.BaseURL)
	config.api_key = optional(c.APIKey)
	config.repository_id = optional(c.RepositoryID)
	config.protocol = C.int32_t(c.Protocol)
	config.otlp_url = optional(c.OTLP.URL)
	config.otlp_headers = optional(c.OTLP.Headers)
	config.otlp_encoding = C.int32_t(c.OTLP.Encoding)
	config.otlp_compression = switched(c.OTLP.Compression)
	config.service_name = optional(c.OTLP.ServiceName)
	config.resource_attributes = optional(c.OTLP.ResourceAttributes)
	config.incomplete_after_ms = C.uint64_t(milliseconds(c.OTLP.IncompleteAfter))
	config.auto_flush = C.bool(!c.NoAutoFlush)
	if c.FlushInterval != 0 {
		config.flush_interval_ms = milliseconds(c.FlushInterval)
	}
	config.is_debug = C.bool(c.Debug)
	config.spool_dir = optional(c.SpoolDir)
	config.max_memory_bytes = C.uint64_t(c.MaxMemoryBytes)
	config.max_disk_bytes = C.uint64_t(c.MaxDiskBytes)
	config.overflow_policy = C.int32_t(c.Overflow)
	config.block_timeout_ms = milliseconds(c.BlockTimeout)
	config.ca_file = optional(c.CAFile)
	config.proxy = optional(c.Proxy)
	config.allow_plaintext = C.bool(c.AllowPlaintext)
	config.lossy = C.bool(!c.Strict)
	config.max_attachment_bytes = C.uint64_t(c.MaxAttachmentBytes)
	config.disabled = C.bool(c.Disabled)
	config.capture_content = switched(c.CaptureContent)
	config.extract_media = switched(c.ExtractMedia)
	config.masks_json = optional(maskRules(c.Masks))
	config.mask_budget_us = maskBudget(c.MaskBudget)
	config.sample_rate = C.double(c.SampleRate)
	config.max_field_bytes = C.uint64_t(c.MaxFieldBytes)
	config.max_age_ms = C.uint64_t(milliseconds(c.MaxAge))
	config.quarantine_max_age_ms = C.uint64_t(milliseconds(c.QuarantineMaxAge))
	config.memory_only = C.bool(c.MemoryOnly)
	config.spool_dir_fallback = C.bool(c.SpoolDirFallback)
	return config
}

func closeTimeout(d time.Duration) C.uint32_t {
	if d == 0 {
		d = DefaultCloseTimeout
	}
	return milliseconds(d)
}

// Logger logs to one repository of the Maxim log API. All of its methods may be called from any
// goroutine; only those that take a context, and Close, may wait.
type Logger struct{ owner }

// to is the logger's owner; nil for a nil logger.
func (l *Logger) to() *owner {
	if l == nil {
		return nil
	}
	return &l.owner
}

// New makes a logger. It does no network I/O: it makes the spool directory and starts the writer.
func New(config Config) (*Logger, error) {
	l := &Logger{}
	h := &hooks{onError: config.OnError, onDebug: config.OnDebug, mask: config.MaskFunc}
	err := l.open("New", h, config.Strict, config.CloseTimeout, freeLogger,
		func(hooks C.uintptr_t, onError, onDebug, mask C.bool) C.maxim_go_handle {
			return C.maxim_go_logger_new(config.c(), hooks, onError, onDebug, mask)
		})
	runtime.KeepAlive(config)
	if err != nil {
		return nil, err
	}
	// A logger that was forgotten: what it holds goes to files, for the next one.
	l.cleanup = runtime.AddCleanup(l, freeLogger, l.release)
	return l, nil
}

func freeLogger(o owned) {
	freed(o, func(handle C.uintptr_t) *C.maxim_go_failure { return C.maxim_go_logger_free(handle) })
}

// Close sends what is held, for up to Config.CloseTimeout, and gives the logger back. What could not
// be sent stays in files, and the next logger for the same repository sends it: then Close returns an
// error that is ErrTimeout, and nothing is lost. Later log calls return ErrClosed; later calls of Close
// wait for the first and return what it returned.
func (l *Logger) Close() error {
	return l.to().shut("Logger.Close", func(handle C.uintptr_t, timeout C.uint32_t) *C.maxim_go_failure {
		return C.maxim_go_cleanup(handle, timeout)
	})
}

// Flush sends everything that was logged before the call, and waits until it has arrived or the
// context is done; what has not arrived then is still held. Without a deadline it waits as long as the
// service is away.
func (l *Logger) Flush(ctx context.Context) error {
	return flush(ctx, "Logger.Flush", func(timeout C.uint32_t, waiter C.uintptr_t) error {
		failure := C.maxim_go_flush_async(l.to().c(), timeout, waiter)
		runtime.KeepAlive(l)
		if failure == nil {
			return nil
		}
		return failed("Logger.Flush", failure)
	})
}

// flushRound is how long the library is asked to flush at a time, so that a Flush without a deadline
// whose context is cancelled leaves no work behind for long.
const flushRound = 30 * time.Second

// flush starts rounds of an asynchronous flush until one has sent all or the context is done.
func flush(ctx context.Context, op string, start func(timeout C.uint32_t, waiter C.uintptr_t) error) error {
	ctx = orBackground(ctx)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		round := flushRound
		last := false
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= round {
			round, last = time.Until(deadline), true
		}
		done := make(chan *Error, 1)
		waiter := cgo.NewHandle(done)
		// A round of 0 would not wait at all.
		if err := start(max(milliseconds(round), 1), C.uintptr_t(waiter)); err != nil {
			waiter.Delete()
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-done:
			if err == nil {
				return nil
			}
			if last || !errors.Is(err, ErrTimeout) {
				err.Op = op
				return err
			}
		}
	}
}

// wait calls a function of C that may block, with the context's deadline as its timeout. A context
// that is cancelled earlier does not end the call.
func wait(ctx context.Context, call func(timeout C.uint32_t) error) error {
	ctx = orBackground(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	timeout := C.uint32_t(math.MaxUint32)
	if deadline, ok := ctx.Deadline(); ok {
		// 0 would start the work and not wait for it.
		timeout = max(milliseconds(time.Until(deadline)), 1)
	}
	return call(timeout)
}

// FlushNow starts sending everything that is held, and returns at once.
func (l *Logger) FlushNow() error {
	return l.to().done("Logger.FlushNow", C.maxim_go_flush(l.to().c(), 0))
}

// FlushCommitLogs sends all log lines and waits for them, up to the context's deadline: Flush
// without attachments.
func (l *Logger) FlushCommitLogs(ctx context.Context) error {
	return wait(ctx, func(timeout C.uint32_t) error {
		return l.to().done("Logger.FlushCommitLogs", C.maxim_go_flush_commit_logs(l.to().c(), timeout))
	})
}

// FlushLogFiles sends what earlier loggers for the same repository left behind in files, and all else
// that is held, and waits for it up to the context's deadline.
func (l *Logger) FlushLogFiles(ctx context.Context) error {
	return wait(ctx, func(timeout C.uint32_t) error {
		return l.to().done("Logger.FlushLogFiles", C.maxim_go_flush_log_files(l.to().c(), timeout))
	})
}

// WriteToFile writes everything that is held to files in the spool directory, where it survives a
// reboot too. It waits up to the context's deadline.
func (l *Logger) WriteToFile(ctx context.Context) error {
	return wait(ctx, func(timeout C.uint32_t) error {
		return l.to().done("Logger.WriteToFile", C.maxim_go_write_to_file(l.to().c(), timeout))
	})
}

// Purge deletes everything that is held and not delivered, as a request to delete data asks for: records and
// attachments of this logger, what earlier ones for the same repository left behind, and what is in quarantine. It may
// wait for the file system. A request that is under way may still arrive.
func (l *Logger) Purge() error {
	return l.to().done("Logger.Purge", C.maxim_go_purge(l.to().c()))
}

// Check asks the service whether the log repository exists and the API key is accepted, and waits for the answer up
// to the context's deadline. Nothing is logged.
func (l *Logger) Check(ctx context.Context) error {
	return wait(ctx, func(timeout C.uint32_t) error {
		return l.to().done("Logger.Check", C.maxim_go_check(l.to().c(), timeout))
	})
}

// RepositoryID is the log repository's id; "" after Close.
func (l *Logger) RepositoryID() string {
	id := C.GoString(C.maxim_go_logger_repository_id(l.to().c()))
	runtime.KeepAlive(l)
	return id
}

// SpoolDir is the directory for records that cannot be sent yet; "" when they are kept in memory only, and after Close.
func (l *Logger) SpoolDir() string {
	dir := C.GoString(C.maxim_go_logger_spool_dir(l.to().c()))
	runtime.KeepAlive(l)
	return dir
}

// CanAccessFilesystem says whether the spool directory can be written to; when not, records are kept
// in memory only.
func (l *Logger) CanAccessFilesystem() bool {
	can := bool(C.maxim_go_can_access_filesystem(l.to().c()))
	runtime.KeepAlive(l)
	return can
}

// IsRunningOnLambda says whether this process runs on AWS Lambda. Then records are sent by Flush,
// which each request should end with.
func IsRunningOnLambda() bool { return bool(C.maxim_is_running_on_lambda()) }

// AddSink sends every record from now on to a further repository or endpoint as well, with a spool and
// a delivery state of its own. The sink's hooks are the logger's. It gives the sink's number for
// SinkStats.
func (l *Logger) AddSink(config Config) (int, error) {
	made := C.maxim_go_logger_add_sink(l.to().c(), config.c())
	runtime.KeepAlive(config)
	return int(made.handle), l.to().done("Logger.AddSink", made.failure)
}

// Entity is what a line is about, for Commit.
type Entity int32

// Commit sends one line of the caller's making: any action (a-z and hyphens) on any entity, with a
// JSON object.
func (l *Logger) Commit(entity Entity, id, action string, data any) error {
	encoded, err := jsonText(data)
	if err := l.to().unfit("Logger.Commit", err); err != nil {
		return err
	}
	return l.to().done("Logger.Commit",
		C.maxim_go_commit(l.to().c(), C.int32_t(entity), text(id), text(action), optional(encoded)))
}

// Stats is what became of the records of a logger, sink or client. At any moment Accepted + Adopted =
// Delivered + Held + DroppedMemory + DroppedDisk + DroppedExpired + DroppedCorrupt + Quarantined + Purged.
type Stats struct {
	Accepted       uint64        // records that calls accepted
	Delivered      uint64        // records that the service has confirmed
	Held           uint64        // records that are still to be sent
	DroppedMemory  uint64        // evicted because memory was full and there was no disk to go to
	DroppedDisk    uint64        // evicted because the disk space was full
	DroppedExpired uint64        // given up because they could not be sent for 72 hours
	DroppedCorrupt uint64        // could not be read back (a damaged file)
	Quarantined    uint64        // refused by the service for what they are; kept in the spool directory
	Retries        uint64        // requests that were made again
	BytesDelivered uint64        // bytes of delivered records
	BytesHeld      uint64        // bytes of held records
	Adopted        uint64        // records taken over from loggers that ended before they could send them
	OldestHeld     time.Duration // how long the oldest held record has been waiting
	LastHTTPStatus int           // of the last answer; 0: none yet
	Ignored        uint64        // log calls that a client without an API key discarded
	Refused        uint64        // calls that were refused because the configured space was full
	SampledOut     uint64        // records of traces that are not in the sample
	MasksFailed    uint64        // texts that were dropped because a mask failed

	RefusedInvalid  uint64 // calls that were refused for an argument
	RefusedTooLarge uint64 // calls that were refused because a record or attachment was above its limit
	RefusedClosed   uint64 // calls that were refused because the logger or client had been closed
	RefusedOther    uint64 // calls that were refused for another reason, but for want of space
	Purged          uint64 // records deleted by Purge
}

func goStats(s C.maxim_stats) Stats {
	return Stats{
		Accepted:       uint64(s.accepted),
		Delivered:      uint64(s.delivered),
		Held:           uint64(s.held),
		DroppedMemory:  uint64(s.dropped_memory),
		DroppedDisk:    uint64(s.dropped_disk),
		DroppedExpired: uint64(s.dropped_expired),
		DroppedCorrupt: uint64(s.dropped_corrupt),
		Quarantined:    uint64(s.quarantined),
		Retries:        uint64(s.retries),
		BytesDelivered: uint64(s.bytes_delivered),
		BytesHeld:      uint64(s.bytes_held),
		Adopted:        uint64(s.adopted),
		OldestHeld:     time.Duration(s.oldest_held_ms) * time.Millisecond,
		LastHTTPStatus: int(s.last_http_status),
		Ignored:        uint64(s.ignored),
		Refused:        uint64(s.refused),
		SampledOut:     uint64(s.sampled_out),
		MasksFailed:    uint64(s.masks_failed),

		RefusedInvalid:  uint64(s.refused_invalid),
		RefusedTooLarge: uint64(s.refused_too_large),
		RefusedClosed:   uint64(s.refused_closed),
		RefusedOther:    uint64(s.refused_other),
		Purged:          uint64(s.purged),
	}
}

// Stats counts what became of the logger's records.
func (l *Logger) Stats() (Stats, error) {
	counts := C.maxim_go_logger_stats(l.to().c())
	return goStats(counts.stats), l.to().done("Logger.Stats", counts.failure)
}

// SinkStats counts what became of the records of one sink.
func (l *Logger) SinkStats(sink int) (Stats, error) {
	counts := C.maxim_go_logger_sink_stats(l.to().c(), C.uint32_t(sink))
	return goStats(counts.stats), l.to().done("Logger.SinkStats", counts.failure)
}
