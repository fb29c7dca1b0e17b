#!/bin/sh
# Fails when a folder includes a header that it may not know, or when a folder has no row in the tables below.
#
# A folder is a right to be used: it may include itself and what its row names, nothing else. The figure is in
# docs/architecture.md. A new folder needs a row here, so that its place is a decision and not an accident.
set -eu
cd "$(dirname "$0")/../.."

# folder: folders whose headers it may include ("belisha" is include/belisha, which everyone may)
layers='
include/belisha:
resolver/base:
resolver/signing: base
resolver/dns: base
resolver/ledger: base signing
resolver/roles: base
resolver/change: base dns policy ledger roles
resolver/blockdb: base dns
resolver/decision: base dns
resolver/statutory: base dns blockdb
resolver/policy: base dns blockdb
resolver/identity: base dns
resolver/lease: base identity
resolver/cache: base dns
resolver/upstream: base dns
resolver/recursion: base
resolver/qlog: base signing dns
resolver/dnstap: base
resolver/metrics: base dns
resolver/query: base dns blockdb statutory decision policy identity cache upstream qlog dnstap metrics
resolver/config: base dns ledger roles change blockdb policy identity lease cache upstream recursion qlog dnstap metrics query net control notice tls radius session
resolver/control: base dns ledger roles change blockdb statutory decision policy identity lease cache upstream recursion qlog metrics query radius session
resolver/tls: base
resolver/radius: base tls
resolver/session: base tls radius
resolver/net: base dns ledger roles change blockdb statutory identity upstream qlog dnstap metrics query control tls radius session
resolver/monitor: base control net
resolver/notice: base dns blockdb statutory decision policy identity qlog config
resolver/service: base dns ledger roles change blockdb statutory decision policy identity lease cache upstream recursion signing qlog dnstap metrics query config control net monitor tls radius session
resolver: base dns blockdb policy cache upstream qlog metrics query config control net service tls
blocklist-compiler/feed: base dns
blocklist-compiler/trie: base dns
blocklist-compiler/sandbox: base
blocklist-compiler/fetch: base dns xfr
blocklist-compiler/publish: base dns blockdb statutory trie
blocklist-compiler/recipe: base dns config xfr
blocklist-compiler/sheaf: base dns feed trie publish
blocklist-compiler/reading: base feed recipe
blocklist-compiler/school: base dns config feed recipe reading
blocklist-compiler/report: base feed
blocklist-compiler/xfr: base dns
blocklist-compiler/export: base dns blockdb
blocklist-compiler/provenance: base dns blockdb feed fetch publish recipe reading
blocklist-compiler/tier: base dns feed fetch publish reading recipe report sandbox statutory
blocklist-compiler: base dns blockdb config feed trie fetch publish sheaf reading recipe report sandbox export xfr tier school
operator/alert: base dns ledger policy qlog config delivery episode
operator/delivery: base
operator/episode: base dns policy qlog config
operator/grid: base qlog
operator/parcel: base signing tls
operator/sheet: base dns policy qlog grid episode ledger notice
operator/ship: base dns identity qlog config delivery
operator: base dns ledger roles change blockdb statutory decision policy identity signing qlog metrics config control notice feed recipe provenance grid parcel school tls delivery episode tier ship sheet alert
'

# header of a library: the only folders that may include it
libraries='
uv.h: resolver/net resolver/monitor resolver/service
lmdb.h: resolver/blockdb resolver/statutory resolver/notice blocklist-compiler/publish
openssl/: resolver/tls
nghttp2/: resolver/net
fstrm.h: resolver/net
microhttpd.h: resolver/monitor resolver/notice
libfyaml.h: resolver/config
zstd.h: operator/grid operator/ship resolver/qlog
zlib.h: operator/ship
librdkafka/: operator/ship
sqlite3.h: operator/grid
curl/: blocklist-compiler/fetch operator/delivery operator/ship
archive.h: operator/parcel blocklist-compiler/feed blocklist-compiler/fetch
archive_entry.h: operator/parcel blocklist-compiler/feed blocklist-compiler/fetch
idn2.h: blocklist-compiler/feed
libpsl.h: blocklist-compiler/feed blocklist-compiler/trie operator/episode operator/ship
jansson.h: operator/parcel resolver/change resolver/control resolver/decision resolver/lease resolver/ledger resolver/qlog blocklist-compiler blocklist-compiler/fetch blocklist-compiler/report blocklist-compiler/tier operator operator/delivery operator/ship resolver/session operator/sheet operator/alert
ldns/: blocklist-compiler/xfr
seccomp.h: blocklist-compiler/sandbox
'

complaints=$(
    for file in $(find include resolver blocklist-compiler operator -name '*.[ch]' | sort); do
        grep -noE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]+[">]' "$file" /dev/null |
            sed -E 's/[[:space:]]*#[[:space:]]*include[[:space:]]*//'
        # a row of its own, so that a folder without any include is checked too
        echo "$file:0:<>"
    done | LAYERS="$layers" LIBRARIES="$libraries" awk -F: '
        function rows(text, table,    lines, count, i, at) {
            count = split(text, lines, "\n")
            for (i = 1; i <= count; i++)
                if ((at = index(lines[i], ":")) > 0)
                    table[substr(lines[i], 1, at - 1)] = " " substr(lines[i], at + 1) " "
        }
        function complain(text) { print file ":" line ": " text }
        BEGIN { rows(ENVIRON["LAYERS"], allowed); rows(ENVIRON["LIBRARIES"], library) }
        {
            file = $1; line = $2; header = $3
            folder = file; sub("/[^/]*$", "", folder)
            if (!(folder in allowed)) {
                if (!(folder in reported))
                    print folder ": has no row in tests/structure/layers.sh"
                reported[folder] = 1
                next
            }
            name = substr(header, 2, length(header) - 2)
            if (substr(header, 1, 1) == "<") {
                for (lib in library) {
                    matches = lib ~ /\/$/ ? index(name, lib) == 1 : name == lib
                    if (matches && index(library[lib], " " folder " ") == 0)
                        complain("<" name "> is for" library[lib] "only")
                }
                next
            }
            own = folder; sub("^.*/", "", own)
            at = index(name, "/")
            target = at > 0 ? substr(name, 1, at - 1) : ""
            if (at == 0)
                complain("write \"" own "/" name "\" instead of \"" name "\"")
            else if (target != own && target != "belisha" && index(allowed[folder], " " target " ") == 0)
                complain(folder " may not include " target)
        }'
)
[ -z "$complaints" ] || {
    echo "$complaints"
    exit 1
}
echo "every include is allowed by its folder's row"
