#!/usr/bin/env bash
# Uses maxim-dev's pages in a headless Chromium: installs Debian's browser (as root) and its driver from npm, which
# stay in build/browser, and leaves screenshots in build/browser/screenshots. PICTURE=1 also makes docs/workbench.png.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

node=$(scripts/install-node.sh)
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$chromium" ]; then
    install_packages "no Chromium: install the package chromium, or name one in CHROMIUM" chromium fonts-dejavu-core
    chromium=$(command -v chromium)
fi

work=build/browser
install -d "$work/screenshots"
cp dev-server/browser/package.json dev-server/browser/*.mjs "$work/"
[ -d "$work/node_modules/playwright-core" ] && [ -d "$work/node_modules/axe-core" ] ||
    fetch "playwright-core and axe-core from npm" 'npm_has playwright-core axe-core' \
        npm install --prefix "$work" --no-audit --no-fund --loglevel=error

# A program that logs by the library, for what the pages say of loggers.
library=${MAXIM_TEST_LIBRARY:-$PWD/build/lib/libmaxim.so}
cc -std=gnu11 -O1 -Iinclude -Itests/c tests/c/probe.c -o "$work/probe" -L"${library%/*}" -Wl,-rpath,"${library%/*}" -lmaxim -lpthread -lm

export PROBE=$PWD/$work/probe CHROMIUM=$chromium MAXIM_DEV=${MAXIM_DEV:-$PWD/build/bin/maxim-dev} SCREENSHOTS=$PWD/$work/screenshots
"$node" --test ${ONLY:+--test-name-pattern="$ONLY"} --test-concurrency=1 --test-timeout=600000 --test-force-exit "$work"/*.test.mjs
if [ -n "${PICTURE:-}" ]; then
    PICTURE=$PWD/docs/workbench.png "$node" "$work/picture.mjs"
fi
