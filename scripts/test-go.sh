#!/usr/bin/env bash
# Builds and runs everything of the Go binding and its examples. Needs `make lib server`, Go (see
# scripts/install-go.sh) and a C compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

GO=$(scripts/install-go.sh)
export GOTOOLCHAIN=local
# Where the binary distribution keeps it, and where install-go.sh puts it, gofmt lies beside go.
gofmt=$("$GO" env GOROOT)/bin/gofmt
staticcheck_version=v0.8.2
staticcheck=$root/build/tools/staticcheck-$staticcheck_version/staticcheck
work=$(mktemp -d)
. scripts/server.sh
trap 'stop_server; rm -rf "$work"' EXIT

say() { echo "== go: $*"; }

say "$("$GO" version)"
say format and vet
unformatted=$("$gofmt" -l bindings/go examples/go)
[ -z "$unformatted" ] || { echo "error: run gofmt on: $unformatted" >&2; exit 1; }
(cd bindings/go && "$GO" vet ./...)
(cd examples/go && "$GO" vet ./...)

if [ ! -x "$staticcheck" ]; then
    # It wants a recent Go of its own; without it, vet has to do.
    GOBIN=$(dirname "$staticcheck") timeout 300 "$GO" install "honnef.co/go/tools/cmd/staticcheck@$staticcheck_version" \
        >"$work/staticcheck" 2>&1 || { say "skipped, staticcheck $staticcheck_version cannot be had:"; tail -n 1 "$work/staticcheck"; }
fi
if [ -x "$staticcheck" ]; then
    say staticcheck
    (cd bindings/go && PATH="$(dirname "$GO"):$PATH" "$staticcheck" ./...)
fi

cd bindings/go
say tests
"$GO" test -count 1 ./...
say tests with the race detector
"$GO" test -count 1 -race ./...
say tests with every pointer that is passed checked
GOEXPERIMENT=cgocheck2 "$GO" test -count 1 ./...
say tests with the shared library
PKG_CONFIG_PATH=$root/build/lib/pkgconfig LD_LIBRARY_PATH=$root/build/lib "$GO" test -count 1 -tags maxim_dynamic ./...
say benchmarks run
"$GO" test -run '^$' -bench . -benchtime 10x ./... >"$work/bench" || { cat "$work/bench"; exit 1; }

start_server --mode quiet
export MAXIM_BASE_URL=http://127.0.0.1:$port MAXIM_SPOOL_DIR=$work/spool
cd "$root/examples/go"
say examples
for example in */main.go; do
    "$GO" run "./$(dirname "$example")" | tee "$work/said"
    grep -Eq '^logged [1-9][0-9]* (records|entries), delivered [1-9][0-9]*, held 0$' "$work/said" ||
        { echo "error: $(dirname "$example") did not deliver all" >&2; exit 1; }
done

say "the README's example, in a module of its own"
mkdir "$work/user"
cd "$work/user"
sed -n '/^```go$/,/^```$/{/^```go$/d;/^```$/q;p}' "$root/bindings/go/README.md" >main.go
"$GO" mod init example.com/user >"$work/log" 2>&1
"$GO" mod edit -require libmaxim/maxim@v0.0.0 -replace "libmaxim/maxim=$root/bindings/go"
"$GO" build -o readme .
"$root/scripts/weathers.sh" "the README's Go" greeting ./readme

say "a shared library made with it can be loaded late"
mkdir "$work/user/shared"
cat >"$work/user/shared/main.go" <<'END'
package main

import "C"
import "libmaxim/maxim"

//export LogOne
func LogOne() C.int {
	logger, err := maxim.New(maxim.Config{})
	if err != nil || logger.AddTrace(maxim.TraceConfig{ID: "from-a-plugin"}).Err() != nil || logger.Close() != nil {
		return 1
	}
	return 0
}

func main() {}
END
cat >"$work/loader.c" <<'END'
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **words) {
    void *library = dlopen(words[count - 1], RTLD_NOW);
    int (*log_one)(void) = library ? (int (*)(void))dlsym(library, "LogOne") : NULL;
    return log_one ? log_one() : (puts(dlerror()), 2);
}
END
"$GO" build -buildmode=c-shared -o plugin.so ./shared
${CC:-cc} "$work/loader.c" -ldl -o "$work/loader"
MAXIM_API_KEY=key MAXIM_LOG_REPO_ID=go-plugin "$work/loader" "$PWD/plugin.so"

say "without cgo there is one error, and it says what to do"
CGO_ENABLED=0 "$GO" build . 2>"$work/said" && { echo "error: it was built without cgo" >&2; exit 1; }
[ "$(grep -c '^[^#]' "$work/said")" = 1 ] && grep -q needs_CGO_ENABLED_1 "$work/said" || { cat "$work/said" >&2; exit 1; }

say "a vendored module says what it needs, and is built with an installed library"
"$GO" mod vendor
"$GO" build . 2>"$work/said" && { echo "error: a vendored module found a library" >&2; exit 1; }
grep -q -- '-tags maxim_dynamic' "$work/said" || { cat "$work/said" >&2; exit 1; }
export PKG_CONFIG_PATH=$root/build/lib/pkgconfig LD_LIBRARY_PATH=$root/build/lib
"$GO" build -tags maxim_dynamic -o vendored .
"$root/scripts/weathers.sh" "the vendored Go" greeting ./vendored
say ok
