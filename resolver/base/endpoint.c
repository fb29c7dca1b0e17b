#include "base/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

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

bool endpoint_is_mail(const char *text)
{
    const char *at = strchr(text, '@');
    if (at == NULL || at == text || at - text > 64 || text[0] == '.' || at[-1] == '.' || text[0] == '-')
        return false;
    for (const char *c = text; c < at; c++)
        if (!is_local_byte(*c) || (*c == '.' && c[1] == '.'))
            return false;
    return is_domain(at + 1) && strlen(text) < ENDPOINT_MAX;
}

bool endpoint_is_host(const char *text)
{
    uint8_t v6[16];
    return is_domain(text) || inet_pton(AF_INET6, text, v6) == 1;
}

bool endpoint_is_loopback(const char *host, size_t len)
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

bool endpoint_is_url(const char *url)
{
    for (const char *c = url; *c != '\0'; c++)
        if (*c <= 0x20 || *c > 0x7e)
            return false;
    if (strncasecmp(url, "https://", 8) == 0)
        return url[8] != '\0' && url[8] != '/' && memchr(url, '@', strcspn(url + 8, "/?#") + 8) == NULL;
    if (strncasecmp(url, "http://", 7) != 0)
        return false;
    const char *host = url + 7;
    size_t len = strcspn(host, "/?#");
    if (memchr(host, '@', len) != NULL)
        return false; /* what stands before it is no host */
    size_t host_len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
    return host_len <= len && endpoint_is_loopback(host, host_len);
}
