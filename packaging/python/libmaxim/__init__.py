"""libmaxim's shared library for users of ctypes and cffi.

    import libmaxim
    lib = libmaxim.load()                        # a ctypes.CDLL
    lib.maxim_version.restype = ctypes.c_char_p

The header for cffi, and for C extensions that are built against it, is in `include_dir`.
"""

import ctypes
import pathlib

_here = pathlib.Path(__file__).resolve().parent

#: The shared library's file.
path = str(_here / "libmaxim.so")
#: The folder of maxim.h.
include_dir = str(_here / "include")
__version__ = "@VERSION@"


def load():
    """Loads the library. It is never unloaded: its threads run until the process ends."""
    return ctypes.CDLL(path)


__all__ = ["include_dir", "load", "path"]
