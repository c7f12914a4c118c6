#!/usr/bin/env bash
# Builds for one platform: packaging/build.sh PLATFORM [lib|server], with PLATFORM one of those in
# packaging/platforms. Leaves the libraries in build/dist/<platform>/lib, and maxim-dev, which is one static program
# for all C libraries of a processor and is built with musl, in build/dist/<platform>/bin.
#
# One compiler for all of them: Rust with the sources of its standard library (packaging/toolchain.sh),
# and zig from PyPI as C compiler and linker, which knows every version of glibc, and musl. What comes out
# does not depend on where it was built, nor on what the machine has.
set -euo pipefail
cd "$(dirname "$0")/.."

platform=$1
what=${2:-lib server}
read -r _ target zig_target < <(grep "^$platform " packaging/platforms) ||
    { echo "error: $platform is none of those in packaging/platforms" >&2; exit 1; }
arch=${target%%-*}
sysroot=$(packaging/toolchain.sh)
tools=$PWD/$(packaging/zig.sh)
out=build/dist/$platform
triple=${target/-unknown/}
triple=${triple/musl/gnu}
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)

# What a machine sets for its own builds would take the place of what follows.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER CFLAGS CPPFLAGS LDFLAGS
export PATH=$tools:$sysroot/bin:$PATH RUSTC_BOOTSTRAP=1 RUSTC=$sysroot/bin/rustc
export CARGO_TARGET_DIR=$PWD/target/dist CARGO_PROFILE_RELEASE_DEBUG=false
export ZIG_GLOBAL_CACHE_DIR=$PWD/build/dist/zig-cache ZIG_LOCAL_CACHE_DIR=$PWD/build/dist/zig-cache

# Nothing of the builder's folders; what the processors offer against hijacked control flow.
# The standard library is compiled with paths relative to its workspace or to this one, by where it lies.
std_source=lib/rustlib/src/rust
flags=(--remap-path-prefix "$PWD=/libmaxim" --remap-path-prefix "$sysroot/$std_source=/rust"
    --remap-path-prefix "build/dist/toolchain/$std_source=/rust")
for index in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/; do
    flags+=(--remap-path-prefix "${index%/}=/crates")
done
flags+=(-C link-arg=-Wl,-z,relro,-z,now,-z,noexecstack -C link-arg=-Wl,--build-id=none)
cflags="-Os -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffile-prefix-map=$PWD=/libmaxim -g0"
case $arch in
    x86_64) flags+=(-Z cf-protection=full) cflags+=' -fcf-protection=full' ;;
    aarch64) flags+=(-Z branch-protection=bti,pac-ret) cflags+=' -mbranch-protection=standard' ;;
esac
case $target in
    *-musl) flags+=(-C target-feature=-crt-static) ;;
    *)
        # A host's exceptions and cancelled threads pass through the one unwinder that the process has,
        # libgcc_s, and not through a copy of zig's: so the library is linked with it, by its name alone.
        stub=$PWD/build/dist/libgcc_s/$arch
        mkdir -p "$stub"
        python3 -m ziglang cc -target "${zig_target/-unknown/}" -shared -nostdlib -Wl,-soname,libgcc_s.so.1 \
            -Wl,--version-script=packaging/libgcc_s.map -o "$stub/libgcc_s.so.1" packaging/libgcc_s.c
        flags+=(-Z "pre-link-args=$stub/libgcc_s.so.1")
        ;;
esac
environment=${target//-/_}
export "CFLAGS_$environment=$cflags" "CARGO_TARGET_${environment^^}_RUSTFLAGS=${flags[*]}"

# TLS, HTTP, what looks at files and the standard library's own share of them run on the writer's thread, once a batch:
# small matters more there than fast (the ciphers are assembly, and ring's C has the flags above). What the calls use stays
# as `make lib` has it, and the library's own code is built with 2 for its 3: a release is 0.2 MB smaller by that, and a call
# takes as many instructions but for 30 of a result's 15,000. Built for size it would be 0.6 MB less than that, and a log call 8 to 38 % more instructions.
small=(--config "profile.release.package.maxim.opt-level=2")
for crate in std ring rustls rustls-webpki rustls-pki-types rustls-native-certs ureq ureq-proto http httparse infer cfb chrono; do
    small+=(--config "profile.release.package.$crate.opt-level='z'")
done
std=(-Z build-std=std,panic_unwind -Z build-std-features=optimize_for_size)
if [[ $what == *lib* ]]; then
    # The path is relative, since it becomes part of what cargo names things by: the same everywhere.
    MAXIM_CC_FROM=CARGO_TARGET_${environment^^}_LINKER cargo-zigbuild rustc --release --lib --crate-type cdylib,staticlib \
        --target "$zig_target" "${std[@]}" "${small[@]}" -- -C linker=scripts/versioned-link.sh
    built=$CARGO_TARGET_DIR/$target/release
    rm -rf "$out/lib"
    mkdir -p "$out/lib"
    "$triple-strip" --strip-unneeded -o "$out/lib/libmaxim.so.$version" "$built/libmaxim.so"
    LD=$triple-ld OBJCOPY=$triple-objcopy AR=$triple-ar scripts/static-archive.sh "$built/libmaxim.a" "$out/lib/libmaxim.a"
fi
if [[ $what == *server* && ${target##*-} == musl ]]; then
    # zig brings the start files and libunwind; Rust's own copies are not there.
    static="${flags[*]/target-feature=-crt-static/target-feature=+crt-static} -C link-self-contained=no"
    export "CARGO_TARGET_${environment^^}_RUSTFLAGS=$static"
    export CARGO_TARGET_DIR=$CARGO_TARGET_DIR/static
    cargo-zigbuild build --release -p maxim-dev --target "$zig_target" "${std[@]}"
    mkdir -p "$out/bin"
    "$triple-strip" -o "$out/bin/maxim-dev" "$CARGO_TARGET_DIR/$target/release/maxim-dev"
fi
