# For scripts that fetch what they take. What a machine or its registries do not have ends them with 75, which is no
# fault of the tree; whatever else ends them is one (.ci/run and packaging/ci.sh tell them apart).
# shellcheck shell=bash
unavailable() {
    echo "error: cannot be had here: $*" >&2
    exit 75
}

# fetch WHAT ASK COMMAND...: COMMAND, which gets WHAT from a registry; ASK, words for the shell, asks that registry for
# one thing. Only where no answer comes can WHAT not be had: what fails although there is one, and a second time, as
# connections break off, is a fault of ours, such as a wrong lock file or a program that does not compile.
fetch() {
    local what=$1 ask=$2 try asked
    shift 2
    for try in first second; do
        "$@" >&2 && return
        asked=$(mktemp -d)
        (cd "$asked" && eval "$ask") >/dev/null 2>&1 || { rm -rf "$asked"; unavailable "$what"; }
        rm -rf "$asked"
        echo "the registry answers, yet for the $try time this failed: $*" >&2
    done
    echo "error: $what: wrong here, as the registry answers" >&2
    exit 1
}

# Questions for fetch, whose answers come out of no cache: it asks them in an empty folder.
npm_has() { npm view --cache . "$1" name; }
go_proxy_has() { GOFLAGS=-modcacherw GOMODCACHE=$PWD go list -m "$1@latest"; }
pypi_has() { python3 -m pip index versions --no-cache-dir --disable-pip-version-check "$1"; }
