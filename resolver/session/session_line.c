/* Sessions as lines of text. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mac.h"
#include "session/session.h"

#define VERSION      1
#define CHECKSUM_LEN 16
#define TIME_MAX     INT64_C(253402300799) /* the end of year 9999 */

static const char *const ops[] = {"begin", "session", "clear"};

/* ---- writing ---- */

static void add_text(struct text *out, const char *key, const char *value)
{
    if (*value != '\0')
        text_add_json_member(out, key, value);
}

static void add_session(struct text *out, const struct session *s)
{
    char mac[MAC_TEXT_MAX];
    text_printf(out, ",\"number\":%" PRIu64 ",\"source\":\"%s\"", s->number, session_source_name(s->source));
    add_text(out, "origin", s->origin);
    add_text(out, "id", s->id);
    add_text(out, "user", s->user);
    add_text(out, "host", s->host);
    if (s->has_mac)
        add_text(out, "mac", mac_to_text(s->mac, mac));
    for (unsigned i = 0; i < s->address_count; i++) {
        char address[IPADDR_TEXT_MAX];
        text_printf(out, "%s\"%s\"", i == 0 ? ",\"addresses\":[" : ",", ipaddr_to_text(&s->addresses[i], address));
    }
    text_printf(out, "%s,\"from\":%" PRId64 ",\"heard\":%" PRId64 ",\"until\":%" PRId64,
                s->address_count > 0 ? "]" : "", s->from_s, s->heard_s, s->until_s);
    if (s->end != SESSION_LASTS)
        text_printf(out, ",\"end\":\"%s\",\"ended\":%" PRId64, session_end_name(s->end), s->ended_s);
}

void session_line_write(const struct session_line *line, struct text *out)
{
    static const char empty_checksum[] = "0123456789abcdef ";
    size_t begin = out->len;
    text_add(out, empty_checksum, CHECKSUM_LEN + 1);
    text_printf(out, "{\"v\":%d,\"op\":\"%s\"", VERSION, ops[line->op]);
    if (line->op == SESSION_OP_BEGIN) {
        text_printf(out, ",\"next\":%" PRIu64, line->next);
    } else if (line->op == SESSION_OP_SESSION) {
        add_session(out, &line->session);
    } else {
        text_printf(out, ",\"source\":\"%s\"", session_source_name(line->session.source));
        add_text(out, "origin", line->session.origin);
        text_printf(out, ",\"at\":%" PRId64, line->session.ended_s);
    }
    text_printf(out, "}\n");
    if (!text_ok(out))
        return;
    const char *body = out->bytes + begin + CHECKSUM_LEN + 1;
    uint64_t sum = XXH3_64bits(body, out->len - 1 - (begin + CHECKSUM_LEN + 1));
    for (size_t i = 0; i < CHECKSUM_LEN; i++)
        out->bytes[begin + i] = "0123456789abcdef"[sum >> (60 - 4 * i) & 15];
}

/* ---- reading ---- */

static bool checksum_is_right(const char *text, size_t len)
{
    uint64_t sum = XXH3_64bits(text + CHECKSUM_LEN + 1, len - CHECKSUM_LEN - 1);
    for (size_t i = 0; i < CHECKSUM_LEN; i++)
        if (text[i] != "0123456789abcdef"[sum >> (60 - 4 * i) & 15])
            return false;
    return text[CHECKSUM_LEN] == ' ';
}

/* A number from min to max; `missing` when there is none of the key, unless that is negative. */
static int get_number(const json_t *object, const char *key, int64_t min, int64_t max, int64_t missing, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL && missing >= 0)
        *out = missing;
    else if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
        return ERR_MALFORMED;
    else
        *out = json_integer_value(value);
    return 0;
}

/* A missing one is "". */
static int get_text(const json_t *object, const char *key, char *out, size_t cap)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL) {
        out[0] = '\0';
        return 0;
    }
    if (!json_is_string(value) || json_string_length(value) >= cap ||
        strlen(json_string_value(value)) != json_string_length(value))
        return ERR_MALFORMED;
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return 0;
}

/* The index of a word; missing when there is none of the key, unless that is negative. */
static int get_word(const json_t *object, const char *key, const char *(*name)(unsigned), unsigned count, int missing)
{
    const char *word = json_string_value(json_object_get(object, key));
    if (word == NULL)
        return missing >= 0 && json_object_get(object, key) == NULL ? missing : ERR_MALFORMED;
    for (unsigned i = 0; i < count; i++)
        if (strcmp(word, name(i)) == 0)
            return (int)i;
    return ERR_MALFORMED;
}

