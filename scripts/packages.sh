# Sourced by scripts that get what is missing from Debian's packages.
# shellcheck shell=bash
. scripts/unavailable.sh

# debian_archive: the address of the Debian archive that apt uses; nothing, if it knows none.
debian_archive() {
    apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m 1 '/debian$' || true
}

# install_packages WHAT PACKAGES...: as root; else says that WHAT is missing, and ends the script.
install_packages() {
    local what=$1
    shift
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        unavailable "$what"
    fi
    export DEBIAN_FRONTEND=noninteractive
    # What is fetched has a limit of time; what is unpacked has none, as a half of it would harm the system.
    { within "$ask_seconds" apt-get update -q && within "$fetch_seconds" apt-get install -y -q --no-install-recommends --download-only "$@" &&
        apt-get install -y -q --no-install-recommends "$@" </dev/null; } >&2 || unavailable "$what"
}
