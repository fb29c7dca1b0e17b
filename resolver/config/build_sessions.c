/* Who says who is where: RADIUS accounting and the local API. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "config/build.h"

#define NAME_BYTES_MAX 64 /* of an entry */
#define PASSWD_BYTES   16384

static void check_listen(struct build *b, const char *option, const struct schema_list *listen, size_t max)
{
    if (listen->count > max)
        config_errors_add(b->errors, &listen->places[max], "%s: more than %zu addresses", option, max);
}

/* Names stand before a slash in the journal of sessions, and tell one entry from another. */
static void check_name(struct build *b, const char *kind, const char *name, const struct config_place *at)
{
    if (strlen(name) > NAME_BYTES_MAX || strchr(name, '/') != NULL)
        config_errors_add(b->errors, at, "the name of a %s must be at most %d bytes without /: '%s'", kind,
                          NAME_BYTES_MAX, name);
}

/* ---- RADIUS ---- */

static void check_nas(struct build *b, const struct options_nas nas[], size_t i)
{
    check_name(b, "NAS", nas[i].name, &nas[i].at);
    if (nas[i].networks.count == 0)
        config_errors_add(b->errors, &nas[i].at, "NAS '%s' has no address", nas[i].name);
    for (size_t k = 0; k < i; k++)
        if (strcmp(nas[k].name, nas[i].name) == 0)
            config_errors_add(b->errors, &nas[i].at, "NAS '%s' is given twice, first in line %u", nas[i].name,
                              nas[k].at.line);
}

static int build_radius(struct build *b)
{
    const struct options_radius *o = &b->options->identity.radius;
    const struct options_nas *items = o->nas.items;
    struct radius_nas_opts *nas = arena_alloc(b->arena, (o->nas.count + 1) * sizeof *nas);
    size_t networks = 0;
    if (nas == NULL)
        return ERR_NOMEM;
    check_listen(b, "identity.radius.listen", &o->listen, CONFIG_RADIUS_LISTEN_MAX);
    if (o->listen.count > 0 && o->nas.count == 0)
        config_errors_add(b->errors, &o->listen.places[0],
                          "RADIUS accounting needs a NAS: identity.radius.nas names who may send it");
    for (size_t i = 0; i < o->nas.count; i++) {
        check_nas(b, items, i);
        networks += items[i].networks.count;
        nas[i] = (struct radius_nas_opts){
            .name = items[i].name,
            .networks = items[i].networks.items,
            .network_count = items[i].networks.count,
            .secret_file = build_path(b, items[i].secret),
            .message_authenticator = items[i].message_authenticator == 1,
            .lifetime_s = (items[i].lifetime_ms == 0 ? o->lifetime_ms : items[i].lifetime_ms) / 1000};
        if (nas[i].secret_file == NULL)
            return ERR_NOMEM;
    }
    if (networks > RADIUS_NAS_COUNT_MAX)
        config_errors_add(b->errors, &items[o->nas.count - 1].at, "more than %d addresses of NAS",
                          RADIUS_NAS_COUNT_MAX);
    b->config->radius = (struct config_radius){
        .listen = o->listen.items, .listen_count = o->listen.count, .nas = nas, .nas_count = o->nas.count};
    return 0;
}

/* ---- the local API ---- */

static void check_token(struct build *b, const struct options_token tokens[], size_t i)
{
    check_name(b, "token", tokens[i].name, &tokens[i].at);
    for (size_t k = 0; k < i; k++)
        if (strcmp(tokens[k].name, tokens[i].name) == 0)
            config_errors_add(b->errors, &tokens[i].at, "token '%s' is given twice, first in line %u", tokens[i].name,
                              tokens[k].at.line);
}

static int build_tokens(struct build *b)
{
    const struct schema_list *list = &b->options->identity.api.tokens;
    const struct options_token *items = list->items;
    struct token_opts *tokens = arena_alloc(b->arena, (list->count + 1) * sizeof *tokens);
    if (tokens == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        check_token(b, items, i);
        tokens[i] = (struct token_opts){.name = items[i].name,
                                        .file = build_path(b, items[i].file),
                                        .networks = items[i].networks.items,
                                        .network_count = items[i].networks.count,
                                        .own_address = items[i].own_address};
        if (tokens[i].file == NULL)
            return ERR_NOMEM;
    }
    b->config->api.tokens = tokens;
    b->config->api.token_count = list->count;
    return 0;
}

/* false: there is nobody of that name. */
static bool find_uid(const char *name, uint32_t *out)
{
    char room[PASSWD_BYTES];
    struct passwd entry, *found = NULL;
    if (*name != '\0' && strspn(name, "0123456789") == strlen(name)) {
        errno = 0;
        unsigned long number = strtoul(name, NULL, 10);
        *out = (uint32_t)number;
        return errno == 0 && number < UINT32_MAX;
    }
    if (getpwnam_r(name, &entry, room, sizeof room, &found) != 0 || found == NULL)
        return false;
    *out = found->pw_uid;
    return true;
}

/* Nobody of the machine is asked for when there is no socket that they could use. */
static int build_users(struct build *b)
{
    const struct options_api *o = &b->options->identity.api;
    const char *const *names = o->users.items;
    uint32_t *uids = arena_alloc(b->arena, (o->users.count + 1) * sizeof *uids);
    if (uids == NULL)
        return ERR_NOMEM;
    b->config->api.uids = uids;
    for (size_t i = 0; o->socket != NULL && i < o->users.count; i++) {
        if (find_uid(names[i], &uids[b->config->api.uid_count]))
            b->config->api.uid_count++;
        else
            config_errors_add(b->errors, &o->users.places[i], "this machine has no user '%s'", names[i]);
    }
    return 0;
}

static int build_api(struct build *b)
{
    static const unsigned modes[] = {0600, 0660, 0666}; /* as options_socket_modes */
    const struct options_api *o = &b->options->identity.api;
    check_listen(b, "identity.api.listen", &o->listen, CONFIG_API_LISTEN_MAX);
    if (o->listen.count > 0 && o->tokens.count == 0)
        config_errors_add(b->errors, &o->listen.places[0],
                          "the local API needs a token over HTTPS: identity.api.tokens names its file");
    if (o->ttl_ms > o->ttl_max_ms)
        config_errors_add(b->errors, &o->ttl_at, "ttl is longer than ttl_max");
    b->config->api = (struct config_api){.listen = o->listen.items,
                                         .listen_count = o->listen.count,
                                         .socket = build_path(b, o->socket),
                                         .socket_mode = modes[o->socket_mode],
                                         .limits = {.ttl_s = o->ttl_ms / 1000, .ttl_max_s = o->ttl_max_ms / 1000}};
    if (o->socket != NULL && b->config->api.socket == NULL)
        return ERR_NOMEM;
    int err = build_tokens(b);
    return err < 0 ? err : build_users(b);
}

int build_sessions(struct build *b)
{
    int err = build_radius(b);
    if (err == 0)
        err = build_api(b);
    if (err == 0) {
        b->config->sessions_path = build_path(b, "state/sessions");
        err = b->config->sessions_path == NULL ? ERR_NOMEM : 0;
    }
    return err;
}
