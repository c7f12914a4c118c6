#!/usr/bin/env bash
# Prints a folder with the C library of a platform and nothing else, from Debian's packages, unpacked: glibc 2.31 of
# Debian 11 (older than most that is in use), or musl. Programs of this machine's processor run there by chroot,
# those of another one with qemu-user.
#
#     packaging/root.sh PLATFORM languages    Debian 12 with Python and Ruby, and what extensions of Ruby are compiled with
#     packaging/root.sh PLATFORM DEB...       Debian 12 with these packages, which apt is given, and what they depend on
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

platform=$1
shift
case $platform in x86_64-*) arch=amd64 ;; *) arch=arm64 ;; esac
kept=$platform kind=libc suite=bookworm
case ${1:-}:$platform in
    languages:*) kept+=-languages kind=all packages=(python3-minimal libpython3-stdlib ruby ruby-dev) ;;
    :*-gnu) suite=bullseye packages=(libc6 libgcc-s1) ;;
    :*) packages=(musl) ;;
    *) kept+=-packages kind=given packages=(libgcc-s1 "$@") ;;
esac
root=$PWD/build/dist/roots/$kept
[ ! -e "$root/complete" ] || [ $kind = given ] || { echo "$root"; exit 0; }
mirror=$(debian_archive)
[ -n "$mirror" ] || unavailable "a Debian archive: apt knows none"
own=$PWD/build/dist/apt/$suite-$arch
mkdir -p "$own/lists/partial" "$own/cache/archives/partial"
echo "deb [arch=$arch signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$own/sources.list"
options=(-q -o "Dir::Etc::SourceList=$own/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "APT::Architecture=$arch"
    -o "APT::Architectures::=$arch" -o Dir::State::status=/dev/null -o "Dir::State::Lists=$own/lists" -o "Dir::Cache=$own/cache" -o APT::Sandbox::User=root
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::Languages=none)
within "$ask_seconds" apt-get "${options[@]}" update >&2 || unavailable "Debian's list of packages for $suite, $arch"
rm -rf "$root" "$own"/*.deb "$own"/cache/archives/*.deb
mkdir -p "$root"
if [ $kind = libc ]; then
    (cd "$own" && within "$fetch_seconds" apt-get "${options[@]}" download "${packages[@]}" >&2) || unavailable "Debian's ${packages[*]} for $suite, $arch"
else
    # With all that they depend on, as there is nothing yet.
    within "$fetch_seconds" apt-get "${options[@]}" install --yes --download-only --no-install-recommends "${packages[@]}" >&2 ||
        unavailable "Debian's ${packages[*]} for $suite, $arch"
fi
for package in "$own"/*.deb "$own"/cache/archives/*.deb; do
    [ ! -e "$package" ] || dpkg-deb --extract "$package" "$root"
done
# apt copies none of the packages that are given.
for package; do
    [ $kind != given ] || dpkg-deb --extract "$package" "$root"
done
mkdir -p "$root"/{proc,dev,tmp,test,etc}
touch "$root/complete"
echo "$root"
