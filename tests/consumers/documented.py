"""The program in the documentation of the Python package `libmaxim`, as it stands there. With a C compiler's words as
arguments it is seen first that ctypes lays every struct out as that compiler does."""
import ctypes
import os
import subprocess
import sys
import tempfile

import libmaxim

layout = {}
for each in libmaxim._api["structs"]:
    kind = getattr(libmaxim.types, each["name"])
    layout[f"sizeof({each['name']})"] = ctypes.sizeof(kind)
    for field in each["fields"]:
        layout[f"offsetof({each['name']}, {field['name']})"] = getattr(kind, field["name"]).offset
if len(sys.argv) > 1:
    with tempfile.TemporaryDirectory() as work:
        program = os.path.join(work, "layout")
        with open(f"{program}.c", "w") as source:
            source.write("#include <maxim.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n")
            source.writelines(f'printf("%zu\\n", {each});\n' for each in layout)
            source.write("}\n")
        subprocess.run([*sys.argv[1:], f"-I{libmaxim.include_dir}", f"{program}.c", "-o", program], check=True)
        said = list(map(int, subprocess.run([program], check=True, capture_output=True).stdout.split()))
    assert len(said) == len(layout)
    for (what, here), of_c in zip(layout.items(), said):
        assert here == of_c, f"{what} is {of_c}, and {here} for ctypes"

exec("\n".join(line[4:] for line in libmaxim.__doc__.splitlines() if line.startswith("    ") or not line))
print(lib.maxim_version().decode())
