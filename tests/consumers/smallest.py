"""Python's cffi, from the declarations that the C preprocessor leaves: arguments are the declarations and the library."""
import os
import sys

import cffi

ffi = cffi.FFI()
ffi.cdef(open(sys.argv[1]).read())
maxim = ffi.dlopen(sys.argv[2])
keep = []


def text(s):
    given = ffi.new("char[]", s.encode())
    keep.append(given)
    return ffi.new("maxim_str *", (given, len(s.encode())))[0]


def check(status):
    if status != maxim.MAXIM_OK:
        sys.exit(ffi.string(maxim.maxim_last_error()).decode())


config = ffi.new("maxim_logger_config *")
check(maxim.maxim_logger_config_init(config, ffi.sizeof("maxim_logger_config")))
assert config.auto_flush and config.flush_interval_ms == 10000
config.api_key, config.repository_id = text("key"), text("consumers")
config.base_url = text(os.environ["MAXIM_BASE_URL"])
out, made = ffi.new("maxim_logger **"), ffi.new("maxim_id *")
check(maxim.maxim_logger_new(config, out))
check(maxim.maxim_trace_create(out[0], ffi.NULL, made))
check(maxim.maxim_trace_end(out[0], text(ffi.string(made.text).decode())))
check(maxim.maxim_cleanup(out[0], 10000))
check(maxim.maxim_logger_free(out[0]))
