#!/bin/sh
# format.sh CLANG-FORMAT OPTIONS...: runs it over every C file of the project.
set -eu
cd "$(dirname "$0")/../.."
find include resolver blocklist-compiler operator tests -name '*.[ch]' -print0 | sort -z | xargs -0 "$@"
