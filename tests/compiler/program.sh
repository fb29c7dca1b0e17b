#!/bin/sh
# The program as people call it: exit codes, messages, the two forms of the report. program.sh <blocklist-compiler>
set -u
compiler=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# expect <exit code> <text that must be said, or ""> <arguments...>
expect() {
    code=$1 text=$2
    shift 2
    "$compiler" "$@" >"$dir/stdout" 2>"$dir/stderr"
    got=$?
    if [ $got -ne "$code" ] || ! cat "$dir/stdout" "$dir/stderr" | grep -qF -e "$text"; then
        echo "not as it must be: blocklist-compiler $*"
        echo "  exit code $got instead of $code, or this is not said: $text"
        sed 's/^/  | /' "$dir/stdout" "$dir/stderr"
        failed=1
    fi
}

# has <file> <python expression over the report r>
has() {
    python3 -c "import json, sys; r = json.load(open(sys.argv[1])); sys.exit(not ($2))" "$1" || {
        echo "the report lacks: $2"
        failed=1
    }
}

printf 'a.example\nb.example\nbad name\nchildline.org.uk\n' >"$dir/list"

# ---- how it is called ----
expect 0 'usage:' --help
expect 0 'blocklist-compiler 0' --version
expect 2 'unknown category' --list "$dir/list" --category nonsense --out "$dir/out"
expect 2 'unknown format' --list "$dir/list" --format nonsense --category malware --out "$dir/out"
expect 2 'needs --category' --list "$dir/list" --out "$dir/out"
expect 2 'exclude each other' --list "$dir/list" --recipe "$dir/recipe" --out "$dir/out"
expect 2 'belong to --list' --format hosts --out "$dir/out"
expect 2 'unknown word' --quiet extra
expect 2 'text, html or json' --report xml
expect 2 'text, html or json' --report html=
expect 2 'not published' --list "$dir/none" --category malware --out "$dir/out"
expect 2 'not published' --list "$dir/list" --category malware --out "$dir/none/none/out"
[ ! -e "$dir/out/current" ] || { echo "a failed run published something"; failed=1; }

expect 0 'usage: blocklist-compiler export' export --help
expect 2 '--format is missing' export
expect 2 'not: nonsense' export --format nonsense
expect 2 'current: ' export --format rpz --dir "$dir/out"
expect 2 'belongs to --format rpz' export --format hosts --zone a.example

# ---- published, unchanged, reports ----
expect 0 'Blocklist published' --list "$dir/list" --category malware --out "$dir/out"
expect 0 'refused          1  protected-help' --list "$dir/list" --category gambling --out "$dir/out"
expect 0 'Blocklist unchanged' --list "$dir/list" --category gambling --out "$dir/out"
expect 0 '' --list "$dir/list" --category malware --out "$dir/out" --report json --report-file "$dir/report.json"
has "$dir/report.json" 'r["outcome"] == "published" and r["generation"] == 3 and r["previous"] == 2'
has "$dir/report.json" 'r["categories"]["malware"] == {"names": 2, "added": 2, "removed": 0}'
has "$dir/report.json" 'r["categories"]["gambling"] == {"names": 0, "added": 0, "removed": 2}'
has "$dir/report.json" 'r["feeds"][0]["refused"]["syntax"]["samples"] == [{"file": "list", "line": 3, "text": "bad name"}]'
has "$dir/report.json" 'r["feeds"][0]["refused"]["protected-help"]["count"] == 1'
expect 0 '"outcome": "unchanged"' --list "$dir/list" --category malware --out "$dir/out" --report json

# ---- several reports at once, each run on record ----
expect 0 'Blocklist unchanged' --list "$dir/list" --category malware --out "$dir/out" --report text \
    --report html="$dir/page.html" --report json --report-file "$dir/second.json" --report-file "$dir/third.txt"
grep -q '</html>' "$dir/page.html" || { echo "no page was written"; failed=1; }
grep -q 'Blocklist unchanged' "$dir/third.txt" || { echo "no text was written"; failed=1; }
has "$dir/second.json" 'r["outcome"] == "unchanged"'
[ "$(ls "$dir"/out/runs/*.json | wc -l)" -eq 7 ] || { echo "not every run left a record"; ls "$dir/out/runs"; failed=1; }
for run in "$dir"/out/runs/*.json; do has "$run" 'r["outcome"] and len(r["inputs"]) == 32'; done

# ---- a recipe ----
cat >"$dir/feeds.yaml" <<'YAML'
out: lists
feeds:
  - {name: one, source: "file:list", format: domains, category: malware}
  - {name: gone, source: "file:none", format: hosts, category: malware}
YAML
expect 1 'gone (hosts): missing' --recipe "$dir/feeds.yaml"
[ -L "$dir/lists/current" ] || { echo "nothing was published in the recipe's folder"; failed=1; }
printf 'feeds:\n  - {name: one, source: "file:list", fromat: domains, category: malware}\n' >"$dir/wrong.yaml"
expect 2 "did you mean 'format'" --recipe "$dir/wrong.yaml" --out "$dir/out"
expect 2 'wrong.yaml:2:' --recipe "$dir/wrong.yaml" --out "$dir/out"
runs=$(ls "$dir"/out/runs | wc -l)
expect 2 'none.yaml' --recipe "$dir/none.yaml" --out "$dir/out"
[ "$(ls "$dir"/out/runs | wc -l)" -eq $((runs + 1)) ] || { echo "a run without a recipe left no record"; failed=1; }
has "$(ls "$dir"/out/runs/*.json | grep -v -- - | tail -1)" 'r["outcome"]'

# ---- an archive as it comes ----
mkdir -p "$dir/blacklists/games" && echo play.example >"$dir/blacklists/games/domains"
ln -s games "$dir/blacklists/jeux"
tar -C "$dir" -czf "$dir/tree.tar.gz" blacklists
expect 0 'gaming                            1' --list "$dir/tree.tar.gz" --format ut1 --out "$dir/out"
expect 0 'links to folders that were read already' --list "$dir/tree.tar.gz" --format ut1 --out "$dir/out2"

# ---- one at a time ----
mkfifo "$dir/fifo"
flock "$dir/out/lock" cat "$dir/fifo" &
exec 9>"$dir/fifo"
expect 2 'not published' --list "$dir/list" --category chat --out "$dir/out"
exec 9>&-
wait

exit $failed
