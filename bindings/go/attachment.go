package maxim

// Files, bytes and URLs that belong to an entity.

// #include "shim.h"
import "C"

import (
	"context"
	"time"
	"unsafe"
)

// Attachment is a file, bytes or a URL. One of Path, Data and URL says which.
type Attachment struct {
	ID       string    // default: generated (UUID version 4)
	Name     string    // default: the file's name
	Path     string    // a file, read when it is uploaded
	Data     []byte    // bytes, copied during the call
	URL      string    // a URL, which is logged and not fetched
	MIMEType string    // used where the content does not tell
	Tags     Tags      //
	Metadata any       // a JSON object: json.RawMessage, []byte, or a value to marshal
	Time     time.Time // when it was made; default: not said
}

func (a *Attachment) c() (C.maxim_attachment, error) {
	tags, err := tagsText(a.Tags)
	metadata, metadataErr := jsonText(a.Metadata)
	if err == nil {
		err = metadataErr
	}
	attachment := C.maxim_attachment{
		id:            optional(a.ID),
		name:          optional(a.Name),
		path:          optional(a.Path),
		data:          (*C.uint8_t)(unsafe.SliceData(a.Data)),
		data_len:      C.size_t(len(a.Data)),
		url:           optional(a.URL),
		mime_type:     optional(a.MIMEType),
		tags_json:     optional(tags),
		metadata_json: optional(metadata),
	}
	switch {
	case a.Path != "":
		attachment.kind = C.MAXIM_ATTACHMENT_FILE
	case a.URL != "":
		attachment.kind = C.MAXIM_ATTACHMENT_URL
	default:
		attachment.kind = C.MAXIM_ATTACHMENT_DATA
	}
	if !a.Time.IsZero() {
		attachment.timestamp_s = C.int64_t(notZero(inRange(a.Time).Unix()))
	}
	return attachment, err
}

func (e *entity) attach(op string, a *Attachment, call func(C.maxim_attachment) C.maxim_go_created) error {
	c, err := a.c()
	if err := e.logger.to().unfit(op, err); err != nil {
		return err
	}
	return e.done(op, call(c).failure)
}

// AddAttachment uploads a file or bytes, or logs a URL, in the background.
func (s *Session) AddAttachment(attachment Attachment) error {
	s = some(s)
	return s.attach("Session.AddAttachment", &attachment, func(c C.maxim_attachment) C.maxim_go_created {
		return C.maxim_go_session_add_attachment(s.handle, text(s.id), c)
	})
}

// AddAttachment uploads a file or bytes, or logs a URL, in the background.
func (t *Trace) AddAttachment(attachment Attachment) error {
	t = some(t)
	return t.attach("Trace.AddAttachment", &attachment, func(c C.maxim_attachment) C.maxim_go_created {
		return C.maxim_go_trace_add_attachment(t.handle, text(t.id), c)
	})
}

// AddAttachment uploads a file or bytes, or logs a URL, in the background.
func (s *Span) AddAttachment(attachment Attachment) error {
	s = some(s)
	return s.attach("Span.AddAttachment", &attachment, func(c C.maxim_attachment) C.maxim_go_created {
		return C.maxim_go_span_add_attachment(s.handle, text(s.id), c)
	})
}

// AddAttachment uploads a file or bytes, or logs a URL, in the background.
func (g *Generation) AddAttachment(attachment Attachment) error {
	g = some(g)
	return g.attach("Generation.AddAttachment", &attachment, func(c C.maxim_attachment) C.maxim_go_created {
		return C.maxim_go_generation_add_attachment(g.handle, text(g.id), c)
	})
}

// AddAttachment uploads a file or bytes, or logs a URL, in the background.
func (r *Retrieval) AddAttachment(attachment Attachment) error {
	r = some(r)
	return r.attach("Retrieval.AddAttachment", &attachment, func(c C.maxim_attachment) C.maxim_go_created {
		return C.maxim_go_retrieval_add_attachment(r.handle, text(r.id), c)
	})
}

// FlushAttachments uploads all attachments that were added before the call, and waits for them up to
// the context's deadline.
func (l *Logger) FlushAttachments(ctx context.Context) error {
	return wait(ctx, func(timeout C.uint32_t) error {
		return l.to().done("Logger.FlushAttachments", C.maxim_go_flush_attachments(l.to().c(), timeout))
	})
}
