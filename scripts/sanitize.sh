#!/usr/bin/env bash
# Runs the tests that go through the C ABI once more, where a mistake in memory or between threads is seen
# at once: with AddressSanitizer and UndefinedBehaviorSanitizer, with ThreadSanitizer, under valgrind.
# `make sanitize` builds the server first. Arguments choose among them: address thread valgrind.
#
# The sanitizers are unstable options of the compiler, which RUSTC_BOOTSTRAP=1 lets a stable one take; each
# has a target directory of its own. The standard library is not instrumented: what its own code does with
# memory is not seen, and what it synchronises ThreadSanitizer has to be told (scripts/thread.supp).
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(rustc -vV | sed -n 's/^host: //p')
runtime=$(rustc --print sysroot)/lib/rustlib/$target/lib
soversion=$(sed -n '0,/^version = "\([0-9]*\.[0-9]*\)\..*"/s//\1/p' Cargo.toml)
# What goes through the C ABI in one process, and takes seconds. Not its tests of what the library needs.
common=(--test every_export --test quickstart --test wrong_input --test structured_logs --test boundary
    --test fuzz)
# What goes on in several processes, or takes too long under valgrind.
further=(--test maxim_vectors --test maxim_attachments --test maxim_large_logs --test survives_restart)
skip=(--skip valgrind --skip is_not_held_twice --skip need_little_memory)
# What is preloaded or loaded late comes before the sanitizer's runtime, which cannot pass a C++ exception on
# either; the rest is about limits of the process that the runtime needs itself, looks at all of its memory, leaves the
# runtime's own functions by `longjmp`, or gives a call 700 ms.
skip_limits=(--skip every_way_to_end --skip a_silent_server
    --skip no_thread_can_be_had --skip the_clock_jumps --skip a_clock_that_is_off --skip the_library_is_loaded --skip the_allocators_lock
    --skip no_descriptor_is_left --skip permission_denied --skip costs_bounded_memory
    --skip nobody_came_back_for --skip more_of_the_stack --skip little_address_space
    --skip smallest_stack --skip lacks_memory --skip no_memory_for --skip want_of_memory --skip until_there_is_memory
    --skip in_one_place_of_memory --skip jumps_out_of --skip or_leaves_it)
# What is preloaded looks names up, which allocates, within what AddressSanitizer's allocator calls itself.
skip_preloaded=(--skip while_a_lock_is_taken --skip for_the_files_of_other_threads --skip never_found_leave
    --skip what_cannot_be_read_stays)
# ThreadSanitizer does not go on in the child of several threads, opens descriptors and has a thread of its own, and
# asks for memory by calls that a test's sandbox does not know. It warns of files under numbers that were closed outside
# of its sight, and the host's map of memory is not as the test reads it.
skip_forks=(--skip children_log --skip a_living_parent --skip few_descriptors --skip a_failed_batch_stays
    --skip a_sandbox_that_does_not_know --skip a_strange_host --skip without_descriptors --skip without_standard
    --skip may_do_what_it_likes --skip made_again)

# The library with a sanitizer in it, and C programs with the runtime that came with the compiler:
# build <name of the sanitizer> <name of its runtime> <further flags of the Rust compiler> <of the C compiler>
# <further features of the library>
build() {
    CARGO_TARGET_DIR=target/$1 RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=$1 $3 -Cforce-frame-pointers=yes" \
        cargo rustc --lib --crate-type cdylib --features "test-hooks $5" --target "$target" \
        --config 'profile.dev.package."*".opt-level=1'
    local directory=$PWD/target/$1/$target/debug
    ln -sf libmaxim.so "$directory/libmaxim.so.$soversion"
    export CC=clang MAXIM_TEST_LIBRARY=$directory/libmaxim.so
    MAXIM_TEST_CFLAGS="-fsanitize=$1 $4 -fno-sanitize-link-runtime -Wl,--export-dynamic"
    MAXIM_TEST_CFLAGS+=" -Wl,--whole-archive $(echo "$runtime"/librustc-*_rt."$2".a) -Wl,--no-whole-archive"
    MAXIM_TEST_CFLAGS+=' -lpthread -ldl -lrt -lm'
    export MAXIM_TEST_CFLAGS
}

with_address() {
    build address asan '' '-fsanitize=undefined -fno-sanitize-recover=undefined' ''
    export LSAN_OPTIONS="suppressions=$PWD/scripts/leak.supp:print_suppressions=0"
    cargo test "${common[@]}" "${further[@]}" -- "${skip[@]}"
    # A forked child leaves what it inherited, and some ways to end are crashes on purpose.
    ASAN_OPTIONS=detect_leaks=0:handle_segv=0 cargo test --test torture -- "${skip_limits[@]}" "${skip_preloaded[@]}"
}

with_thread() {
    build thread tsan -Cunsafe-allow-abi-mismatch=sanitizer '' thread-sanitizer
    # Writers are not joined at exit, by design.
    export TSAN_OPTIONS="suppressions=$PWD/scripts/thread.supp:report_thread_leaks=0"
    MAXIM_FUZZ_SECONDS=20 cargo test "${common[@]}" "${further[@]}" -- "${skip[@]}"
    cargo test --test torture -- "${skip_limits[@]}" "${skip_forks[@]}"
}

with_valgrind() {
    MAXIM_TEST_UNDER="valgrind --quiet --error-exitcode=99 --fair-sched=yes --leak-check=full"
    MAXIM_TEST_UNDER+=" --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect"
    MAXIM_TEST_UNDER+=" --suppressions=$PWD/scripts/valgrind.supp"
    export MAXIM_TEST_UNDER
    MAXIM_FUZZ_SECONDS=30 cargo test "${common[@]}" -- "${skip[@]}"
}

[ $# -gt 0 ] || set -- address thread valgrind
for name in "$@"; do
    printf '\n== %s (%ds)\n' "$name" "$SECONDS"
    ("with_$name")
done