static const char *op_at(unsigned i)
{
    return ops[i];
}

static const char *source_at(unsigned i)
{
    return session_source_name((enum session_source)i);
}

static const char *end_at(unsigned i)
{
    return session_end_name((enum session_end)i);
}

static int get_mac(const json_t *object, struct session *out)
{
    const json_t *value = json_object_get(object, "mac");
    if (value == NULL)
        return 0;
    out->has_mac =
        json_is_string(value) && mac_from_text(json_string_value(value), json_string_length(value), out->mac) == 0;
    return out->has_mac ? 0 : ERR_MALFORMED;
}

static int get_addresses(const json_t *object, struct session *out)
{
    const json_t *list = json_object_get(object, "addresses");
    if (list == NULL)
        return 0;
    if (!json_is_array(list) || json_array_size(list) > SESSION_ADDRESSES_MAX)
        return ERR_MALFORMED;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL || ipaddr_from_text(text, &out->addresses[i]) < 0)
            return ERR_MALFORMED;
        out->address_count++;
    }
    return 0;
}

static int get_source_and_origin(const json_t *object, struct session_line *out)
{
    int source = get_word(object, "source", source_at, SESSION_SOURCES, -1);
    if (source < 0 || get_text(object, "origin", out->texts.origin, sizeof out->texts.origin) < 0)
        return ERR_MALFORMED;
    out->session.source = (enum session_source)source;
    return 0;
}

static int get_session(const json_t *object, struct session_line *out)
{
    struct session *s = &out->session;
    int64_t number;
    int end = get_word(object, "end", end_at, SESSION_ENDS, SESSION_LASTS);
    if (end < 0 || get_source_and_origin(object, out) < 0 ||
        get_number(object, "number", 1, INT64_MAX - 1, -1, &number) < 0 ||
        get_text(object, "id", out->texts.id, sizeof out->texts.id) < 0 ||
        get_text(object, "user", out->texts.user, sizeof out->texts.user) < 0 ||
        get_text(object, "host", out->texts.host, sizeof out->texts.host) < 0 || get_mac(object, s) < 0 ||
        get_addresses(object, s) < 0 || get_number(object, "from", 0, TIME_MAX, -1, &s->from_s) < 0 ||
        get_number(object, "heard", 0, TIME_MAX, -1, &s->heard_s) < 0 ||
        get_number(object, "until", 0, TIME_MAX, -1, &s->until_s) < 0 ||
        get_number(object, "ended", 0, TIME_MAX, 0, &s->ended_s) < 0)
        return ERR_MALFORMED;
    s->number = (uint64_t)number;
    s->end = (enum session_end)end;
    return 0;
}

static int read_object(const json_t *object, struct session_line *out)
{
    int64_t version, next;
    if (get_number(object, "v", 1, INT64_MAX, -1, &version) < 0)
        return ERR_MALFORMED;
    if (version != VERSION)
        return ERR_FORMAT_VERSION;
    int op = get_word(object, "op", op_at, sizeof ops / sizeof ops[0], -1);
    if (op < 0)
        return ERR_MALFORMED;
    out->op = (enum session_op)op;
    if (out->op == SESSION_OP_SESSION)
        return get_session(object, out);
    if (out->op == SESSION_OP_CLEAR)
        return get_source_and_origin(object, out) < 0 ||
                       get_number(object, "at", 0, TIME_MAX, -1, &out->session.ended_s) < 0
                   ? ERR_MALFORMED
                   : 0;
    if (get_number(object, "next", 1, INT64_MAX - 1, -1, &next) < 0)
        return ERR_MALFORMED;
    out->next = (uint64_t)next;
    return 0;
}

int session_line_parse(const char *text, size_t len, struct session_line *out)
{
    if (len > SESSION_LINE_MAX || len < CHECKSUM_LEN + 3 || !checksum_is_right(text, len))
        return ERR_DAMAGED;
    json_t *object = json_loadb(text + CHECKSUM_LEN + 1, len - CHECKSUM_LEN - 1, JSON_REJECT_DUPLICATES, NULL);
    memset(out, 0, sizeof *out);
    out->session.user = out->texts.user;
    out->session.host = out->texts.host;
    out->session.origin = out->texts.origin;
    out->session.id = out->texts.id;
    int err = json_is_object(object) ? read_object(object, out) : ERR_MALFORMED;
    json_decref(object);
    return err;
}
