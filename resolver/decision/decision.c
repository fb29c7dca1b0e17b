#include "decision/decision.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define VERSION       1
#define VERSION_LATER 2 /* of what begins later: who reads only the first would have it hold at once */
#define CHECKSUM_LEN  16

/* ---- names ---- */

static const char *const kinds[] = {
    [DECISION_BLOCK] = "block", [DECISION_ALLOW] = "allow", [DECISION_GRANT] = "grant", [DECISION_SUSPEND] = "suspend"};
static const char *const scopes[] = {[DECISION_EVERYONE] = "everyone",
                                     [DECISION_GROUP] = "group",
                                     [DECISION_USER] = "user",
                                     [DECISION_DEVICE] = "device"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *decision_kind_name(enum decision_kind kind)
{
    return kinds[kind];
}

const char *decision_scope_name(enum decision_scope scope)
{
    return scopes[scope];
}

/* ---- further names: each a byte that says whether those below it count, and the name ---- */

int decision_name_add(struct decision *decision, const uint8_t *name, bool below)
{
    size_t pos = 0, count = 0, len = name_len(name);
    bool other;
    while (decision_name_next(decision, &pos, &other) != NULL)
        count++;
    if (count == DECISION_NAMES_MAX || decision->names_len + 1 + len > sizeof decision->names)
        return ERR_LIMIT;
    decision->names[decision->names_len] = below;
    memcpy(decision->names + decision->names_len + 1, name, len);
    decision->names_len = (uint16_t)(decision->names_len + 1 + len);
    return 0;
}

const uint8_t *decision_name_next(const struct decision *decision, size_t *pos, bool *out_below)
{
    if (*pos >= decision->names_len)
        return NULL;
    const uint8_t *at = decision->names + *pos;
    *out_below = at[0];
    *pos += 1 + name_len(at + 1);
    return at + 1;
}

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
    for (enum decision_scope kind = DECISION_GROUP; json_object_size(scope) == 1 && kind <= DECISION_DEVICE; kind++) {
        if (json_object_get(scope, scopes[kind]) == NULL)
            continue;
        int err = get_text(scope, scopes[kind], out->whom, sizeof out->whom);
        out->scope = kind;
        return err == 0 && out->whom[0] == '\0' ? ERR_MALFORMED : err;
    }
    return ERR_UNSUPPORTED;
}

/* What need not be there. */
static int get_text_if_any(const json_t *object, const char *key, char *out, size_t cap)
{
    return json_object_get(object, key) == NULL ? 0 : get_text(object, key, out, cap);
}

static int get_time_if_any(const json_t *object, const char *key, int64_t *out)
{
    return json_object_get(object, key) == NULL ? 0 : get_number(object, key, 0, DECISION_TIME_MAX_S, out);
}

