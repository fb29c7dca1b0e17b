#include <string.h>

#include "config/build.h"
#include "config/resolv_conf.h"
#include "dns/name.h"
#include "tls/trust.h"

#define DNS_PORT 53
#define DOT_PORT 853 /* RFC 7858, 3.1 */

/* Where the lists of one build grow. */
struct servers {
    struct build *b;
    struct query_server all[QUERY_SERVERS_MAX];
    size_t count;
};

static bool address_is_loopback(const struct ipaddr *a)
{
    static const uint8_t v6_loopback[16] = {[15] = 1};
    return ipaddr_is_v4(a) ? ipaddr_v4(a)[0] == 127 : memcmp(a->bytes, v6_loopback, sizeof v6_loopback) == 0;
}

static bool address_is_any(const struct ipaddr *a)
{
    static const uint8_t zero[16];
    return ipaddr_is_v4(a) ? memcmp(ipaddr_v4(a), zero, 4) == 0 : memcmp(a->bytes, zero, sizeof zero) == 0;
}

/* Whether asking there would be asking ourselves. */
static bool is_ourselves(const struct build *b, const struct endpoint *at)
{
    const struct endpoint *listen = b->options->listen.items;
    for (size_t i = 0; i < b->options->listen.count; i++) {
        if (listen[i].port != at->port)
            continue;
        if (ipaddr_equal(&listen[i].addr, &at->addr))
            return true;
        if (address_is_any(&listen[i].addr) && address_is_loopback(&at->addr))
            return true;
    }
    return false;
}

static bool same_peer(const struct tls_peer *a, const struct tls_peer *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->pin_count == b->pin_count && (a->name == NULL) == (b->name == NULL) &&
           (a->name == NULL || strcmp(a->name, b->name) == 0) &&
           (a->pin_count == 0 || memcmp(a->pins, b->pins, a->pin_count * TLS_PIN_LEN) == 0);
}

/* The index of a server, new or known already; -1 when there are too many. */
static int server_index(struct servers *s, const struct query_server *server)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->all[i].recursive == server->recursive && endpoint_equal(&s->all[i].at, &server->at) &&
            s->all[i].stream == server->stream && s->all[i].spelt == server->spelt &&
            same_peer(s->all[i].tls, server->tls))
            return (int)i;
    if (s->count == QUERY_SERVERS_MAX)
        return -1;
    s->all[s->count] = *server;
    return (int)s->count++;
}

/* A zone's list of server indexes. */
struct server_list {
    uint16_t index[QUERY_SERVERS_MAX];
    size_t count;
};

/* Each server once. */
static void list_put(struct server_list *list, uint16_t index)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->index[i] == index)
            return;
    list->index[list->count++] = index;
}

/* Whom it must prove to be; *out is NULL when it is asked in the clear. */
static int peer_of(struct build *b, const struct options_server *from, const struct tls_peer **out)
{
    const struct tls_peer peer = {.name = from->tls, .pins = from->pins.items, .pin_count = from->pins.count};
    *out = NULL;
    if (from->tls == NULL && from->pins.count == 0)
        return 0;
    *out = arena_copy(b->arena, &peer, sizeof peer);
    return *out == NULL ? ERR_NOMEM : 0;
}

static int list_add(struct servers *s, struct server_list *list, const struct options_server *from,
                    const struct endpoint *at)
{
    char text[ENDPOINT_TEXT_MAX];
    struct query_server server = {.at = *at, .spelt = from->case_randomization, .name = from->name};
    if (peer_of(s->b, from, &server.tls) < 0)
        return ERR_NOMEM;
    server.stream = from->tcp || server.tls != NULL;
    if (server.tls != NULL && at->port == DNS_PORT)
        server.at.port = DOT_PORT;
    if (server.name == NULL)
        server.name = arena_printf(s->b->arena, "%s", endpoint_to_text(&server.at, text));
    if (server.name == NULL)
        return ERR_NOMEM;
    s->b->config->needs_trust = s->b->config->needs_trust || server.tls != NULL;
    int index = server_index(s, &server);
    if (index < 0) {
        config_errors_add(s->b->errors, &from->at, "more than %d upstream servers", QUERY_SERVERS_MAX);
        return 0;
    }
    list_put(list, (uint16_t)index);
    return 0;
}

static int list_add_system(struct servers *s, struct server_list *list, const struct options_server *from)
{
    struct endpoint found[RESOLV_CONF_MAX];
    size_t count = resolv_conf_read(s->b->resolv_conf, found);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        if (!is_ourselves(s->b, &found[i]))
            rc = list_add(s, list, from, &found[i]);
    return rc;
}

/*
 * Our own recursion stands for all servers there are. Beside it another one would be asked just when an answer was found to
 * be forged.
 */
static void list_add_recursion(struct servers *s, struct server_list *list, const struct schema_list *upstreams,
                               size_t i)
{
    const struct options_server *from = &((const struct options_server *)upstreams->items)[i];
    struct query_server server = {
        .at = {.addr = ipaddr_from_v4((const uint8_t[]){127, 0, 0, 1})}, /* port: unknown yet */
        .recursive = true,
        .spelt = from->case_randomization,
        .name = from->name};
    if (upstreams->count > 1)
        config_errors_add(s->b->errors, &from->at,
                          "recursive must stand alone: other servers would be asked for what it found to be forged");
    if (from->tcp || from->tls != NULL || from->pins.count > 0)
        config_errors_add(s->b->errors, &from->at, "recursive takes no tcp, tls or pins: it is on this machine");
    if (server.name == NULL)
        server.name = "recursion";
    int index = server_index(s, &server);
    if (index >= 0)
        list_put(list, (uint16_t)index);
    else
        config_errors_add(s->b->errors, &from->at, "more than %d upstream servers", QUERY_SERVERS_MAX);
    s->b->config->recursion.used = true;
}

