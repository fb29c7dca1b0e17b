#!/bin/sh
# Counts what feeds list with a reading of its own (names.awk, sort) and compares with the compiler's report: accepted
# rules of each feed, names and entries of the whole list.
#
#     count.sh <blocklist-compiler> <recipe, or folder of <format>/<feed files>> [<ask_generation>]
#
# With ask_generation (ask.c) the generation is asked for every name and address that was counted as blocked.
# BELISHA_COUNT_OUT: the folder of the generations; one that was used before shows whether reading only what has changed
# gives the same. BELISHA_COUNT_KEEP: a folder where the rules as read here stay, one file a feed. The options
# `subdomains: false`, `allow_single_labels` and `allow_public_suffix` of a recipe are not known here;
# BELISHA_COUNT_ENTRIES=0 leaves out the one sum that the first of them changes. Prints each difference, then the sums.
# Exit code 0: none.
set -u
export LC_ALL=C
compiler=$1 feeds=$2 ask=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
keep=${BELISHA_COUNT_KEEP:-$dir/rules}
out=${BELISHA_COUNT_OUT:-$dir/out}
mkdir -p "$keep"
suffixes=/usr/share/publicsuffix/public_suffix_list.dat
[ -e "$suffixes" ] || suffixes=
bad=0

# A folder stands for a recipe: each file in <format>/ is a feed; a tree is a folder in ut1/. Each format has a category of
# its own, so that exceptions of one don't reach the others.
category_of() {
    case $1 in
        hosts) echo malware ;;
        domains) echo gambling ;;
        adblock) echo advertising ;;
        dnsmasq) echo phishing ;;
        unbound) echo piracy ;;
        rpz) echo hacking ;;
    esac
}

