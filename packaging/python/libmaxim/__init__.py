"""libmaxim's shared library for users of ctypes and cffi, with declarations of all that maxim.h has.

    import ctypes, libmaxim
    from libmaxim import text, types

    lib = libmaxim.load()                        # a ctypes.CDLL whose functions know their types

    def check(status):
        if status != libmaxim.constants.MAXIM_OK:
            raise RuntimeError(lib.maxim_last_error().decode())

    logger, trace = ctypes.POINTER(types.maxim_logger)(), types.maxim_id()
    config = types.maxim_trace_config()
    check(lib.maxim_trace_config_init(config, ctypes.sizeof(config)))
    config.name, config.input = text("a question"), text("Why is the sky blue?")
    check(lib.maxim_logger_new(None, logger))    # MAXIM_API_KEY, MAXIM_LOG_REPO_ID
    check(lib.maxim_trace_create(logger, config, trace))
    check(lib.maxim_trace_end(logger, text(trace.text)))
    check(lib.maxim_cleanup(logger, 5000))       # sends what is held; the rest waits in files
    check(lib.maxim_logger_free(logger))

With cffi: `ffi.cdef(libmaxim.cdef())`, `ffi.dlopen(libmaxim.path)`. What each function, struct and member means is said in
maxim.h, and for programs in maxim.api.json, of which all this is made: both are in `include_dir`.
"""

import ctypes
import json
import pathlib
import types as _types

_here = pathlib.Path(__file__).resolve().parent

#: The shared library's file.
path = str(_here / "libmaxim.so")
#: The folder of maxim.h and maxim.api.json.
include_dir = str(_here / "include")
__version__ = "@VERSION@"

_api = json.loads((_here / "include/maxim.api.json").read_text("utf-8"))
_numbers = {"bool": ctypes.c_bool, "char": ctypes.c_char, "double": ctypes.c_double, "size_t": ctypes.c_size_t}
_numbers.update((f"{name}_t", getattr(ctypes, f"c_{name}")) for name in ("int32", "int64", "uint8", "uint32", "uint64"))

#: Structs, handles and callbacks, by their names in maxim.h. A text that a callback gets is a pointer, of which
#: `ctypes.string_at(text, length)` makes bytes (without a length where it ends in NUL).
types = _types.SimpleNamespace()
#: Every MAXIM_… that is a number.
constants = _types.SimpleNamespace()


def _ctype(c, char_pointer=ctypes.c_char_p):
    """ctypes' type of one of C."""
    c = c[6:] if c.startswith("const ") else c
    if not c.endswith("*"):
        return None if c == "void" else _numbers.get(c) or getattr(types, c)
    target = c[:-1].rstrip()
    return {"void": ctypes.c_void_p, "char": char_pointer}.get(target) or ctypes.POINTER(_ctype(target))


def _declare():
    for each in _api["constants"]:
        setattr(constants, each["name"], each["value"])
    for each in _api["enums"]:
        setattr(types, each["name"], _numbers[each["type"]])
        for value in each["values"]:
            setattr(constants, value["name"], value["value"])
    for each in _api["handles"] + _api["structs"]:
        setattr(types, each["name"], type(each["name"], (ctypes.Structure,), {"__doc__": each["doc"]}))
    for each in _api["callbacks"]:
        parameters = (_ctype(one["c"], ctypes.POINTER(ctypes.c_char)) for one in each["parameters"])
        setattr(types, each["name"], ctypes.CFUNCTYPE(_ctype(each["returns"]["c"]), *parameters))
    for each in _api["structs"]:
        getattr(types, each["name"])._fields_ = [
            (one["name"], _ctype(one["c"]) * one["length"] if "length" in one else _ctype(one["c"])) for one in each["fields"]]


_declare()


def load():
    """Loads the library. It is never unloaded: its threads run until the process ends."""
    library = ctypes.CDLL(path)
    for each in _api["functions"]:
        function = getattr(library, each["name"])
        function.restype = _ctype(each["returns"]["c"])
        function.argtypes = [_ctype(one["c"]) for one in each["parameters"]]
    return library


def text(value):
    """A maxim_str of str or bytes, which keeps them; None is an absent one."""
    value = value.encode() if isinstance(value, str) else value
    return types.maxim_str(value, len(value or b""))


def cdef():
    """The declarations for cffi."""
    def declared(c, name):
        return f"{c}{name}" if c.endswith("*") else f"{c} {name}"

    def signature(each, name):
        parameters = ", ".join(declared(one["c"], one["name"]) for one in each["parameters"])
        return declared(each["returns"]["c"], f"{name}({parameters or 'void'});")

    lines = [f"#define {each['name']} {each['value']}" for each in _api["constants"]]
    for each in _api["enums"]:
        values = ", ".join(f"{value['name']} = {value['value']}" for value in each["values"])
        lines += [f"enum {{ {values} }};", f"typedef {each['type']} {each['name']};"]
    lines += [f"typedef struct {each['name']} {each['name']};" for each in _api["handles"] + _api["structs"]]
    lines += [f"typedef {signature(each, '(*' + each['name'] + ')')}" for each in _api["callbacks"]]
    for each in _api["structs"]:
        fields = (declared(one["c"], one["name"] + (f"[{one['length']}]" if "length" in one else "")) for one in each["fields"])
        lines.append(f"struct {each['name']} {{ {' '.join(field + ';' for field in fields)} }};")
    lines += [signature(each, each["name"]) for each in _api["functions"]]
    return "\n".join(lines) + "\n"


__all__ = ["cdef", "constants", "include_dir", "load", "path", "text", "types"]
