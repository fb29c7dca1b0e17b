#include "change/change_line.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/category.h"

#define VERSION      1
#define CHECKSUM_LEN 16
#define ANYTHING     "anything" /* in a list of categories */

static const char *const ops[] = {"propose",  "approve", "reject",   "withdraw", "schedule",
                                  "activate", "adopt",   "rollback", "review",   "miss"};

#define OP_COUNT (sizeof ops / sizeof ops[0])

const char *change_op_name(enum change_op op)
{
    return ops[op];
}

/* ---- reading ---- */

static int open_line(const char *line, size_t len, json_t **out)
{
    char sum[CHECKSUM_LEN + 1];
    if (len > CHANGE_LINE_MAX || len < CHECKSUM_LEN + 3 || line[CHECKSUM_LEN] != ' ')
        return ERR_DAMAGED;
    snprintf(sum, sizeof sum, "%016" PRIx64, (uint64_t)XXH3_64bits(line + CHECKSUM_LEN + 1, len - CHECKSUM_LEN - 1));
    if (memcmp(sum, line, CHECKSUM_LEN) != 0)
        return ERR_DAMAGED;
    *out = json_loadb(line + CHECKSUM_LEN + 1, len - CHECKSUM_LEN - 1, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(*out))
        return 0;
    json_decref(*out);
    return ERR_MALFORMED;
}

static int get_number(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
        return ERR_MALFORMED;
    *out = json_integer_value(value);
    return 0;
}

/* cap counts the closing zero. */
static int get_text(const json_t *value, char *out, size_t cap)
{
    if (!json_is_string(value) || json_string_length(value) >= cap)
        return ERR_MALFORMED;
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return 0;
}

static int get_op(const json_t *object, enum change_op *out)
{
    const char *op = json_string_value(json_object_get(object, "op"));
    int64_t version;
    if (get_number(object, "v", 0, INT32_MAX, &version) < 0 || op == NULL)
        return ERR_MALFORMED;
    if (version != VERSION)
        return ERR_FORMAT_VERSION;
    for (size_t i = 0; i < OP_COUNT; i++)
        if (strcmp(ops[i], op) == 0) {
            *out = (enum change_op)i;
            return 0;
        }
    return ERR_UNSUPPORTED;
}

static int get_who(const json_t *object, struct change_line *out)
{
    int64_t number = 0, uid = 0;
    int err = get_number(object, "number", 1, INT32_MAX, &number);
    if (err == 0)
        err = get_number(object, "at", 0, INT64_MAX, &out->at_s);
    if (err == 0)
        err = get_number(object, "uid", 0, UINT32_MAX, &uid);
    if (err == 0)
        err = get_text(json_object_get(object, "by"), out->by, sizeof out->by);
    if (err == 0)
        err = get_text(json_object_get(object, "reason"), out->reason, sizeof out->reason);
    out->number = (uint32_t)number;
    out->uid = (uint32_t)uid;
    return err;
}

/* A category that this program does not know is opened like any other. */
static int get_opens(const json_t *list, uint64_t *out)
{
    size_t i;
    json_t *value;
    if (!json_is_array(list))
        return ERR_MALFORMED;
    json_array_foreach(list, i, value)
    {
        int category =
            json_is_string(value) ? category_from_name(json_string_value(value), json_string_length(value)) : -1;
        *out |= category < 0 ? CHANGE_OPENS_ANYTHING : UINT64_C(1) << category;
    }
    return 0;
}

static int get_assessment(const json_t *object, struct change_line *out)
{
    const char *wrong;
    const json_t *value = json_object_get(object, "assessment");
    if (value == NULL)
        return 0;
    char *text = json_dumps(value, JSON_COMPACT);
    int err = text == NULL ? ERR_NOMEM : assessment_parse(text, strlen(text), &out->assessment, &wrong);
    free(text);
    out->has_assessment = err == 0;
    return err;
}

static int get_proposal(const json_t *object, struct change_line *out)
{
    int64_t base = 0;
    size_t len = 0;
    const char *hash = json_string_value(json_object_get(object, "hash"));
    int err = get_number(object, "base", 0, INT32_MAX, &base);
    if (err == 0 && (hash == NULL || strlen(hash) != 2 * CHANGE_HASH_LEN ||
                     sodium_hex2bin(out->hash, sizeof out->hash, hash, strlen(hash), NULL, &len, NULL) != 0 ||
                     len != CHANGE_HASH_LEN))
        err = ERR_MALFORMED;
    if (err == 0)
        err = get_opens(json_object_get(object, "opens"), &out->opens);
    const json_t *replay = json_object_get(object, "replay");
    if (err == 0 && replay != NULL)
        err = get_text(replay, out->replay, sizeof out->replay);
    out->base = (uint32_t)base;
    return err < 0 ? err : get_assessment(object, out);
}

