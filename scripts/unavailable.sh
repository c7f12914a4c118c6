# For scripts that fetch what they take. What a machine or its registries do not have ends them with 75, which is no
# fault of the tree; whatever else ends them is one (.ci/run and packaging/ci.sh tell them apart).
# shellcheck shell=bash
unavailable() {
    echo "error: cannot be had here: $*" >&2
    exit 75
}
