/*
 * dnsmasq.leases: what holds, one lease a line. The file is written anew with each change.
 *
 *     1795914384 06:d8:d4:3a:6b:fa 10.20.0.55 laptop-7 01:06:d8:d4:3a:6b:fa
 *     duid 00:01:00:01:32:9e:36:93:de:cd:7c:0b:2f:f2
 *     1795914384 13579 fd00:20::55 laptop-7 00:01:00:01:32:9e:36:93:06:d8:d4:3a:6b:fa
 *
 * End, card, address, name, client id; "*" stands for what is not known, an end of 0 for none. Cards that are no Ethernet
 * have their type before them ("06-..."). Behind the line with the server's own DUID are the leases of IPv6, with an
 * identity association instead of the card, and the device's DUID as client id.
 */
#include <string.h>

#include "identity/clean.h"
#include "lease/format.h"

static bool read_duid(struct field id, uint8_t out[6])
{
    uint8_t duid[128];
    int len = field_hex(id, duid, sizeof duid);
    return len > 0 && duid_mac(duid, (size_t)len, out);
}

const char *dnsmasq_read(struct field record, struct lease *out, bool *out_is_lease)
{
    struct field rest = record;
    struct field end = field_cut(&rest, ' ');
    struct field card = field_cut(&rest, ' ');
    *out_is_lease = false;
    if (field_is(end, "duid"))
        return NULL;
    struct field address = field_cut(&rest, ' ');
    struct field host = field_cut(&rest, ' ');
    if (field_number(end, &out->until_s) < 0)
        return "its first word must be the second in which it ends";
    if (field_address(address, &out->address) < 0)
        return "its third word must be an address";
    if (host.len == 0)
        return "a line has five words: end, card, address, name, client id";
    out->has_mac = ipaddr_is_v4(&out->address) ? field_mac(card, out->mac) : read_duid(rest, out->mac);
    if (!field_is(host, "*"))
        clean_name(host.bytes, host.len, out->host, sizeof out->host);
    *out_is_lease = true;
    return NULL;
}
