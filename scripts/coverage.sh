#!/usr/bin/env bash
# Says which lines of the library the tests run: by the tests beside the code, and by those of promises, whose
# programs load the instrumented library. `make coverage` builds the server and installs cargo-llvm-cov first.
#
# A process that is killed has written its counts already: they lie in a mapped file (%c). What the tests find out
# about an instrumented library itself (its speed, its size, its exports) says nothing, so they are left out, and a
# test that fails because the library is slower ends nothing: its name is printed, and the table is too.
# Arguments: test programs instead of all (`scripts/coverage.sh quickstart otlp`).
set -euo pipefail
cd "$(dirname "$0")/.."

readonly target=$PWD/target/coverage
soversion=$(sed -n '0,/^version = "\([0-9]*\.[0-9]*\)\..*"/s//\1/p' Cargo.toml)
PATH=$PWD/build/tools/bin:$PATH

# The compiler's own tools where rustup has them, else a system's of about its age.
tool() {
    local own
    own=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/$1
    [ -x "$own" ] || own=$(compgen -c "$1-" | grep -E "^$1-[0-9]+\$" | sort -t- -k3 -n | tail -n 1)
    command -v "${own:-$1}"
}
LLVM_COV=$(tool llvm-cov) LLVM_PROFDATA=$(tool llvm-profdata)
export LLVM_COV LLVM_PROFDATA

export CARGO_TARGET_DIR=$target CARGO_LLVM_COV_TARGET_DIR=$target
eval "$(cargo llvm-cov show-env --sh --no-cfg-coverage 2>/dev/null)"
rm -f "$target"/*.profraw
# What cargo-llvm-cov has its wrapper add for the crates of this workspace; %c needs it.
__CARGO_LLVM_COV_RUSTC_WRAPPER_RUSTFLAGS+=$'\x1f-Cllvm-args=-runtime-counter-relocation'
export LLVM_PROFILE_FILE=$target/maxim-%p-%m%c.profraw

cargo build --lib --features test-hooks
ln -sf libmaxim.so "$target/debug/libmaxim.so.$soversion"
export MAXIM_TEST_LIBRARY=$target/debug/libmaxim.so

programs=(--tests)
if [ $# -gt 0 ]; then
    programs=(--lib)
    for name in "$@"; do programs+=(--test "$name"); done
fi
# Of an optimised library: sizes, instructions, descriptors, memory.
skip=(--skip valgrind --skip little_memory --skip not_held_twice --skip hot_path --skip bounded_memory
    --skip exports --skip descriptor)
cargo test --no-fail-fast --features test-hooks "${programs[@]}" -- "${skip[@]}" 2>&1 | tee "$target/log" |
    grep -E '^(test result|test .*FAILED)|Running' || echo 'some tests failed; the library is slower than the one they are for'

cargo llvm-cov report --ignore-filename-regex '(^|/)(tests?|dev-server|tools|benches)/|/tests?\.rs$|simulation\.rs$' \
    >"$target/table"
# A room, its lines, those that ran.
awk 'NF > 9 && $1 ~ /\.rs$/ { room = $1; if (!sub("/[^/]*$", "", room)) room = "src"; sub(".*/out$", "ffi, made by the build", room); lines[room] += $8; missed[room] += $9; all += $8; none += $9 }
    END { for (room in lines) printf "%-24s %6d lines %6.1f %%\n", room, lines[room], 100 - 100 * missed[room] / lines[room]
          printf "%-24s %6d lines %6.1f %%\n", "zz all", all, 100 - 100 * none / all }' "$target/table" |
    sort | sed 's/^zz all/all   /'
echo "each file: $target/table; the lines of one: cargo llvm-cov report --text, with the same environment"
