#include "policy/special_use.h"

#include <string.h>

#include "dns/name.h"

#define NXDOMAIN POLICY_SPECIAL_NXDOMAIN
#define NODATA   POLICY_SPECIAL_NODATA

/* A locally served zone is empty: its apex exists, nothing below it does (RFC 6303, 3). */
static const struct special_use table[] = {
    {"invalid", NXDOMAIN, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6761, 6.4"},
    {"onion", NXDOMAIN, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7686, 2"},
    {"local", NXDOMAIN, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6762, 22.1"},
    {"home.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 8375, 4"},
    {"resolver.arpa", NODATA, NODATA, SPECIAL_USE_RESERVED, "RFC 9462, 8.2"},
    {"10.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"16.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"17.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"18.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"19.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"20.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"21.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"22.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"23.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"24.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"25.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"26.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"27.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"28.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"29.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"30.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"31.172.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"168.192.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"0.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"127.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"254.169.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"2.0.192.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"100.51.198.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"113.0.203.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"255.255.255.255.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"64.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"65.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"66.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"67.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"68.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"69.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"70.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"71.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"72.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"73.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"74.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"75.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"76.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"77.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"78.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"79.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"80.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"81.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"82.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"83.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"84.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"85.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"86.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"87.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"88.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"89.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"90.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"91.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"92.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"93.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"94.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"95.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"96.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"97.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"98.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"99.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"100.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"101.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"102.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"103.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"104.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"105.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"106.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"107.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"108.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"109.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"110.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"111.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"112.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"113.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"114.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"115.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"116.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"117.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"118.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"119.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"120.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"121.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"122.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"123.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"124.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"125.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"126.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"127.100.in-addr.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 7793, 2"},
    {"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED,
     "RFC 6303, 4"},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED,
     "RFC 6303, 4"},
    {"d.f.ip6.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 4193, 4.4"},
    {"c.f.ip6.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 4193, 4.4"},
    {"8.e.f.ip6.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"9.e.f.ip6.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"a.e.f.ip6.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"b.e.f.ip6.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"8.b.d.0.1.0.0.2.ip6.arpa", NODATA, NXDOMAIN, SPECIAL_USE_RESERVED, "RFC 6303, 4"},
    {"use-application-dns.net", NXDOMAIN, NXDOMAIN, SPECIAL_USE_FIREFOX, "canary domain of Mozilla"},
    {"mask.icloud.com", NXDOMAIN, NXDOMAIN, SPECIAL_USE_PRIVATE_RELAY, "Apple: prepare your network for Private Relay"},
    {"mask-h2.icloud.com", NXDOMAIN, NXDOMAIN, SPECIAL_USE_PRIVATE_RELAY,
     "Apple: prepare your network for Private Relay"},
    {"mask-api.icloud.com", NXDOMAIN, NXDOMAIN, SPECIAL_USE_PRIVATE_RELAY,
     "Apple: prepare your network for Private Relay"},
    {"mask-canary.icloud.com", NXDOMAIN, NXDOMAIN, SPECIAL_USE_PRIVATE_RELAY, "asked beside the others"},
    {"doh.dns.apple.com", NXDOMAIN, NXDOMAIN, SPECIAL_USE_PRIVATE_RELAY, "the resolver of Private Relay"},
};

const struct special_use *special_use_at(size_t i)
{
    return i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}

bool special_use_is_canary(const uint8_t *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t canary[NAME_MAX_LEN];
        if (table[i].kind != SPECIAL_USE_RESERVED && name_from_text(table[i].name, strlen(table[i].name), canary) > 0 &&
            name_is_at_or_below(name, canary))
            return true;
    }
    return false;
}
