#include "dns/svcb.h"
#include "query/engine.h"

static void hints_begin(struct address_walk *walk, const uint8_t *rdata, size_t len)
{
    struct svcb service;
    if (svcb_parse(rdata, len, &service) < 0) /* upstream/reply.h: there is none */
        return;
    walk->hint = service.ipv4hint.bytes;
    walk->hints_len = service.ipv4hint.len;
    walk->hint_size = 4;
    walk->later = service.ipv6hint.bytes;
    walk->later_len = service.ipv6hint.len;
}

/* Rare: the hints of the record that was looked at last. */
static __attribute__((noinline)) bool hint_next(struct address_walk *walk, struct ipaddr *out)
{
    if (walk->hint == NULL) {
        walk->hint = walk->later;
        walk->hints_len = walk->later_len;
        walk->hint_size = 16;
        walk->later = NULL;
    }
    if (walk->hint == NULL)
        return false;
    *out = walk->hint_size == 4 ? ipaddr_from_v4(walk->hint) : ipaddr_from_v6(walk->hint);
    walk->hints_len -= walk->hint_size;
    walk->hint = walk->hints_len == 0 ? NULL : walk->hint + walk->hint_size;
    return true;
}

bool address_next(struct address_walk *walk, struct ipaddr *out)
{
    const struct stored *stored = walk->stored;
    unsigned answers = msg_u16(stored->msg + 6);
    if (__builtin_expect(walk->hint != NULL || walk->later != NULL, 0) && hint_next(walk, out))
        return true;
    while (walk->record < stored->ttl_count && walk->record < answers) {
        const uint8_t *fixed = stored->msg + stored->ttl_at[walk->record++] - 4;
        uint16_t type = msg_u16(fixed);
        uint16_t len = msg_u16(fixed + 8);
        if (type == DNS_TYPE_A && len == 4) {
            *out = ipaddr_from_v4(fixed + 10);
            return true;
        }
        if (type == DNS_TYPE_AAAA && len == 16) {
            *out = ipaddr_from_v6(fixed + 10);
            return true;
        }
        if (!svcb_is_type(type))
            continue;
        hints_begin(walk, fixed + 10, len);
        if (hint_next(walk, out))
            return true;
    }
    return false;
}

/* Addresses that only exist inside: a public name that leads there turns a browser against the school's own network. */
#define V4(a, b, bits)                                                                                                 \
    {                                                                                                                  \
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b}}, 96 + (bits)                                                \
    }
static const struct prefix inside[] = {
    V4(0, 0, 8),      V4(10, 0, 8),         V4(100, 64, 10),  V4(127, 0, 8),
    V4(169, 254, 16), V4(172, 16, 12),      V4(192, 168, 16), {{{0}}, 127}, /* :: and ::1 */
    {{{0xfc}}, 7},    {{{0xfe, 0x80}}, 10},
};

static bool is_inside(const struct ipaddr *addr)
{
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        if (prefix_contains(&inside[i], addr))
            return true;
    return false;
}

bool answer_is_rebinding(const struct stored *stored, struct ipaddr *out)
{
    struct address_walk walk = address_begin(stored);
    struct ipaddr addr;
    while (address_next(&walk, &addr))
        if (is_inside(&addr)) {
            *out = addr;
            return true;
        }
    return false;
}
