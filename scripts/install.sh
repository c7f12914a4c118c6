#!/usr/bin/env bash
# Puts a built library where it is used from: scripts/install.sh BUILT PREFIX [TARGET]
#
# BUILT has lib/ and bin/; PREFIX is the folder to fill, after DESTDIR where that is set, and LIBDIR its folder of
# libraries (lib64, lib/x86_64-linux-gnu, or such a folder's whole path; lib unless set). All that finds the library
# afterwards (pkg-config, CMake) goes by its own place, so that PREFIX can be moved.
# What was installed is listed in PREFIX/share/maxim/files, which `make uninstall` reads.
set -euo pipefail
cd "$(dirname "$0")/.."

built=$1
to=${DESTDIR:-}$2
target=${3:-$(rustc -vV | sed -n 's/^host: //p')}
version=$(sed -n '0,/^version = "\(.*\)"/s//\1/p' Cargo.toml)
soversion=${version%.*}
# Below PREFIX, as all that is installed.
libdir=${LIBDIR:-lib}
libdir=${libdir#"${2%/}/"}
libdir=${libdir%/}
[[ $libdir != /* && /$libdir/ != */../* ]] || { echo "error: LIBDIR=$LIBDIR is not below PREFIX=$2" >&2; exit 1; }
# The way back from a folder of libraries to PREFIX.
back=$(sed 's|[^/][^/]*|..|g' <<<"$libdir")
files=()

# put MODE FROM TO: one file.
put() {
    install -D -m "$1" "$2" "$to/$3"
    files+=("$3")
}
link() {
    ln -sf "$1" "$to/$libdir/$2"
    files+=("$libdir/$2")
}

put 755 "$built/lib/libmaxim.so.$version" "$libdir/libmaxim.so.$version"
link "libmaxim.so.$version" "libmaxim.so.$soversion"
link "libmaxim.so.$soversion" libmaxim.so
put 644 "$built/lib/libmaxim.a" "$libdir/libmaxim.a"
for file in maxim.h maxim.api.json; do put 644 "include/$file" "include/$file"; done
for header in bindings/cpp/include/maxim/*.{hpp,cppm}; do put 644 "$header" "include/maxim/${header##*/}"; done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed "s|@PREFIX@|\${pcfiledir}/../$back|; s|@LIBDIR@|$libdir|; s|@VERSION@|$version|" scripts/maxim.pc.in >"$work/maxim.pc"
put 644 "$work/maxim.pc" "$libdir/pkgconfig/maxim.pc"
sed "s|@VERSION@|$version|" cmake/maxim-config-version.cmake.in >"$work/version"
put 644 "$work/version" "$libdir/cmake/maxim/maxim-config-version.cmake"
sed "s|@BACK@|../../$back|; s|@LIBDIR@|$libdir|" cmake/maxim-config.cmake.in >"$work/config"
put 644 "$work/config" "$libdir/cmake/maxim/maxim-config.cmake"
put 644 cmake/maxim-targets.cmake "$libdir/cmake/maxim/maxim-targets.cmake"

packaging/sbom.py "$target" "$work"
put 644 "$work/maxim.cdx.json" share/doc/maxim/maxim.cdx.json
for file in "$work/THIRD-PARTY-LICENSES" LICENSE-MIT LICENSE-APACHE; do
    put 644 "$file" "share/doc/maxim/${file##*/}"
done
packaging/docs.py "$work/docs"
while read -r file; do
    put 644 "$work/docs/$file" "share/doc/maxim/$file"
done < <(find "$work/docs" -type f -printf '%P\n' | LC_ALL=C sort)
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

if [ -z "${DESTDIR:-}" ] && ! { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep -F "$to/$libdir/libmaxim.so" >/dev/null; then
    echo "The loader does not look into $to/$libdir yet: run ldconfig as root (if that folder is in /etc/ld.so.conf.d), link with"
    echo "-Wl,-rpath,$to/$libdir, or set LD_LIBRARY_PATH=$to/$libdir for a trial."
fi
install -d "$to/share/maxim"
printf '%s\n' "${files[@]}" share/maxim/files | LC_ALL=C sort >"$to/share/maxim/files"
