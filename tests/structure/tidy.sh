#!/bin/sh
# tidy.sh CLANG-TIDY BUILD-DIR: runs it over every .c file that the build knows.
set -eu
cd "$(dirname "$0")/../.."
find resolver blocklist-compiler operator -name '*.c' -print0 | sort -z |
    xargs -0 -n 8 -P "$(nproc)" "$1" -p "$2" --quiet
