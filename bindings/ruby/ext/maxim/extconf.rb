# frozen_string_literal: true

# Finds the core and writes the Makefile of the extension.
#
# Looked at in this order, the first hit wins:
#   1. --with-maxim-dir=DIR (DIR/include/maxim.h and DIR/lib/libmaxim.a or .so), or MAXIM_DIR
#   2. the repository that this directory is part of, after `make lib`: linked statically
#   3. a libmaxim that pkg-config knows
require "mkmf"

# An archive is linked into the extension, with none of its symbols visible to anybody else.
def link_statically(archive)
  $LOCAL_LIBS << " #{archive} -lpthread -ldl -lm"
  $DLDFLAGS << " -Wl,--version-script=#{File.join(__dir__, "exports.map")}" if RbConfig::CONFIG["host_os"].include?("linux")
end

def use(include_dir, lib_dir)
  return false unless File.exist?(File.join(include_dir, "maxim.h"))

  archive = File.join(lib_dir, "libmaxim.a")
  shared = Dir[File.join(lib_dir, "libmaxim.{so,dylib}")].first
  return false unless File.exist?(archive) || shared

  $INCFLAGS << " -I#{include_dir}"
  if File.exist?(archive)
    link_statically(archive)
  else
    $LOCAL_LIBS << " -L#{lib_dir} -Wl,-rpath,#{lib_dir} -lmaxim"
  end
  true
end

repository = File.expand_path("../../../..", __dir__)
given = with_config("maxim-dir") || ENV["MAXIM_DIR"]

if given
  use(File.join(given, "include"), File.join(given, "lib")) or
    abort "no maxim.h and libmaxim below #{given}: expected include/maxim.h and lib/libmaxim.a (or .so)"
elsif !use(File.join(repository, "include"), File.join(repository, "build", "lib"))
  pkg_config("maxim") or abort <<~MESSAGE
    libmaxim was not found. Tried: --with-maxim-dir, MAXIM_DIR, #{repository}/build/lib, pkg-config maxim.
    Build it with `make lib` in the repository, or install it, or name its place:
        gem install maxim-logger -- --with-maxim-dir=/opt/maxim
  MESSAGE
end

# A library from before attachments were added: the binding has none either.
if try_compile("#include <maxim.h>\nvoid *all[] = {(void *)maxim_flush_attachments, (void *)maxim_trace_add_attachment};")
  $defs << "-DMX_ATTACHMENTS"
end

$CFLAGS << " -std=gnu11 -Wall -Wextra -Wno-unused-parameter"
$CFLAGS << " -Werror=incompatible-pointer-types -Werror=implicit-function-declaration"
# The library's threads run until the process ends, so its code must stay where it is.
$DLDFLAGS << " -Wl,-z,nodelete" if RbConfig::CONFIG["host_os"].include?("linux")
create_makefile("maxim/maxim_ext")
