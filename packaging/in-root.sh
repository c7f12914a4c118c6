# shellcheck shell=bash disable=SC2154
# For scripts that run programs where a C library is and nothing else (packaging/root.sh); sourced, with `root` such a
# place, `arch` its processor, `url` a maxim-dev's, and `key` the API key.

# for_processor: sees to qemu, if `arch` is another than this machine's.
for_processor() {
    qemu=
    [ "$arch" != "$(uname -m)" ] || return 0
    qemu=$(command -v "qemu-$arch-static" || command -v "qemu-$arch") || { echo "error: qemu-user is missing (package qemu-user-static)" >&2; return 1; }
}

# in_root PROGRAM ARGUMENTS...: a program that lies in the root's test/, with nothing but what is there.
in_root() {
    local program=$1
    shift
    local settings=(MAXIM_BASE_URL="$url" MAXIM_API_KEY="$key" MAXIM_LOG_REPO_ID=repo PROBE_FLUSH_MS=100 LD_LIBRARY_PATH=/test)
    if [ -z "$qemu" ]; then
        # A namespace of its own, so that nothing stays mounted.
        ROOT=$root unshare --mount --propagation private sh -euc '
            mount -t proc proc "$ROOT/proc"
            mount --rbind /dev "$ROOT/dev"
            exec "$@"' enter env -i PATH="$PATH" MAXIM_SPOOL_DIR=/test/spool "${settings[@]}" chroot "$root" "/test/$program" "$@"
    else
        env -i MAXIM_SPOOL_DIR="$root/test/spool" "${settings[@]/LD_LIBRARY_PATH=*/X=}" \
            "$qemu" -L "$root" -E LD_LIBRARY_PATH="$root/test" "$root/test/$program" "$@"
    fi
}
