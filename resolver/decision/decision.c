#include "decision/decision.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define VERSION      1
#define CHECKSUM_LEN 16

/* ---- reading ---- */

static bool checksum_of(const char *line, uint64_t *out)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < CHECKSUM_LEN; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = line[i] == '\0' ? NULL : strchr(digits, line[i]);
        if (digit == NULL)
            return false;
        sum = sum << 4 | (uint64_t)(digit - digits);
    }
    *out = sum;
    return true;
}

/* The object of a line whose checksum is right. */
static int open_line(const char *line, size_t len, json_t **out)
{
    uint64_t sum;
    const char *body = line + CHECKSUM_LEN + 1;
    if (len > DECISION_LINE_MAX || len < CHECKSUM_LEN + 3 || !checksum_of(line, &sum) || line[CHECKSUM_LEN] != ' ' ||
        XXH3_64bits(body, len - CHECKSUM_LEN - 1) != sum)
        return ERR_DAMAGED;
    *out = json_loadb(body, len - CHECKSUM_LEN - 1, JSON_REJECT_DUPLICATES, NULL);
    if (*out == NULL || !json_is_object(*out)) {
        json_decref(*out);
        return ERR_MALFORMED;
    }
    return 0;
}

static int get_number(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
        return ERR_MALFORMED;
    *out = json_integer_value(value);
    return 0;
}

static int get_id(const json_t *object, const char *key, uint32_t *out)
{
    int64_t number;
    int err = get_number(object, key, 1, UINT32_MAX, &number);
    if (err == 0)
        *out = (uint32_t)number;
    return err;
}

/* cap counts the closing zero. */
static int get_text(const json_t *object, const char *key, char *out, size_t cap)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value) || json_string_length(value) >= cap)
        return ERR_MALFORMED;
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return 0;
}

static int get_name(const json_t *object, uint8_t out[NAME_MAX_LEN])
{
    const json_t *value = json_object_get(object, "name");
    if (!json_is_string(value))
        return ERR_MALFORMED;
    int len = name_from_text(json_string_value(value), json_string_length(value), out);
    if (len <= 1)
        return ERR_MALFORMED;
    name_lower(out, out, (size_t)len);
    return 0;
}

/* Without a scope, for everyone. */
static int get_scope(const json_t *object, struct decision *out)
{
    const json_t *scope = json_object_get(object, "scope");
    if (scope == NULL)
        return 0;
    if (!json_is_object(scope))
        return ERR_MALFORMED;
    if (json_object_size(scope) != 1 || json_object_get(scope, "group") == NULL)
        return ERR_UNSUPPORTED;
    int err = get_text(scope, "group", out->group, sizeof out->group);
    return err == 0 && out->group[0] == '\0' ? ERR_MALFORMED : err;
}

static int get_why(const json_t *object, struct decision *out)
{
    int err = get_text(object, "by", out->by, sizeof out->by);
    return err < 0 ? err : get_text(object, "reason", out->reason, sizeof out->reason);
}

static int get_who(const json_t *object, struct decision *out)
{
    int64_t uid = 0;
    int err = get_why(object, out);
    if (err == 0)
        err = get_number(object, "uid", 0, UINT32_MAX, &uid);
    out->uid = (uint32_t)uid;
    return err;
}

static int get_what(const json_t *object, struct decision *out)
{
    const json_t *below = json_object_get(object, "below");
    int err = get_scope(object, out);
    if (err == 0)
        err = get_name(object, out->name);
    if (err == 0)
        err = get_number(object, "until", 0, DECISION_TIME_MAX_S, &out->until_s);
    if (err == 0 && !json_is_boolean(below))
        err = ERR_MALFORMED;
    out->below = json_is_true(below);
    return err;
}

static int read_decision(const json_t *object, struct decision *out)
{
    int err = get_what(object, out);
    if (err == 0)
        err = get_id(object, "id", &out->id);
    if (err == 0)
        err = get_number(object, "made", 1, DECISION_TIME_MAX_S, &out->made_s);
    if (err == 0)
        err = get_who(object, out);
    return err == 0 && out->kind == DECISION_ALLOW && out->until_s == 0 ? ERR_MALFORMED : err;
}

static int read_revocation(const json_t *object, struct decision *out)
{
    int err = get_id(object, "id", &out->id);
    if (err == 0)
        err = get_number(object, "at", 1, DECISION_TIME_MAX_S, &out->revoked_s);
    return err < 0 ? err : get_who(object, out);
}

static bool kind_from_text(const char *op, enum decision_kind *out)
{
    *out = strcmp(op, "allow") == 0 ? DECISION_ALLOW : DECISION_BLOCK;
    return *out == DECISION_ALLOW || strcmp(op, "block") == 0;
}

