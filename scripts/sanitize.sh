#!/usr/bin/env bash
# Runs the tests that go through the C ABI once more, where a mistake in memory or between threads is seen
# at once: with AddressSanitizer and UndefinedBehaviorSanitizer, with ThreadSanitizer, under valgrind.
# `make sanitize` builds the server first. Arguments choose among them: address thread valgrind.
#
# The sanitizers are unstable options of the compiler, which RUSTC_BOOTSTRAP=1 lets a stable one take; each
# has a target directory of its own. The standard library is not instrumented: what it does with memory is
# not seen, and what it synchronises ThreadSanitizer has to be told in scripts/thread.supp.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(rustc -vV | sed -n 's/^host: //p')
# C programs that take a sanitized library need a compiler whose runtime the library's code can use.
export CC=${CC:-clang}
tests=(--test every_export --test quickstart --test wrong_input --test structured_logs --test boundary
    --test survives_restart --test maxim_vectors --test maxim_attachments --test maxim_large_logs
    --test fuzz --test torture)
# Not with a tool between the test and its host process: figures of memory, valgrind itself, what is
# preloaded before the tool's own library, and 50 MB documents.
skipped=(--skip valgrind --skip need_little_memory --skip costs_bounded_memory --skip is_not_held_twice
    --skip no_thread_can_be_had --skip the_clock_jumps --skip no_descriptor_is_left
    --skip the_library_is_loaded --skip permission_denied)

# The library with a sanitizer in it: build <name> <flags>
build() {
    CARGO_TARGET_DIR=target/$1 RUSTC_BOOTSTRAP=1 RUSTFLAGS=$2 cargo rustc --lib --crate-type cdylib \
        --features test-hooks --target "$target" --config 'profile.dev.package."*".opt-level=1'
    local directory=target/$1/$target/debug
    ln -sf libmaxim.so "$directory/libmaxim.so.$soversion"
    export MAXIM_TEST_LIBRARY=$PWD/$directory/libmaxim.so
}
soversion=$(sed -n '0,/^version = "\([0-9]*\.[0-9]*\)\..*"/s//\1/p' Cargo.toml)

with_address() {
    build address '-Zsanitizer=address -Cforce-frame-pointers=yes'
    export MAXIM_TEST_CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=undefined'
    export ASAN_OPTIONS=detect_leaks=1
    cargo test "${tests[@]}" -- "${skipped[@]}"
}

with_thread() {
    build thread '-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer -Cforce-frame-pointers=yes'
    export MAXIM_TEST_CFLAGS=-fsanitize=thread
    export TSAN_OPTIONS="suppressions=$PWD/scripts/thread.supp halt_on_error=0 exitcode=66"
    cargo test "${tests[@]}" -- "${skipped[@]}"
}

with_valgrind() {
    export MAXIM_TEST_UNDER='valgrind --quiet --error-exitcode=99 --fair-sched=yes --leak-check=full
        --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect'
    cargo test "${tests[@]}" -- "${skipped[@]}"
}

[ $# -gt 0 ] || set -- address thread valgrind
for name in "$@"; do
    printf '\n== %s (%ds)\n' "$name" "$SECONDS"
    ("with_$name")
done
