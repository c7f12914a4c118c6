#!/usr/bin/env bash
# Installs the packages in build/dist/release, each by its manager from a local source into an empty place, and
# uses them: npm, gem, go, wheel, deb (with lintian), CMake's FetchContent. Without Rust; a C compiler for what
# compiles C by its nature (go, CMake). Arguments choose among them.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
release=$PWD/build/dist/release
platform=$(uname -m)-linux-gnu
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
fail() { echo "error: $*" >&2; exit 1; }
# Nothing is found that the repository has built.
clean=(env -i PATH="/usr/local/bin:/usr/bin:/bin" HOME="$work" LANG=C.UTF-8)

test_npm() {
    local node
    node=$(scripts/install-node.sh)
    mkdir "$work/npm"
    cd "$work/npm"
    "${clean[@]}" PATH="$(dirname "$node"):/usr/bin:/bin" npm install --offline --no-audit --no-fund --omit=optional \
        "$release/npm/libmaxim-$version.tgz" "$release"/npm/libmaxim-linux-x64-gnu-"$version".tgz >"$work/log" 2>&1 || { cat "$work/log"; return 1; }
    [ "$("${clean[@]}" "$node" -p 'require("libmaxim").version')" = "$version" ]
}

test_gem() {
    "${clean[@]}" gem install --silent --local --no-document --install-dir "$work/gem" "$release"/gem/*.gem >"$work/log" 2>&1 ||
        { cat "$work/log"; return 1; }
    [ "$("${clean[@]}" GEM_HOME="$work/gem" GEM_PATH="$work/gem" ruby -e 'require "maxim-logger"; puts Maxim.library_version')" = "$version" ]
}

test_go() {
    local go module
    go=$(scripts/install-go.sh)
    module=$(cd "$release/go" && find . -name '@v' -printf '%P\n' | sed 's|/@v$||')
    mkdir "$work/go-user"
    cd "$work/go-user"
    printf 'package main\n\nimport (\n\t"fmt"\n\n\t"%s"\n)\n\nfunc main() { fmt.Println(maxim.Version()) }\n' "$module" >main.go
    local settings=("${clean[@]}" PATH="$(dirname "$go"):/usr/bin:/bin" GOTOOLCHAIN=local GOFLAGS=-mod=mod GOPROXY="file://$release/go" GONOSUMDB='*' GONOSUMCHECK=1 GOFLAGS=-modcacherw)
    "${settings[@]}" "$go" mod init user.test/user >"$work/log" 2>&1
    "${settings[@]}" "$go" get "$module@v$version" >"$work/log" 2>&1 || { cat "$work/log"; return 1; }
    [ "$("${settings[@]}" "$go" run .)" = "$version" ] || return 1
    ! "${settings[@]}" CGO_ENABLED=0 "$go" build . >"$work/log" 2>&1
    grep -q 'CGO_ENABLED' "$work/log" || { cat "$work/log"; fail "CGO_ENABLED=0 does not say what it needs"; }
}

test_wheel() {
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --no-index --no-cache-dir --find-links "$release/wheel" "libmaxim==$version"
    [ "$("${clean[@]}" "$work/venv/bin/python" -c 'import ctypes, libmaxim
lib = libmaxim.load()
lib.maxim_version.restype = ctypes.c_char_p
print(lib.maxim_version().decode())')" = "$version" ]
}

# In a Debian made from nothing, from a file: source of apt, with the C quickstart's compiler as another package.
test_deb() {
    local root=$PWD/build/dist/roots/debian
    lintian --fail-on error,warning --suppress-tags "$(grep -v '^#' packaging/debian/lintian-suppressed | cut -d ' ' -f 1 | paste -sd ,)" \
        "$release"/deb/*_amd64.deb
    [ "$(id -u)" -eq 0 ] || fail "a Debian from nothing is made by root only"
    if [ ! -e "$root/complete" ]; then
        rm -rf --one-file-system "$root"
        debootstrap --variant=minbase bookworm "$root" "$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep '/debian$' | head -n 1)" \
            >build/dist/debootstrap.log 2>&1
        touch "$root/complete"
    fi
    mkdir -p "$root/packages"
    cp "$release"/deb/*_amd64.deb "$root/packages/"
    (cd "$root/packages" && apt-ftparchive packages . >Packages)
    echo 'deb [trusted=yes] file:/packages ./' >"$root/etc/apt/sources.list.d/libmaxim.list"
    cp -L /etc/resolv.conf "$root/etc/"
    cp examples/c/quickstart.c "$root/tmp/"
    ROOT=$root unshare --mount --propagation private sh -euc '
        mount -t proc proc "$ROOT/proc"
        mount --bind /dev "$ROOT/dev"
        mount -t tmpfs tmpfs "$ROOT/dev/shm"
        exec chroot "$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive sh -euc "
            apt-get update -q >/dev/null
            apt-get install -y -q --no-install-recommends libmaxim-dev maxim-dev gcc libc6-dev pkg-config >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }
            cc -std=c99 -D_POSIX_C_SOURCE=200809L /tmp/quickstart.c -o /tmp/quickstart \$(pkg-config --cflags --libs maxim)
            maxim-dev --port 8899 --mode quiet >/dev/null & server=\$!
            for n in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; MAXIM_BASE_URL=http://127.0.0.1:8899 MAXIM_SPOOL_DIR=/tmp/spool MAXIM_API_KEY=deb /tmp/quickstart && break; done
            kill \$server
            apt-get purge -y -q libmaxim-dev maxim-dev libmaxim0.1 >/tmp/log 2>&1
            ! ls /usr/include/maxim.h 2>/dev/null"'
}

test_cmake() {
    mkdir "$work/cmake"
    printf '%s\n' 'cmake_minimum_required(VERSION 3.21)' 'project(user C)' 'include(FetchContent)' \
        "FetchContent_Declare(maxim URL file://$release/libmaxim-$version-$platform.tar.gz)" 'FetchContent_MakeAvailable(maxim)' \
        'add_executable(user main.c)' 'target_link_libraries(user maxim::maxim)' >"$work/cmake/CMakeLists.txt"
    printf '#include <maxim.h>\n#include <stdio.h>\nint main(void) { puts(maxim_version()); return 0; }\n' >"$work/cmake/main.c"
    { "${clean[@]}" cmake -S "$work/cmake" -B "$work/cmake/build" && "${clean[@]}" cmake --build "$work/cmake/build"; } >"$work/log" 2>&1 ||
        { cat "$work/log"; return 1; }
    [ "$("${clean[@]}" "$work/cmake/build/user")" = "$version" ]
}

[ $# -gt 0 ] || set -- npm gem go wheel deb cmake
for name in "$@"; do
    # Bare, so that whatever fails inside ends this script.
    echo "-- $name"
    ("test_$name")
    echo "installed and used: $name"
done
