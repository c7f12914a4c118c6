//go:build maxim_dynamic

package maxim

// An installed library, as pkg-config finds it.

// #cgo pkg-config: maxim
import "C"
