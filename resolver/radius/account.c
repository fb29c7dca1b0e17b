#include "radius/account.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mac.h"
#include "base/text.h"

#define AHEAD_S  300 /* a NAS whose clock is so far ahead is believed, but not that it happened later than now */
#define BEHIND_S (7 * 86400) /* ... and one that is further behind has no clock */

/* ---- spellings ---- */

/* UTF-8 without control bytes, so that it can stand in a log, a table and a terminal. */
static bool is_text(const uint8_t *bytes, size_t len)
{
    char copy[RADIUS_VALUE_MAX + 1];
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    for (size_t i = 0; i < len;) {
        size_t step = text_utf8_len(copy + i);
        unsigned char c = (unsigned char)copy[i];
        bool is_c1 = step == 2 && c == 0xc2 && (unsigned char)copy[i + 1] < 0xa0;
        if (step == 0 || c < 0x20 || c == 0x7f || is_c1)
            return false;
        i += step;
    }
    return true;
}

/* Any bytes, as letters: what is no plain ASCII becomes two digits. Different bytes stay different: % is none of them. */
static void write_id(const struct radius_attribute *from, char out[RADIUS_ID_MAX])
{
    bool plain = true;
    for (size_t i = 0; i < from->len; i++)
        plain = plain && from->value[i] > 0x20 && from->value[i] < 0x7f && from->value[i] != '%';
    size_t len = 0;
    if (!plain && from->len > 0)
        len = (size_t)snprintf(out, RADIUS_ID_MAX, "%%"); /* all of it in digits */
    for (size_t i = 0; i < from->len && len + 3 <= RADIUS_ID_MAX; i++)
        len += (size_t)snprintf(out + len, RADIUS_ID_MAX - len, plain ? "%c" : "%02x", from->value[i]);
    out[len] = '\0';
}

/* ---- attributes ---- */

static uint32_t number(const struct radius_attribute *attribute)
{
    const uint8_t *v = attribute->value;
    return (uint32_t)v[0] << 24 | (uint32_t)v[1] << 16 | (uint32_t)v[2] << 8 | v[3];
}

/* What was found of those that are looked for; .value NULL: not there. The last of several counts, but for `unique`. */
struct found {
    struct radius_attribute status, session_id, user, identity, nas_v4, nas_v6, nas_name, station, delay, timestamp,
        lasted, interface;
    struct radius_attribute prefix;
    bool twice; /* one that may be there once only */
};

static void take(struct radius_attribute *place, const struct radius_attribute *attribute, bool sized)
{
    if (sized)
        *place = *attribute;
}

static void take_unique(struct found *found, struct radius_attribute *place, const struct radius_attribute *attribute)
{
    found->twice = found->twice || place->value != NULL;
    *place = *attribute;
}

/* 0.0.0.0, and the two by which a NAS says that it does not know (RFC 2865, 5.8). */
static bool is_v4_of_somebody(const uint8_t v4[4])
{
    static const uint8_t none[4], negotiated[4] = {255, 255, 255, 255}, chosen[4] = {255, 255, 255, 254};
    return memcmp(v4, none, 4) != 0 && memcmp(v4, negotiated, 4) != 0 && memcmp(v4, chosen, 4) != 0 &&
           v4[0] < 224; /* many */
}

static bool is_v6_of_somebody(const struct ipaddr *a)
{
    static const uint8_t none[16];
    return memcmp(a->bytes, none, 16) != 0 && a->bytes[0] != 0xff && !ipaddr_is_v4(a) && !ipaddr_is_link_local(a);
}

static void add_address(struct radius_account *out, const struct ipaddr *address)
{
    for (unsigned i = 0; i < out->address_count; i++)
        if (ipaddr_equal(&out->addresses[i], address))
            return;
    if (out->address_count < RADIUS_ADDRESSES_MAX)
        out->addresses[out->address_count++] = *address;
}

static void take_address(struct radius_account *out, const struct radius_attribute *a)
{
    if (a->type == RADIUS_FRAMED_IP_ADDRESS && a->len == 4 && is_v4_of_somebody(a->value)) {
        struct ipaddr address = ipaddr_from_v4(a->value);
        add_address(out, &address);
    } else if (a->type == RADIUS_FRAMED_IPV6_ADDRESS && a->len == 16) {
        struct ipaddr address = ipaddr_from_v6(a->value);
        if (is_v6_of_somebody(&address))
            add_address(out, &address);
    }
}

