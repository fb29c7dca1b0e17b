#!/bin/sh
# Fails when two of our libraries define the same global symbol: a program that one day links both would take whichever
# comes first, and nobody would be told. BELISHA_BUILD: the build folder.
set -eu
build=${BELISHA_BUILD:-build/dev}

libraries=$(find "$build/resolver" "$build/blocklist-compiler" "$build/operator" -name '*.a' | sort)
[ -n "$libraries" ] || {
    echo "no libraries below $build"
    exit 1
}

# What the sanitizers add to every file is theirs.
complaints=$(
    nm --print-file-name --extern-only --defined-only $libraries 2>/dev/null | awk '
        $2 ~ /^[BCDRT]$/ && $3 !~ /^(__asan|__ubsan|__odr_asan|__tsan|__sancov)/ {
            library = $1
            sub(/:.*/, "", library)
            if ($3 in owner && owner[$3] != library)
                print $3 ": in " owner[$3] " and in " library
            owner[$3] = library
        }'
)
[ -z "$complaints" ] || {
    echo "$complaints"
    exit 1
}
echo "every global symbol is one library's"
