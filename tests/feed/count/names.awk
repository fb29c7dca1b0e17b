# What one feed file lists, read by the rules of its format and by nothing of the compiler's own: the other opinion of
# tests/feed/count/count.sh. Plain POSIX awk; run it with LC_ALL=C, so that letters are bytes.
#
#     awk -v format=hosts [-v subdomains=0] [-v help=FILE] [-v suffixes=FILE] [-v zone=NAME] -f names.awk FEED
#
# One line for each accepted rule: what and extent, then the name.
#
#     what     b blocked   a exception   B, A the same with $important   c, d blocked, excepted by a rule that says more
#     extent   = the name   + the name and all below   * all below
#     @ 192.0.2.0/24        an address
#     ~ text                a pattern: which name it hangs on is not told
#     / text                an expression: whether PCRE2 takes it is not for awk to say
#     ? text                a name that is not ASCII: whether IDNA takes it is not for awk to say either

BEGIN {
    if (subdomains == "") subdomains = 1
    read_help(); read_suffixes()
    n = split("localhost localhost.localdomain local localdomain broadcasthost ip6-localhost ip6-loopback" \
              " ip6-localnet ip6-mcastprefix ip6-allnodes ip6-allrouters ip6-allhosts ip6-allservers localhost4" \
              " localhost6 loopback localhost4.localdomain4 localhost6.localdomain6", list, " ")
    for (i = 1; i <= n; i++) is_local[list[i]] = 1
    n = split("use-application-dns.net mask.icloud.com mask-h2.icloud.com mask-api.icloud.com resolver.arpa", list, " ")
    for (i = 1; i <= n; i++) canary[list[i]] = 1
    if (format == "adblock") find_badfilters()
    zone = tolower(zone)
    sub(/\.$/, "", zone)
    origin = apex = zone
    has_origin = has_apex = zone != ""
}