static int get_bool_if_any(const json_t *object, const char *key, bool *out)
{
    const json_t *value = json_object_get(object, key);
    *out = json_is_true(value);
    return value == NULL || json_is_boolean(value) ? 0 : ERR_MALFORMED;
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

/* The names that a grant opens beside its site. */
static int get_names(const json_t *object, struct decision *out)
{
    const json_t *list = json_object_get(object, "with");
    if (list == NULL)
        return 0;
    if (!json_is_array(list) || out->kind != DECISION_GRANT)
        return ERR_MALFORMED;
    for (size_t i = 0; i < json_array_size(list); i++) {
        uint8_t name[NAME_MAX_LEN];
        bool below;
        const json_t *item = json_array_get(list, i);
        int err = get_name(item, name);
        if (err == 0)
            err = get_bool_if_any(item, "below", &below);
        if (err == 0)
            err = decision_name_add(out, name, below);
        if (err < 0)
            return err;
    }
    return 0;
}

/* A pause without a name is one of all names. */
static int get_name_or_all(const json_t *object, struct decision *out)
{
    const json_t *below = json_object_get(object, "below");
    if (out->kind == DECISION_SUSPEND && json_object_get(object, "name") == NULL) {
        out->below = true;
        return 0;
    }
    out->below = json_is_true(below);
    int err = get_name(object, out->name);
    return err == 0 && !json_is_boolean(below) ? ERR_MALFORMED : err;
}

static int get_times(const json_t *object, struct decision *out)
{
    int err = get_number(object, "until", 0, DECISION_TIME_MAX_S, &out->until_s);
    if (err == 0)
        err = get_time_if_any(object, "from", &out->from_s);
    if (err == 0)
        err = get_time_if_any(object, "review", &out->review_s);
    return err == 0 && out->until_s != 0 && out->from_s >= out->until_s ? ERR_MALFORMED : err;
}

static int get_what(const json_t *object, struct decision *out)
{
    int err = get_scope(object, out);
    if (err == 0)
        err = get_name_or_all(object, out);
    if (err == 0)
        err = get_names(object, out);
    if (err == 0)
        err = get_times(object, out);
    if (err == 0)
        err = get_bool_if_any(object, "lifts_safe_search", &out->lifts_safe_search);
    if (err == 0)
        err = get_text_if_any(object, "asked", out->asked, sizeof out->asked);
    if (err == 0)
        err = get_text_if_any(object, "approved", out->approved, sizeof out->approved);
    /* Who is paused is always somebody. */
    return err == 0 && out->kind == DECISION_SUSPEND && out->scope == DECISION_EVERYONE ? ERR_MALFORMED : err;
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
    return err == 0 && out->kind != DECISION_BLOCK && out->until_s == 0 ? ERR_MALFORMED : err;
}

/* What is added to one that is there: when and by whom. */
static int read_addition(const json_t *object, struct decision *out, int64_t *out_at)
{
    int err = get_id(object, "id", &out->id);
    if (err == 0)
        err = get_number(object, "at", 1, DECISION_TIME_MAX_S, out_at);
    return err < 0 ? err : get_who(object, out);
}

static bool kind_from_text(const char *text, enum decision_kind *out)
{
    for (size_t i = 0; text != NULL && i < COUNT(kinds); i++) {
        if (strcmp(kinds[i], text) != 0)
            continue;
        *out = (enum decision_kind)i;
        return true;
    }
    return false;
}

static int read_op(const json_t *object, const char *op, struct decision_line *out)
{
    struct decision *d = &out->decision;
    if (strcmp(op, "begin") == 0) {
        out->op = DECISION_OP_BEGIN;
        return get_id(object, "next", &out->next);
    }
    if (strcmp(op, "revoke") == 0) {
        out->op = DECISION_OP_REVOKE;
        return read_addition(object, d, &d->revoked_s);
    }
    if (strcmp(op, "approve") == 0) {
        out->op = DECISION_OP_APPROVE;
        return read_addition(object, d, &d->approved_s);
    }
    d->pending = strcmp(op, "propose") == 0;
    if (!kind_from_text(d->pending ? json_string_value(json_object_get(object, "kind")) : op, &d->kind))
        return ERR_UNSUPPORTED;
    out->op = DECISION_OP_DECIDE;
    return read_decision(object, d);
}

static int read_object(const json_t *object, struct decision_line *out)
{
    int64_t version;
    const char *op = json_string_value(json_object_get(object, "op"));
    int err = get_number(object, "v", 1, INT32_MAX, &version);
    if (err < 0 || op == NULL)
        return ERR_MALFORMED;
    return version > VERSION_LATER ? ERR_FORMAT_VERSION : read_op(object, op, out);
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
    if (strcmp(op, "revoke") == 0 || strcmp(op, "approve") == 0) {
        out->op = op[0] == 'r' ? DECISION_OP_REVOKE : DECISION_OP_APPROVE;
        return get_id(object, "id", &out->decision.id);
    }
    if (strcmp(op, "resume") == 0) {
        out->op = DECISION_OP_RESUME;
        err = get_scope(object, &out->decision);
        return err == 0 && out->decision.scope == DECISION_EVERYONE ? ERR_MALFORMED : err;
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

static void add_scope(struct text *out, const struct decision *d)
{
    if (d->scope == DECISION_EVERYONE)
        return;
    text_printf(out, ", \"scope\": {\"%s\": ", scopes[d->scope]);
    text_add_json(out, d->whom);
    text_printf(out, "}");
}

static void add_name(struct text *out, const char *before, const uint8_t *name, bool below)
{
    char text[NAME_TEXT_MAX];
    text_printf(out, "%s\"name\": ", before);
    text_add_json(out, name_to_text(name, text));
    text_printf(out, ", \"below\": %s", below ? "true" : "false");
}

static void add_names(struct text *out, const struct decision *d)
{
    size_t pos = 0;
    bool below;
    const uint8_t *name;
    if (d->names_len == 0)
        return;
    text_printf(out, ", \"with\": [");
    for (const char *before = "{"; (name = decision_name_next(d, &pos, &below)) != NULL; before = ", {") {
        add_name(out, before, name, below);
        text_printf(out, "}");
    }
    text_printf(out, "]");
}

static void add_time_if_any(struct text *out, const char *key, int64_t time_s)
{
    if (time_s != 0)
        text_printf(out, ", \"%s\": %" PRId64, key, time_s);
}

static void add_what(struct text *out, const struct decision *d)
{
    if (!decision_is_whole(d))
        add_name(out, ", ", d->name, d->below);
    add_names(out, d);
    add_time_if_any(out, "from", d->from_s);
    text_printf(out, ", \"until\": %" PRId64, d->until_s);
    add_time_if_any(out, "review", d->review_s);
    if (d->lifts_safe_search)
        text_printf(out, ", \"lifts_safe_search\": true");
    add_scope(out, d);
    if (d->asked[0] != '\0')
        add_text(out, "asked", d->asked);
    if (d->approved[0] != '\0')
        add_text(out, "approved", d->approved);
}

static void write_decision(const struct decision *d, struct text *out)
{
    text_printf(out, "{\"v\": %d, \"op\": \"%s\"", d->from_s == 0 ? VERSION : VERSION_LATER,
                d->pending ? "propose" : kinds[d->kind]);
    if (d->pending)
        text_printf(out, ", \"kind\": \"%s\"", kinds[d->kind]);
    text_printf(out, ", \"id\": %" PRIu32 ", \"made\": %" PRId64, d->id, d->made_s);
    add_what(out, d);
    add_who(out, d);
    text_printf(out, "}");
}

void decision_request_write(const struct decision_request *request, struct text *out)
{
    const struct decision *d = &request->decision;
    switch (request->op) {
    case DECISION_OP_REVOKE:
    case DECISION_OP_APPROVE:
        text_printf(out, "{\"op\": \"%s\", \"id\": %" PRIu32, request->op == DECISION_OP_REVOKE ? "revoke" : "approve",
                    d->id);
        break;
    case DECISION_OP_RESUME:
        text_printf(out, "{\"op\": \"resume\"");
        add_scope(out, d);
        break;
    case DECISION_OP_DECIDE:
    case DECISION_OP_BEGIN:
        text_printf(out, "{\"op\": \"%s\", \"for\": %" PRId64, kinds[d->kind], request->for_s);
        add_what(out, d);
        break;
    }
    add_text(out, "by", d->by);
    add_text(out, "reason", d->reason);
    text_printf(out, "}");
}

static void write_addition(const char *op, const struct decision *d, int64_t at_s, struct text *out)
{
    text_printf(out, "{\"v\": %d, \"op\": \"%s\", \"id\": %" PRIu32 ", \"at\": %" PRId64, VERSION, op, d->id, at_s);
    add_who(out, d);
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
    case DECISION_OP_APPROVE:
        write_addition("approve", &line->decision, line->decision.approved_s, &body);
        break;
    case DECISION_OP_REVOKE:
        write_addition("revoke", &line->decision, line->decision.revoked_s, &body);
        break;
    case DECISION_OP_RESUME: /* becomes a revocation of each */
        out->failed = true;
        break;
    }
    if (text_ok(&body) && body.len > 0 && body.len + CHECKSUM_LEN + 1 <= DECISION_LINE_MAX)
        text_printf(out, "%016" PRIx64 " %s\n", (uint64_t)XXH3_64bits(body.bytes, body.len), body.bytes);
    else
        out->failed = true;
    text_done(&body);
}
