#!/usr/bin/env bash
# Runs a program that logs in three weathers: the server is up, the key is refused, nobody answers. The program must
# never end badly (a signal, an abort, a status above 1), must say nothing where all is well, and must say what is wrong
# where it is not.
#
#     weathers.sh NAME WORDS COMMAND...    WORDS: what must arrive while the server is up
#
# Needs `make server`. The program takes its server and key from the environment.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
name=$1 words=$2
shift 2

work=$(mktemp -d)
. "$root/scripts/server.sh"
trap 'stop_server; rm -rf "$work"' EXIT
fail() {
    echo "error: $name, $1:" >&2
    cat "$work/said" >&2
    exit 1
}

# weather NAME [FLAGS...]: runs the program with a server of these flags; gives its status.
weather() {
    local weather=$1 status=0
    shift
    start_server --mode quiet --lines "$work/lines-$weather" "$@"
    [ "$weather" != away ] || stop_server
    MAXIM_BASE_URL=http://127.0.0.1:$port MAXIM_LOG_ENDPOINT=http://127.0.0.1:$port \
        MAXIM_API_KEY=key-of$work MAXIM_LOG_REPO_ID=readme MAXIM_SPOOL_DIR=$work/spool-$weather \
        timeout 60 "${command[@]}" >"$work/said" 2>&1 || status=$?
    stop_server
    [ "$status" -le 1 ] || fail "$weather: it ended with $status"
}

command=("$@")
weather up
[ ! -s "$work/said" ] || fail "server up: it complains"
grep -q "$words" "$work/lines-up" || fail "server up: $words did not arrive"
weather refused --status 401
grep -Eiq 'key|401|unauthorized' "$work/said" || fail "key refused: it does not say so"
weather away
grep -Eiq 'connect|refused|reach|network|held' "$work/said" || fail "server away: it does not say so"
