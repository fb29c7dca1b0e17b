#!/bin/sh
# The count over the sample feeds and over lines at the edge of each format; with BELISHA_FEEDS over real ones too.
#
#     edges.sh <blocklist-compiler> <ask_generation>
#
# BELISHA_FEEDS: a recipe, or a folder of <format>/<feed files>.
set -u
compiler=$1 ask=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
bad=0

for format in hosts domains adblock dnsmasq unbound rpz ut1; do mkdir -p "$dir/edges/$format" "$dir/samples/$format"; done

repeat() { printf "%0$2d" 0 | tr 0 "$1"; }
l63=$(repeat a 63)
n253=$l63.$l63.$l63.$(repeat b 57).cet # 253 bytes
many=$(repeat . 126 | sed 's/\./a./g')a

names() { # every edge of a name, one a line
    cat <<LINES
one.example
Upper.Example
dot.example.
dots.example..
.
..
a..example
single
$l63.example
a$l63.example
$n253
a$n253
$n253.
$many
_service._tcp.example
-hyphen.example
hyphen-.example
a.-example
a.example-
under_score.example_
a.123
a.1x
x.0x1f
xn--bcher-kva.example
xn--.example
childline.org.uk
www.childline.org.uk
org.uk
sch.uk
school.sch.uk
my.school.sch.uk
co.uk
mask.icloud.com
x.mask.icloud.com
icloud.com
localhost
localhost.localdomain
192.0.2.1
192.0.2.256
192.0.2.01
192.0.2.0/24
192.0.2.1/24
10.0.0.0/7
0.0.0.0
127.0.0.1
224.0.0.1
2001:db8::1
2001:db8::/32
::
::1
::ffff:192.0.2.9
2001:db8:1:2:3:4:5:6:7
a.example:80
a.example/path
http://a.example/
a example
a,b.example
a;b.example
a@b.example
a\$b.example
a+b.example
(a.example)
"a.example"
LINES
    printf 'nul\000.example\ntab\there.example\ncr.example\r\n\013vt.example\014\n'
    printf '\357\273\277bom.example\nsoft\302\255hyphen.example\nbad\377.example\nb\303\274cher.example\n'
}

# ---- hosts ----
{
    printf '\357\273\2770.0.0.0 first.example\n'
    names | sed 's/^/0.0.0.0 /'
    cat <<'LINES'
127.0.0.1 n1.example n2.example n3.example n4.example n5.example n6.example n7.example n8.example n9.example
:: six.example
::1	tab.example # why # more
0.0.0.0 a.example#b.example
0.0.0.0
0.0.0.0 # nobody
fe80::1%lo0 localhost
255.255.255.255 broadcasthost
192.0.2.7 garden.example
example.org 0.0.0.0
0.0.0 short.example
# 0.0.0.0 off.example
! off.example
; off.example
[Adblock Plus]
0.0.0.0 a.example##.ad
   0.0.0.0    indented.example
LINES
    printf '0.0.0.0 last.example'
} >"$dir/edges/hosts/edges"

# ---- domains ----
{
    names
    cat <<'LINES'
# Number of entries: 1
*.wild.example
*.*.wild.example
wild.*.example
*wild.example
*
*.
*.com
.dotted.example
..dotted.example
# off.example
! off.example
; off.example
behind.example # why
behind.example#why
||a.example^
LINES
    printf 'last.example'
} >"$dir/edges/domains/edges"
printf '\357\273\277one.example\r\n\357\273\277two.example\r\n' >"$dir/edges/domains/two-lists-in-one"
printf '\n\n# nothing\n' >"$dir/edges/domains/nothing"

