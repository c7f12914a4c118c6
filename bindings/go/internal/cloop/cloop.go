// Package cloop is what the Go calls are measured against: the same call in a C loop in the same
// process. It is not part of the binding.
package cloop

// #cgo CFLAGS: -I${SRCDIR}/../../../../include
// #include <maxim.h>
//
// static maxim_status add_tags(uintptr_t logger, maxim_str trace, maxim_str key, maxim_str value, int count) {
//     maxim_status status = MAXIM_OK;
//     for (int i = 0; i < count && status == MAXIM_OK; i++) {
//         status = maxim_trace_add_tag((maxim_logger *)logger, trace, key, value);
//     }
//     return status;
// }
import "C"

import (
	"fmt"
	"unsafe"
)

func text(s string) C.maxim_str {
	return C.maxim_str{data: (*C.char)(unsafe.Pointer(unsafe.StringData(s))), len: C.size_t(len(s))}
}

// AddTags adds a tag to a trace, count times.
func AddTags(logger uintptr, trace, key, value string, count int) error {
	if status := C.add_tags(C.uintptr_t(logger), text(trace), text(key), text(value), C.int(count)); status != 0 {
		return fmt.Errorf("status %d", status)
	}
	return nil
}
