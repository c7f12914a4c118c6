#!/bin/sh
# The linker of the release library, for rustc: gives the exports their symbol version (maxim.map).
#
# rustc has a version script of its own, without a version, and linkers take no second one. So this puts ours in the
# place of rustc's, and changes nothing else: what is exported is the same (tests/header.rs compares it with
# maxim.symbols). rustc's own list is looked for by its name in the command.
map=$(dirname "$0")/../maxim.map
for argument do
    shift
    case $argument in
        -Wl,--version-script=*) argument=-Wl,--version-script=$map ;;
    esac
    set -- "$@" "$argument"
done
exec "${MAXIM_CC:-cc}" "$@"
