# What remains of all rules when those of one name are put together and an entry goes that a listed parent says as much
# as. Reads "key<TAB>what and extent<TAB>categories", sorted by key (labels from the right, byte 1 between), one letter a
# category. Prints: names, entries.

BEGIN { FS = "\t"; depth = 0 }

# Adds "what, category" for each letter that set lacks.
function with(set, what, letters,    i, one) {
    for (i = 1; i <= length(letters); i++) {
        one = what substr(letters, i, 1) ","
        if (index(set, "," one) == 0) set = set one
    }
    return set
}

function within(set, known,    part, n, i) {
    n = split(set, part, ",")
    for (i = 2; i < n; i++) if (index(known, "," part[i] ",") == 0) return 0
    return 1
}

function union(a, b,    part, n, i) {
    n = split(b, part, ",")
    for (i = 2; i < n; i++) if (index(a, "," part[i] ",") == 0) a = a part[i] ","
    return a
}

function finish(    known) {
    names++
    while (depth > 0 && substr(key, 1, length(stack[depth]) + 1) != stack[depth] "\001") depth--
    known = depth > 0 ? says[depth] : ","
    if (!clause && within(self, known) && within(below, known)) return
    entries++
    if (below != ",") { stack[++depth] = key; says[depth] = union(known, below) }
}

$1 != key {
    if (NR > 1) finish()
    key = $1; self = below = ","; clause = 0
}
{
    what = substr($2, 1, 1); extent = substr($2, 2, 1)
    if (what ~ /[cd]/) { clause = 1; next }
    if (extent != "*") self = with(self, what, $3)
    if (extent != "=") below = with(below, what, $3)
}
END { if (NR > 0) finish(); print names + 0, entries + 0 }
