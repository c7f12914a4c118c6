#!/usr/bin/env bash
# Who else reads include/maxim.h: every C and C++ standard of gcc and clang without a warning, tcc, and the tools that
# make a language's declarations of it: bindgen (Rust), ctypes and cffi (Python), LuaJIT and Zig's translate-c. The smallest
# program of each logs a trace to a local server, which must have all of them in the end.
#
# Needs `make lib server`, gcc and clang. Others are installed (apt as root, Zig from PyPI into build/tools); one that
# cannot be had is named as skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
work=$(mktemp -d)
. scripts/server.sh
. scripts/unavailable.sh
trap 'stop_server; rm -rf "$work"' EXIT
say() { printf -- '-- %s (%ds)\n' "$1" "$SECONDS"; }

library=${MAXIM_TEST_LIBRARY:-$root/build/lib/libmaxim.so}
directory=$(dirname "$library")
zig_version=0.13.0
zig=$root/build/tools/zig/bin/python

# Not the header's business: what its users write is clean too.
strict=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
link=(-L"$directory" -Wl,-rpath,"$directory" -lmaxim)

start_server --mode quiet
export MAXIM_BASE_URL=http://127.0.0.1:$port MAXIM_SPOOL_DIR=$work/spool LD_LIBRARY_PATH=$directory
ran=0
runs() { "$@" && ran=$((ran + 1)); }

# has COMMAND PACKAGE: is there, or can be installed.
has() {
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        within 300 apt-get install -y -qq "$2" >"$work/apt" 2>&1 && command -v "$1" >/dev/null && return
    fi
    echo "SKIPPED: there is no $1 ($2)"
    return 1
}

say "C99 to C23, C++11 to C++23, gcc and clang"
for compiler in gcc clang; do
    for standard in c99 c11 c17 c2x; do
        "$compiler" -std=$standard "${strict[@]}" -Iinclude tests/consumers/smallest.c -o "$work/program" "${link[@]}"
        runs "$work/program"
    done
done
for compiler in g++ clang++; do
    for standard in c++11 c++14 c++17 c++20 c++2b; do
        "$compiler" -std=$standard "${strict[@]}" -Iinclude -x c++ tests/consumers/smallest.c -o "$work/program" "${link[@]}"
        runs "$work/program"
    done
done

say "a switch that forgets a value is warned of, a pointer is no literal, and what was made is not to be ignored"
# refused FLAGS... <<< CODE: does not compile, for the reason given.
refused() {
    local reason=$1
    shift
    cat >"$work/wrong.c"
    ! "$@" -Iinclude -c "$work/wrong.c" -o /dev/null 2>"$work/said" || { echo "error: compiles: $(cat "$work/wrong.c")" >&2; exit 1; }
    grep -q -- "$reason" "$work/said" || { cat "$work/said" >&2; exit 1; }
}
for compiler in g++ clang++; do
    refused 'switch' "$compiler" -std=c++17 -Wall -Werror -x c++ <<<'#include <maxim.h>
int f(maxim_level level) { switch (level) { case MAXIM_LEVEL_INFO: return 1; case MAXIM_LEVEL_WARN: return 2; } return 0; }'
done
for compiler in gcc clang; do
    refused "" "$compiler" <<<'#include <maxim.h>
maxim_str f(const char *text) { return MAXIM_STR(text); }'
    refused 'unused-result' "$compiler" -Wall -Werror <<<'#include <maxim.h>
void f(maxim_logger **out) { maxim_logger_new(NULL, out); }'
done
refused 'onnull' clang -Wall -Werror <<<'#include <maxim.h>
maxim_status f(maxim_logger *logger) { return maxim_trace_create(NULL, NULL, NULL) + maxim_flush(logger, 0); }'

if has tcc tcc; then
    say "tcc"
    tcc -Wall -Werror -Iinclude tests/consumers/smallest.c -o "$work/program" "${link[@]}"
    runs "$work/program"
fi

# What declarations are without attributes and inline functions, for parsers that know neither.
echo '#include <maxim.h>' | gcc -E -P -Iinclude -DMAXIM_NO_INLINE -DMAXIM_API= -DMAXIM_NODISCARD= '-DMAXIM_DEPRECATED(note)=' \
    -DMAXIM_NONNULL= -DMAXIM_NULLABLE= - | sed -n '/maxim_result_flags;/,$p' >"$work/declarations"
grep -q maxim_flow_free "$work/declarations"

say "ctypes, by the Python package's documentation"
mkdir -p "$work/python/libmaxim/include"
cp packaging/python/libmaxim/__init__.py "$work/python/libmaxim/"
cp include/maxim.* "$work/python/libmaxim/include/"
ln -s "$library" "$work/python/libmaxim/libmaxim.so"
python=(env PYTHONPATH="$work/python" MAXIM_API_KEY=key MAXIM_LOG_REPO_ID=consumers python3)
runs "${python[@]}" tests/consumers/documented.py cc

if python3 -c 'import cffi' 2>/dev/null || { has apt-get apt && within 300 apt-get install -y -qq python3-cffi >"$work/apt" 2>&1; }; then
    say "cffi"
    runs python3 tests/consumers/smallest.py "$work/declarations" "$library"
    "${python[@]}" -c 'import libmaxim; print(libmaxim.cdef())' >"$work/declared"
    runs python3 tests/consumers/smallest.py "$work/declared" "$library"
else
    echo "SKIPPED: there is no cffi"
fi

if has luajit luajit; then
    say "LuaJIT"
    runs luajit tests/consumers/smallest.lua "$work/declarations" "$library"
fi

if has bindgen bindgen; then
    say "bindgen"
    # Debian's bindgen finds no constants of unnamed enumerations by a libclang that is much newer than itself, and
    # takes the newest there is: that of the default compiler is its contemporary.
    libclang=$(dirname "$(dirname "$(clang -print-resource-dir)")")
    LIBCLANG_PATH=$libclang bindgen include/maxim.h --allowlist-function 'maxim_.*' --allowlist-type 'maxim_.*' --allowlist-var 'MAXIM_.*' >"$work/maxim.rs"
    MAXIM_BINDGEN=$work/maxim.rs rustc --edition 2021 tests/consumers/smallest.rs -o "$work/program" -L "$directory" -l maxim
    runs "$work/program"
fi

if [ -x "$zig" ] || { python3 -m venv "$root/build/tools/zig" && within 300 "$zig" -m pip install -q "ziglang==$zig_version"; } >"$work/zig" 2>&1 &&
    "$zig" -m ziglang version >/dev/null 2>&1; then
    say "Zig's translate-c"
    ZIG_GLOBAL_CACHE_DIR=$root/build/tools/zig-cache ZIG_LOCAL_CACHE_DIR=$work/zig-cache "$zig" -m ziglang build-exe \
        tests/consumers/smallest.zig -Iinclude -L"$directory" -lmaxim -lc -femit-bin="$work/program"
    runs "$work/program"
else
    echo "SKIPPED: there is no Zig: $(tail -n 1 "$work/zig")"
fi

# Each began a trace and ended it.
arrived=$(curl -s "$MAXIM_BASE_URL/stats" | python3 -c 'import json, sys; print(json.load(sys.stdin)["lines"])')
[ "$arrived" = $((2 * ran)) ] || { echo "error: $ran programs logged, $arrived lines arrived" >&2; exit 1; }
say "$ran consumers ran, and all they logged arrived"
