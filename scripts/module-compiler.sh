#!/usr/bin/env bash
# Prints a clang that builds C++20 modules as others import them (16 or newer); fails where there is none. gcc 12 ends in
# an internal error, and clang 14 does not see what a module exports.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'module;
#include <string>
export module trial;
export extern "C++" {
namespace trial { struct made { std::string text = "made"; }; }
}' >"$work/trial.cppm"
echo 'import trial;
int main() { return trial::made().text.size() == 4 ? 0 : 1; }' >"$work/main.cpp"
for compiler in clang++-19 clang++-18 clang++-17 clang++-16 clang++; do
    if "$compiler" -std=c++20 --precompile "$work/trial.cppm" -o "$work/trial.pcm" &&
        "$compiler" -std=c++20 -c "$work/trial.pcm" -o "$work/trial.o" &&
        "$compiler" -std=c++20 -fmodule-file=trial="$work/trial.pcm" "$work/main.cpp" "$work/trial.o" -o "$work/main" &&
        "$work/main"; then
        echo "$compiler"
        exit
    fi
done 2>/dev/null
echo "error: no compiler builds C++20 modules; install clang 16 or newer" >&2
exit 1
