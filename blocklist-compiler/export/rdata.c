#include "export/export.h"

#include <string.h>

#include "base/ipaddr.h"
#include "dns/rr.h"

/* Text in a fixed room, with a sticky "it did not fit". */
struct line {
    char *at;
    size_t len;
    bool ok;
};

static void add(struct line *line, const char *text)
{
    size_t len = strlen(text);
    if (len >= RDATA_TEXT_MAX - line->len) {
        line->ok = false;
        return;
    }
    memcpy(line->at + line->len, text, len + 1);
    line->len += len;
}

static void add_number(struct line *line, const uint8_t *at)
{
    char text[16];
    snprintf(text, sizeof text, "%u ", (unsigned)(at[0] << 8 | at[1]));
    add(line, text);
}

static void add_name(struct line *line, const uint8_t *name, size_t len)
{
    char text[NAME_TEXT_MAX];
    if (name_check(name, len) != (int)len) {
        line->ok = false;
        return;
    }
    add(line, name_to_text(name, text));
    if (len > 1)
        add(line, ".");
}

static void add_string(struct line *line, const uint8_t *bytes, size_t len)
{
    add(line, "\"");
    for (size_t i = 0; i < len; i++) {
        bool plain = bytes[i] >= ' ' && bytes[i] <= '~' && bytes[i] != '"' && bytes[i] != '\\';
        char text[8];
        snprintf(text, sizeof text, plain ? "%c" : "\\%03u", bytes[i]);
        add(line, text);
    }
    add(line, "\"");
}

static void add_strings(struct line *line, const uint8_t *bytes, size_t len)
{
    line->ok = line->ok && len > 0;
    while (len > 0 && line->ok) {
        size_t one = bytes[0];
        if (one + 1 > len) {
            line->ok = false;
            return;
        }
        add(line, line->len > 0 ? " " : "");
        add_string(line, bytes + 1, one);
        bytes += one + 1;
        len -= one + 1;
    }
}

static void add_address(struct line *line, const uint8_t *bytes, size_t len, size_t wanted)
{
    char text[IPADDR_TEXT_MAX];
    line->ok = line->ok && len == wanted;
    if (!line->ok)
        return;
    struct ipaddr addr = wanted == 4 ? ipaddr_from_v4(bytes) : ipaddr_from_v6(bytes);
    add(line, ipaddr_to_text(&addr, text));
}

/* Numbers of two bytes, then a name. */
static void add_numbered(struct line *line, const uint8_t *bytes, size_t len, size_t numbers)
{
    if (len < numbers * 2) {
        line->ok = false;
        return;
    }
    for (size_t i = 0; i < numbers; i++)
        add_number(line, bytes + i * 2);
    add_name(line, bytes + numbers * 2, len - numbers * 2);
}

bool rdata_to_text(const struct blockdb_clause *record, char out[RDATA_TEXT_MAX])
{
    struct line line = {.at = out, .ok = true};
    size_t len = record->rdata_len;
    out[0] = '\0';
    switch (record->type) {
    case DNS_TYPE_A:
        add_address(&line, record->rdata, len, 4);
        break;
    case DNS_TYPE_AAAA:
        add_address(&line, record->rdata, len, 16);
        break;
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
        add_name(&line, record->rdata, len);
        break;
    case DNS_TYPE_MX:
        add_numbered(&line, record->rdata, len, 1);
        break;
    case DNS_TYPE_SRV:
        add_numbered(&line, record->rdata, len, 3);
        break;
    case DNS_TYPE_TXT:
        add_strings(&line, record->rdata, len);
        break;
    default:
        return false;
    }
    return line.ok;
}
