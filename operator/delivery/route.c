#include "delivery/route.h"

#include <string.h>

#include "base/endpoint.h"

static const char *const kind_words[ROUTE_KINDS] = {"mail:", "webhook:", "syslog:", "folder:"};

int route_kind_of(const char *target, enum route_kind *out)
{
    for (int i = 0; i < ROUTE_KINDS; i++) {
        size_t len = strlen(kind_words[i]);
        if (strncmp(target, kind_words[i], len) == 0 && target[len] != '\0' && strlen(target) < ROUTE_TARGET_MAX) {
            *out = (enum route_kind)i;
            return 0;
        }
    }
    return ERR_MALFORMED;
}

static const struct webhook_opts *webhook_find(const struct routes *routes, const char *name)
{
    for (size_t i = 0; i < routes->webhook_count; i++)
        if (strcmp(routes->webhooks[i].name, name) == 0)
            return &routes->webhooks[i];
    return NULL;
}

static const struct syslog_opts *syslog_find(const struct routes *routes, const char *name)
{
    for (size_t i = 0; i < routes->syslog_count; i++)
        if (strcmp(routes->syslogs[i].name, name) == 0)
            return &routes->syslogs[i];
    return NULL;
}

int route_find(const struct routes *routes, const char *target, struct route *out)
{
    struct route route = {.kind = ROUTE_FOLDER};
    int err = route_kind_of(target, &route.kind);
    if (err < 0)
        return err;
    route.to = target + strlen(kind_words[route.kind]);
    switch (route.kind) {
    case ROUTE_MAIL:
        route.mail = routes->mail;
        err = !endpoint_is_mail(route.to) ? ERR_MALFORMED : route.mail == NULL ? ERR_NOENT : 0;
        break;
    case ROUTE_WEBHOOK:
        route.webhook = webhook_find(routes, route.to);
        err = route.webhook == NULL ? ERR_NOENT : 0;
        break;
    case ROUTE_SYSLOG:
        route.syslog = syslog_find(routes, route.to);
        err = route.syslog == NULL ? ERR_NOENT : 0;
        break;
    case ROUTE_FOLDER:
        err = route.to[0] == '/' ? 0 : ERR_MALFORMED;
        break;
    case ROUTE_KINDS:
        err = ERR_MALFORMED;
        break;
    }
    if (err == 0)
        *out = route;
    return err;
}
