#!/usr/bin/env bash
# A fleet on one machine, counted: PROCESSES programs with the library, in three arrangements.
#
#   direct     each program → the service
#   relay      programs → relay → the service
#   collector  programs → relay (folds lines into spans) → OpenTelemetry Collector → engine
#
# The service, and the engine, is a maxim-dev that counts; relay and Collector are killed with SIGKILL in the middle
# and started again. PAUSE: milliseconds between two traces of a process. It fails unless every trace arrives. Figures: docs/fleet.md.
set -euo pipefail
cd "$(dirname "$0")/../.."

processes=${PROCESSES:-20}
traces=${TRACES:-200}
dev=${MAXIM_DEV:-$PWD/build/bin/maxim-dev}
work=$(mktemp -d)
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

library=${LIBRARY:-$PWD/build/lib}
${CC:-cc} -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -Iinclude examples/fleet/agent.c -o "$work/agent" -L"$library" \
    -Wl,-rpath,"$library" -lmaxim

# background NAME COMMAND…: started, its process id in $started.
background() {
    local name=$1
    shift
    "$@" >>"$work/$name.log" 2>&1 &
    started=$!
    pids+=("$started")
    disown "$started"
}
# gone PID…: SIGKILL, and their port and store are free.
gone() {
    kill -9 "$@"
    for pid in "$@"; do while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done; done
}
port_of() {
    for _ in $(seq 400); do
        [ -s "$work/$1.port" ] && break
        sleep 0.05
    done
    cat "$work/$1.port"
}
count() { # count PORT MEMBER: a number of /stats or /seq
    python3 - "$@" <<'P'
import json, sys, urllib.request
port, path, *names = sys.argv[1:]
value = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}{path}"))
for name in names:
    value = value[name]
print(value)
P
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

fleet() { # fleet URL: all programs at once
    local running=()
    for number in $(seq "$processes"); do
        MAXIM_BASE_URL=$1 MAXIM_API_KEY=fleet-$$ MAXIM_LOG_REPO_ID=fleet MAXIM_SPOOL_DIR=$work/spool \
            "$work/agent" "$traces" "p$number" "${PAUSE:-0}" 2>>"$work/agents.log" &
        running+=($!)
    done
    for pid in "${running[@]}"; do wait "$pid"; done
}
relay() { # relay NAME PORT FLAGS…
    local name=$1 port=$2
    shift 2
    rm -f "$work/$name.port"
    MAXIM_API_KEY=key-of-the-relay background "$name" "$dev" relay --port "$port" --port-file "$work/$name.port" \
        --store "$work/$name.db" "$@"
}
drained() { # drained PORT
    until [ "$(count "$1" /stats held)" = 0 ]; do sleep 0.1; done
}
# figures NAME PORT: what the service saw.
figures() {
    local lines spans records
    lines=$(count "$2" /stats lines) spans=$(count "$2" /stats spans)
    records=$((lines + spans))
    printf '%-10s %9s records %9s requests %5s connections %6s bytes a record\n' "$1" "$records" \
        "$(count "$2" /stats requests)" "$(count "$2" /stats connections)" "$(($(count "$2" /stats bytes) / records))"
}
all=$((processes * traces))
arrived() { # arrived NAME PORT
    local unique missing
    unique=$(count "$2" /seq totals unique) missing=$(count "$2" /seq totals missing)
    if [ "$unique" != "$all" ] || [ "$missing" != 0 ]; then
        echo "$1: $unique of $all traces arrived, $missing are missing" >&2
        exit 1
    fi
}

# broken NAME PID…: all programs at once, against NAME's port in $to; what has these process ids ends in the middle of it.
broken() {
    to=$(port_of "$1")
    fleet "http://127.0.0.1:$to" &
    agents=$!
    sleep 0.5
    gone "${@:2}"
}
# finished NAME PORT: the programs have ended, the relay is empty, and all has arrived.
finished() {
    wait "$agents"
    drained "$to"
    arrived "$1" "$2"
    figures "$1" "$2"
}

echo "$processes processes, $traces traces each"
background direct "$dev" --port 0 --port-file "$work/direct.port" --mode quiet --check-seq
direct=$(port_of direct)
fleet "http://127.0.0.1:$direct"
arrived direct "$direct"
figures direct "$direct"

background service "$dev" --port 0 --port-file "$work/service.port" --mode quiet --check-seq
service=$(port_of service)
relay relay 0 --to "http://127.0.0.1:$service"
first=$started
broken relay "$first"
relay relay "$to" --to "http://127.0.0.1:$service"
finished relay "$service"

collector=$(scripts/collector.sh)
background engine "$dev" --port 0 --port-file "$work/engine.port" --mode quiet --check-seq
engine=$(port_of engine)
COLLECTOR_PORT=$(free_port)
export COLLECTOR_PORT ENGINE_URL=http://127.0.0.1:$engine
background collector "$collector" --config examples/fleet/collector.yaml
first=$started
relay folding 0 --otlp "http://127.0.0.1:$COLLECTOR_PORT"
relayed=$started
broken folding "$first" "$relayed"
relay folding "$to" --otlp "http://127.0.0.1:$COLLECTOR_PORT"
background collector "$collector" --config examples/fleet/collector.yaml
finished collector "$engine"
echo "every trace arrived in all three"
