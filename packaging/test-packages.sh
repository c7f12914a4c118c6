#!/usr/bin/env bash
# Installs the packages in build/dist/release, each by its manager from a local source into an empty place, and
# logs with them to a maxim-dev, which counts what arrives: npm, gem, go, wheel, deb (with lintian), CMake's
# FetchContent, Conan. Without Rust; a C compiler for what compiles C by its nature (go, CMake, Conan). Arguments choose
# among them.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
repository=$PWD
release=$PWD/build/dist/release
platform=$(uname -m)-linux-gnu
conan_version=2.34.0
# What examples/c/quickstart.c logs (tests/quickstart.rs).
quickstart_lines=26
work=$(mktemp -d)
. scripts/server.sh
. packaging/in-root.sh
. scripts/packages.sh
finish() {
    stop_server
    chmod -R u+w "$work"
    rm -rf "$work"
}
trap finish EXIT
fail() { echo "error: $*" >&2; exit 1; }
# quietly COMMAND...: says what the command said only if it fails.
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }; }
# Nothing is found that the repository has built.
clean=(env -i PATH="/usr/local/bin:/usr/bin:/bin" HOME="$work" LANG=C.UTF-8)

# port_of FILE: waits until the registry that is this shell's last job has written it.
port_of() {
    until [ -s "$1" ]; do
        kill -0 "$!" || fail "a registry did not start"
        sleep 0.1
    done
    cat "$1"
}

# The platforms that were built, but for this machine's.
others=()
while read -r other _; do
    [ "$other" = "$platform" ] || [ ! -e "$release/libmaxim-$version-$other.tar.gz" ] || others+=("$other")
done <packaging/platforms

tar -xzf "$release/libmaxim-$version-$platform.tar.gz" -C "$work"
archive=$work/libmaxim-$version-$platform
server_program=$archive/bin/maxim-dev
start_server --mode quiet
url=http://127.0.0.1:$port

# logs LINES COMMAND...: the command, which finds all that a program needs in its environment, makes so many lines arrive.
logs() {
    local wanted=$1
    shift
    makes_arrive "$wanted" "${clean[@]}" MAXIM_BASE_URL="$url" MAXIM_API_KEY="packages-$$" MAXIM_LOG_REPO_ID=packages MAXIM_SPOOL_DIR="$work/spool" "$@"
}

# makes_arrive LINES COMMAND...
makes_arrive() {
    local wanted=$1 got
    shift
    curl -sf -X POST "$url/control/reset" >/dev/null
    quietly "$@"
    got=$(curl -sf "$url/stats" | python3 -c 'import json, sys; print(json.load(sys.stdin)["lines"])')
    [ "$got" -eq "$wanted" ] || { cat "$work/log"; fail "$got lines arrived instead of $wanted"; }
}

# npm_names PLATFORM: its processor and C library as the packages of npm call them.
npm_names() {
    case ${1%%-*} in x86_64) echo "x64 ${1##*-}" ;; *) echo "arm64 ${1##*-}" ;; esac
}

test_npm() {
    local node npm registry other cpu libc
    node=$(scripts/install-node.sh)
    packaging/npm-registry.py "$release/npm" "$work/npm-port" &
    registry=$!
    # At the end of this test's own shell.
    trap "kill $registry" EXIT
    mkdir "$work/npm"
    cd "$work/npm"
    npm=("${clean[@]}" PATH="$(dirname "$node"):/usr/bin:/bin" npm --registry "http://127.0.0.1:$(port_of "$work/npm-port")" --no-audit --no-fund)
    quietly "${npm[@]}" install "libmaxim@$version"
    # Of the platforms' packages npm takes the one that fits; a recent one can be told of other machines.
    [ "$(ls node_modules/@libmaxim)" = linux-x64-gnu ] || fail "npm has installed $(ls node_modules/@libmaxim)"
    if "${npm[@]}" config list --long | grep -q '^libc ='; then
        for other in "${others[@]}"; do
            read -r cpu libc <<<"$(npm_names "$other")"
            mkdir "$other"
            quietly "${npm[@]}" install --prefix "$other" --os linux --cpu "$cpu" --libc "${libc/gnu/glibc}" "libmaxim@$version"
            [ "$(ls "$other/node_modules/@libmaxim")" = "linux-$cpu-$libc" ] ||
                fail "npm has installed $(ls "$other/node_modules/@libmaxim") for $other"
        done
    else
        echo "npm $("${npm[@]}" --version) knows no --libc: what it takes for other machines was not tried"
    fi
    cat >index.js <<'END'
const { Logger, version } = require('libmaxim');
const logger = new Logger({});
logger.withTrace({ name: 'npm' }, async () => {}).then(() => logger.closeOrThrow(60000)).then(() => console.log(version));
END
    logs 2 "$node" index.js
    [ "$(cat "$work/log")" = "$version" ]
}

