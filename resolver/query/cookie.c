/*
 * Server cookies as RFC 9018, 4 makes them: version 1, three zero bytes, a timestamp, and a SipHash-2-4 over client
 * cookie, those and the client's address. Any server that shares the secret can check them.
 */
#include <string.h>

#include <sodium.h>

#include "query/engine.h"

#define SERVER_COOKIE_LEN 16

uint8_t cookie_make(const struct query_engine *e, const struct client *c, uint8_t out[EDNS_COOKIE_MAX])
{
    uint8_t input[EDNS_COOKIE_CLIENT_LEN + 8 + 16];
    const struct edns *edns = &c->request.edns;
    const struct ipaddr *addr = &c->source.client.addr;
    if (edns->cookie_len == 0)
        return 0;
    memcpy(out, edns->cookie, EDNS_COOKIE_CLIENT_LEN);
    uint8_t *server = out + EDNS_COOKIE_CLIENT_LEN;
    memset(server, 0, 4);
    server[0] = 1;
    msg_put_u32(server + 4, (uint32_t)(c->asked.wall_ns / 1000000000));
    size_t addr_len = ipaddr_is_v4(addr) ? 4 : 16;
    memcpy(input, out, EDNS_COOKIE_CLIENT_LEN + 8);
    memcpy(input + EDNS_COOKIE_CLIENT_LEN + 8, addr->bytes + 16 - addr_len, addr_len);
    crypto_shorthash(server + 8, input, EDNS_COOKIE_CLIENT_LEN + 8 + addr_len, e->env.opts->cookie_secret);
    return EDNS_COOKIE_CLIENT_LEN + SERVER_COOKIE_LEN;
}
