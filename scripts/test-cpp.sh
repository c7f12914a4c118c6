#!/usr/bin/env bash
# Builds and runs everything of the C++ binding: coverage of the ABI, tests, examples, and its use through CMake
# and pkg-config. Every pair of compiler (gcc, clang) and standard (17, 20, 23) compiles headers and tests without a
# warning; all tests run once with the address and undefined-behaviour sanitizers, under clang, as gcc takes three
# times as long to build them, and those of logger and JSON once more under gcc, optimised.
#
# Needs `make lib server` and these Debian packages:
#     g++ clang clang-19 (for modules) cmake pkg-config python3 libgtest-dev nlohmann-json3-dev libspdlog-dev
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
cpp=$root/bindings/cpp
work=$(mktemp -d)
. scripts/server.sh
trap 'stop_server; rm -rf "$work"' EXIT

strict=(-Wall -Wextra -Wpedantic -Wconversion -Werror)
include=(-I"$root/include" -I"$cpp/include" -I"$cpp/tests")
library=(-L"$root/build/lib" -Wl,-rpath,"$root/build/lib" -lmaxim)
read -ra spdlog < <(pkg-config --cflags spdlog)

say() { printf -- '-- %s (%ds)\n' "$1" "$SECONDS"; }

# build_tests DIRECTORY COMPILER FLAGS... -- TESTS...: compiles each test file, two at a time, and links them.
build_tests() {
    local to=$1 flags=()
    shift
    while [ "$1" != -- ]; do
        flags+=("$1")
        shift
    done
    shift
    mkdir -p "$to"
    printf '%s\n' "$@" | xargs -P 2 -I{} \
        "${flags[@]}" "${spdlog[@]}" "${strict[@]}" "${include[@]}" -c "$cpp/tests/{}_test.cpp" -o "$to/{}.o"
    "${flags[@]}" "$to"/*.o -o "$to/tests" "${library[@]}" -lgtest -lgtest_main -lspdlog -lfmt -lpthread
}

run_tests() {
    MAXIM_TEST_ROOT=$root MAXIM_TEST_SERVER=$root/build/bin/maxim-dev timeout 1200 "$1/tests" --gtest_brief=1
}

say "every export is reached"
python3 "$cpp/check_coverage.py"

say "every header compiles alone"
for header in "$cpp"/include/maxim/*.hpp; do
    echo "#include <maxim/$(basename "$header")>" >"$work/alone-$(basename "$header").cpp"
done
# The README's example, as it is printed.
sed -n '1,/^```$/{/^```/d;p}' "$cpp/README.md" | sed -n '/^#include/,$p' >"$work/readme.cpp"
grep -q 'int main' "$work/readme.cpp"
printf '%s\n' "$work"/alone-*.cpp | xargs -P 2 -I{} \
    g++ -std=c++17 "${strict[@]}" -Wshadow "${include[@]}" -fsyntax-only {}

say "tests: clang, C++17, address and undefined-behaviour sanitizers"
# The largest first, so that both cores are busy to the end.
build_tests "$work/clang" clang++ -std=c++17 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all \
    -- vectors logger log_client log_vectors control hostile_values mistakes spdlog json
# Not what forks, which gcc's build below runs: a child of a process with threads hangs in this sanitizer's own
# allocator, whose locks a fork does not put in order (before LLVM 17).
GTEST_FILTER=-*fork* run_tests "$work/clang"

say "tests: gcc, C++20, optimised"
# gcc finds uninitialised values only when it optimises.
build_tests "$work/gcc" g++ -std=c++20 -O1 -- logger json
run_tests "$work/gcc"

say "the other pairs of compiler and standard compile the tests"
# One file for all of them, as most of the time goes into the headers of gtest, JSON and spdlog.
printf '#include "%s_test.cpp"\n' logger log_client json spdlog >"$work/together.cpp"
printf '%s\n' "g++ -std=c++17" "g++ -std=c++20" "g++ -std=c++2b" "clang++ -std=c++20" "clang++ -std=c++2b" |
    xargs -P 2 -I{} bash -c '{} "$@"' pair "${spdlog[@]}" "${strict[@]}" "${include[@]}" -fsyntax-only "$work/together.cpp"
# Those that share names with others, under the compiler that has not seen them.
printf '%s\n' vectors log_vectors | xargs -P 2 -I{} \
    g++ -std=c++20 "${strict[@]}" "${include[@]}" -fsyntax-only "$cpp/tests/{}_test.cpp"

start_server --mode quiet
url=http://127.0.0.1:$port

say "without exceptions and run-time types"
for compiler in g++ clang++; do
    "$compiler" -std=c++17 -fno-exceptions -fno-rtti "${strict[@]}" "${include[@]}" "$cpp/tests/no_exceptions.cpp" \
        -o "$work/no_exceptions" "${library[@]}"
    "$work/no_exceptions" "$url" "$work/spool-$compiler"
done

say "ends: objects moved from, unwinding, static destructors"
clang++ -std=c++17 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all "${strict[@]}" "${include[@]}" \
    "$cpp/tests/ends.cpp" -o "$work/ends" "${library[@]}" -lpthread
MAXIM_WARNINGS=0 "$work/ends" "$url" "$work/spool-ends"

say "examples"
examples/cpp/run.sh >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
for words in "travel assistant" "airline rules" "payment failed"; do
    grep -q "$words" "$work/log" || { echo "error: the examples did not log: $words" >&2; exit 1; }
done

say "the README's example"
echo '#include <string>
std::string ask_the_model() { return R"({"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o", "choices":
    [{"index": 0, "message": {"role": "assistant", "content": "It is."}, "finish_reason": "stop"}]})"; }' >"$work/yours.cpp"
g++ -std=c++20 "${strict[@]}" "${include[@]}" "$work/readme.cpp" "$work/yours.cpp" -o "$work/readme" "${library[@]}"
scripts/weathers.sh "the README's C++" 'add-generation.*gpt-4o' "$work/readme"
# The C++17 form, which is the README's second block.
{
    printf '#include <maxim/maxim.hpp>\n#include <iostream>\nint main() {\n'
    awk '/^```cpp$/ { block++ } /^```$/ && block == 2 { exit } block == 2 && !/^```/' "$cpp/README.md"
    printf 'return trace ? 0 : 1;\n}\n'
} >"$work/readme17.cpp"
grep -q 'maxim::logger_config config' "$work/readme17.cpp"
g++ -std=c++17 "${strict[@]}" "${include[@]}" "$work/readme17.cpp" -o "$work/readme17" "${library[@]}"
MAXIM_BASE_URL=$url MAXIM_SPOOL_DIR=$work/spool-readme17 "$work/readme17" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

say "as a C++20 module"
compiler=$(scripts/module-compiler.sh)
module=(-std=c++20 "${strict[@]}" "${include[@]}")
"$compiler" "${module[@]}" --precompile "$cpp/include/maxim/maxim.cppm" -o "$work/maxim.pcm"
"$compiler" -std=c++20 -c "$work/maxim.pcm" -o "$work/module.o"
"$compiler" "${module[@]}" -DINCLUDES -c "$cpp/tests/module_test.cpp" -o "$work/includes.o"
# imports NAME SOURCE OBJECTS...: a program that imports the module.
imports() {
    local name=$1 source=$2
    shift 2
    "$compiler" "${module[@]}" -fmodule-file=maxim="$work/maxim.pcm" "$source" "$@" "$work/module.o" -o "$work/$name" "${library[@]}"
}
imports module_test "$cpp/tests/module_test.cpp" "$work/includes.o"
scripts/weathers.sh "the module" '"included":"true"' "$work/module_test"
# The README's program. A module brings in no standard header.
sed 's|#include <maxim/maxim.hpp>|import maxim;\n#include <chrono>|' "$work/readme.cpp" >"$work/readme-import.cpp"
imports readme-import "$work/readme-import.cpp" "$work/yours.cpp"
scripts/weathers.sh "the README's C++ with the module" 'add-generation.*gpt-4o' "$work/readme-import"

say "installed, moved, and found by CMake and pkg-config"
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
said() { [ "$("$@")" = "$version" ] || { echo "error: $* does not say $version" >&2; exit 1; }; }
make -s install DESTDIR="$work/stage" PREFIX=/opt/maxim >/dev/null
mv "$work/stage/opt/maxim" "$work/moved"
for static in OFF ON; do
    cmake -S "$cpp/tests/consumer" -B "$work/package-$static" -DCMAKE_PREFIX_PATH="$work/moved" \
        -DMAXIM_CPP_STATIC=$static >"$work/log" || { cat "$work/log" >&2; exit 1; }
    cmake --build "$work/package-$static" >"$work/log" || { cat "$work/log" >&2; exit 1; }
    for program in with_c with_c_static with_cpp; do said "$work/package-$static/$program"; done
done
ldd "$work/package-OFF/with_cpp" | grep -q libmaxim
! ldd "$work/package-ON/with_cpp" | grep -q libmaxim

pc() { PKG_CONFIG_PATH=$work/moved/lib/pkgconfig pkg-config --define-variable=prefix="$work/moved" "$@" maxim; }
# Flags are words on purpose.
# shellcheck disable=SC2046
g++ -std=c++17 "$cpp/tests/consumer/main.cpp" -o "$work/shared" $(pc --cflags --libs) -Wl,-rpath,"$work/moved/lib"
said "$work/shared"
rm "$work"/moved/lib/libmaxim.so*
# shellcheck disable=SC2046
g++ -std=c++17 "$cpp/tests/consumer/main.cpp" -o "$work/static" $(pc --cflags --libs --static)
said "$work/static"

say "installed into a folder of libraries that is another, whose name or whole path is given, and removed again"
for libdir in lib64 /opt/maxim/lib/x86_64-linux-gnu; do
    make -s install DESTDIR="$work/other" PREFIX=/opt/maxim LIBDIR=$libdir >/dev/null
    moved=$work/other/opt/maxim
    there=$moved/${libdir#/opt/maxim/}
    [ ! -e "$moved/lib/libmaxim.so" ]
    cmake -S "$cpp/tests/consumer" -B "$work/package-other" -Dmaxim_DIR="$there/cmake/maxim" >"$work/log" || { cat "$work/log" >&2; exit 1; }
    cmake --build "$work/package-other" >"$work/log" || { cat "$work/log" >&2; exit 1; }
    said "$work/package-other/with_cpp"
    # shellcheck disable=SC2046
    g++ -std=c++17 "$cpp/tests/consumer/main.cpp" -o "$work/shared" -Wl,-rpath,"$there" \
        $(PKG_CONFIG_PATH=$there/pkgconfig pkg-config --cflags --libs maxim)
    said "$work/shared"
    # No link of an installed document leads nowhere.
    python3 - "$moved/share/doc/maxim" <<'END'
import pathlib, re, sys
pages = list(pathlib.Path(sys.argv[1]).rglob("*.md"))
links = [(page, link) for page in pages for link in re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", page.read_text())]
assert len(links) > 20, len(links)
for page, link in links:
    assert (page.parent / link).exists(), f"{page} leads to {link}, which is not installed"
END
    make -s uninstall DESTDIR="$work/other" PREFIX=/opt/maxim
    rm -r "$work/package-other"
    left=$(find "$moved" ! -type d)
    [ -z "$left" ] || { echo "error: make uninstall leaves $left" >&2; exit 1; }
done
! make -s install DESTDIR="$work/other" PREFIX=/opt/maxim LIBDIR=/usr/lib64 2>"$work/log"
grep -q 'not below' "$work/log" || { cat "$work/log" >&2; exit 1; }

say "as a part of a CMake project (FetchContent, which is add_subdirectory), and installed by it"
cmake -S "$cpp/tests/consumer" -B "$work/source" -DMAXIM_SOURCE="$root" -DMAXIM_BUILD="$root/build" >"$work/log" || { cat "$work/log" >&2; exit 1; }
cmake --build "$work/source" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
for program in with_c with_c_static with_cpp; do said "$work/source/$program"; done
cmake --install "$work/source" --prefix "$work/by-cmake" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
[ -e "$work/by-cmake/lib/cmake/maxim/maxim-config.cmake" ]
say "the C++ binding passes"