# The index is the compact one, as rubygems.org has it: gems for a platform are not found in the older ones.
test_gem() {
    local gem registry needs
    gem=$(cd "$release/gem" && echo maxim-logger-*-"$(uname -m)"-linux.gem)
    mkdir -p "$work/gems/gems" "$work/gems/info"
    cp "$release/gem/$gem" "$work/gems/gems/"
    quietly "${clean[@]}" gem generate_index --directory "$work/gems"
    needs=$("${clean[@]}" ruby -rrubygems/package -e 'puts Gem::Package.new(ARGV[0]).spec.required_ruby_version' "$release/gem/$gem")
    gem=${gem%.gem}
    printf -- '---\n%s |checksum:%s,ruby:%s\n' "${gem#maxim-logger-}" "$(sha256sum "$release/gem/$gem.gem" | cut -d ' ' -f 1)" "$needs" \
        >"$work/gems/info/maxim-logger"
    python3 -u -m http.server --bind 127.0.0.1 --directory "$work/gems" 0 >"$work/gem-port" 2>"$work/gem-server" &
    registry=$!
    trap "kill $registry" EXIT
    port_of "$work/gem-port" >/dev/null
    quietly "${clean[@]}" gem install --clear-sources --source "http://127.0.0.1:$(sed 's/.*port \([0-9]*\).*/\1/' "$work/gem-port")" \
        --no-document --install-dir "$work/gem" maxim-logger
    echo 'require "maxim-logger"
logger = Maxim::Logger.new(raise_exceptions: true)
logger.trace("gem") { }
logger.close(timeout: 60) or abort "not everything was sent"
puts Maxim.library_version' >"$work/logs.rb"
    logs 2 GEM_HOME="$work/gem" GEM_PATH="$work/gem" ruby "$work/logs.rb"
    [ "$(cat "$work/log")" = "$version" ]
    local other
    for other in "${others[@]}"; do
        case $other in *-gnu) ;; *) continue ;; esac
        foreign "$other"
        quietly "${there[@]}" "$root/usr/bin/ruby3.1" "$root/usr/bin/gem3.1" install --local --no-document --install-dir "$work/gem-$other" \
            "$release/gem/maxim-logger-$version-${other%%-*}-linux.gem"
        makes_arrive 2 "${there[@]}" -E GEM_HOME="$work/gem-$other" -E GEM_PATH="$work/gem-$other" "$root/usr/bin/ruby3.1" "$work/logs.rb"
        [ "$(cat "$work/log")" = "$version" ] || fail "the gem for $other says $(cat "$work/log")"
        echo "in Ruby for $other: installed, logs, all arrives"
    done
}

# foreign PLATFORM: `there` is how a program of it is run in `root`, a Debian with Python and Ruby, with all that a
# program needs in its environment.
foreign() {
    arch=${1%%-*}
    root=$("$repository/packaging/root.sh" "$1" languages 2>"$work/log") || { cat "$work/log"; fail "no Python and Ruby for $1"; }
    for_processor
    there=("${clean[@]}" MAXIM_BASE_URL="$url" MAXIM_API_KEY="packages-$$" MAXIM_LOG_REPO_ID=packages MAXIM_SPOOL_DIR="$work/spool"
        "$qemu" -L "$root")
}