# ---- adblock ----
{
    names
    names | sed 's/.*/||&^/'
    names | sed 's/.*/@@||&^$important/'
    cat <<'LINES'
[Adblock Plus 2.0]
! comment
#comment
# comment
##.banner
a.example##.banner
a.example#@#.banner
a.example#?#.banner
a.example#$#body{}
a.example#%#script
a.example$$script
||d.example|
|d.example|
|d.example^
|d.example
://d.example^
d.example^
d.example|
d.example
||d.example
||d.example^|
||d^|
||^
||
|
^
@@
@@||d.example^
@@|d.example^|
@@d.example
||*.d.example^
*.d.example^
.d.example^
||a*.d.example^
||d.*^
||*^
||d.example^*
-ads-
ads-
0.0.0.0 h1.example h2.example # h3.example
0.0.0.0
/^ads[0-9]+\./
/ads/$important
/(/
/
//
||d.example^$important
@@||d.example^$important
||d.example^$
||d.example^$,
||d.example^$important,
||d.example^$important,important
||d.example^$Important
||d.example^$client=192.0.2.1
||d.example^$ctag=user_child
||d.example^$respgeo=GB
||d.example^$third-party
||d.example^$dnstype=A
||d.example^$dnstype=a|AAAA
||d.example^$dnstype=~A|~AAAA
||d.example^$dnstype=A|~AAAA
||d.example^$dnstype=
||d.example^$dnstype
||d.example^$denyallow=ok.d.example|fine.example
||d.example^$denyallow=*.example
||d.example^$denyallow=
||d.example^$dnsrewrite=192.0.2.1
||d.example^$dnsrewrite=2001:db8::1
||d.example^$dnsrewrite=other.example
||d.example^$dnsrewrite=REFUSED
||d.example^$dnsrewrite=SERVFAIL
||d.example^$dnsrewrite=NXDOMAIN;;
||d.example^$dnsrewrite=NOERROR;A;192.0.2.1
||d.example^$dnsrewrite=NOERROR;TXT;hello
||d.example^$dnsrewrite
@@||d.example^$dnsrewrite
@@||d.example^$dnsrewrite=192.0.2.1
||off.example^$important,dnstype=A
||off.example^$dnstype=A,badfilter,important
||off.example^
off.example^$badfilter
||off2.example^$badfilter
||off2.example^
||a.example^path
||a.example/path
|https://a.example^
||a.example:443^
LINES
} >"$dir/edges/adblock/edges"

# ---- dnsmasq ----
{
    names | grep -av / | sed 's,.*,address=/&/#,'
    names | grep -av / | sed 's,.*,local=/&/,'
    cat <<'LINES'
address=/a1.example/a2.example/a3.example/0.0.0.0
address=/b1.example/b2.example/
address=/c1.example//c2.example/::
address=/d.example/192.0.2.1
address=/d.example/# why
address = /spaced.example/
local=/e1.example/e2.example/
server=/f.example/
server=/f.example/192.0.2.53
server=/f.example/#
server=/f1.example/f2.example/
server=192.0.2.53
address=/*.g.example/
address=/g.example
address=g.example/
address=
no-resolv
#address=/off.example/
# address=/off.example/
LINES
} >"$dir/edges/dnsmasq/edges"

# ---- unbound ----
{
    echo 'server:'
    names | grep -av '["#]' | sed 's/.*/  local-zone: "&" always_nxdomain/'
    for type in refuse static redirect deny inform_deny inform_redirect always_refuse always_nxdomain always_nodata \
        always_deny always_null transparent typetransparent always_transparent inform nodefault noview bogus; do
        echo "local-zone: \"$type.example.\" $type"
    done
    cat <<'LINES'
local-zone: bare.example static
local-zone: 'single.example' static
local-zone: "quoted-type.example" "static"
local-zone: "no-type.example"
local-zone: "unclosed.example static
local-zone:"tight.example"static
local-data: "data.example A 192.0.2.1"
local-data: "data.example. 60 IN AAAA ::1"
local-data: 'single-data.example A 0.0.0.0'
local-data: "data.example TXT text"
local-data: "data.example A"
local-data-ptr: "192.0.2.1 data.example"
# local-zone: "off.example" static
local-zone: "behind.example" static # why
forward-zone:
LINES
} >"$dir/edges/unbound/edges"

# ---- response policy zones ----
{
    cat <<'LINES'
$TTL 300
$ORIGIN rpz.test.
@ IN SOA localhost. root.localhost. (
    1 ; serial
    3600 600 86400 300 )
  IN NS localhost.
LINES
    names | grep -av '[ ;"@]' | sed 's/$/ CNAME ./'
    cat <<'LINES'
*.below.example CNAME .
*.*.below.example CNAME .
* CNAME .
nodata.example CNAME *.
pass.example CNAME rpz-passthru.
old.example CNAME old.example.
drop.example CNAME rpz-drop.
tcp.example CNAME rpz-tcp-only.
log.example CNAME rpz-log.
garden.example CNAME *.garden.test.
alias.example CNAME www.garden.test.
relative.example CNAME www
addr.example A 192.0.2.1
  AAAA 2001:db8::1
	TXT "a;b" ; why
addr.example 60 IN A 192.0.2.2
addr.example IN 60 A 192.0.2.3
addr.example 1h A 192.0.2.4
bad.example A 192.0.2.256
mx.example MX 10 mail.test.
dname.example DNAME x.test.
absolute.example.rpz.test. CNAME .
UPPER.Example.RPZ.Test. cname .
outside.example. CNAME .
24.0.2.0.192.rpz-ip CNAME .
32.1.2.0.192.rpz-ip CNAME rpz-passthru.
48.zz.8.db8.2001.rpz-ip CNAME .
32.1.0.0.10.rpz-client-ip CNAME rpz-drop.
ns.bad.example.rpz-nsdname CNAME .
16.0.0.45.128.rpz-nsip CNAME .
x.example.rpz-later CNAME .
@ CNAME .
$ORIGIN sub.rpz.test.
inside CNAME .
$ORIGIN elsewhere.test.
inside CNAME .
$INCLUDE other.zone
$GENERATE 1-3 g$ CNAME .
LINES
} >"$dir/edges/rpz/edges"
printf 'bare.example CNAME .\n*.bare.example CNAME .\n' >"$dir/edges/rpz/no-apex"
printf '@ SOA a. b. 1 2 3 4 5\nbare.example CNAME .\n' >"$dir/edges/rpz/no-origin"
printf 'z.test. SOA a. b. 1 2 3 4 5\na.example.z.test. CNAME .\nb.example CNAME .\n' >"$dir/edges/rpz/apex-by-soa"

# ---- UT1 ----
tree=$dir/edges/ut1/blacklists
for folder in adult games liste_blanche bank unknown; do mkdir -p "$tree/$folder"; done
names >"$tree/adult/domains"
echo 'a.example/path' >"$tree/adult/urls"
echo '(^|[./])x' >"$tree/adult/expressions"
printf 'black\nadult porn\n' >"$tree/adult/usage"
printf 'play.example\nunder_score.example\n192.0.2.77\n' >"$tree/games/domains"
printf '# why\nblack\nwhite\n' >"$tree/games/usage"
echo 'white.example' >"$tree/liste_blanche/domains"
echo 'white' >"$tree/liste_blanche/usage"
echo 'nowhere.example' >"$tree/unknown/domains"
ln -s adult "$tree/porn"
ln -s ../games/domains "$tree/bank/domains"

cp "$root/data/sample-feeds/malware.hosts" "$dir/samples/hosts/"
cp "$root/data/sample-feeds/pornography.domains" "$dir/samples/domains/"
cp "$root/data/sample-feeds/advertising.adblock" "$dir/samples/adblock/"
cp "$root/data/sample-feeds/phishing.rpz" "$dir/samples/rpz/"
cp -r "$root/data/sample-feeds/ut1-sample" "$dir/samples/ut1/"

for feeds in "$dir/edges" "$dir/samples" ${BELISHA_FEEDS:+"$BELISHA_FEEDS"}; do
    "$here/count.sh" "$compiler" "$feeds" "$ask" || { echo "edges: not the same over $feeds"; bad=1; }
done
exit $bad
