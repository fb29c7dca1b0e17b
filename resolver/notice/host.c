#include "notice/host.h"

#include <string.h>

#include "base/ipaddr.h"

/* Cuts ":port" off; what is left goes to out. False: too long, or the port is no number. */
static bool cut_port(const char *header, char *out, size_t cap)
{
    const char *end = header[0] == '[' ? strchr(header, ']') : strchr(header, ':');
    if (end == NULL && header[0] == '[')
        return false;
    const char *port = end == NULL ? "" : *end == ']' ? end + 1 : end;
    const char *start = header[0] == '[' ? header + 1 : header;
    size_t len = end == NULL ? strlen(header) : (size_t)(end - start);
    if (*port != '\0' && (*port != ':' || strspn(port + 1, "0123456789") != strlen(port + 1)))
        return false;
    if (len == 0 || len >= cap)
        return false;
    memcpy(out, start, len);
    out[len] = '\0';
    return true;
}

int host_parse(const char *header, struct host *out)
{
    char text[NAME_TEXT_MAX];
    struct ipaddr address;
    uint8_t name[NAME_MAX_LEN];
    if (header == NULL || !cut_port(header, text, sizeof text))
        return ERR_MALFORMED;
    if (ipaddr_from_text(text, &address) == 0) {
        *out = (struct host){.is_address = true};
        ipaddr_to_text(&address, out->text);
        return 0;
    }
    /* Backslashes are escapes in names but not in addresses of pages; no browser sends one. */
    int len = header[0] == '[' || strchr(text, '\\') != NULL ? ERR_MALFORMED : name_from_text(text, strlen(text), name);
    if (len <= 1)
        return ERR_MALFORMED;
    *out = (struct host){0};
    name_lower(out->name, name, (size_t)len);
    name_to_text(out->name, out->text);
    return 0;
}
