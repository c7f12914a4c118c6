#!/usr/bin/env bash
# Checks the spelling of everything that is in the repository, code and prose (.codespellrc has the exceptions).
set -euo pipefail
cd "$(dirname "$0")/.."

# Whoever owns the checkout; without a repository, as in an archive of the sources, there is nothing to go by.
files=(git -c 'safe.directory=*' ls-files -z)
"${files[@]}" >/dev/null 2>&1 || { echo "spelling NOT checked, as there is no repository"; exit 0; }
"${files[@]}" | grep -zvE '\.(png|lock|json)$|^LICENSE|^tests/(corpus|fixtures)/|^proptest-regressions/|^dev-server/data/' | xargs -0 codespell
echo "spelling checked"