/* A prefix of 64 bits and the interface in it are one address (RFC 3162, 2.2 and 2.3). */
static void join_address(const struct found *found, struct radius_account *out)
{
    const struct radius_attribute *prefix = &found->prefix;
    uint8_t bytes[16] = {0};
    if (prefix->value == NULL || found->interface.value == NULL || prefix->len < 2 || prefix->value[1] != 64)
        return;
    size_t given = (size_t)prefix->len - 2 < 8 ? (size_t)prefix->len - 2 : 8;
    memcpy(bytes, prefix->value + 2, given);
    memcpy(bytes + 8, found->interface.value, 8);
    struct ipaddr address = ipaddr_from_v6(bytes);
    if (is_v6_of_somebody(&address))
        add_address(out, &address);
}

static void take_attribute(struct found *found, const struct radius_attribute *a, struct radius_account *out)
{
    switch (a->type) {
    case RADIUS_USER_NAME:
        take_unique(found, &found->user, a);
        break;
    case RADIUS_ACCT_STATUS_TYPE:
        take_unique(found, &found->status, a);
        break;
    case RADIUS_ACCT_SESSION_ID:
        take_unique(found, &found->session_id, a);
        break;
    case RADIUS_CHARGEABLE_USER_IDENTITY:
        take(&found->identity, a, true);
        break;
    case RADIUS_NAS_IP_ADDRESS:
        take(&found->nas_v4, a, a->len == 4);
        break;
    case RADIUS_NAS_IPV6_ADDRESS:
        take(&found->nas_v6, a, a->len == 16);
        break;
    case RADIUS_NAS_IDENTIFIER:
        take(&found->nas_name, a, a->len > 0);
        break;
    case RADIUS_CALLING_STATION_ID:
        take(&found->station, a, true);
        break;
    case RADIUS_ACCT_DELAY_TIME:
        take(&found->delay, a, a->len == 4);
        break;
    case RADIUS_EVENT_TIMESTAMP:
        take(&found->timestamp, a, a->len == 4);
        break;
    case RADIUS_ACCT_SESSION_TIME:
        take(&found->lasted, a, a->len == 4);
        break;
    case RADIUS_FRAMED_INTERFACE_ID:
        take(&found->interface, a, a->len == 8);
        break;
    case RADIUS_FRAMED_IPV6_PREFIX:
        take(&found->prefix, a, a->len >= 2 && a->len <= 18);
        break;
    case RADIUS_FRAMED_IP_ADDRESS:
    case RADIUS_FRAMED_IPV6_ADDRESS:
        take_address(out, a);
        break;
    default:
        break;
    }
}

/* ---- who ---- */

/* "anonymous", "anonymous@realm", "@realm", "": the outer name of a tunnel, not a person. */
static bool hides(const char *user)
{
    size_t len = strcspn(user, "@");
    return len == 0 || (len == strlen("anonymous") && strncasecmp(user, "anonymous", len) == 0);
}

static void set_host(struct radius_account *out, const char *name, size_t len)
{
    if (len > 0 && len < sizeof out->host)
        snprintf(out->host, sizeof out->host, "%.*s", (int)len, name);
    out->user[0] = '\0';
}

/* Windows logs a machine on before anybody does. */
static void tell_machine(struct radius_account *out)
{
    char name[RADIUS_USER_MAX];
    memcpy(name, out->user, sizeof name);
    size_t len = strlen(name);
    const char *slash = strrchr(name, '\\');
    const char *last = slash == NULL ? name : slash + 1;
    if (strncasecmp(name, "host/", 5) == 0)
        set_host(out, name + 5, len - 5);
    else if (len > 0 && name[len - 1] == '$')
        set_host(out, last, strlen(last) - 1);
}

/* A device that was let in by its address gives that for a name. */
static bool is_own_mac(const struct radius_account *account)
{
    uint8_t mac[MAC_LEN];
    return mac_from_text(account->user, strlen(account->user), mac) == 0 &&
           (!account->has_mac || memcmp(mac, account->mac, MAC_LEN) == 0);
}

