/*
 * Server cookies as RFC 9018, 4 makes them: version 1, three zero bytes, a timestamp, and a SipHash-2-4 over client
 * cookie, those and the client's address. Any server that shares the secret can check them.
 */
#include <string.h>

#include <sodium.h>

#include "query/engine.h"

#define SERVER_COOKIE_LEN 16
#define TIME_POS          4
#define HASH_POS          8
#define AGE_MAX_S         3600 /* RFC 9018, 4.3, as AHEAD_MAX_S */
#define AHEAD_MAX_S       300

/* The last 8 bytes of a server cookie; cookie: client part and the first 8 bytes of the server part. */
static void cookie_hash(const struct query_engine *e, const struct client *c, const uint8_t *cookie, uint8_t out[8])
{
    uint8_t input[EDNS_COOKIE_CLIENT_LEN + HASH_POS + 16];
    const struct ipaddr *addr = &c->source.client.addr;
    size_t addr_len = ipaddr_is_v4(addr) ? 4 : 16;
    memcpy(input, cookie, EDNS_COOKIE_CLIENT_LEN + HASH_POS);
    memcpy(input + EDNS_COOKIE_CLIENT_LEN + HASH_POS, addr->bytes + 16 - addr_len, addr_len);
    crypto_shorthash(out, input, EDNS_COOKIE_CLIENT_LEN + HASH_POS + addr_len, e->env.opts->cookie_secret);
}

static uint32_t seconds_of(const struct client *c)
{
    return (uint32_t)(c->asked.wall_ns / 1000000000);
}

uint8_t cookie_make(const struct query_engine *e, const struct client *c, uint8_t out[EDNS_COOKIE_MAX])
{
    const struct edns *edns = &c->request.edns;
    if (edns->cookie_len == 0)
        return 0;
    memcpy(out, edns->cookie, EDNS_COOKIE_CLIENT_LEN);
    uint8_t *server = out + EDNS_COOKIE_CLIENT_LEN;
    memset(server, 0, TIME_POS);
    server[0] = 1;
    msg_put_u32(server + TIME_POS, seconds_of(c));
    cookie_hash(e, c, out, server + HASH_POS);
    return EDNS_COOKIE_CLIENT_LEN + SERVER_COOKIE_LEN;
}

bool cookie_is_ours(const struct query_engine *e, const struct client *c)
{
    const struct edns *edns = &c->request.edns;
    const uint8_t *server = edns->cookie + EDNS_COOKIE_CLIENT_LEN;
    uint8_t hash[8];
    if (!edns->present || edns->cookie_len != EDNS_COOKIE_CLIENT_LEN + SERVER_COOKIE_LEN || server[0] != 1)
        return false;
    int32_t age_s = (int32_t)(seconds_of(c) - msg_u32(server + TIME_POS)); /* serial numbers (RFC 1982) */
    if (age_s > AGE_MAX_S || age_s < -AHEAD_MAX_S)
        return false;
    cookie_hash(e, c, edns->cookie, hash);
    return sodium_memcmp(hash, server + HASH_POS, sizeof hash) == 0;
}
