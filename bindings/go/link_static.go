//go:build !maxim_dynamic

package maxim

// The repository's own build, from `make lib`: nothing to install, nothing to find at run time.

// #cgo LDFLAGS: ${SRCDIR}/../../build/lib/libmaxim.a -lpthread -ldl -lm
import "C"
