#!/bin/sh
# Fails when the tree breaks a rule of its own layout (docs/CONTRIBUTING.md). One function per rule; each prints
# what is wrong, and nothing when all is well.
set -u
cd "$(dirname "$0")/../.."

# Programs are started for all files at once: one for each of them takes ten times as long.

# What belongs to the project: what git tracks, or everything but build folders in an unpacked archive.
tree() {
    if [ -e .git ] && command -v git >/dev/null; then
        git -c safe.directory='*' ls-files -- "$@"
    else
        find "${@:-.}" -type f -not -path './build/*' -not -path './.git/*' -not -path '*/node_modules/*' | sed 's,^\./,,'
    fi | while read -r file; do [ -e "$file" ] && echo "$file"; done
}

top_level_holds_only_the_known() {
    tree | sed 's,/.*,,' | sort -u | while read -r entry; do
        case $entry in
            resolver | blocklist-compiler | operator | include | data | tests | docs) ;;
            CMakeLists.txt | CMakePresets.json | README.md | LICENSE | CHANGELOG.md | .*) ;;
            *) echo "$entry: does not belong in the top level" ;;
        esac
    done
}

# Building and testing need package registries and nothing else, so no script names a host.
scripts_name_no_network_address() {
    tree | grep -E '(^|/)CMakeLists\.txt$|\.(cmake|sh|py|js|mjs|json)$|^tests/[a-z-]+$|^operator/[a-z-]+$|^\.ci/|^data/install' |
        xargs -r grep -snEo '(https?|ftp|git|ssh)://[A-Za-z0-9.-]+' /dev/null |
        grep -vE '://(127\.|localhost|\[|www\.w3\.org|[a-z0-9.-]*\.(test|example|invalid|local)$|[a-z0-9.-]*example\.(com|net|org)$)' |
        sed 's/$/: a network address in a script/'
}

# A path of one person's machine works nowhere else.
no_file_names_a_machine_path() {
    tree | grep -v '^tests/structure/files\.sh$' |
        xargs -r grep -snIHoE '(^|[^A-Za-z0-9_.$/}])/(work|root|home/[a-z]+|Users)/[A-Za-z0-9._/-]+' |
        sed 's/$/: a path of one machine/'
}

# What ctest knows in the build folder BELISHA_BUILD, one name a line; without a build folder nothing is said.
registered=$([ -z "${BELISHA_BUILD:-}" ] || ctest --test-dir "$BELISHA_BUILD" -N | sed -nE 's/^ *Test +#[0-9]+: //p')
newline='
'
is_registered() {
    case $newline$registered$newline in
        "$newline$newline" | *"$newline$1$newline"*) true ;;
        *) false ;;
    esac
}

every_fuzzer_has_a_corpus_and_is_registered() {
    for file in tests/fuzz/fuzz_*.c; do
        [ -e "$file" ] || continue
        name=${file#tests/fuzz/fuzz_}
        name=${name%.c}
        [ -n "$(ls "tests/fuzz/corpus/$name" 2>/dev/null)" ] || echo "$file: has no corpus in tests/fuzz/corpus/$name"
        is_registered "fuzz.$name" || echo "$file: no CMakeLists.txt says belisha_fuzzer($name ...)"
    done
}

# docs/reference/rfc.md says by what each clause is shown: `scenario`, or `tests/path`.
what_the_rfc_page_names_is_there() {
    grep -E '^\|' docs/reference/rfc.md | sed 's/.*|\([^|]*\)|$/\1/' | grep -oE '`[^`]+`' | tr -d '`' | sort -u |
        while read -r name; do
            case $name in
                tests/*) [ -e "$name" ] ;;
                *) [ -e "tests/query/scenarios/$name.scn" ] ;;
            esac || echo "docs/reference/rfc.md: no test $name"
        done
}

# The formats are the rows of the table in format.c: {"name", name_parse, ...}.
every_feed_format_has_a_fuzzer_and_a_test() {
    grep -oE '\{"[a-z0-9]+", ' blocklist-compiler/feed/format.c 2>/dev/null | tr -d '{", ' | while read -r name; do
        grep -qE "\b${name}(_parse|\")" tests/fuzz/fuzz_*.c 2>/dev/null || echo "$name: no tests/fuzz/fuzz_*.c parses it"
        grep -qE "\b${name}(_parse|\")" tests/feed/*.c 2>/dev/null || echo "$name: no test in tests/feed parses it"
    done
}

every_test_is_registered() {
    for file in tests/*/test_*.c tests/e2e/test_*.py; do
        [ -e "$file" ] || continue
        folder=${file#tests/}
        folder=${folder%/*}
        name=${file##*/test_}
        is_registered "$folder.${name%.*}" || echo "$file: ctest knows no $folder.${name%.*}"
    done
}

every_source_file_is_built() {
    {
        tree resolver blocklist-compiler operator | grep '/CMakeLists\.txt$' | xargs grep -HoE '[ (][A-Za-z0-9_/]+\.c\b'
        tree resolver blocklist-compiler operator | grep '\.c$'
    } | awk -F: '
        NF == 2 { sub("/[^/]*$", "", $1); sub("^[ (]", "", $2); built[$1 "/" $2]; next }
        { files[$1] }
        END {
            for (file in files) {
                above = file; name = file
                sub("/[^/]*$", "", above); sub("/[^/]*$", "", above); sub("^.*/", "", name)
                if (!(file in built) && !(above "/" name in built))
                    print file ": no CMakeLists.txt names it"
            }
        }'
}

every_header_opens_with_a_comment_and_a_guard() {
    tree include resolver blocklist-compiler operator | grep '\.h$' | xargs -r awk '
        FNR == 1 { files[FILENAME] = 0; if ($0 !~ /^\/\*/) print FILENAME ": does not open with a comment" }
        /^#ifndef [A-Z0-9_]*_H$/ { files[FILENAME] = 1 }
        END { for (file in files) if (!files[file]) print file ": has no include guard ending in _H" }'
}

nothing_is_left_for_later() {
    tree resolver blocklist-compiler operator include | xargs -r grep -nIHE '\b(TODO|FIXME|XXX)\b' |
        sed 's/$/: finish it or open an issue/'
}

files_have_a_readable_size() {
    tree resolver blocklist-compiler operator include | grep -E '\.[ch]$' | xargs -r wc -l |
        awk '$2 != "total" && $1 > 700 { print $2 ": " $1 " lines; look for the second noun" }'
}

shell_scripts_parse() {
    tree | xargs -r grep -slIE -m 1 '^#!(/bin/(ba)?sh|/usr/bin/env bash)' | while read -r file; do
        read -r first <"$file"
        case $first in
            '#!/bin/sh'*) sh -n "$file" || echo "$file: does not parse" ;;
            '#!'*bash*) bash -n "$file" || echo "$file: does not parse" ;;
        esac
    done
}

bad=0
for rule in top_level_holds_only_the_known scripts_name_no_network_address no_file_names_a_machine_path \
    every_fuzzer_has_a_corpus_and_is_registered every_feed_format_has_a_fuzzer_and_a_test \
    every_test_is_registered every_source_file_is_built every_header_opens_with_a_comment_and_a_guard \
    nothing_is_left_for_later files_have_a_readable_size shell_scripts_parse what_the_rfc_page_names_is_there; do
    complaints=$($rule 2>&1)
    if [ -n "$complaints" ]; then
        echo "$rule: broken"
        echo "$complaints" | sed 's/^/  /'
        bad=$((bad + 1))
    else
        echo "$rule: ok"
    fi
done
[ "$bad" = 0 ]
