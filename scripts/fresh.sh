#!/usr/bin/env bash
# Runs the README's two commands on a machine that has nothing: a new Debian (debootstrap, minbase) with a
# clone of HEAD in it, into which only Rust is mounted. `make fresh` does everything; arguments choose
# among the steps, and a script's name runs that script in a root which an earlier run has prepared, and whose clone is
# brought to HEAD:
#
#     user     without tools and without root, scripts/tools.sh names everything that is missing in one line
#     tools    as root it installs all of it, and then finds nothing missing
#     demo     make demo
#     test     make test
#
# The root has this machine's network and its settings for the registries (apt, cargo, npm, pip, Go, CA
# certificates), which are copied into it when it is made. It is entered with pivot_root in a namespace of its own,
# so that what the tests do with mounts works as on a machine; needs root, unshare and debootstrap.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

suite=bookworm
root=$PWD/build/fresh/root
clone=/root/libmaxim
certificates=/etc/ssl/certs/ca-certificates.crt

fail() { echo "error: $*" >&2; exit 1; }

[ "$(id -u)" -eq 0 ] || fail "a root from nothing is made by root only"
if ! command -v debootstrap >/dev/null; then
    { apt-get update -q && apt-get install -y -q --no-install-recommends debootstrap; } >/dev/null
fi

# copied PATH: a setting of this machine, at the same place in the root.
copied() {
    [ -e "$1" ] || return 0
    mkdir -p "$root$(dirname "$1")"
    cp -rL "$1" "$root$1"
}

make_root() {
    rm -rf --one-file-system "$root"
    mkdir -p "$root" build/fresh/cache
    debootstrap --variant=minbase --cache-dir="$PWD/build/fresh/cache" "$suite" "$root" "$(debian_archive)" >build/fresh/debootstrap.log 2>&1 ||
        { tail -n 20 build/fresh/debootstrap.log >&2; fail "debootstrap"; }
    for setting in /etc/resolv.conf /etc/hosts "$HOME/.npmrc" "$HOME/.config/go/env" "$HOME/.config/pip" /etc/pip.conf \
        "${CARGO_HOME:-$HOME/.cargo}/config.toml"; do
        copied "$setting"
    done
    rm -f "$root/etc/apt/sources.list"
    cp -L /etc/apt/apt.conf.d/*[Pp]roxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
    cp -L /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" 2>/dev/null ||
        cp -L /etc/apt/sources.list "$root/etc/apt/"
    # Under a name of its own: that of the package ca-certificates is written when that is installed.
    [ ! -e "$certificates" ] || cp -L "$certificates" "$root/etc/ssl-certificates-of-the-machine.crt"
    git clone --quiet --no-local . "$root$clone"
    mkdir -p "$root/opt/rustup" "$root/opt/cargo/bin" "$root/old"
    chroot "$root" useradd --create-home somebody
    cp -r "$root$clone" "$root/home/somebody/libmaxim"
    chroot "$root" chown -R somebody: /home/somebody
    # What carries the settings over: certificates and proxies, whatever the tool that reads them.
    env | grep -E '^([A-Z_]*(CERT|CA_BUNDLE|CAINFO|CERTS)[A-Z_]*|[A-Za-z_]*(PROXY|proxy)|PIP_[A-Z_]*|GO[A-Z]*|npm_config_[a-z_]*|OPENBLAS_[A-Z_]*)=' |
        grep -v '^PIP_FIND_LINKS\|_DIR=' | sed "s|=$certificates$|=/etc/ssl-certificates-of-the-machine.crt|" >"$root/opt/environment" || true
    echo "CARGO_HTTP_CAINFO=/etc/ssl-certificates-of-the-machine.crt" >>"$root/opt/environment"
    touch "$root/opt/made"
}

# What was built in the clone stays: make sees by itself what is older than its sources.
update_clone() {
    git -C "$root$clone" fetch --quiet --no-tags "$PWD" HEAD
    git -C "$root$clone" reset --quiet --hard FETCH_HEAD
}

# inside USER DIRECTORY COMMAND...: runs a command in the root, with Rust unless RUST is empty.
inside() {
    local user=$1 directory=$2 sysroot path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    shift 2
    sysroot=$(rustc --print sysroot)
    [ -z "${RUST-yes}" ] || path=/opt/rust/bin:$path
    local environment
    mapfile -t environment <"$root/opt/environment"
    # The namespace of processes ends everything that a command leaves behind.
    ROOT=$root SYSROOT=$sysroot unshare --mount --pid --fork --kill-child --propagation private bash -euc '
        mount --bind "$ROOT" "$ROOT"
        cd "$ROOT"
        mkdir -p opt/rust
        mount --bind "$SYSROOT" opt/rust
        mount -o remount,bind,ro opt/rust
        mount -t proc proc proc
        mount -t sysfs -o ro sysfs sys
        mount -t tmpfs -o mode=755 tmpfs dev
        for device in null zero full random urandom tty; do touch "dev/$device"; mount --bind "/dev/$device" "dev/$device"; done
        ln -s /proc/self/fd dev/fd
        for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${number%:*}" "dev/${number#*:}"; done
        mkdir dev/shm dev/pts
        mount -t tmpfs -o mode=1777 tmpfs dev/shm
        mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
        ln -s pts/ptmx dev/ptmx
        pivot_root . old
        umount -l /old
        directory=$1 user=$2
        shift 2
        cd "$directory"
        exec setpriv --reuid "$user" --regid "$user" --init-groups -- "$@"
    ' enter "$directory" "$user" env -i "${environment[@]}" PATH="$path" HOME="$([ "$user" = root ] && echo /root || echo "/home/$user")" \
        CARGO_HOME=/tmp/cargo-"$user" LANG=C.UTF-8 TERM=dumb "$@"
}

step_user() {
    local said
    said=$(RUST='' inside somebody /home/somebody/libmaxim scripts/tools.sh 2>&1) && fail "tools.sh is content in a root without tools"
    echo "$said"
    [ "$(wc -l <<<"$said")" -eq 1 ] || fail "what is missing is not said in one line"
    for name in gcc make g++ clang libclang-rt- cmake valgrind libc6-dbg ruby-dev npm golang-go Rust; do
        grep -q -- "$name" <<<"$said" || fail "tools.sh does not name $name"
    done
}

step_tools() {
    inside root "$clone" scripts/tools.sh
    local said
    said=$(inside root "$clone" scripts/tools.sh 2>&1) || fail "$said"
    [ -z "$said" ] || fail "after an installation, tools.sh still says: $said"
}

# What the README asks for before its two commands.
prerequisites() {
    inside root / sh -c 'command -v make cc git >/dev/null ||
        { apt-get update -q && apt-get install -y -q --no-install-recommends make gcc libc6-dev git; } >/tmp/prerequisites 2>&1 || { cat /tmp/prerequisites; exit 1; }'
}

step_demo() { prerequisites; inside root "$clone" make demo; }
step_test() { prerequisites; inside root "$clone" make test; }

[ $# -gt 0 ] || { rm -f "$root/opt/made"; set -- user demo test; }
if [ -e "$root/opt/made" ]; then update_clone; else make_root; fi
for step in "$@"; do
    printf '\n== fresh: %s (%ds)\n' "$step" "$SECONDS"
    case $step in
        user | tools | demo | test) "step_$step" ;;
        *) inside root "$clone" bash -c "$step" ;;
    esac
done
