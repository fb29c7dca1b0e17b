#include "dnstap/event.h"

#include <string.h>

#define NS_PER_S    INT64_C(1000000000)
#define HTTP_2      2
#define FAMILY_V4   1
#define FAMILY_V6   2
#define MESSAGE     1 /* Dnstap.type */
#define WIRE_VARINT 0
#define WIRE_BYTES  2
#define WIRE_32     5

/* Where bytes go. The same calls without `at` only count, so that a length can stand before what it is of. */
struct pen {
    uint8_t *at; /* NULL: count */
    size_t len;
};

static void put(struct pen *pen, const void *bytes, size_t len)
{
    if (pen->at != NULL && len > 0)
        memcpy(pen->at + pen->len, bytes, len);
    pen->len += len;
}

static void put_varint(struct pen *pen, uint64_t value)
{
    uint8_t bytes[10];
    size_t len = 0;
    do {
        bytes[len++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value > 0);
    put(pen, bytes, len);
}

static void put_tag(struct pen *pen, unsigned field, unsigned wire)
{
    put_varint(pen, field << 3 | wire);
}

static void put_number(struct pen *pen, unsigned field, uint64_t value)
{
    put_tag(pen, field, WIRE_VARINT);
    put_varint(pen, value);
}

static void put_fixed32(struct pen *pen, unsigned field, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    put_tag(pen, field, WIRE_32);
    put(pen, bytes, sizeof bytes);
}

static void put_bytes(struct pen *pen, unsigned field, const void *bytes, size_t len)
{
    put_tag(pen, field, WIRE_BYTES);
    put_varint(pen, len);
    put(pen, bytes, len);
}

static void put_optional(struct pen *pen, unsigned field, const struct dnstap_bytes *bytes)
{
    if (bytes->at != NULL)
        put_bytes(pen, field, bytes->at, bytes->len);
}

static void put_address(struct pen *pen, unsigned field, const struct endpoint *e)
{
    if (e == NULL)
        return;
    if (ipaddr_is_v4(&e->addr))
        put_bytes(pen, field, ipaddr_v4(&e->addr), 4);
    else
        put_bytes(pen, field, e->addr.bytes, 16);
}

static void put_port(struct pen *pen, unsigned field, const struct endpoint *e)
{
    if (e != NULL)
        put_number(pen, field, e->port);
}

static void put_time(struct pen *pen, unsigned field, int64_t ns)
{
    if (ns <= 0)
        return;
    put_number(pen, field, (uint64_t)(ns / NS_PER_S));
    put_fixed32(pen, field + 1, (uint32_t)(ns % NS_PER_S));
}

static void put_response(struct pen *pen, const struct dnstap_event *e)
{
    put_optional(pen, 14, &e->response);
    for (size_t i = 0; pen->at != NULL && i < e->hidden_count; i++)
        memset(pen->at + pen->len - e->response.len + e->hidden[i].at, 0, e->hidden[i].len);
}

static void put_policy(struct pen *pen, const struct dnstap_policy *p)
{
    put_bytes(pen, 1, p->type, strlen(p->type));
    if (p->rule != NULL)
        put_bytes(pen, 2, p->rule, strlen(p->rule));
    if (p->action != DNSTAP_ACTION_NONE)
        put_number(pen, 3, p->action);
    if (p->match != DNSTAP_MATCH_NONE)
        put_number(pen, 4, p->match);
    put_optional(pen, 5, &p->value);
}

static void put_message(struct pen *pen, const struct dnstap_event *e)
{
    const struct endpoint *known = e->query_from != NULL ? e->query_from : e->response_from;
    put_number(pen, 1, e->type);
    put_number(pen, 2, ipaddr_is_v4(&known->addr) ? FAMILY_V4 : FAMILY_V6);
    put_number(pen, 3, e->protocol);
    put_address(pen, 4, e->query_from);
    put_address(pen, 5, e->response_from);
    put_port(pen, 6, e->query_from);
    put_port(pen, 7, e->response_from);
    put_time(pen, 8, e->query_ns);
    put_optional(pen, 10, &e->query);
    put_optional(pen, 11, &e->zone);
    put_time(pen, 12, e->response_ns);
    put_response(pen, e);
    if (e->policy != NULL) {
        struct pen counted = {0};
        put_policy(&counted, e->policy);
        put_tag(pen, 15, WIRE_BYTES);
        put_varint(pen, counted.len);
        put_policy(pen, e->policy);
    }
    if (e->protocol == DNSTAP_DOH)
        put_number(pen, 16, HTTP_2);
}

static void put_dnstap(struct pen *pen, const struct dnstap_event *e, const uint8_t *head, size_t head_len)
{
    struct pen counted = {0};
    put_message(&counted, e);
    put(pen, head, head_len);
    put_number(pen, 15, MESSAGE);
    put_tag(pen, 14, WIRE_BYTES);
    put_varint(pen, counted.len);
    put_message(pen, e);
}

size_t dnstap_head_write(const char *identity, const char *version, uint8_t out[DNSTAP_HEAD_MAX])
{
    struct pen pen = {0};
    pen.at = out;
    if (identity[0] != '\0')
        put_bytes(&pen, 1, identity, strnlen(identity, DNSTAP_TEXT_MAX));
    if (version[0] != '\0')
        put_bytes(&pen, 2, version, strnlen(version, DNSTAP_TEXT_MAX));
    return pen.len;
}

size_t dnstap_event_size(const struct dnstap_event *event, size_t head_len)
{
    struct pen counted = {0};
    put_dnstap(&counted, event, NULL, head_len);
    return counted.len;
}

void dnstap_event_write(const struct dnstap_event *event, const uint8_t *head, size_t head_len, uint8_t *out)
{
    struct pen pen = {0};
    pen.at = out;
    put_dnstap(&pen, event, head, head_len);
}
