#!/usr/bin/env bash
# Structured logs of a program through relay and Collector into VictoriaLogs, and counted there.
#
# VICTORIALOGS names its binary; without one it is built from the Go module proxy (some minutes).
set -euo pipefail
cd "$(dirname "$0")/../.."

entries=${ENTRIES:-2000}
version=v1.52.1
dev=${MAXIM_DEV:-$PWD/build/bin/maxim-dev}
place=${XDG_CACHE_HOME:-$HOME/.cache}/maxim/victorialogs-$version
logs=${VICTORIALOGS:-$place/victoria-logs}
if [ ! -x "$logs" ]; then
    go=$(scripts/install-go.sh)
    GOTOOLCHAIN=auto GOFLAGS="-trimpath -buildvcs=false" CGO_ENABLED=0 GOBIN=$place \
        "$go" install "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@$version" >&2
fi
collector=$(scripts/collector.sh)

work=$(mktemp -d)
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; sleep 0.2; rm -rf "$work"' EXIT
background() {
    "${@:2}" >"$work/$1.log" 2>&1 &
    pids+=("$!")
    disown "$!"
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

engine=$(free_port)
background victorialogs "$logs" -httpListenAddr="127.0.0.1:$engine" -storageDataPath="$work/data"
COLLECTOR_PORT=$(free_port)
export COLLECTOR_PORT ENGINE_URL=http://127.0.0.1:$engine/insert/opentelemetry
background collector "$collector" --config examples/fleet/collector.yaml
background relay "$dev" relay --port 0 --port-file "$work/port" --store "$work/relay.db" \
    --otlp "http://127.0.0.1:$COLLECTOR_PORT"
for _ in $(seq 400); do [ -s "$work/port" ] && break; sleep 0.05; done

python3 - "$(cat "$work/port")" "$engine" "$entries" <<'P'
import json, sys, time, urllib.parse, urllib.request
relay, engine, entries = sys.argv[1], sys.argv[2], int(sys.argv[3])
def ask(url, body=None, headers={}):
    return urllib.request.urlopen(urllib.request.Request(url, body, headers)).read().decode()
for start in range(0, entries, 100):
    logs = [{"level": "error" if n % 10 == 0 else "info", "message": f"order {n} placed", "source": "shop",
             "data": {"order": n}} for n in range(start, min(start + 100, entries))]
    ask(f"http://127.0.0.1:{relay}/v1/logs", json.dumps({"logs": logs}).encode(), {"x-api-key": "any"})
while json.loads(ask(f"http://127.0.0.1:{relay}/stats"))["held"]:
    time.sleep(0.1)
def count(query):
    query = urllib.parse.urlencode({"query": query + " | stats count_uniq(order) as n", "start": "1h"})
    rows = ask(f"http://127.0.0.1:{engine}/select/logsql/query?{query}").split()
    return int(json.loads(rows[0])["n"]) if rows else 0
for _ in range(100):
    found = count("*"), count("severity_text:ERROR"), count('"service.name":shop')
    if found[0] == entries:
        break
    time.sleep(0.1)
print(f"VictoriaLogs has {found[0]} of {entries} entries; {found[1]} are errors, {found[2]} are of the shop")
sys.exit(found != (entries, entries // 10, entries))
P