static int set_text(const struct radius_attribute *from, char *out, size_t cap)
{
    size_t len = from->value == NULL ? 0 : from->len;
    while (len > 0 && from->value[len - 1] == '\0') /* some count the closing zero of their language */
        len--;
    if (len >= cap || (len > 0 && !is_text(from->value, len)))
        return ERR_MALFORMED;
    if (len > 0)
        memcpy(out, from->value, len);
    out[len] = '\0';
    return 0;
}

static int read_who(const struct found *found, struct radius_account *out)
{
    char identity[RADIUS_USER_MAX];
    const struct radius_attribute *station = &found->station;
    out->has_mac = station->value != NULL && mac_from_text((const char *)station->value, station->len, out->mac) == 0;
    int err = set_text(&found->user, out->user, sizeof out->user);
    if (err < 0)
        return err;
    if (hides(out->user)) {
        /* An identity that is no text is one that only its maker can read. */
        bool named = set_text(&found->identity, identity, sizeof identity) == 0;
        snprintf(out->user, sizeof out->user, "%s", named ? identity : "");
    }
    if (is_own_mac(out)) {
        if (!out->has_mac)
            out->has_mac = mac_from_text(out->user, strlen(out->user), out->mac) == 0;
        out->user[0] = '\0';
    }
    tell_machine(out);
    return 0;
}

/* The address by which it goes, or its name. Some put in what every one of them could say: that tells nothing. */
static void read_nas(const struct found *found, struct radius_account *out)
{
    char text[IPADDR_TEXT_MAX];
    if (found->nas_v4.value != NULL && is_v4_of_somebody(found->nas_v4.value) && found->nas_v4.value[0] != 127) {
        struct ipaddr address = ipaddr_from_v4(found->nas_v4.value);
        snprintf(out->nas, sizeof out->nas, "%s", ipaddr_to_text(&address, text));
    } else if (found->nas_v6.value != NULL) {
        struct ipaddr address = ipaddr_from_v6(found->nas_v6.value);
        snprintf(out->nas, sizeof out->nas, "%s", ipaddr_to_text(&address, text));
    } else if (set_text(&found->nas_name, out->nas, sizeof out->nas) < 0) {
        out->nas[0] = '\0';
    }
}

/* ---- when ---- */

static void read_time(const struct found *found, int64_t now_s, struct radius_account *out)
{
    int64_t delay_s = found->delay.value == NULL ? 0 : (int64_t)number(&found->delay);
    int64_t said_s = found->timestamp.value == NULL ? 0 : (int64_t)number(&found->timestamp);
    out->has_timestamp = said_s > now_s - BEHIND_S && said_s <= now_s + AHEAD_S;
    out->at_s = out->has_timestamp ? said_s : now_s - (delay_s < BEHIND_S ? delay_s : BEHIND_S);
    if (out->at_s > now_s)
        out->at_s = now_s;
    out->lasted_s = found->lasted.value == NULL ? 0 : (int64_t)number(&found->lasted);
}

static int read_event(const struct found *found, struct radius_account *out)
{
    if (found->twice || found->status.value == NULL || found->status.len != 4)
        return ERR_MALFORMED;
    switch (number(&found->status)) {
    case RADIUS_START:
    case RADIUS_STOP:
    case RADIUS_INTERIM:
        out->event = (enum radius_event)number(&found->status);
        return found->session_id.value == NULL || found->session_id.len == 0 ? ERR_MALFORMED : 0;
    case RADIUS_ON:
    case RADIUS_OFF:
        out->event = (enum radius_event)number(&found->status);
        return 0;
    default:
        out->event = RADIUS_OTHER;
        return 0;
    }
}

int radius_account_read(const struct radius_packet *packet, int64_t now_s, struct radius_account *out)
{
    struct radius_account account = {.event = RADIUS_OTHER};
    struct found found = {.twice = false};
    struct radius_attribute attribute;
    size_t at = 0;
    while (radius_packet_next(packet, &at, &attribute))
        take_attribute(&found, &attribute, &account);
    int err = read_event(&found, &account);
    if (err == 0)
        err = read_who(&found, &account);
    if (err < 0)
        return err;
    join_address(&found, &account);
    read_nas(&found, &account);
    read_time(&found, now_s, &account);
    if (found.session_id.value != NULL)
        write_id(&found.session_id, account.id);
    *out = account;
    return 0;
}
