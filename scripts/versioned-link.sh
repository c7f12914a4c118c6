#!/bin/sh
# The linker of the release library, for rustc: gives the exports their symbol version (maxim.map).
#
# rustc has a version script of its own, without a version, and linkers take no second one. So this puts ours in the
# place of rustc's, and changes nothing else: what is exported is the same (tests/header.rs compares it with
# maxim.symbols). rustc's own list is looked for by its name in the command.
#
# What links is MAXIM_CC, else cc. Of a tool that puts its linker into a variable on the way here, as cargo-zigbuild
# does, MAXIM_CC_FROM names that variable.
map=$(dirname "$0")/../maxim.map
for argument do
    shift
    case $argument in
        -Wl,--version-script=*) argument=-Wl,--version-script=$map ;;
    esac
    set -- "$@" "$argument"
done
[ -z "${MAXIM_CC_FROM:-}" ] || MAXIM_CC=$(printenv "$MAXIM_CC_FROM")
exec "${MAXIM_CC:-cc}" "$@"
