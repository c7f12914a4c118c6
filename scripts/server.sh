# shellcheck shell=bash
# For scripts that run programs against a local maxim-dev; sourced, with `work` the script's own directory.

server=
server_program=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/bin/maxim-dev

# start_server FLAGS...: starts one on a free port, or on that of the flags, and waits until it takes requests, however
# slow the machine is. Then `port` is its port, and what it prints is in $work/server.
start_server() {
    rm -f "$work/port"
    "$server_program" --port 0 --port-file "$work/port" "$@" >"$work/server" &
    server=$!
    until [ -s "$work/port" ]; do
        kill -0 "$server" || return 1
        sleep 0.05
    done
    # shellcheck disable=SC2034
    port=$(cat "$work/port")
}

# stop_server: ends it at once, if there is one; nobody answers at its port any more then.
stop_server() {
    if [ -n "$server" ]; then
        kill -KILL "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    server=
}

# finish_server: tells it to stop, upon which it draws what it got (--mode tree), and shows that.
finish_server() {
    kill -TERM "$server"
    wait "$server"
    server=
    echo "== what arrived"
    sed 1d "$work/server"
}