test_go() {
    local go module other processor
    go=$(scripts/install-go.sh)
    module=$(cd "$release/go" && find . -name '@v' -printf '%P\n' | sed 's|/@v$||')
    mkdir "$work/go-user"
    cd "$work/go-user"
    cat >main.go <<END
package main

import (
	"context"
	"fmt"

	"$module"
)

func main() {
	logger, err := maxim.New(maxim.Config{})
	if err != nil {
		panic(err)
	}
	_, trace := logger.StartTrace(context.Background(), maxim.TraceConfig{Name: "go"})
	trace.End()
	if err := logger.Close(); err != nil {
		panic(err)
	}
	fmt.Println(maxim.Version())
}
END
    local settings=("${clean[@]}" PATH="$(dirname "$go"):/usr/bin:/bin" GOTOOLCHAIN=local GOFLAGS='-mod=mod -modcacherw' GOPROXY="file://$release/go" GONOSUMDB='*')
    quietly "${settings[@]}" "$go" mod init user.test/user
    quietly "${settings[@]}" "$go" get "$module@v$version"
    quietly "${settings[@]}" "$go" build -o user .
    logs 2 "$work/go-user/user"
    [ "$(cat "$work/log")" = "$version" ] || return 1
    ! "${settings[@]}" CGO_ENABLED=0 "$go" build . >"$work/log" 2>&1
    grep -q 'CGO_ENABLED' "$work/log" || { cat "$work/log"; fail "CGO_ENABLED=0 does not say what it needs"; }
    # For the other platforms: built here, and run where nothing but their C library is.
    key=packages-$$
    for other in "${others[@]}"; do
        arch=${other%%-*}
        case $arch in x86_64) processor=amd64 ;; *) processor=arm64 ;; esac
        root=$("$repository/packaging/root.sh" "$other" 2>"$work/log") || { cat "$work/log"; fail "no root for $other"; }
        mkdir -p "$root/test"
        quietly "${settings[@]}" CC="$("$repository/packaging/cc.sh" "$other")" CGO_ENABLED=1 GOARCH=$processor "$go" build -tags "${other##*-}" \
            -o "$root/test/go-user" .
        for_processor
        makes_arrive 2 in_root go-user
        [ "$(cat "$work/log")" = "$version" ] || fail "a program in Go for $other says $(cat "$work/log")"
        rm -rf "$root"/test/*
        echo "in Go for $other: logs, all arrives"
    done
}

test_wheel() {
    python3 -m venv "$work/venv"
    quietly "$work/venv/bin/pip" install --no-index --no-cache-dir --find-links "$release/wheel" "libmaxim==$version"
    # The program of its documentation.
    logs 2 "$work/venv/bin/python" tests/consumers/documented.py
    [ "$(cat "$work/log")" = "$version" ]
    # For other platforms, of which pip is told, it takes the one that fits, with the archive's own library.
    local other tag
    for other in "${others[@]}"; do
        case $other in *-musl) tag=musllinux_1_2 ;; *) tag=manylinux_2_17 ;; esac
        quietly "$work/venv/bin/pip" install --no-index --no-cache-dir --find-links "$release/wheel" --only-binary :all: \
            --platform "${tag}_${other%%-*}" --target "$work/wheel-$other" "libmaxim==$version"
        tar -xzf "$release/libmaxim-$version-$other.tar.gz" -C "$work" "libmaxim-$version-$other/lib"
        cmp "$work/libmaxim-$version-$other/lib/libmaxim.so" "$work/wheel-$other/libmaxim/libmaxim.so"
        case $other in *-gnu) ;; *) continue ;; esac
        foreign "$other"
        makes_arrive 2 "${there[@]}" -E PYTHONPATH="$work/wheel-$other" "$root/usr/bin/python3.11" tests/consumers/documented.py
        [ "$(cat "$work/log")" = "$version" ] || fail "the wheel for $other says $(cat "$work/log")"
        echo "in Python for $other: logs, all arrives"
    done
}

# In a Debian made from nothing, from a file: source of apt, with the C quickstart's compiler as another package.
test_deb() {
    local root=$PWD/build/dist/roots/debian other
    lintian --fail-on error,warning --suppress-tags "$(grep -v '^#' packaging/debian/lintian-suppressed | cut -d ' ' -f 1 | paste -sd ,)" \
        "$release"/deb/*.deb
    [ "$(id -u)" -eq 0 ] || fail "a Debian from nothing is made by root only"
    if [ ! -e "$root/complete" ]; then
        rm -rf --one-file-system "$root"
        debootstrap --variant=minbase bookworm "$root" "$(debian_archive)" \
            >build/dist/debootstrap.log 2>&1
        touch "$root/complete"
    fi
    # Of an earlier run there may be a newer version, which apt would take.
    rm -rf "$root/packages"
    mkdir "$root/packages"
    cp "$release"/deb/*_amd64.deb "$root/packages/"
    (cd "$root/packages" && apt-ftparchive packages . >Packages)
    echo 'deb [trusted=yes] file:/packages ./' >"$root/etc/apt/sources.list.d/libmaxim.list"
    cp -L /etc/resolv.conf "$root/etc/"
    cp examples/c/quickstart.c "$root/tmp/"
    # What each shell offers behind `maxim-dev --mode `; of zsh's, which needs a terminal, the function's own words.
    echo 'complete -C "maxim-dev --mode " | cut -f 1' >"$root/tmp/complete.fish"
    printf '%s\n' '. /usr/share/bash-completion/completions/maxim-dev' 'COMP_WORDS=(maxim-dev --mode "") COMP_CWORD=2' _maxim_dev \
        'printf "%s\n" "${COMPREPLY[@]}"' >"$root/tmp/complete.bash"
    printf '%s\n' 'autoload -U compinit' 'compinit -u -d /tmp/zcompdump' '[ "$_comps[maxim-dev]" = _maxim-dev ] && autoload +X _maxim-dev' \
        'functions _maxim-dev | grep -o ":mode:(tree count quiet)" | head -n 1 | tr -d ":()" | sed s/mode// | tr " " "\n"' \
        >"$root/tmp/complete.zsh"
    ROOT=$root VERSION=$version SOVERSION=${version%.*} unshare --mount --propagation private sh -euc '
        mount -t proc proc "$ROOT/proc"
        mount --bind /dev "$ROOT/dev"
        mount -t tmpfs tmpfs "$ROOT/dev/shm"
        exec chroot "$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive SOVERSION="$SOVERSION" VERSION="$VERSION" sh -euc "
            apt-get update -q >/dev/null
            apt-get install -y -q --no-install-recommends libmaxim-dev maxim-dev gcc libc6-dev pkg-config fish zsh >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
            [ \"\$(dpkg-query -W -f \"\\\${Version}\" libmaxim-dev)\" = $VERSION-1 ]
            cc -std=c99 -D_POSIX_C_SOURCE=200809L /tmp/quickstart.c -o /tmp/quickstart \$(pkg-config --cflags --libs maxim)
            for shell in fish bash zsh; do
                said=\$(\$shell /tmp/complete.\$shell 2>&1 | sort | xargs)
                [ \"\$said\" = \"count quiet tree\" ] || { echo \"\$shell completes --mode as \$said\"; exit 1; }
            done
            rm -f /tmp/port
            maxim-dev --port 0 --port-file /tmp/port --mode quiet >/dev/null & server=\$!
            until [ -s /tmp/port ]; do sleep 0.1; done
            MAXIM_BASE_URL=http://127.0.0.1:\$(cat /tmp/port) MAXIM_SPOOL_DIR=/tmp/spool MAXIM_API_KEY=deb /tmp/quickstart
            kill \$server
            apt-get purge -y -q libmaxim-dev maxim-dev libmaxim\$SOVERSION >/tmp/log 2>&1
            ! ls /usr/include/maxim.h 2>/dev/null"'
    for other in "${others[@]}"; do
        case $other in *-gnu) foreign_debs "$other" ;; esac
    done
}

# foreign_debs PLATFORM: apt finds all that they depend on, and what lies in them is compiled with and run.
foreign_debs() {
    local debian=arm64
    arch=${1%%-*}
    [ "$arch" != x86_64 ] || debian=amd64
    root=$("$repository/packaging/root.sh" "$1" "$release"/deb/*_"$debian".deb 2>"$work/log") || { cat "$work/log"; fail "the Debian packages for $1"; }
    for_processor
    mkdir -p "$work/include-$arch"
    cp "$root"/usr/include/maxim.h "$work/include-$arch/"
    # Flags are words on purpose.
    # shellcheck disable=SC2046
    quietly "$(packaging/cc.sh "$1")" -std=c99 -D_POSIX_C_SOURCE=200809L -I"$work/include-$arch" examples/c/quickstart.c -o "$root/test/quickstart" \
        $(PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/$arch-linux-gnu/pkgconfig pkg-config --libs maxim)
    # Found where Debian's loader looks by itself.
    makes_arrive "$quickstart_lines" "${clean[@]}" MAXIM_BASE_URL="$url" MAXIM_API_KEY="packages-$$" MAXIM_LOG_REPO_ID=packages \
        MAXIM_SPOOL_DIR="$work/spool" "$qemu" -L "$root" "$root/test/quickstart"
    quietly "$qemu" -L "$root" "$root/usr/bin/maxim-dev" completion bash
    cmp "$work/log" "$root/usr/share/bash-completion/completions/maxim-dev"
    echo "Debian packages for $1: unpacked with all that they depend on; quickstart logs, all arrives"
}

# user_of FOLDER: a C program that is built with CMake and wants the target maxim::maxim.
user_of() {
    mkdir "$work/$1"
    printf '%s\n' 'cmake_minimum_required(VERSION 3.21)' 'project(user C)' 'set(CMAKE_C_STANDARD 11)' "$2" \
        'add_executable(user main.c)' 'target_link_libraries(user maxim::maxim)' >"$work/$1/CMakeLists.txt"
    cp examples/c/quickstart.c "$work/$1/main.c"
}

test_cmake() {
    user_of cmake "include(FetchContent)
FetchContent_Declare(maxim URL file://$release/libmaxim-$version-$platform.tar.gz)
FetchContent_MakeAvailable(maxim)"
    quietly "${clean[@]}" cmake -S "$work/cmake" -B "$work/cmake/build"
    quietly "${clean[@]}" cmake --build "$work/cmake/build"
    logs "$quickstart_lines" "$work/cmake/build/user"
}

# From a local cache, and without any remote.
test_conan() {
    local tools=$PWD/build/tools/conan-$conan_version shared conan
    if [ ! -e "$tools/installed" ]; then
        rm -rf "$tools"
        python3 -m venv "$tools"
        quietly "$tools/bin/pip" install --quiet "conan==$conan_version"
        touch "$tools/installed"
    fi
    conan=("${clean[@]}" CONAN_HOME="$work/conan-home" LIBMAXIM_ARCHIVES="$release" "$tools/bin/conan")
    quietly "${conan[@]}" profile detect
    for shared in True False; do
        quietly "${conan[@]}" create packaging/conan --version "$version" --no-remote --options "&:shared=$shared"
        user_of "conan-$shared" 'find_package(maxim REQUIRED)'
        printf '%s\n' '[requires]' "libmaxim/$version" '[options]' "libmaxim/*:shared=$shared" '[generators]' CMakeDeps CMakeToolchain \
            >"$work/conan-$shared/conanfile.txt"
        cd "$work/conan-$shared"
        quietly "${conan[@]}" install . --no-remote --output-folder build
        quietly "${clean[@]}" cmake -S . -B build -DCMAKE_TOOLCHAIN_FILE=build/conan_toolchain.cmake -DCMAKE_BUILD_TYPE=Release
        quietly "${clean[@]}" cmake --build build
        logs "$quickstart_lines" build/user
        [ "$(find "$work/conan-home" -name libmaxim.so | wc -l)" -ge 1 ] || fail "the shared library is not in Conan's cache"
        cd "$repository"
    done
}

[ $# -gt 0 ] || set -- npm gem go wheel deb cmake conan
for name in "$@"; do
    # Bare, so that whatever fails inside ends this script.
    echo "-- $name"
    ("test_$name")
    echo "installed and used: $name"
done
