package maxim

// Structured application logs: the client, its entries, and raw documents.

// #include "shim_applog.h"
import "C"

import (
	"context"
	"runtime"
	"time"
	"unsafe"
)

// Level is how grave an entry is.
type Level int32

// Environment is where the application runs.
type Environment int32

// LogClientConfig says how a client is made.
type LogClientConfig struct {
	Source      string // the application; required
	Environment Environment
	APIKey      string   // without one, entries are dropped and only counted (Stats.Ignored)
	Endpoint    string   // default: the public service; plain http only to this machine
	Protocol    Protocol // as in Config; with ProtocolOTLP no key is needed
	OTLP        OTLP     // how, with ProtocolOTLP
	Version     string   // of the application
	Dataset     string
	UserID      string // see also SetUserID
	SessionID   string // see also SetSessionID
	MinLevel    Level  // entries below it are discarded

	BatchSize     int           // number of buffered entries that triggers a send; 0: 10
	FlushInterval time.Duration // maximum time an entry waits to be batched; 0: 5 s
	CloseTimeout  time.Duration // how long Close tries to send what is held; 0: DefaultCloseTimeout, negative: not

	MaxRetries   int           // how often a request is made again quickly; 0: 3, negative: never
	InitialDelay time.Duration // before the first of these; 0: 1 s
	MaxDelay     time.Duration // between two of these; 0: 30 s

	SpoolDir       string        // as in Config
	MaxMemoryBytes uint64        // as in Config
	MaxDiskBytes   uint64        // as in Config
	Overflow       Overflow      // as in Config
	BlockTimeout   time.Duration // as in Config
	CAFile         string        // as in Config
	Proxy          string        // as in Config
	AllowPlaintext bool          // as in Config
	Strict         bool          // as in Config

	Disabled         bool          // as in Config
	CaptureContent   *bool         // as in Config; without content, messages and data stay here too
	Masks            []Mask        // as in Config
	MaskFunc         MaskFunc      `json:"-"` // as in Config
	MaskBudget       time.Duration // as in Config
	MaxFieldBytes    uint64        // as in Config
	MaxAge           time.Duration // as in Config
	QuarantineMaxAge time.Duration // as in Config
	MemoryOnly       bool          // as in Config
	SpoolDirFallback bool          // as in Config

	OnError func(error)       `json:"-"` // as in Config
	Debug   bool              // as in Config
	OnDebug func(line string) `json:"-"`
}

func (c *LogClientConfig) c() C.maxim_log_client_config {
	config := C.maxim_go_log_client_config()
	config.source = optional(c.Source)
	config.environment = C.int32_t(c.Environment)
	config.api_key = optional(c.APIKey)
	config.endpoint = optional(c.Endpoint)
	config.version = optional(c.Version)
	config.dataset = optional(c.Dataset)
	config.user_id = optional(c.UserID)
	config.session_id = optional(c.SessionID)
	config.min_level = C.int32_t(c.MinLevel)
	if c.BatchSize != 0 {
		config.batch_size = C.uint32_t(max(c.BatchSize, 0))
	}
	if c.FlushInterval != 0 {
		config.flush_interval_ms = milliseconds(c.FlushInterval)
	}
	if c.MaxRetries != 0 {
		config.max_retries = C.uint32_t(max(c.MaxRetries, 0))
	}
	if c.InitialDelay != 0 {
		config.initial_delay_ms = milliseconds(c.InitialDelay)
	}
	if c.MaxDelay != 0 {
		config.max_delay_ms = milliseconds(c.MaxDelay)
	}
	config.protocol = C.int32_t(c.Protocol)
	config.otlp_url = optional(c.OTLP.URL)
	config.otlp_headers = optional(c.OTLP.Headers)
	config.otlp_encoding = C.int32_t(c.OTLP.Encoding)
	config.otlp_compression = switched(c.OTLP.Compression)
	config.service_name = optional(c.OTLP.ServiceName)
	config.resource_attributes = optional(c.OTLP.ResourceAttributes)
	config.spool_dir = optional(c.SpoolDir)
	config.max_memory_bytes = C.uint64_t(c.MaxMemoryBytes)
	config.max_disk_bytes = C.uint64_t(c.MaxDiskBytes)
	config.overflow_policy = C.int32_t(c.Overflow)
	config.block_timeout_ms = milliseconds(c.BlockTimeout)
	config.ca_file = optional(c.CAFile)
	config.proxy = optional(c.Proxy)
	config.allow_plaintext = C.bool(c.AllowPlaintext)
	config.lossy = C.bool(!c.Strict)
	config.is_debug = C.bool(c.Debug)
	config.disabled = C.bool(c.Disabled)
	config.capture_content = switched(c.CaptureContent)
	config.masks_json = optional(maskRules(c.Masks))
	config.mask_budget_us = maskBudget(c.MaskBudget)
	config.max_field_bytes = C.uint64_t(c.MaxFieldBytes)
	config.max_age_ms = C.uint64_t(milliseconds(c.MaxAge))
	config.quarantine_max_age_ms = C.uint64_t(milliseconds(c.QuarantineMaxAge))
	config.memory_only = C.bool(c.MemoryOnly)
	config.spool_dir_fallback = C.bool(c.SpoolDirFallback)
	return config
}

