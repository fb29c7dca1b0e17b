#include "session/logon.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mac.h"

/* What was asked, read and checked. */
struct request {
    char user[SESSION_USER_MAX];
    char host[SESSION_HOST_MAX];
    bool has_address, has_mac;
    struct ipaddr address;
    uint8_t mac[6];
    int64_t ttl_s; /* 0: not said */
};

const char *logon_count_name(enum logon_count count)
{
    static const char *const names[] = {
#define X(name, suffix) name,
        LOGON_COUNTS(X)
#undef X
    };
    return names[count];
}

void logon_refuse(struct logon_answer *out, unsigned status, const char *error, const char *message)
{
    out->status = status;
    text_printf(&out->body, "{\"error\": \"%s\", \"message\": ", error);
    text_add_json(&out->body, message);
    text_printf(&out->body, "}\n");
}

static bool bad(struct logon_answer *out, const char *message)
{
    logon_refuse(out, 400, "bad_request", message);
    return false;
}

/* ---- reading ---- */

static bool has_control_bytes(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)text[1] < 0xa0))
            return true;
    }
    return false;
}

/* A text of the object, or "" when it has none of the key. */
static bool get_text(const json_t *object, const char *key, char *out, size_t cap, struct logon_answer *answer)
{
    const json_t *value = json_object_get(object, key);
    char message[100];
    out[0] = '\0';
    if (value == NULL)
        return true;
    if (json_is_string(value) && json_string_length(value) < cap &&
        strlen(json_string_value(value)) == json_string_length(value) && !has_control_bytes(json_string_value(value))) {
        memcpy(out, json_string_value(value), json_string_length(value) + 1);
        return true;
    }
    snprintf(message, sizeof message, "%s must be a text of at most %zu bytes without control characters", key,
             cap - 1);
    return bad(answer, message);
}

/* Seconds, or digits with a unit. */
static bool duration_from_text(const char *text, int64_t *out)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    char *end;
    long number = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || number < 1 || number > 1000000000)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0) {
            *out = number * units[i].seconds;
            return true;
        }
    return false;
}

static bool get_ttl(const json_t *object, struct request *out, struct logon_answer *answer)
{
    const json_t *value = json_object_get(object, "ttl");
    if (value == NULL)
        return true;
    if (json_is_integer(value) && json_integer_value(value) >= 1 && json_integer_value(value) <= 1000000000) {
        out->ttl_s = json_integer_value(value);
        return true;
    }
    if (json_is_string(value) && duration_from_text(json_string_value(value), &out->ttl_s))
        return true;
    return bad(answer, "ttl must be a number of seconds or a duration such as \"45m\" or \"8h\"");
}

static bool get_place(const json_t *object, struct request *out, struct logon_answer *answer)
{
    const json_t *address = json_object_get(object, "address");
    const json_t *mac = json_object_get(object, "mac");
    if (address != NULL) {
        if (!json_is_string(address) || ipaddr_from_text(json_string_value(address), &out->address) < 0)
            return bad(answer, "address must be an IPv4 or IPv6 address");
        out->has_address = true;
    }
    if (mac != NULL) {
        if (!json_is_string(mac) || mac_from_text(json_string_value(mac), json_string_length(mac), out->mac) < 0)
            return bad(answer, "mac must be the address of one device, such as aa:bb:cc:dd:ee:ff");
        out->has_mac = true;
    }
    return true;
}

static bool check_keys(const json_t *object, struct logon_answer *answer)
{
    static const char *const known[] = {"user", "address", "mac", "host", "ttl"};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found = found || strcmp(key, known[i]) == 0;
        if (!found)
            return bad(answer, "only user, address, mac, host and ttl may be said");
    }
    return true;
}

static bool read_object(const json_t *object, struct request *out, struct logon_answer *answer)
{
    return check_keys(object, answer) && get_text(object, "user", out->user, sizeof out->user, answer) &&
           get_text(object, "host", out->host, sizeof out->host, answer) && get_place(object, out, answer) &&
           get_ttl(object, out, answer);
}

static bool read_request(const struct logon_call *call, struct request *out, struct logon_answer *answer)
{
    if (call->body_len > LOGON_BODY_MAX) {
        logon_refuse(answer, 413, "too_large", "the request is too long");
        return false;
    }
    json_t *object = json_loadb(call->body, call->body_len, JSON_REJECT_DUPLICATES, NULL);
    bool fine =
        json_is_object(object) ? read_object(object, out, answer) : bad(answer, "the request must be a JSON object");
    json_decref(object);
    return fine;
}

/* ---- may it? ---- */

static bool is_among(const struct speaker *speaker, const struct ipaddr *address)
{
    if (speaker->network_count == 0)
        return true;
    for (size_t i = 0; i < speaker->network_count; i++)
        if (prefix_contains(&speaker->networks[i], address))
            return true;
    return false;
}

static bool forbid(struct logon_answer *out, const char *message)
{
    logon_refuse(out, 403, "forbidden", message);
    return false;
}

/* Fills in what goes without saying, and refuses what is not the speaker's to say. */
static bool settle_place(const struct logon_call *call, struct request *request, struct logon_answer *out)
{
    const struct speaker *speaker = call->speaker;
    if (!request->has_address && !request->has_mac) {
        if (call->peer == NULL)
            return bad(out, "say whom you mean: address or mac");
        request->address = *call->peer;
        request->has_address = true;
    }
    if (request->has_address && ipaddr_is_link_local(&request->address))
        return bad(out, "a link-local address means nothing without its network");
    if (speaker->own_address && (!request->has_address || call->peer == NULL || request->has_mac ||
                                 !ipaddr_equal(&request->address, call->peer)))
        return forbid(out, "this token may speak only for the address that it calls from");
    if (speaker->network_count > 0 && request->has_mac)
        return forbid(out, "a token of some networks may speak for addresses, not for a mac, which may be anywhere");
    if (request->has_address && !is_among(speaker, &request->address))
        return forbid(out, "this token may not speak for that address");
    return true;
}

