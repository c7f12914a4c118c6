"""libmaxim from a release archive: `conan create packaging/conan --version 0.1.0`, with LIBMAXIM_ARCHIVES naming the
folder (or URL) that has the archives and SHA256SUMS. Nothing is compiled."""

import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, download, get, load

ARCHITECTURES = {"x86_64": "x86_64", "armv8": "aarch64"}


class Libmaxim(ConanFile):
    name = "libmaxim"
    description = "Log what AI applications do: a C ABI library for the Maxim log API and application logs"
    license = "MIT OR Apache-2.0"
    topics = ("logging", "observability", "llm")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "musl": [True, False]}
    default_options = {"shared": True, "musl": False}

    def validate(self):
        if self.settings.os != "Linux" or str(self.settings.arch) not in ARCHITECTURES:
            raise ConanInvalidConfiguration("libmaxim has archives for Linux on x86_64 and armv8")

    def package_id(self):
        # C: neither the compiler nor the kind of build makes a difference.
        del self.info.settings.compiler
        del self.info.settings.build_type

    def build(self):
        archives = os.environ.get("LIBMAXIM_ARCHIVES")
        if not archives:
            raise ConanInvalidConfiguration("LIBMAXIM_ARCHIVES does not name the folder of the release archives")
        libc = "musl" if self.options.musl else "gnu"
        file = f"libmaxim-{self.version}-{ARCHITECTURES[str(self.settings.arch)]}-linux-{libc}.tar.gz"
        base = archives if "://" in archives else f"file://{os.path.abspath(archives)}"
        sums = os.path.join(self.build_folder, "SHA256SUMS")
        download(self, f"{base}/SHA256SUMS", sums)
        sha256 = next(line.split()[0] for line in load(self, sums).splitlines() if line.endswith("  " + file))
        get(self, f"{base}/{file}", sha256=sha256, strip_root=True, destination=os.path.join(self.build_folder, "archive"))

    def package(self):
        archive = os.path.join(self.build_folder, "archive")
        copy(self, "*", os.path.join(archive, "include"), os.path.join(self.package_folder, "include"))
        copy(self, "*", os.path.join(archive, "share/doc/maxim"), os.path.join(self.package_folder, "licenses"))
        wanted = "libmaxim.so*" if self.options.shared else "libmaxim.a"
        copy(self, wanted, os.path.join(archive, "lib"), os.path.join(self.package_folder, "lib"))

    def package_info(self):
        self.cpp_info.libs = ["maxim"]
        self.cpp_info.set_property("cmake_file_name", "maxim")
        self.cpp_info.set_property("cmake_target_name", "maxim::maxim")
        self.cpp_info.set_property("pkg_config_name", "maxim")
        if not self.options.shared:
            self.cpp_info.system_libs = ["pthread", "dl", "m"]