make_recipe() {
    echo 'feeds:'
    for file in "$1"/*/*; do
        format=$(basename "$(dirname "$file")")
        printf '  - {name: "%s.%s", source: "file:%s", format: %s, limits: {min: 0}%s}\n' "$format" \
            "$(basename "$file" | tr -c 'A-Za-z0-9_.\n-' _)" "$file" "$format" \
            "$([ "$format" = ut1 ] || echo ", category: $(category_of "$format")")"
    done
}

if [ -d "$feeds" ]; then
    make_recipe "$(cd "$feeds" && pwd)" >"$dir/feeds.yaml"
    feeds=$dir/feeds.yaml
fi
"$compiler" --recipe "$feeds" --out "$out" --report json --report-file "$dir/report.json" --quiet
if [ ! -s "$dir/report.json" ] || grep -q '"outcome": "not-published"' "$dir/report.json"; then
    echo "count: nothing was published from $feeds"
    exit 2
fi

# name, format, source, categories as letters, accepted; last the sums. The built-in map of UT1's folders in letters too.
python3 - "$dir/report.json" "$root/blocklist-compiler/feed/ut1.c" "$dir/ut1-map" "$dir/letters" >"$dir/feeds.tsv" <<'PYTHON'
import json, re, sys
report = json.load(open(sys.argv[1]))
letters = {}
def letter(name):
    return letters.setdefault(name, chr(48 + len(letters)))
with open(sys.argv[3], "w") as folders:
    for folder, bits in re.findall(r'^ *\{"([^"]+)", (BIT.*)\},$', open(sys.argv[2]).read(), re.M):
        names = [name.lower().replace("_", "-") for name in re.findall(r"BIT\((\w+)\)", bits)]
        print(folder, "".join(letter(name) for name in names), file=folders)
for feed in report["feeds"]:
    if "lines" in feed:
        print(feed["name"], feed["format"], feed["source"], "".join(letter(c) for c in feed["categories"]) or "-",
              feed["blocks"] + feed["exceptions"], sep="\t")
with open(sys.argv[4], "w") as table:
    for name in letters:
        print(letters[name], name, sep="\t", file=table)
print("all", report["rules"], report["rules"] - report["duplicates"], report["all"]["names"], sep="\t")
PYTHON

read_file() { # format, file
    tr '\000' '\001' <"$2" >"$dir/text"
    awk -v format="$1" -v help="$root/data/protected-help.txt" -v suffixes="$suffixes" -f "$here/names.awk" "$dir/text"
}

read_tree() { # archive or folder; puts the letters of its categories behind each rule
    tree=$1
    if [ -f "$1" ]; then
        tree=$dir/tree
        mkdir -p "$tree"
        tar -xf "$1" -C "$tree" --no-same-owner
    fi
    find "$tree" -type f -name domains | sort | while read -r file; do
        folder=$(dirname "$file")
        if [ -f "$folder/usage" ] && grep -q '^white' "$folder/usage" && ! grep -q '^black' "$folder/usage"; then
            continue
        fi
        letters=$(sed -n "s/^$(basename "$folder") //p" "$dir/ut1-map")
        [ -z "$letters" ] || read_file domains "$file" | sed "s/$/ $letters/"
    done
    [ "$tree" = "$1" ] || rm -rf "$tree"
}

tab=$(printf '\t')
: >"$dir/keyed"
while IFS=$tab read -r name format source categories accepted; do
    [ "$name" = all ] && continue
    rules=$keep/$name
    if [ "$format" = ut1 ]; then read_tree "$source"; else read_file "$format" "$source"; fi >"$rules"
    counted=$(grep -ac '^[^/?]' "$rules")
    unsure=$(grep -ac '^[/?]' "$rules")
    if [ "$accepted" -lt "$counted" ] || [ "$accepted" -gt $((counted + unsure)) ]; then
        echo "count: $name ($format): the report says $accepted accepted, this count $counted and $unsure that may be"
        bad=1
    fi
    # key: the labels from the right
    awk -v letters="$categories" 'BEGIN { OFS = "\t" } /^[bBaAcd]/ {
        n = split($2, label, "."); key = label[n]
        for (i = n - 1; i > 0; i--) key = key "\001" label[i]
        print key, $1, (NF > 2 ? $3 : letters) }' "$rules" >>"$dir/keyed"
    grep -ah '^[~/?]' "$rules" >>"$dir/hanging"
    [ -z "$ask" ] && continue
    # what a rule says under conditions is not asked for; those of response policy zones have none
    awk -v table="$dir/letters" -v letters="$categories" -v format="$format" '
        BEGIN { OFS = "\t"; FS = " "; while ((getline line < table) > 0) { split(line, part, "\t"); says[part[1]] = part[2] } }
        /^[bB@]/ || (/^c/ && format == "rpz") {
            all = NF > 2 ? $3 : letters
            for (i = 1; i <= length(all); i++) print $1, $2, says[substr(all, i, 1)]
        }' "$rules" >>"$dir/asked"
done <"$dir/feeds.tsv"

# shellcheck disable=SC2046
set -- $(sort -S 30% -t "$tab" -k1,1 "$dir/keyed" | awk -f "$here/merge.awk")
names=$1 entries=$2
set -- $(grep '^all' "$dir/feeds.tsv")
rules=$2 report_names=$3 report_entries=$4
listed=$(wc -l <"$dir/keyed")
hanging=$(wc -l <"$dir/hanging")
between() { # what, report's number, the least
    if [ "$2" -lt "$3" ] || [ "$2" -gt $(($3 + hanging)) ]; then
        echo "count: the report says $2 $1, this count $3, and at most $hanging more on which patterns hang"
        bad=1
    fi
}
between 'rules on names' "$rules" "$listed"
between 'different names' "$report_names" "$names"
[ "${BELISHA_COUNT_ENTRIES:-1}" = 0 ] || between 'entries' "$report_entries" "$entries"
echo "count: $(grep -avc '^all' "$dir/feeds.tsv") feeds, $rules rules on names, $names different names, $entries entries," \
    "$hanging patterns and names beyond ASCII"
[ -z "$ask" ] || "$ask" "$out/current" <"$dir/asked" || bad=1
exit $bad
