-- LuaJIT's FFI, from the declarations that the C preprocessor leaves: arguments are the declarations and the library.
local ffi = require("ffi")
ffi.cdef(assert(io.open(arg[1])):read("*a"))
local maxim = ffi.load(arg[2])

local keep = {}
local function text(s)
  keep[#keep + 1] = s
  return ffi.new("maxim_str", s, #s)
end
local function check(status)
  if status ~= 0 then error(ffi.string(maxim.maxim_last_error())) end
end

local config = ffi.new("maxim_logger_config")
check(maxim.maxim_logger_config_init(config, ffi.sizeof(config)))
assert(config.auto_flush and config.flush_interval_ms == 10000)
config.api_key, config.repository_id, config.base_url = text("key"), text("consumers"), text(os.getenv("MAXIM_BASE_URL"))
local out, id = ffi.new("maxim_logger *[1]"), ffi.new("maxim_id")
check(maxim.maxim_logger_new(config, out))
check(maxim.maxim_trace_create(out[0], nil, id))
check(maxim.maxim_trace_end(out[0], text(ffi.string(id.text))))
check(maxim.maxim_cleanup(out[0], 10000))
check(maxim.maxim_logger_free(out[0]))
