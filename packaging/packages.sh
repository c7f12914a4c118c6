#!/usr/bin/env bash
# Makes the packages of the archives in build/dist/release: packaging/packages.sh PLATFORM...
#
#     npm/     libmaxim, and @libmaxim/<platform> for each
#     gem/     maxim-logger for the version of Ruby of this machine, with the library inside, for each processor with glibc
#     go/      a module for GOPROXY=file://, with a static library for each platform
#     deb/     libmaxim<soversion>, libmaxim-dev, maxim-dev, for each processor
#     wheel/   PyPI wheels with the shared library, for ctypes and cffi
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
release=$PWD/build/dist/release
unpacked=$PWD/build/dist/unpacked
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
rm -rf "$unpacked" "$release"/{npm,gem,go,deb,wheel}
mkdir -p "$unpacked" "$release"/{npm,gem,go,deb,wheel}

archives=()
for platform in "$@"; do
    tar -xzf "$release/libmaxim-$version-$platform.tar.gz" -C "$unpacked"
    archives+=("$platform=$unpacked/libmaxim-$version-$platform")
done

# pack_gem: of `platform`, in a copy of the binding. For another processor with the settings and headers of Debian's Ruby there,
# and zig as the compiler that these settings name.
pack_gem() {
    local stage=$PWD/build/dist/ruby/$platform root there compiler settings=(env MAXIM_DIR="$archive")
    rm -rf "$stage"
    mkdir -p "$stage/bindings"
    cp -r bindings/ruby "$stage/bindings/"
    find "$stage" -name '*.so' -delete
    cp LICENSE-* "$stage/"
    if [ "$platform" != "$(uname -m)-linux-gnu" ]; then
        root=$(packaging/root.sh "$platform" languages)
        there=$(cd "$root" && dirname usr/lib/"${platform%%-*}"-linux-gnu/ruby/*/rbconfig.rb)
        if [ "${there##*/}" != "$(ruby -rrbconfig -e 'print RbConfig::CONFIG["ruby_version"]')" ]; then
            echo "no gem for $platform: it is made with Ruby ${there##*/} only"
            return
        fi
        # Beside its settings lie extensions that this machine's Ruby must not find.
        mkdir -p "$stage/root/$there"
        cp "$root/$there/rbconfig.rb" "$stage/root/$there/"
        ln -s "$root/usr/include" "$stage/root/usr/include"
        ln -s "$root/usr/lib/${platform%%-*}"-linux-gnu/libruby* "$stage/root/usr/lib/${platform%%-*}-linux-gnu/"
        compiler=$(packaging/cc.sh "$platform")
        mkdir -p "$stage/bin"
        ln -s "$compiler" "$stage/bin/${platform%%-*}-linux-gnu-gcc"
        settings+=(PATH="$stage/bin:$PATH" MAXIM_RBCONFIG="$stage/root/$there" GEM_PLATFORM="${platform%%-*}-linux")
    fi
    (cd "$stage/bindings/ruby" && "${settings[@]}" rake --silent gem_platform)
    cp "$stage"/build/ruby/*.gem "$release/gem/"
}

echo "-- go"
packaging/packages.py go "$version" "$release/go" "${archives[@]}"
node=$(scripts/install-node.sh)
PATH=$(dirname "$node"):$PATH
[ -e bindings/node/node_modules/node-api-headers ] || npm ci --prefix bindings/node --prefer-offline --no-audit --no-fund >/dev/null
for each in "${archives[@]}"; do
    platform=${each%%=*}
    archive=${each#*=}
    echo "-- $platform: wheel, npm"
    packaging/packages.py wheel "$platform" "$archive" "$release/wheel"
    case $platform in *-gnu)
        packaging/packages.py deb "$platform" "$archive" "$release/deb"
        ;;
    esac
    out=$PWD/build/dist/node/$platform
    rm -rf "$out"
    make --silent -C bindings/node CC="$(packaging/cc.sh "$platform")" ARCHIVE="$archive/lib/libmaxim.a" \
        INCLUDE="$archive/include" OUT="$out" CFLAGS='-O2 -g0 -s' "$out/maxim.node"
    cpu=${platform%%-*}
    cpu=${cpu/x86_64/x64}
    node bindings/node/scripts/package.mjs "$out" "linux-${cpu/aarch64/arm64}-${platform##*-}"
    cp "$out"/*.tgz "$release/npm/"
    case $platform in *-gnu)
        echo "-- $platform: gem"
        pack_gem
        ;;
    esac
done