// LogClient sends structured application logs. All of its methods may be called from any goroutine;
// only those that take a context, and Close, may wait.
type LogClient struct{ owner }

// to is the client's owner; nil for a nil client.
func (c *LogClient) to() *owner {
	if c == nil {
		return nil
	}
	return &c.owner
}

// NewLogClient makes a client. It does no network I/O.
func NewLogClient(config LogClientConfig) (*LogClient, error) {
	c := &LogClient{}
	h := &hooks{onError: config.OnError, onDebug: config.OnDebug, mask: config.MaskFunc}
	err := c.open("NewLogClient", h, config.Strict, config.CloseTimeout, freeLogClient,
		func(hooks C.uintptr_t, onError, onDebug, mask C.bool) C.maxim_go_handle {
			return C.maxim_go_log_client_new(config.c(), hooks, onError, onDebug, mask)
		})
	if err != nil {
		return nil, err
	}
	c.cleanup = runtime.AddCleanup(c, freeLogClient, c.release)
	return c, nil
}

func freeLogClient(o owned) {
	freed(o, func(handle C.uintptr_t) *C.maxim_go_failure { return C.maxim_go_log_client_free(handle) })
}

// Close sends what is held, for up to LogClientConfig.CloseTimeout, and gives the client back: as
// Logger.Close does.
func (c *LogClient) Close() error {
	return c.to().shut("LogClient.Close", func(handle C.uintptr_t, timeout C.uint32_t) *C.maxim_go_failure {
		return C.maxim_go_log_disconnect(handle, timeout)
	})
}

// ErrorInfo describes an error of an entry. An empty Name is "Error".
type ErrorInfo struct {
	Name    string // its type
	Message string
	Stack   string
}

func (i *ErrorInfo) c() C.maxim_log_error_info {
	return C.maxim_log_error_info{name: optional(i.Name), message: optional(i.Message), stack: optional(i.Stack)}
}

// withEntry gives a call the data and tags of an entry.
func withEntry(to *owner, op string, data any, tags []string,
	call func(data, tags C.maxim_str) error) error {
	encodedData, err := jsonText(data)
	if err := to.unfit(op, err); err != nil {
		return err
	}
	encodedTags := ""
	if len(tags) > 0 {
		// Strings always have a JSON.
		encodedTags, _ = jsonText(tags)
	}
	return call(optional(encodedData), optional(encodedTags))
}

// Debug logs an entry with data (a JSON object; nil: none) and tags.
func (c *LogClient) Debug(message string, data any, tags ...string) error {
	return withEntry(c.to(), "LogClient.Debug", data, tags, func(data, tags C.maxim_str) error {
		return c.to().done("LogClient.Debug", C.maxim_go_log_debug(c.to().c(), text(message), data, tags))
	})
}

// Info logs an entry with data (a JSON object; nil: none) and tags.
func (c *LogClient) Info(message string, data any, tags ...string) error {
	return withEntry(c.to(), "LogClient.Info", data, tags, func(data, tags C.maxim_str) error {
		return c.to().done("LogClient.Info", C.maxim_go_log_info(c.to().c(), text(message), data, tags))
	})
}

// Warn logs an entry with data (a JSON object; nil: none) and tags.
func (c *LogClient) Warn(message string, data any, tags ...string) error {
	return withEntry(c.to(), "LogClient.Warn", data, tags, func(data, tags C.maxim_str) error {
		return c.to().done("LogClient.Warn", C.maxim_go_log_warn(c.to().c(), text(message), data, tags))
	})
}

// Error logs an entry with data (a JSON object; nil: none) and tags.
func (c *LogClient) Error(message string, data any, tags ...string) error {
	return withEntry(c.to(), "LogClient.Error", data, tags, func(data, tags C.maxim_str) error {
		return c.to().done("LogClient.Error", C.maxim_go_log_error(c.to().c(), text(message), data, tags))
	})
}

// ErrorWith logs an entry about an error: its type, message and stack (see InfoFrom).
func (c *LogClient) ErrorWith(message string, info ErrorInfo, tags ...string) error {
	return withEntry(c.to(), "LogClient.ErrorWith", nil, tags, func(_, tags C.maxim_str) error {
		return c.to().done("LogClient.ErrorWith", C.maxim_go_log_error_with(c.to().c(), text(message), info.c(), tags))
	})
}

// Entry is an entry with every field that it can have; empty ones are left out.
type Entry struct {
	Level      Level
	Message    string
	Data       any // a JSON object: json.RawMessage, []byte, or a value to marshal; an error is its text
	UserID     string
	SessionID  string
	RequestID  string
	ErrorName  string
	ErrorStack string
	Tags       []string
	FlowID     string
	Step       *int // the index in the flow
	Dataset    string
	Time       time.Time // default: not said
	IPAddress  string
	Country    string
}

