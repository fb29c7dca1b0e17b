#!/bin/sh
# Fails when a header does not compile alone: whoever includes it must not have to know what it needs.
#
#     CC=cc CFLAGS="-I..." tests/structure/headers.sh
set -u
cd "$(dirname "$0")/../.."
complaints=$(mktemp)
trap 'rm -f "$complaints"' EXIT

bad=0
count=0
for header in $(find include resolver blocklist-compiler operator -name '*.h' | sort); do
    count=$((count + 1))
    # Twice, so that a missing include guard shows too.
    if ! ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Iinclude -Iresolver -Iblocklist-compiler -Ioperator -I. \
        ${CFLAGS:-} -fsyntax-only -include "$header" -include "$header" -x c /dev/null 2>"$complaints"; then
        echo "$header does not compile alone:"
        head -n 5 "$complaints"
        bad=$((bad + 1))
    fi
done
echo "$count headers compiled alone, $bad refused"
[ "$bad" = 0 ]
