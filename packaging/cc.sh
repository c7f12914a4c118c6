#!/usr/bin/env bash
# Prints the path of a C compiler for a platform of packaging/platforms: zig's, with the C library that the
# release has.
set -euo pipefail
cd "$(dirname "$0")/.."
read -r _ _ zig_target < <(grep "^$1 " packaging/platforms)
python=$PWD/$(packaging/zig.sh)/python3
compiler=$PWD/build/dist/cc/$1
# What gcc would bring along: the unwinder. With glibc it is the process's one (packaging/libgcc_s.c).
case $1 in
    *-musl) unwinder=-lunwind ;;
    *) unwinder=$PWD/build/dist/libgcc_s/${1%%-*}/libgcc_s.so.1 ;;
esac
mkdir -p "${compiler%/*}"
cat >"$compiler" <<END
#!/bin/sh
ZIG_GLOBAL_CACHE_DIR=$PWD/build/dist/zig-cache ZIG_LOCAL_CACHE_DIR=$PWD/build/dist/zig-cache
export ZIG_GLOBAL_CACHE_DIR ZIG_LOCAL_CACHE_DIR
case " \$* " in *" -c "* | *" -E "* | *" -S "*) set -- "\$@" ;; *) set -- "\$@" $unwinder ;; esac
exec $python -m ziglang cc -target ${zig_target/-unknown/} -fno-sanitize=undefined "\$@"
END
chmod +x "$compiler"
echo "$compiler"
