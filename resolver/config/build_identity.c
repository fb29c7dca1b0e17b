#include <string.h>

#include "config/build.h"
#include "identity/forwarded.h"
#include "base/mac.h"

static bool is_given(const void *bytes, size_t len)
{
    static const uint8_t zero[16];
    return memcmp(bytes, zero, len) != 0;
}

/* Names that go into a claim must fit. */
static bool text_fits(struct build *b, const struct options_device *device, const char *key, const char *text,
                      size_t max)
{
    if (text == NULL || strlen(text) <= max)
        return true;
    config_errors_add(b->errors, &device->at, "%s must be at most %zu bytes long: '%s'", key, max, text);
    return false;
}

static bool device_is_sound(struct build *b, const struct options_device *d)
{
    unsigned named =
        (unsigned)is_given(d->mac, sizeof d->mac) + is_given(&d->address, sizeof d->address) + (d->cpe_id != NULL);
    bool fits = text_fits(b, d, "device", d->name, CLAIM_HOST_MAX) &&
                text_fits(b, d, "user", d->user, CLAIM_USER_MAX) &&
                text_fits(b, d, "cpe_id", d->cpe_id, FORWARDED_CPE_MAX);
    if (d->name == NULL && d->user == NULL)
        config_errors_add(b->errors, &d->at, "a device needs a name (device) or a person (user)");
    else if (named == 0 && d->name == NULL)
        config_errors_add(b->errors, &d->at, "a device needs a mac, an address, a cpe_id or a name (device)");
    else if (named == 0 && d->user == NULL)
        config_errors_add(b->errors, &d->at,
                          "a device with a name alone says nothing: add its mac, its address or its user");
    else if (d->cpe_id != NULL && named > 1)
        config_errors_add(b->errors, &d->at, "a cpe_id stands for a forwarder: it goes with neither mac nor address");
    else
        return fits;
    return false;
}

static void put_text(char *out, size_t size, const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);
    memcpy(out, text == NULL ? "" : text, len >= size ? size - 1 : len);
}

static struct claim claim_of(const struct options_device *d, size_t index)
{
    struct claim claim = {.source = CLAIM_STATIC};
    claim.has_mac = is_given(d->mac, sizeof d->mac);
    memcpy(claim.mac, d->mac, sizeof claim.mac);
    claim.has_address = is_given(&d->address, sizeof d->address);
    claim.address = d->address;
    if (d->cpe_id != NULL) {
        claim.has_address = true;
        claim.address = forwarded_cpe_address((const uint8_t *)d->cpe_id, strlen(d->cpe_id));
    }
    put_text(claim.host, sizeof claim.host, d->name);
    put_text(claim.user, sizeof claim.user, d->user);
    snprintf(claim.key, sizeof claim.key, "%zu", index + 1);
    return claim;
}

static int fill_devices(struct build *b)
{
    const struct schema_list *list = &b->options->identity.devices;
    const struct options_device *devices = list->items;
    struct config_identity *out = &b->config->identity;
    struct claim *claims = arena_alloc(b->arena, (list->count + 1) * sizeof *claims);
    if (claims == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++)
        if (device_is_sound(b, &devices[i]))
            claims[out->device_count++] = claim_of(&devices[i], i);
    out->devices = claims;
    return 0;
}

static struct query_forwarder forwarder_of(const struct options_forwarder *f, const struct prefix *network)
{
    struct query_forwarder out = {.network = *network};
    const int *words = f->believe.items;
    for (size_t i = 0; i < f->believe.count; i++) {
        out.mac = out.mac || words[i] == OPTIONS_BELIEVE_MAC;
        out.subnet = out.subnet || words[i] == OPTIONS_BELIEVE_SUBNET;
        out.cpe_id = out.cpe_id || words[i] == OPTIONS_BELIEVE_CPE_ID;
    }
    return out;
}

/* Each question with EDNS options is looked for among them, one by one. */
static int fill_forwarders(struct build *b)
{
    const struct schema_list *list = &b->options->identity.forwarders;
    const struct options_forwarder *forwarders = list->items;
    struct query_opts *query = &b->config->query;
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += forwarders[i].networks.count;
    struct query_forwarder *out = arena_alloc(b->arena, (count + 1) * sizeof *out);
    if (out == NULL)
        return ERR_NOMEM;
    if (count > QUERY_FORWARDERS_MAX)
        config_errors_add(b->errors, &forwarders[0].at, "identity.forwarders: more than %d networks",
                          QUERY_FORWARDERS_MAX);
    for (size_t i = 0; i < list->count; i++)
        for (size_t k = 0; k < forwarders[i].networks.count; k++)
            out[query->forwarder_count++] =
                forwarder_of(&forwarders[i], &((const struct prefix *)forwarders[i].networks.items)[k]);
    query->forwarders = out;
    return 0;
}

int build_identity(struct build *b)
{
    const struct options_identity *o = &b->options->identity;
    struct config_identity *out = &b->config->identity;
    out->believe_host_names = o->host_names != 0;
    out->shared = o->shared.items;
    out->shared_count = o->shared.count;
    out->loans = o->loans == NULL || o->loans[0] == '/'
                     ? o->loans
                     : arena_printf(b->arena, "%s/%s", b->options->state_dir, o->loans);
    out->roster = arena_printf(b->arena, "%s/state/roster", b->options->state_dir);
    out->presence_public = arena_printf(b->arena, "%s/state/presence.public", b->options->state_dir);
    if (out->roster == NULL || out->presence_public == NULL || (o->loans != NULL && out->loans == NULL))
        return ERR_NOMEM;
    int err = fill_devices(b);
    return err < 0 ? err : fill_forwarders(b);
}
