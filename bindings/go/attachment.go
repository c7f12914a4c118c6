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

// FlushAttachments uploads all attachments that were added before the call, and waits for them up to
// the context's deadline.
func (l *Logger) FlushAttachments(ctx context.Context) error {
	return wait(ctx, func(timeout C.uint32_t) error {
		return l.to().done("Logger.FlushAttachments", C.maxim_go_flush_attachments(l.to().c(), timeout))
	})
}