/* ---- what is done ---- */

static void add_member(struct text *out, const char *key, const char *value)
{
    text_printf(out, ", \"%s\": ", key);
    text_add_json(out, value);
}

static void write_session(const struct session *s, struct text *out)
{
    char address[IPADDR_TEXT_MAX], mac[MAC_TEXT_MAX];
    text_printf(out, "{\"session\": %" PRIu64, s->number);
    add_member(out, "user", s->user);
    if (s->address_count > 0)
        add_member(out, "address", ipaddr_to_text(&s->addresses[0], address));
    if (s->has_mac)
        add_member(out, "mac", mac_to_text(s->mac, mac));
    if (s->host[0] != '\0')
        add_member(out, "host", s->host);
    text_printf(out, ", \"from_s\": %" PRId64 ", \"until_s\": %" PRId64 "}", s->from_s, s->until_s);
}

/* By this a speaker's sessions are told apart: one at an address, or one of a device. */
static void write_id(const struct request *request, char out[IPADDR_TEXT_MAX])
{
    if (request->has_address)
        ipaddr_to_text(&request->address, out);
    else
        mac_to_text(request->mac, out);
}

static void fail(struct logon_answer *out, int err)
{
    logon_refuse(out, 503, "unavailable",
                 err == ERR_LIMIT ? "too many sessions are known already" : "there is no memory for it");
}

static void log_on(struct session_book *book, const struct logon_limits *limits, const struct logon_call *call,
                   const struct request *request, struct logon_answer *out)
{
    char id[IPADDR_TEXT_MAX];
    int64_t ttl_s = request->ttl_s == 0 ? limits->ttl_s : request->ttl_s;
    write_id(request, id);
    const struct session *known = session_book_find(book, SESSION_LOGON, call->speaker->origin, id);
    struct session s = {.source = SESSION_LOGON,
                        .from_s = call->now_s,
                        .heard_s = call->now_s,
                        .until_s = call->now_s + (ttl_s < limits->ttl_max_s ? ttl_s : limits->ttl_max_s),
                        .has_mac = request->has_mac,
                        .address_count = request->has_address,
                        .addresses = {request->address},
                        .user = request->user,
                        .host = request->host,
                        .origin = call->speaker->origin,
                        .id = id};
    memcpy(s.mac, request->mac, sizeof s.mac);
    if (!s.has_mac && call->card != NULL)
        s.has_mac = call->card(call->ctx, &request->address, s.mac);
    if (known != NULL && known->end == SESSION_LASTS && strcmp(known->user, request->user) == 0 &&
        known->until_s > call->now_s) {
        s.number = known->number; /* the same goes on */
        s.from_s = known->from_s;
    }
    int err = session_book_put(book, &s);
    if (err < 0) {
        fail(out, err);
        return;
    }
    out->status = s.number == 0 ? 201 : 200;
    write_session(session_book_find(book, SESSION_LOGON, call->speaker->origin, id), &out->body);
    text_printf(&out->body, "\n");
}

static void log_off(struct session_book *book, const struct logon_call *call, const struct request *request,
                    struct logon_answer *out)
{
    const struct session *known =
        session_book_at(book, SESSION_LOGON, request->has_address ? &request->address : NULL, request->mac);
    if (known == NULL || strcmp(known->origin, call->speaker->origin) != 0 || known->until_s <= call->now_s ||
        (request->user[0] != '\0' && strcmp(request->user, known->user) != 0)) {
        logon_refuse(out, 404, "not_found", "no such session of yours");
        return;
    }
    uint64_t number = known->number;
    int err = session_book_end(book, known, SESSION_STOPPED, call->now_s);
    if (err < 0) {
        fail(out, err);
        return;
    }
    out->status = 200;
    text_printf(&out->body, "{\"session\": %" PRIu64 ", \"ended_s\": %" PRId64 "}\n", number, call->now_s);
}

struct list {
    const struct logon_call *call;
    struct text *out;
    size_t count, left_out;
};

static void add_to_list(void *ctx, const struct session *session)
{
    struct list *list = ctx;
    if (session->until_s <= list->call->now_s)
        return;
    if (list->count == LOGON_LIST_MAX) {
        list->left_out++;
        return;
    }
    text_printf(list->out, list->count++ == 0 ? "\n  " : ",\n  ");
    write_session(session, list->out);
}

static void list_own(struct session_book *book, const struct logon_call *call, struct logon_answer *out)
{
    struct list list = {.call = call, .out = &out->body};
    out->status = 200;
    text_printf(&out->body, "{\"sessions\": [");
    session_book_each_of(book, SESSION_LOGON, call->speaker->origin, add_to_list, &list);
    text_printf(&out->body, "], \"left_out\": %zu}\n", list.left_out);
}

void logon_take(struct session_book *book, const struct logon_limits *limits, const struct logon_call *call,
                struct logon_answer *out)
{
    struct request request = {.ttl_s = 0};
    if (call->op == LOGON_LIST) {
        list_own(book, call, out);
        return;
    }
    if (!read_request(call, &request, out))
        return;
    if (call->op == LOGON_ON && request.user[0] == '\0') {
        (void)bad(out, "say who: user");
        return;
    }
    if (!settle_place(call, &request, out))
        return;
    if (call->op == LOGON_ON)
        log_on(book, limits, call, &request, out);
    else
        log_off(book, call, &request, out);
}
