/*
 * Kea's memfile (kea-leases4.csv, kea-leases6.csv): a head that names the columns, then a line for each change of a lease,
 * where the last line of an address is what holds.
 *
 *     address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context
 *     10.20.0.10,22:e8:21:14:7a:b1,01:22:e8:21:14:7a:b1,3600,1795917835,1,0,0,laptop-7,0,
 *
 * `expire` is when the device was last heard of and `valid_lifetime` together. A lifetime of 0 takes the lease away; one of
 * 2^32 - 1 has no end. `state`: 0 is a lease; 1 (declined), 2 (expired and reclaimed) and 3 (released) are not; 4 is an
 * address that a device chose and registered. Commas in texts are written "&#x2c", and so may be any other byte.
 */
#include <string.h>

#include "identity/clean.h"
#include "lease/format.h"

#define LIFETIME_FOR_EVER INT64_C(0xffffffff)
#define STATE_HELD        0
#define STATE_REGISTERED  4
#define KIND_PREFIX       2 /* lease_type: a prefix for a router, and no device's address */

static bool read_head(struct kea_columns *c, struct field record)
{
    *c = (struct kea_columns){
        .address = -1, .hwaddr = -1, .duid = -1, .lifetime = -1, .expire = -1, .kind = -1, .host = -1, .state = -1};
    const struct {
        const char *name;
        int8_t *column;
    } names[] = {{"address", &c->address},         {"hwaddr", &c->hwaddr}, {"duid", &c->duid},
                 {"valid_lifetime", &c->lifetime}, {"expire", &c->expire}, {"lease_type", &c->kind},
                 {"hostname", &c->host},           {"state", &c->state}};
    for (; record.len > 0 && c->count < KEA_COLUMNS_MAX; c->count++) {
        struct field name = field_cut(&record, ',');
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            if (field_is(name, names[i].name))
                *names[i].column = c->count;
    }
    return c->address == 0 && c->lifetime > 0 && c->expire > 0;
}

static struct field column(const struct field fields[KEA_COLUMNS_MAX], int8_t index)
{
    return index < 0 ? (struct field){"", 0} : fields[index];
}

static void read_host(struct field f, char out[LEASE_HOST_MAX + 1])
{
    char text[256];
    size_t len = 0;
    for (size_t i = 0; i < f.len && len < sizeof text; i++) {
        char byte = f.bytes[i];
        if (byte == '&' && f.len - i >= 5 && f.bytes[i + 1] == '#' && f.bytes[i + 2] == 'x' &&
            field_hex_digit(f.bytes[i + 3]) >= 0 && field_hex_digit(f.bytes[i + 4]) >= 0) {
            byte = (char)(field_hex_digit(f.bytes[i + 3]) * 16 + field_hex_digit(f.bytes[i + 4]));
            i += 4;
        }
        text[len++] = byte;
    }
    if (len > 0 && text[len - 1] == '.')
        len--;
    clean_name(text, len, out, LEASE_HOST_MAX + 1);
}

static void read_card(const struct kea_columns *c, const struct field fields[KEA_COLUMNS_MAX], struct lease *out)
{
    uint8_t duid[128];
    out->has_mac = field_mac(column(fields, c->hwaddr), out->mac);
    if (out->has_mac || c->duid < 0)
        return;
    int len = field_hex(fields[c->duid], duid, sizeof duid);
    out->has_mac = len > 0 && duid_mac(duid, (size_t)len, out->mac);
}

const char *kea_csv_read(struct kea_columns *c, struct field record, struct lease *out, bool *out_is_lease)
{
    struct field fields[KEA_COLUMNS_MAX];
    int64_t lifetime_s, expire_s, state = STATE_HELD, kind = 0;
    int8_t count = 0;
    *out_is_lease = false;
    if (!c->known) {
        c->known = read_head(c, record);
        return c->known ? NULL : "its first line must name the columns of a Kea lease file: address,hwaddr,...";
    }
    for (; record.len > 0 && count < KEA_COLUMNS_MAX; count++)
        fields[count] = field_cut(&record, ',');
    for (; count < c->count; count++)
        fields[count] = (struct field){"", 0};
    if (field_address(fields[c->address], &out->address) < 0)
        return "its first column must be an address";
    if (field_number(fields[c->lifetime], &lifetime_s) < 0 || field_number(fields[c->expire], &expire_s) < 0)
        return "valid_lifetime and expire must be numbers";
    if (c->state > 0 && field_number(fields[c->state], &state) < 0)
        return "state must be a number";
    if (c->kind > 0 && field_number(fields[c->kind], &kind) < 0)
        return "lease_type must be a number";
    *out_is_lease = kind != KIND_PREFIX;
    out->active = lifetime_s > 0 && (state == STATE_HELD || state == STATE_REGISTERED);
    out->until_s = lifetime_s == LIFETIME_FOR_EVER ? 0 : expire_s;
    out->active = out->active && expire_s > 0;
    out->renewed_s = expire_s > lifetime_s ? expire_s - lifetime_s : 0;
    read_card(c, fields, out);
    read_host(column(fields, c->host), out->host);
    return NULL;
}
