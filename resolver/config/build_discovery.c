#include <stdio.h>
#include <string.h>

#include "config/build.h"
#include "base/arena.h"
#include "dns/msg.h"
#include "dns/svcb.h"

#define DISCOVERY_TTL_S 300
#define RDATA_ROOM      (2 + NAME_MAX_LEN + 512)
#define HINTS_MAX       8

/* An rdata that grows; everything put into it is of bounded size, so that it always fits. */
struct rdata_text {
    uint8_t bytes[RDATA_ROOM];
    size_t len;
};

static void put(struct rdata_text *r, const void *bytes, size_t len)
{
    memcpy(r->bytes + r->len, bytes, len);
    r->len += len;
}

static void put_u16(struct rdata_text *r, unsigned value)
{
    msg_put_u16(r->bytes + r->len, value);
    r->len += 2;
}

/* They stand in the order of their keys. */
static void put_param(struct rdata_text *r, unsigned key, const void *value, size_t len)
{
    put_u16(r, key);
    put_u16(r, (unsigned)len);
    put(r, value, len);
}

static bool is_any(const struct ipaddr *addr)
{
    static const uint8_t zero[16];
    return ipaddr_is_v4(addr) ? memcmp(ipaddr_v4(addr), zero, 4) == 0 : memcmp(addr->bytes, zero, sizeof zero) == 0;
}

/* The addresses of one family; a wildcard says nothing, and the client looks the name up. */
static void put_hints(struct rdata_text *r, const struct endpoint at[], size_t count, bool v4)
{
    uint8_t hints[HINTS_MAX * 16];
    size_t len = 0, size = v4 ? 4 : 16;
    for (size_t i = 0; i < count && len / size < HINTS_MAX; i++) {
        if (ipaddr_is_v4(&at[i].addr) != v4 || is_any(&at[i].addr))
            continue;
        memcpy(hints + len, v4 ? ipaddr_v4(&at[i].addr) : at[i].addr.bytes, size);
        len += size;
    }
    if (len > 0)
        put_param(r, v4 ? SVCB_IPV4HINT : SVCB_IPV6HINT, hints, len);
}

struct way {
    unsigned priority;
    const char *alpn; /* with its length byte */
    const struct schema_list *listen;
    const char *path; /* NULL: none */
};

static int add_way(struct build *b, const struct way *way, struct query_record *out)
{
    const uint8_t *name = b->options->tls.name;
    const struct endpoint *at = way->listen->items;
    struct rdata_text r = {.len = 0};
    uint8_t port[2];
    put_u16(&r, way->priority);
    put(&r, name, name_len(name));
    put_param(&r, SVCB_ALPN, way->alpn, strlen(way->alpn));
    msg_put_u16(port, at[0].port);
    put_param(&r, SVCB_PORT, port, sizeof port);
    put_hints(&r, at, way->listen->count, true);
    put_hints(&r, at, way->listen->count, false);
    if (way->path != NULL) {
        char path[DOH_PATH_MAX + sizeof "{?dns}"];
        int len = snprintf(path, sizeof path, "%.*s{?dns}", DOH_PATH_MAX, way->path);
        put_param(&r, SVCB_DOHPATH, path, (size_t)len);
    }
    *out = (struct query_record){.name = build_name(b, "_dns.resolver.arpa"),
                                 .type = DNS_TYPE_SVCB,
                                 .ttl_s = DISCOVERY_TTL_S,
                                 .rdata = arena_copy(b->arena, r.bytes, r.len),
                                 .rdata_len = (uint16_t)r.len};
    return out->name == NULL || out->rdata == NULL ? ERR_NOMEM : 0;
}

int build_discovery(struct build *b, struct query_record out[BUILD_DISCOVERY_MAX], size_t *out_count)
{
    const struct options *o = b->options;
    const struct way ways[BUILD_DISCOVERY_MAX] = {{1, "\003dot", &o->tls.dot, NULL},
                                                  {2, "\002h2", &o->tls.doh, o->tls.doh_path}};
    size_t count = 0;
    *out_count = 0;
    for (size_t i = 0; i < BUILD_DISCOVERY_MAX && o->tls.name != NULL; i++) {
        if (ways[i].listen->count == 0)
            continue;
        int err = add_way(b, &ways[i], &out[count]);
        if (err < 0)
            return err;
        count++;
    }
    *out_count = count;
    return 0;
}