static int list_fill(struct servers *s, const struct schema_list *upstreams, struct query_zone *zone)
{
    const struct options_server *items = upstreams->items;
    struct server_list list = {.count = 0};
    int rc = 0;
    for (size_t i = 0; i < upstreams->count && rc == 0; i++) {
        char text[ENDPOINT_TEXT_MAX];
        if (items[i].address.system)
            rc = list_add_system(s, &list, &items[i]);
        else if (items[i].address.recursive)
            list_add_recursion(s, &list, upstreams, i);
        else if (is_ourselves(s->b, &items[i].address.at))
            config_errors_add(s->b->errors, &items[i].at, "upstream %s is where we listen ourselves",
                              endpoint_to_text(&items[i].address.at, text));
        else
            rc = list_add(s, &list, &items[i], &items[i].address.at);
    }
    zone->servers = arena_copy(s->b->arena, list.index, list.count * sizeof list.index[0]);
    zone->server_count = list.count;
    return rc < 0 || zone->servers == NULL ? ERR_NOMEM : 0;
}

static void check_zone(struct build *b, const struct options_zone zones[], size_t i)
{
    if (zones[i].name[0] == 0)
        config_errors_add(b->errors, &zones[i].at, "a zone can't be the root: use upstreams for everything");
    if (zones[i].upstreams.count == 0)
        config_errors_add(b->errors, &zones[i].at, "a zone needs at least one upstream");
    for (size_t earlier = 0; earlier < i; earlier++)
        if (name_equal(zones[earlier].name, zones[i].name))
            config_errors_add(b->errors, &zones[i].at, "zone '%s' is given twice, first in line %u",
                              build_name_text(b, zones[i].name), zones[earlier].at.line);
}

static int fill_zones(struct servers *s, struct query_zone *zones)
{
    const struct options *o = s->b->options;
    const struct options_zone *items = o->zones.items;
    zones[0].name = build_name(s->b, ".");
    zones[0].filtered = true;
    zones[0].rebinding_check = o->rebinding_check;
    int rc = zones[0].name == NULL ? ERR_NOMEM : list_fill(s, &o->upstreams, &zones[0]);
    for (size_t i = 0; i < o->zones.count && rc == 0; i++) {
        check_zone(s->b, items, i);
        zones[i + 1].name = items[i].name;
        zones[i + 1].filtered = items[i].filter;
        zones[i + 1].rebinding_check = items[i].rebinding_check;
        rc = list_fill(s, &items[i].upstreams, &zones[i + 1]);
    }
    return rc;
}

static bool same_label(const struct query_server *a, const struct query_server *b)
{
    return endpoint_equal(&a->at, &b->at) && a->stream == b->stream && (a->tls == NULL) == (b->tls == NULL) &&
           strcmp(a->name, b->name) == 0;
}

/* The meter of the server among count that is the same to whoever reads figures; -1: none. */
static int meter_among(const struct query_server servers[], size_t count, const struct query_server *server)
{
    for (size_t i = 0; i < count; i++)
        if (same_label(&servers[i], server))
            return servers[i].meter;
    return -1;
}

static bool meter_is_free(uint16_t meter, const struct query_server servers[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (servers[i].meter == meter)
            return false;
    return true;
}

void config_keep_meters(struct config *config, const struct config *before)
{
    const struct query_opts *old = &before->query;
    struct query_server *servers = config->servers;
    uint16_t next = 0;
    for (size_t i = 0; i < config->query.server_count; i++) {
        int known = meter_among(old->servers, old->server_count, &servers[i]);
        if (known < 0)
            known = meter_among(servers, i, &servers[i]);
        while (known < 0 && (!meter_is_free(next, old->servers, old->server_count) || !meter_is_free(next, servers, i)))
            next++;
        servers[i].meter = known < 0 ? next : (uint16_t)known;
    }
}

int build_servers(struct build *b)
{
    struct servers s = {.b = b};
    struct query_opts *query = &b->config->query;
    if (b->options->zones.count >= QUERY_ZONES_MAX) {
        config_errors_add(b->errors, &b->options->zones.places[QUERY_ZONES_MAX - 1], "more than %d zones",
                          QUERY_ZONES_MAX - 1);
        return 0;
    }
    size_t count = b->options->zones.count + 1;
    struct query_zone *zones = arena_alloc(b->arena, count * sizeof *zones);
    if (zones == NULL)
        return ERR_NOMEM;
    int rc = fill_zones(&s, zones);
    query->zones = zones;
    query->zone_count = count;
    static const struct config nothing;
    b->config->servers = arena_copy(b->arena, s.all, s.count * sizeof s.all[0]);
    query->servers = b->config->servers;
    query->server_count = s.count;
    if (query->servers != NULL)
        config_keep_meters(b->config, &nothing);
    return rc < 0 || query->servers == NULL ? ERR_NOMEM : 0;
}
