# For scripts that fetch what they take. What a machine or its registries do not have ends them with 75, which is no
# fault of the tree; whatever else ends them is one (.ci/run and packaging/ci.sh tell them apart).
# shellcheck shell=bash

# A registry that hangs holds nobody: seconds for a question to it, and for getting one thing from it.
ask_seconds=${ASK_SECONDS:-120}
fetch_seconds=${FETCH_SECONDS:-600}

unavailable() {
    echo "error: cannot be had here: $*" >&2
    exit 75
}

# within SECONDS COMMAND...: without input, and ended after that time, with all it has started.
within() {
    local seconds=$1
    shift
    timeout --kill-after=10 "$seconds" "$@" </dev/null
}

# What npm, Go, pip, apt and cargo say when a registry has not got something or was not heard to the end, or this machine is full.
absent='code E[0-9]{3}$|code E(TARGET|NOVERSIONS|NOTFOUND|AI_AGAIN|TIMEDOUT|IDLETIMEOUT|PIPE|NOSPC|CONN[A-Z]+|HOSTUNREACH|NETUNREACH)'
absent+='|code (ERR_SOCKET_TIMEOUT|FETCH_ERROR|[A-Z_]*CERT[A-Z_]*)|network timeout|socket hang up'
absent+='|reading https?://[^ ]*: [45][0-9]{2} |unknown revision|no matching versions|GOPROXY=off|dial (tcp|udp)|i/o timeout'
absent+='|TLS handshake timeout|no such host|deadline exceeded|stream error:|x509:|signal: killed'
absent+='|No matching distribution found|Could not find a version|Read timed out|ConnectTimeout|Max retries exceeded|HTTP error [45]'
absent+='|IncompleteRead|Connection broken|CERTIFICATE_VERIFY_FAILED|Unable to (locate package|fetch)|has no installation candidate'
absent+='|Temporary failure|Network is unreachable|[Cc]onnection (timed out|refused|reset|aborted)|No space left|Cannot allocate memory'

# fetch WHAT ASK COMMAND...: COMMAND, a program, which gets WHAT from a registry; ASK, words for the shell, asks that
# registry for all of it. WHAT cannot be had where no answer comes, it comes too late, or it is that there is no such
# thing. What fails otherwise, and a second time, is a fault of ours, such as a wrong lock file or a program that does
# not compile.
fetch() {
    local what=$1 ask=$2 try asked said status why
    shift 2
    for try in first second; do
        said=$(mktemp) status=0
        within "$fetch_seconds" "$@" >"$said" 2>&1 || status=$?
        cat "$said" >&2
        why=$(grep -m 1 -E "$absent" "$said") || true
        rm -f "$said"
        case $status in
            0) return ;;
            124 | 137) unavailable "$what: not within $fetch_seconds s" ;;
        esac
        [ -z "$why" ] || unavailable "$what: $why"
        asked=$(mktemp -d)
        (cd "$asked" && eval "$ask") >/dev/null 2>&1 || { rm -rf "$asked"; unavailable "$what"; }
        rm -rf "$asked"
        echo "the registry answers, yet for the $try time this failed: $*" >&2
    done
    echo "error: $what: wrong here, as the registry answers" >&2
    exit 1
}

# Questions for fetch, for everything that they name, whose answers come out of no cache: it asks them in an empty folder.
npm_has() {
    local name
    for name; do within "$ask_seconds" npm view --cache . "$name" name || return; done
}
go_proxy_has() { within "$ask_seconds" env GOFLAGS=-modcacherw GOMODCACHE="$PWD" go list -m "$@"; }
# pypi_has PYTHON NAME: Debian's Python has pip in virtual environments only.
pypi_has() { within "$ask_seconds" "$1" -m pip index versions --no-cache-dir --disable-pip-version-check "$2"; }
