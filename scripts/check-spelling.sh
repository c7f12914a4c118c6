#!/usr/bin/env bash
# Checks the spelling of everything that is in the repository, code and prose (.codespellrc has the exceptions).
set -euo pipefail
cd "$(dirname "$0")/.."

git ls-files -z | grep -zvE '\.(png|lock|json)$|^LICENSE|^tests/(corpus|fixtures)/|^proptest-regressions/|^dev-server/data/' | xargs -0 codespell
echo "spelling checked"
