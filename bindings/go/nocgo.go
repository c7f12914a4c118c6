//go:build !cgo

package maxim

// libmaxim is a C library. Set CGO_ENABLED=1 and install a C compiler (gcc or clang); when cross-compiling, set CC too.
var _ = libmaxim_needs_CGO_ENABLED_1_and_a_C_compiler
