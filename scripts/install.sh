#!/usr/bin/env bash
# Puts a built library where it is used from: scripts/install.sh BUILT PREFIX [TARGET]
#
# BUILT has lib/ and bin/; PREFIX is the folder to fill, after DESTDIR where that is set. All that
# finds the library afterwards (pkg-config, CMake) goes by its own place, so that PREFIX can be moved.
# What was installed is listed in PREFIX/share/maxim/files, which `make uninstall` reads.
set -euo pipefail
cd "$(dirname "$0")/.."

built=$1
to=${DESTDIR:-}$2
target=${3:-$(rustc -vV | sed -n 's/^host: //p')}
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
soversion=${version%.*}
files=()

# put MODE FROM TO: one file.
put() {
    install -D -m "$1" "$2" "$to/$3"
    files+=("$3")
}
link() {
    ln -sf "$1" "$to/lib/$2"
    files+=("lib/$2")
}

put 755 "$built/lib/libmaxim.so.$version" "lib/libmaxim.so.$version"
link "libmaxim.so.$version" "libmaxim.so.$soversion"
link "libmaxim.so.$soversion" libmaxim.so
put 644 "$built/lib/libmaxim.a" lib/libmaxim.a
put 644 include/maxim.h include/maxim.h
for header in bindings/cpp/include/maxim/*.{hpp,cppm}; do put 644 "$header" "include/maxim/${header##*/}"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed "s|@PREFIX@|\${pcfiledir}/../..|; s|@VERSION@|$version|" scripts/maxim.pc.in >"$work/maxim.pc"
put 644 "$work/maxim.pc" lib/pkgconfig/maxim.pc
sed "s|@VERSION@|$version|" cmake/maxim-config-version.cmake.in >"$work/version"
put 644 "$work/version" lib/cmake/maxim/maxim-config-version.cmake
for file in maxim-config.cmake maxim-targets.cmake; do put 644 "cmake/$file" "lib/cmake/maxim/$file"; done

packaging/sbom.py "$target" "$work"
put 644 "$work/maxim.cdx.json" share/doc/maxim/maxim.cdx.json
for file in "$work/THIRD-PARTY-LICENSES" LICENSE-MIT LICENSE-APACHE README.md CHANGELOG.md; do
    put 644 "$file" "share/doc/maxim/${file##*/}"
done
packaging/man.py "$work"
put 644 "$work/libmaxim.3" share/man/man3/libmaxim.3

# completion SHELL: what the server itself says, by qemu-user where it is another processor's.
completion() {
    local server=$built/bin/maxim-dev arch=${target%%-*}
    if [ "$arch" = "$(uname -m)" ]; then "$server" completion "$1"; else "qemu-$arch-static" "$server" completion "$1"; fi
}
put 755 "$built/bin/maxim-dev" bin/maxim-dev
put 644 dev-server/maxim-dev.1 share/man/man1/maxim-dev.1
for place in bash:bash-completion/completions/maxim-dev zsh:zsh/site-functions/_maxim-dev fish:fish/vendor_completions.d/maxim-dev.fish; do
    completion "${place%%:*}" >"$work/completion"
    put 644 "$work/completion" "share/${place#*:}"
done

if [ -z "${DESTDIR:-}" ] && ! { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep -F "$to/lib/libmaxim.so" >/dev/null; then
    echo "The loader does not look into $to/lib yet: run ldconfig as root (if that folder is in /etc/ld.so.conf.d), link with"
    echo "-Wl,-rpath,$to/lib, or set LD_LIBRARY_PATH=$to/lib for a trial."
fi
install -d "$to/share/maxim"
printf '%s\n' "${files[@]}" share/maxim/files | LC_ALL=C sort >"$to/share/maxim/files"