static int get_roles(const json_t *object, struct change_line *out)
{
    size_t i;
    json_t *value;
    const json_t *list = json_object_get(object, "roles");
    int err = json_is_array(list) && json_array_size(list) <= CHANGE_ROLES_MAX ? 0 : ERR_MALFORMED;
    if (err < 0)
        return err;
    json_array_foreach(list, i, value)
    {
        if (err == 0)
            err = get_text(value, out->roles[i], sizeof out->roles[i]);
    }
    out->role_count = json_array_size(list);
    return err;
}

static int get_rest(const json_t *object, struct change_line *out)
{
    switch (out->op) {
    case CHANGE_PROPOSE:
    case CHANGE_ADOPT:
        return get_proposal(object, out);
    case CHANGE_APPROVE:
        return get_roles(object, out);
    case CHANGE_SCHEDULE:
        return get_number(object, "when", 1, INT64_MAX, &out->when_s);
    case CHANGE_REVIEW:
        return get_number(object, "next", 1, INT64_MAX, &out->review_s);
    case CHANGE_REJECT:
    case CHANGE_WITHDRAW:
    case CHANGE_ACTIVATE:
    case CHANGE_ROLLBACK:
    case CHANGE_MISS:
        return 0;
    }
    return ERR_UNSUPPORTED;
}

int change_line_parse(const char *line, size_t len, struct change_line *out)
{
    json_t *object = NULL;
    struct change_line *read;
    int err = open_line(line, len, &object);
    if (err < 0)
        return err;
    read = calloc(1, sizeof *read);
    err = read == NULL ? ERR_NOMEM : get_op(object, &read->op);
    if (err == 0)
        err = get_who(object, read);
    if (err == 0)
        err = get_rest(object, read);
    if (err == 0)
        *out = *read;
    free(read);
    json_decref(object);
    return err;
}

/* ---- writing ---- */

static void add_hex(const uint8_t hash[CHANGE_HASH_LEN], struct text *out)
{
    char hex[2 * CHANGE_HASH_LEN + 1];
    sodium_bin2hex(hex, sizeof hex, hash, CHANGE_HASH_LEN);
    text_printf(out, "%s", hex);
}

static void add_opens(uint64_t opens, struct text *out)
{
    const char *before = "";
    text_printf(out, ",\"opens\":[");
    for (int category = 0; category < 63; category++) {
        if (!(opens >> category & 1) || category_name((unsigned)category) == NULL)
            continue;
        text_printf(out, "%s\"%s\"", before, category_name((unsigned)category));
        before = ",";
    }
    if (opens & CHANGE_OPENS_ANYTHING)
        text_printf(out, "%s\"" ANYTHING "\"", before);
    text_printf(out, "]");
}

static void add_proposal(const struct change_line *line, struct text *out)
{
    text_printf(out, ",\"base\":%" PRIu32 ",\"hash\":\"", line->base);
    add_hex(line->hash, out);
    text_printf(out, "\"");
    add_opens(line->opens, out);
    if (line->replay[0] != '\0') {
        text_printf(out, ",\"replay\":");
        text_add_json(out, line->replay);
    }
    if (line->has_assessment) {
        text_printf(out, ",\"assessment\":");
        assessment_write(&line->assessment, out);
    }
}

static void add_rest(const struct change_line *line, struct text *out)
{
    switch (line->op) {
    case CHANGE_PROPOSE:
    case CHANGE_ADOPT:
        add_proposal(line, out);
        break;
    case CHANGE_APPROVE:
        text_printf(out, ",\"roles\":[");
        for (size_t i = 0; i < line->role_count; i++) {
            text_printf(out, i == 0 ? "" : ",");
            text_add_json(out, line->roles[i]);
        }
        text_printf(out, "]");
        break;
    case CHANGE_SCHEDULE:
        text_printf(out, ",\"when\":%" PRId64, line->when_s);
        break;
    case CHANGE_REVIEW:
        text_printf(out, ",\"next\":%" PRId64, line->review_s);
        break;
    case CHANGE_REJECT:
    case CHANGE_WITHDRAW:
    case CHANGE_ACTIVATE:
    case CHANGE_ROLLBACK:
    case CHANGE_MISS:
        break;
    }
}

void change_line_write(const struct change_line *line, struct text *out)
{
    struct text body = {0};
    text_printf(&body, "{\"v\":%d,\"op\":\"%s\",\"number\":%" PRIu32 ",\"at\":%" PRId64 ",\"by\":", VERSION,
                ops[line->op], line->number, line->at_s);
    text_add_json(&body, line->by);
    text_printf(&body, ",\"uid\":%" PRIu32 ",\"reason\":", line->uid);
    text_add_json(&body, line->reason);
    add_rest(line, &body);
    text_printf(&body, "}");
    if (text_ok(&body)) {
        text_printf(out, "%016" PRIx64 " ", (uint64_t)XXH3_64bits(body.bytes, body.len));
        text_add(out, body.bytes, body.len);
        text_add(out, "\n", 1);
    } else {
        out->failed = true;
    }
    text_done(&body);
}
