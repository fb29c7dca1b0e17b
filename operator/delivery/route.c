#include "delivery/route.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

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
        err = !route_is_address(route.to) ? ERR_MALFORMED : route.mail == NULL ? ERR_NOENT : 0;
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

/* ---- addresses ---- */

/* atext of RFC 5322, 3.2.3, and the dot. */
static bool is_local_byte(char c)
{
    return isalnum((unsigned char)c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.", c) != NULL);
}

static bool is_domain(const char *domain)
{
    size_t label = 0;
    for (const char *c = domain; *c != '\0'; c++) {
        if (*c == '.' && label == 0)
            return false;
        if (*c != '.' && !isalnum((unsigned char)*c) && *c != '-')
            return false;
        label = *c == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return label > 0 && strlen(domain) <= 253;
}

bool route_is_address(const char *text)
{
    const char *at = strchr(text, '@');
    if (at == NULL || at == text || at - text > 64 || text[0] == '.' || at[-1] == '.' || text[0] == '-')
        return false;
    for (const char *c = text; c < at; c++)
        if (!is_local_byte(*c) || (*c == '.' && c[1] == '.'))
            return false;
    return is_domain(at + 1) && strlen(text) < ROUTE_TARGET_MAX - 16;
}

bool route_is_loopback(const char *host, size_t len)
{
    char name[64];
    struct in_addr v4;
    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof name)
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    if (inet_pton(AF_INET, name, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    return strcasecmp(name, "localhost") == 0 || strcmp(name, "::1") == 0;
}

bool route_url_is_good(const char *url)
{
    for (const char *c = url; *c != '\0'; c++)
        if (*c <= 0x20 || *c > 0x7e)
            return false;
    if (strncasecmp(url, "https://", 8) == 0)
        return url[8] != '\0' && url[8] != '/';
    if (strncasecmp(url, "http://", 7) != 0)
        return false;
    const char *host = url + 7;
    size_t len = strcspn(host, "/?#");
    if (memchr(host, '@', len) != NULL)
        return false; /* what stands before it is no host */
    size_t host_len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    return host_len <= len && route_is_loopback(host, host_len);
}
