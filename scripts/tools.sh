#!/usr/bin/env bash
# Makes sure that every tool that the tests need is there and works: each is used, not only looked for.
# Run by root on a system with apt, it installs the Debian packages of those that do not; for anybody else
# it names everything that is missing in one line and fails. A recent Go and Node, which Debian has too old,
# are fetched by install-go.sh and install-node.sh with what this installs.
# With an argument it sees to what one target alone needs: `coverage` or `mutants`.
set -euo pipefail
cd "$(dirname "$0")/.."

# own_tool CRATE VERSION: a tool of cargo's, in build/tools.
own_tool() {
    [ "$("build/tools/bin/$1" "${1#cargo-}" --version 2>/dev/null | grep -o '[0-9.]*$')" = "$2" ] ||
        cargo install --quiet --locked --root build/tools --version "$2" "$1"
}
case ${1-} in
    coverage)
        own_tool cargo-llvm-cov 0.9.1
        # rustup's component is the compiler's own; a distribution's reads the same files, if it is not too old.
        compgen -G "$(rustc --print sysroot)/lib/rustlib/*/bin/llvm-cov" >/dev/null && exit
        compgen -c llvm-cov- | grep -Eq -- '-(19|[2-9][0-9])$' && exit
        [ "$(id -u)" -eq 0 ] && apt-get update -q && apt-get install -y -q --no-install-recommends llvm-19 && exit
        echo "error: llvm-cov is missing: rustup component add llvm-tools, or your distribution's llvm-19 or newer" >&2
        exit 1
        ;;
    mutants) own_tool cargo-mutants 27.1.0 && exit ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo 'int main(void) { return 0; }' >"$work/c.c"
echo '#include <string>
int main() { return static_cast<int>(std::string().size()); }' >"$work/cxx.cpp"

# compiles COMPILER FLAGS...: the program is made, and runs.
compiles() { "$@" -o "$work/program" && "$work/program"; }
# includes HEADER FLAGS...: a C++ program that includes it links.
includes() {
    local header=$1
    shift
    echo "#include <$header>
int main() {}" >"$work/header.cpp"
    c++ -std=c++17 "$work/header.cpp" -o "$work/program" "$@"
}
# requires RUBY-LIBRARY
requires() { ruby -e 'require ARGV[0]' "$1"; }
has_ruby_headers() { [ -e "$(ruby -rrbconfig -e 'print RbConfig::CONFIG["rubyhdrdir"]')/ruby.h" ]; }
has_go() { GO=$(command -v go || echo /usr/local/go/bin/go) && "$GO" version; }
# Nobody else's certificates: the registries' ones have to be there.
has_certificates() { [ -s "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" ]; }

# package | how it is used. The order does not matter: each is tried, whatever became of the others.
uses() {
    cat <<'END'
gcc|compiles cc "$work/c.c"
libc6-dev|compiles cc "$work/c.c" -pthread -ldl -lm
g++|compiles c++ "$work/cxx.cpp"
clang|compiles clang "$work/c.c"
clang|compiles clang++ "$work/cxx.cpp"
clang-modules|scripts/module-compiler.sh
libclang-rt-dev|compiles clang++ -fsanitize=address,undefined "$work/cxx.cpp"
make|make --version
binutils|objcopy --version && ld --version && strip --version && ar --version && nm --version
cmake|cmake --version
pkg-config|pkg-config --version
valgrind|valgrind --version
libc6-dbg|valgrind --quiet --error-exitcode=1 "$(command -v true)"
strace|strace -o /dev/null true
python3|python3 -c "import json, socket, ssl, subprocess"
curl|curl --version
codespell|codespell --version
git|git --version
procps|ps -e
bsdextrautils|echo | column -t
util-linux|command -v unshare setsid
ca-certificates|has_certificates
libgtest-dev|includes gtest/gtest.h -lgtest -lgtest_main -lpthread
nlohmann-json3-dev|includes nlohmann/json.hpp
libspdlog-dev|includes spdlog/spdlog.h $(pkg-config --cflags --libs spdlog)
ruby|ruby --version && gem --version
ruby-dev|has_ruby_headers
rake|rake --version
puma|puma --version
unicorn|unicorn --version
ruby-minitest|requires minitest
ruby-rack|requires rack
ruby-activesupport|requires active_support
ruby-railties|requires rails
npm|npm --version
golang-go|has_go
END
}

# Names of this system's packages where they are not those above.
package_name() {
    case $1 in
        # The runtimes of the sanitizers lie in a package of their own, named after clang's version.
        libclang-rt-dev)
            local version
            version=$(clang -dumpversion 2>/dev/null) ||
                version=$(apt-cache show clang 2>/dev/null | sed -n 's/^Depends:.*clang-\([0-9]*\).*/\1/p' | head -n 1)
            # A pattern will do for apt where the version is not to be known.
            echo "libclang-rt-${version%%.*}-dev" | sed 's/--/-*-/'
            ;;
        # The newest clang that builds a module; a system that has none of these names has a newer one as its own.
        clang-modules)
            local newest
            for newest in 19 18 17 16; do
                apt-cache show "clang-$newest" >/dev/null 2>&1 && break
            done
            echo "clang-$newest"
            ;;
        *) echo "$1" ;;
    esac
}

# The packages of everything that does not work, each once.
missing() {
    local package use
    while IFS='|' read -r package use; do
        (eval "$use") >/dev/null 2>&1 </dev/null || package_name "$package"
    done < <(uses) | awk '!seen[$0]++' | paste -sd ' '
}

absent=$(missing)
rust=
cargo --version >/dev/null 2>&1 && rustc --version >/dev/null 2>&1 || rust='Rust 1.88 or newer with cargo (rustup, or your distribution)'
[ -n "$absent$rust" ] || exit 0

if [ -n "$absent" ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    # Only with apt's lists is clang's version known, where it is not installed.
    absent=$(missing)
    echo "installing: $absent"
    # Words on purpose.
    # shellcheck disable=SC2086
    apt-get install -y -q --no-install-recommends $absent
    absent=$(missing)
fi
[ -n "$absent$rust" ] || exit 0
[ -z "$absent" ] || absent="these packages: $absent"
[ -z "$absent" ] || [ -z "$rust" ] || rust="; and $rust"
echo "error: tools are missing or do not work; install $absent$rust" >&2
exit 1