function read_help(    line, n, labels, name, i) {
    while (help != "" && (getline line < help) > 0) {
        sub(/#.*/, "", line); gsub(/[ \t\r]/, "", line)
        if (line == "") continue
        protected[line] = 1
        n = split(line, labels, ".")
        name = labels[n]
        above[name] = 1
        for (i = n - 1; i > 0; i--) { name = labels[i] "." name; above[name] = 1 }
    }
}

function read_suffixes(    line) {
    while (suffixes != "" && (getline line < suffixes) > 0) {
        if (line ~ /===BEGIN PRIVATE DOMAINS===/) break
        sub(/[ \t\r].*/, "", line)
        if (line == "" || line ~ /^\/\//) continue
        if (sub(/^\*\./, "", line)) any_below[line] = 1
        else if (sub(/^!/, "", line)) no_suffix[line] = 1
        else is_suffix[line] = 1
    }
}

# ---- names and addresses ----

function is_v4(s,    part, n, i) {
    if (s !~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/) return 0
    n = split(s, part, ".")
    for (i = 1; i <= n; i++) if (length(part[i]) > 3 || part[i] > 255 || (length(part[i]) > 1 && part[i] ~ /^0/)) return 0
    return 1
}

function is_v6(s,    part, n, i, gaps) {
    if (s !~ /:/ || s !~ /^[0-9a-fA-F:.]+$/) return 0
    gaps = gsub(/::/, ":~:", s)
    sub(/^:~/, "~", s); sub(/~:$/, "~", s)
    n = split(s, part, ":")
    for (i = 1; i <= n; i++) {
        if (part[i] == "~") continue
        if (i == n && is_v4(part[i])) { n++; break }
        if (part[i] !~ /^[0-9a-fA-F]+$/ || length(part[i]) > 4) return 0
    }
    return gaps == 1 ? n <= 8 : gaps == 0 && n == 8
}

function is_address(s) { return is_v4(s) || is_v6(s) }

# An address or prefix that may be listed: not a whole region of the world, none that is nowhere.
function is_listable(s,    part, bits) {
    bits = -1
    if (s ~ /\//) { split(s, part, "/"); s = part[1]; bits = part[2]; if (bits !~ /^[0-9]+$/) return 0; bits += 0 }
    if (is_v4(s)) {
        split(s, part, ".")
        if (bits > 32 || !host_bits_clear(part, bits)) return 0
        return (bits < 0 || bits >= 8) && part[1] > 0 && part[1] != 127 && part[1] < 224
    }
    return is_v6(s) && bits <= 128 && (bits < 0 || bits >= 16) && s !~ /^[0:]*:0*[0-9a-fA-F]?[0-9a-fA-F]?$/ && \
           tolower(s) !~ /^ff/
}

function host_bits_clear(part, bits,    value, i) {
    if (bits < 0) return 1
    for (i = 1; i <= 4; i++) value = value * 256 + part[i]
    return value % (2 ^ (32 - bits)) == 0
}

# The name in its one form, or "" when it is none; then why says what it is.
function normal(s,    label, n, i) {
    why = ""
    if (s ~ /[\200-\377]/) { why = "unicode"; return "" }
    s = tolower(s)
    if (length(s) > 1) sub(/\.$/, "", s)
    if (is_address(s) || is_listable(s)) { why = "address"; return "" }
    if (s !~ /^[a-z0-9_.-]+$/ || length(s) > 253) return ""
    n = split(s, label, ".")
    for (i = 1; i <= n; i++) if (label[i] == "" || length(label[i]) > 63) return ""
    if (label[n] ~ /^[0-9]+$/ || label[n] ~ /^-/ || label[n] ~ /-$/) return ""
    if (n < 2) { why = "single"; return "" }
    return s
}

# Whether a rule for the name would touch what no feed may touch.
function is_guarded(s, extent, blocks,    name) {
    if (blocks && extent != "=" && s in above) return 1
    for (name = s; name != ""; name = sub(/^[^.]*\./, "", name) ? name : "") {
        if (blocks && name in protected) return 1
        if (name in canary) return 1
    }
    if (extent == "=" || s in no_suffix) return 0
    if (s in is_suffix || s in any_below) return 1
    name = s
    return sub(/^[^.]*\./, "", name) && name in any_below
}

# what: "b", "a", "B", "A", "c", "d".
function rule(what, extent, text,    name) {
    name = normal(text)
    if (why == "address" && what ~ /[bB]/ && extent != "*") { if (is_listable(text)) print "@ " text; return }
    if (why == "unicode") { print "? " text; return }
    if (name == "" || name in is_local || is_guarded(name, extent, what ~ /[bBc]/)) return
    print what extent " " name
}

# ---- lines ----

# A byte order mark stands in front of any line where lists were put together.
{ sub(/^\357\273\277/, ""); gsub(/[\r\v\f]/, " "); sub(/[ \t]+$/, "") }
format == "rpz" { rpz(); next }
{ sub(/^[ \t]+/, ""); if ($0 == "") next }
format == "hosts" { hosts() }
format == "domains" { domains() }
format == "adblock" { adblock() }
format == "dnsmasq" { dnsmasq() }
format == "unbound" { unbound() }

function hosts(    i, first) {
    if (/^[!;]/) return
    sub(/#.*/, "")
    first = $1
    sub(/%.*/, "", first)
    if (!is_address(first)) return
    for (i = 2; i <= NF; i++) rule("b", "=", $i)
}

function domains(    name, extent) {
    sub(/#.*/, "")
    if (NF != 1 || /^[!;]/) return
    name = $1
    extent = subdomains ? "+" : "="
    if (sub(/^\*\./, "", name)) extent = "*"
    else if (length(name) > 1 && sub(/^\./, "", name)) extent = "+"
    rule("b", extent, name)
}

# ---- AdGuard ----

# Everything a rule says, whatever the order of its modifiers.
function identity(line,    at, part, n, i, j, word, out) {
    at = modifiers_at(line)
    if (at == 0) return line
    n = split(substr(line, at + 1), part, ",")
    out = substr(line, 1, at - 1)
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && part[j] < part[j - 1]; j--) { word = part[j]; part[j] = part[j - 1]; part[j - 1] = word }
    for (i = 1; i <= n; i++) if (part[i] != "badfilter" && part[i] != "") out = out "," part[i]
    return out
}

function modifiers_at(line,    from) {
    from = line ~ /^@@/ ? 3 : 1
    if (substr(line, from, 1) == "/") {
        if (line ~ /\/$/ && length(line) > from) return 0
        if (match(line, /\/\$[^\/]*$/) && RSTART > from) return RSTART + 1
    }
    return index(line, "$")
}

# A rule may stand before the one that switches it off, so the feed is read ahead.
function find_badfilters(    line, file) {
    file = ARGV[1]
    while ((getline line < file) > 0) {
        sub(/^\357\273\277/, "", line); gsub(/^[ \t\r]+|[ \t\r]+$/, "", line)
        if (line ~ /^[!#]/ || line !~ /[$,]badfilter(,|$)/) continue
        off[identity(line)] = 1
        any_off = 1
    }
    close(file)
}

function adblock(    at, pattern, said, allow, important, more, part, n, i) {
    if (/^!/ || /^#($|[ \t])/ || /^\[.*\]$/) return
    at = modifiers_at($0)
    if (any_off && identity($0) in off && $0 !~ /[$,]badfilter(,|$)/) return
    if (!/^\// && (/##|#@#|#\?#|#\$#|#%#|#@\$#|#@%#|#@\?#|\$\$|\$@\$/ || /^#/)) return
    pattern = at > 0 ? substr($0, 1, at - 1) : $0
    if (at > 0) {
        said = substr($0, at + 1)
        if (said == "" || said ~ /,$/) return
        n = split(said, part, ",")
        for (i = 1; i <= n; i++) {
            if (part[i] == "important") important = 1
            else if (part[i] == "badfilter") return
            else if (part[i] == "dnsrewrite" && /^@@/) more = 1
            else if (part[i] ~ /^(denyallow|dnstype|dnsrewrite)=./ && is_whole(part[i])) more = 1
            else return
        }
    }
    if (at == 0 && !is_pattern(pattern)) { plain(); return }
    if (sub(/^@@/, "", pattern)) allow = 1
    network(pattern, allow, important, more)
}

# A rule with a value that means nothing is left out as one with an unknown modifier is.
function is_whole(modifier,    key, value, part, n, i) {
    key = value = modifier
    sub(/=.*/, "", key); sub(/^[a-z]*=/, "", value)
    n = split(value, part, "|")
    for (i = 1; i <= n && key == "denyallow"; i++) if (normal(part[i]) == "" && why != "single") return 0
    for (i = 1; i <= n && key == "dnstype"; i++) if (part[i] !~ /^~?[A-Za-z][A-Za-z0-9-]*$/) return 0
    if (key != "dnsrewrite" || value ~ /^(NOERROR|NXDOMAIN|REFUSED)(;;)?$/ || is_address(value)) return 1
    return value ~ /^NOERROR;(A|AAAA|CNAME|PTR|TXT);./ || (value !~ /;/ && normal(value) != "")
}

function is_pattern(s) { return s ~ /^[\/|@.-]/ || s ~ /^:\/\// || s ~ /[\^|-]$/ || s ~ /\*/ }

function plain(    i) {
    sub(/#.*/, "")
    if (NF == 1) { rule("b", "=", $1); return }
    if (is_address($1)) for (i = 2; i <= NF; i++) rule("b", "=", $i)
}

function network(s, allow, important, more,    whole, what, extent, stars, text) {
    whole = s
    what = more ? (allow ? "d" : "c") : allow ? (important ? "A" : "a") : important ? "B" : "b"
    if (s ~ /^\/..*\/$/) { print "/ " whole; return }
    if (s !~ /^\|\|/ && s ~ /^(\||:\/\/)/) extent = "="
    else if (s ~ /^\|\|/) extent = "+"
    sub(/^(\|\||\||:\/\/)/, "", s)
    if (!sub(/(\^\||\^|\|)$/, "", s)) extent = "~"
    if (s ~ /[\/^|]/) return
    text = s
    stars = gsub(/\*/, "*", text)
    if (s == "" || stars > 8) return
    if (extent == "") { # the end alone is anchored
        if (s ~ /^\*?\.[^*]*$/) { sub(/^\*?\./, "", s); rule(what, "*", s); return }
        extent = "~"
    }
    if (extent == "+" && s ~ /^\*\.[^*]*$/) { rule(what, "*", substr(s, 3)); return }
    if (stars > 0 || extent == "~") {
        if (s ~ /^[A-Za-z0-9_.*-]+$/ && s ~ /[A-Za-z0-9]/) print "~ " whole
        else if (s ~ /[\200-\377]/) print "? " whole
        return
    }
    rule(what, extent, s)
}

# ---- dnsmasq, unbound ----

function dnsmasq(    key, value, part, n, i, name, extent, target) {
    sub(/^#.*/, ""); sub(/[ \t]#.*/, "")
    if (!match($0, /=/)) return
    key = substr($0, 1, RSTART - 1); value = substr($0, RSTART + 1)
    gsub(/[ \t]/, "", key); gsub(/^[ \t]+|[ \t]+$/, "", value)
    if (key !~ /^(address|local|server)$/ || value !~ /^\/.*\//) return
    n = split(value, part, "/")
    target = part[n]
    if (key != "address" && target != "") return
    for (i = 2; i < n; i++) {
        name = part[i]
        sub(/^\.+/, "", name)
        extent = sub(/^\*\./, "", name) ? "*" : "+"
        rule("b", extent, name)
    }
}

function unquoted(s) {
    gsub(/^[ \t]+|[ \t]+$/, "", s)
    return s
}

function unbound(    value, name, type, part, n, quote) {
    sub(/#.*/, "")
    gsub(/^[ \t]+|[ \t]+$/, "")
    if (/^local-zone[ \t]*:/) {
        value = unquoted(substr($0, index($0, ":") + 1))
        quote = substr(value, 1, 1)
        if (quote == "\"" || quote == "'") {
            value = substr(value, 2)
            name = substr(value, 1, index(value, quote) - 1)
            type = substr(value, index(value, quote) + 1)
        } else {
            split(value, part, /[ \t]+/)
            name = part[1]; type = part[2]
        }
        gsub(/[ \t"']/, "", type)
        if (type ~ /^(refuse|static|redirect|deny|inform_deny|inform_redirect)$/ || \
            type ~ /^always_(refuse|nxdomain|nodata|deny|null)$/) rule("b", "+", name)
    } else if (/^local-data[ \t]*:/) {
        value = unquoted(substr($0, index($0, ":") + 1))
        gsub(/["']/, "", value)
        n = split(value, part, /[ \t]+/)
        if (n > 2 && part[n - 1] ~ /^(A|AAAA)$/ && is_address(part[n])) rule("b", "=", part[1])
    }
}

# ---- response policy zones ----

function absolute(s) {
    s = tolower(s)
    if (s == "@") return origin
    if (sub(/\.$/, "", s)) return s
    return origin == "" ? s : s "." origin
}

# What an owner means below the apex; "" for the apex itself and for what is outside.
function trigger(s,    full) {
    full = absolute(s)
    if (s ~ /\.$/ && !has_apex) return ""
    if (apex == "") return full
    if (full == apex || length(full) <= length(apex)) return ""
    if (substr(full, length(full) - length(apex)) != "." apex) return ""
    return substr(full, 1, length(full) - length(apex) - 1)
}

function strip_comment(s,    parts, n, i, out) {
    n = split(s, parts, "\"")
    for (i = 1; i <= n; i++) {
        if (i % 2 == 1 && index(parts[i], ";") > 0) return out (i > 1 ? "\"" : "") substr(parts[i], 1, index(parts[i], ";") - 1)
        out = out (i > 1 ? "\"" : "") parts[i]
    }
    return out
}

function rpz(    line, blank, n, word, i, type, data, name, extent, allow) {
    line = strip_comment($0)
    if (line ~ /^[ \t]*$/) return
    if (in_soa) { if (line ~ /^[0-9smhdwSMHDW() \t]*$/) { if (line ~ /\)/) in_soa = 0; return } in_soa = 0; return }
    blank = line ~ /^[ \t]/
    n = split(line, word, /[ \t]+/)
    if (word[n] == "") n--
    i = 2 # either the word behind the owner, or the first behind the blanks
    if (toupper(word[1]) == "$ORIGIN") { origin = absolute(word[2]); has_origin = 1; if (!has_apex) { apex = origin; has_apex = 1 } return }
    if (line ~ /^\$/) return
    if (!blank) owner = word[1]
    if (owner == "") return
    while (i <= n && (word[i] ~ /^[0-9]/ || toupper(word[i]) ~ /^(IN|CH|HS)$/)) i++
    type = toupper(word[i]); data = tolower(word[i + 1])
    if (type == "SOA") {
        apex = absolute(owner); has_apex = apex != "" || has_origin
        if (!has_origin) { origin = apex; has_origin = has_apex }
        in_soa = line ~ /\(/ && line !~ /\)/
        return
    }
    name = trigger(owner)
    if (name == "" || type == "") return
    allow = type == "CNAME" && (data == "rpz-passthru." || data == name ".")
    if (type == "CNAME") {
        if (data !~ /^(\.|\*\.|rpz-(passthru|drop|tcp-only)\.)$/ && \
            (data == "" || data ~ /^\*[^.]/ || data == "*" || data ~ /(^|\.)rpz-[^.]+\.?$/)) return
    } else if (type == "A") { if (!is_v4(data)) return }
    else if (type == "AAAA") { if (!is_v6(data)) return }
    else if (type == "MX") { if (data !~ /^[0-9]+$/ || word[i + 2] == "") return }
    else if (type == "SRV") { if (data !~ /^[0-9]+$/ || word[i + 4] == "") return }
    else if (type !~ /^(TXT|PTR)$/) return
    if (name ~ /(^|\.)rpz-client-ip$/) { if (!allow) print "@ " name; return }
    if (name ~ /(^|\.)rpz-ip$/) { print "@ " name; return }
    if (name ~ /(^|\.)rpz-[^.]+$/) return
    extent = sub(/^\*\./, "", name) ? "*" : "="
    rule(allow ? "d" : "c", extent, name)
}