// Log logs an entry.
func (c *LogClient) Log(entry Entry) error {
	const op = "LogClient.Log"
	return withEntry(c.to(), op, entry.Data, entry.Tags, func(data, tags C.maxim_str) error {
		e := C.maxim_log_entry{
			level:       C.int32_t(entry.Level),
			message:     text(entry.Message),
			data_json:   data,
			user_id:     optional(entry.UserID),
			session_id:  optional(entry.SessionID),
			request_id:  optional(entry.RequestID),
			error_name:  optional(entry.ErrorName),
			error_stack: optional(entry.ErrorStack),
			tags_json:   tags,
			flow_id:     optional(entry.FlowID),
			step_index:  -1,
			dataset:     optional(entry.Dataset),
			ip_address:  optional(entry.IPAddress),
			country:     optional(entry.Country),
		}
		if entry.Step != nil {
			e.step_index = stepIndex(*entry.Step)
		}
		if !entry.Time.IsZero() {
			e.timestamp_ms = C.int64_t(notZero(inRange(entry.Time).UnixMilli()))
		}
		return c.to().done(op, C.maxim_go_log(c.to().c(), e))
	})
}

// outOfRange is a step index that is never one.
const outOfRange = 1 << 30

// stepIndex keeps a number out of range out of range in 32 bits, and off -1, which is none.
func stepIndex(step int) C.int32_t {
	if step < 0 || step > outOfRange {
		return outOfRange
	}
	return C.int32_t(step)
}

// SetUserID sets the user of later entries; "" clears it.
func (c *LogClient) SetUserID(id string) error {
	return c.to().done("LogClient.SetUserID", C.maxim_go_log_set_user_id(c.to().c(), optional(id)))
}

// SetSessionID sets the session of later entries; "" clears it.
func (c *LogClient) SetSessionID(id string) error {
	return c.to().done("LogClient.SetSessionID", C.maxim_go_log_set_session_id(c.to().c(), optional(id)))
}

// WouldLog says whether entries of a level are sent, so that costly data need not be put together.
func (c *LogClient) WouldLog(level Level) bool {
	would := bool(C.maxim_go_log_would_log(c.to().c(), C.int32_t(level)))
	runtime.KeepAlive(c)
	return would
}

// Flush sends everything that was logged before the call, and waits until it has arrived or the
// context is done; what has not arrived then is still held.
func (c *LogClient) Flush(ctx context.Context) error {
	const op = "LogClient.Flush"
	return flush(ctx, op, func(timeout C.uint32_t, waiter C.uintptr_t) error {
		failure := C.maxim_go_log_flush_async(c.to().c(), timeout, waiter)
		runtime.KeepAlive(c)
		if failure == nil {
			return nil
		}
		return failed(op, failure)
	})
}

// FlushNow starts sending everything that is held, and returns at once.
func (c *LogClient) FlushNow() error {
	return c.to().done("LogClient.FlushNow", C.maxim_go_log_flush(c.to().c(), 0))
}

// Purge deletes everything that is held and not delivered: Logger.Purge for a client.
func (c *LogClient) Purge() error {
	return c.to().done("LogClient.Purge", C.maxim_go_log_purge(c.to().c()))
}

// SpoolDir is the client's spool directory, as that of a Logger.
func (c *LogClient) SpoolDir() string {
	dir := C.GoString(C.maxim_go_log_client_spool_dir(c.to().c()))
	runtime.KeepAlive(c)
	return dir
}

// Stats counts what became of the client's entries.
func (c *LogClient) Stats() (Stats, error) {
	counts := C.maxim_go_log_client_stats(c.to().c())
	return goStats(counts.stats), c.to().done("LogClient.Stats", counts.failure)
}

// Format is that of a raw document.
type Format int32

// RawOptions say what a raw document's entries have in common; nil and "" say nothing.
type RawOptions struct {
	Source      string
	Environment *Environment
	Level       *Level
	Dataset     string
}

func (o RawOptions) c() C.maxim_raw_options {
	options := C.maxim_raw_options{
		source: optional(o.Source), environment: -1, level: -1, dataset: optional(o.Dataset),
	}
	if o.Environment != nil {
		options.environment = C.int32_t(*o.Environment)
	}
	if o.Level != nil {
		options.level = C.int32_t(*o.Level)
	}
	return options
}

// IngestRaw sends a document as it is and waits for the answer, up to the context's deadline.
func (c *LogClient) IngestRaw(ctx context.Context, body []byte, format Format, options RawOptions) error {
	return wait(ctx, func(timeout C.uint32_t) error {
		return c.to().done("LogClient.IngestRaw", C.maxim_go_ingest_raw(c.to().c(), address(body), C.size_t(len(body)),
			C.int32_t(format), options.c(), timeout))
	})
}

// IngestRawAsync sends a document as it is, in the background, as reliably as entries.
func (c *LogClient) IngestRawAsync(body []byte, format Format, options RawOptions) error {
	return c.to().done("LogClient.IngestRawAsync", C.maxim_go_ingest_raw_async(c.to().c(), address(body), C.size_t(len(body)),
		C.int32_t(format), options.c()))
}

func address(body []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(body)) }