static int read_object(const json_t *object, struct decision_line *out)
{
    int64_t version;
    const char *op = json_string_value(json_object_get(object, "op"));
    int err = get_number(object, "v", 1, INT32_MAX, &version);
    if (err < 0 || op == NULL)
        return ERR_MALFORMED;
    if (version != VERSION)
        return ERR_FORMAT_VERSION;
    if (strcmp(op, "begin") == 0) {
        out->op = DECISION_OP_BEGIN;
        return get_id(object, "next", &out->next);
    }
    if (strcmp(op, "revoke") == 0) {
        out->op = DECISION_OP_REVOKE;
        return read_revocation(object, &out->decision);
    }
    if (!kind_from_text(op, &out->decision.kind))
        return ERR_UNSUPPORTED;
    out->op = DECISION_OP_DECIDE;
    return read_decision(object, &out->decision);
}

int decision_line_parse(const char *line, size_t len, struct decision_line *out)
{
    json_t *object = NULL;
    struct decision_line read = {.next = 0};
    int err = open_line(line, len, &object);
    if (err < 0)
        return err;
    err = read_object(object, &read);
    json_decref(object);
    if (err == 0)
        *out = read;
    return err;
}

/* ---- requests ---- */

static int read_request(const json_t *object, struct decision_request *out)
{
    const char *op = json_string_value(json_object_get(object, "op"));
    int err = op == NULL ? ERR_MALFORMED : get_why(object, &out->decision);
    if (err < 0)
        return err;
    if (strcmp(op, "revoke") == 0) {
        out->op = DECISION_OP_REVOKE;
        return get_id(object, "id", &out->decision.id);
    }
    if (!kind_from_text(op, &out->decision.kind))
        return ERR_UNSUPPORTED;
    out->op = DECISION_OP_DECIDE;
    err = get_what(object, &out->decision);
    return err < 0 ? err : get_number(object, "for", 0, DECISION_TIME_MAX_S, &out->for_s);
}

int decision_request_parse(const char *json, size_t len, struct decision_request *out)
{
    struct decision_request read = {.for_s = 0};
    json_t *object = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
    int err = json_is_object(object) ? read_request(object, &read) : ERR_MALFORMED;
    json_decref(object);
    if (err == 0)
        *out = read;
    return err;
}

/* ---- writing ---- */

static void add_text(struct text *out, const char *key, const char *value)
{
    text_printf(out, ", \"%s\": ", key);
    text_add_json(out, value);
}

static void add_who(struct text *out, const struct decision *d)
{
    add_text(out, "by", d->by);
    text_printf(out, ", \"uid\": %" PRIu32, d->uid);
    add_text(out, "reason", d->reason);
}

static const char *kind_text(const struct decision *d)
{
    return d->kind == DECISION_BLOCK ? "block" : "allow";
}

static void add_what(struct text *out, const struct decision *d)
{
    char name[NAME_TEXT_MAX];
    add_text(out, "name", name_to_text(d->name, name));
    text_printf(out, ", \"below\": %s, \"until\": %" PRId64, d->below ? "true" : "false", d->until_s);
    if (d->group[0] == '\0')
        return;
    text_printf(out, ", \"scope\": {\"group\": ");
    text_add_json(out, d->group);
    text_printf(out, "}");
}

static void write_decision(const struct decision *d, struct text *out)
{
    text_printf(out, "{\"v\": %d, \"op\": \"%s\", \"id\": %" PRIu32 ", \"made\": %" PRId64, VERSION, kind_text(d),
                d->id, d->made_s);
    add_what(out, d);
    add_who(out, d);
    text_printf(out, "}");
}

void decision_request_write(const struct decision_request *request, struct text *out)
{
    const struct decision *d = &request->decision;
    if (request->op == DECISION_OP_REVOKE) {
        text_printf(out, "{\"op\": \"revoke\", \"id\": %" PRIu32, d->id);
    } else {
        text_printf(out, "{\"op\": \"%s\", \"for\": %" PRId64, kind_text(d), request->for_s);
        add_what(out, d);
    }
    add_text(out, "by", d->by);
    add_text(out, "reason", d->reason);
    text_printf(out, "}");
}

void decision_line_write(const struct decision_line *line, struct text *out)
{
    struct text body = {0};
    switch (line->op) {
    case DECISION_OP_BEGIN:
        text_printf(&body, "{\"v\": %d, \"op\": \"begin\", \"next\": %" PRIu32 "}", VERSION, line->next);
        break;
    case DECISION_OP_DECIDE:
        write_decision(&line->decision, &body);
        break;
    case DECISION_OP_REVOKE:
        text_printf(&body, "{\"v\": %d, \"op\": \"revoke\", \"id\": %" PRIu32 ", \"at\": %" PRId64, VERSION,
                    line->decision.id, line->decision.revoked_s);
        add_who(&body, &line->decision);
        text_printf(&body, "}");
        break;
    }
    if (text_ok(&body))
        text_printf(out, "%016" PRIx64 " %s\n", (uint64_t)XXH3_64bits(body.bytes, body.len), body.bytes);
    else
        out->failed = true;
    text_done(&body);
}
