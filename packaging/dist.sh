#!/usr/bin/env bash
# Builds the releases' archives: packaging/dist.sh [PLATFORM...], all of packaging/platforms without arguments.
# Leaves build/dist/release: an archive for each platform, the packages made of them, and SHA256SUMS.
#
# Names and times in the archives are the commit's, and no absolute path of the builder is in anything
# (packaging/build.sh): two builds in different folders are equal bit by bit (packaging/reproducible.sh).
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t platforms < <(cut -d ' ' -f 1 packaging/platforms)
[ $# -eq 0 ] || platforms=("$@")
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
release=build/dist/release
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
mkdir -p "$release"

if [ -z "${SKIP_BUILD:-}" ]; then
    # The server comes from the build for musl of the same processor; cargo says whether there is a newer one to build.
    for platform in "${platforms[@]}"; do
        musl=${platform/-gnu/-musl}
        packaging/build.sh "$platform"
        [ "$musl" = "$platform" ] || packaging/build.sh "$musl" server
    done
fi
RUSTC=$(packaging/toolchain.sh)/bin/rustc
export RUSTC
for platform in "${platforms[@]}"; do
    read -r _ target _ < <(grep "^$platform " packaging/platforms)
    name=libmaxim-$version-$platform
    stage=build/dist/stage
    rm -rf "$stage"
    mkdir -p "build/dist/$platform/bin" "$stage"
    musl=${platform/-gnu/-musl}
    [ "$musl" = "$platform" ] || cp "build/dist/$musl/bin/maxim-dev" "build/dist/$platform/bin/"
    DESTDIR='' LIBDIR='' scripts/install.sh "build/dist/$platform" "$PWD/$stage/$name" "$target"
    cp packaging/cmake/CMakeLists.txt "$stage/$name/"
    LC_ALL=C tar --sort=name --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
        --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
        -C "$stage" -cf - "$name" | gzip -9n >"$release/$name.tar.gz"
    echo "$release/$name.tar.gz"
done
# SHORT=1: without the packages, as in packaging/test.sh.
[ -n "${SHORT:-}" ] || packaging/packages.sh "${platforms[@]}"
(cd "$release" && find . -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
