#include "ledger/entry.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <sodium.h>

#define TIME_FORM "%Y-%m-%dT%H:%M:%SZ"

struct room {
    json_t *object;
    char *detail;
};

/* ---- hashes ---- */

void entry_hash(const char *line, size_t len, uint8_t out[ENTRY_HASH_LEN])
{
    crypto_hash_sha256(out, (const unsigned char *)line, len);
}

void entry_hash_to_hex(const uint8_t hash[ENTRY_HASH_LEN], char out[ENTRY_HEX_LEN])
{
    sodium_bin2hex(out, ENTRY_HEX_LEN, hash, ENTRY_HASH_LEN);
}

int entry_hash_from_hex(const char *text, uint8_t out[ENTRY_HASH_LEN])
{
    uint8_t hash[ENTRY_HASH_LEN];
    size_t len = 0;
    if (strspn(text, "0123456789abcdef") != ENTRY_HEX_LEN - 1 || text[ENTRY_HEX_LEN - 1] != '\0' ||
        sodium_hex2bin(hash, sizeof hash, text, ENTRY_HEX_LEN - 1, NULL, &len, NULL) != 0)
        return ERR_MALFORMED;
    memcpy(out, hash, sizeof hash);
    return 0;
}

/* ---- writing ---- */

static bool is_kind(const char *kind)
{
    size_t len = strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789.-");
    return len > 0 && kind[len] == '\0';
}

static bool is_detail(const char *detail)
{
    json_t *object = strchr(detail, '\n') != NULL ? NULL : json_loads(detail, JSON_REJECT_DUPLICATES, NULL);
    bool fine = json_is_object(object);
    json_decref(object);
    return fine;
}

int entry_write(const struct entry *entry, struct text *out)
{
    char when[32], hex[ENTRY_HEX_LEN];
    struct tm tm;
    struct text line = {.max = ENTRY_LINE_MAX};
    time_t time = (time_t)entry->time_s;
    if (!is_kind(entry->kind) || (entry->detail != NULL && !is_detail(entry->detail)) || gmtime_r(&time, &tm) == NULL ||
        strftime(when, sizeof when, TIME_FORM, &tm) == 0)
        return ERR_INVAL;
    entry_hash_to_hex(entry->before, hex);
    text_printf(&line, "{\"n\":%" PRIu64 ",\"time\":\"%s\"", entry->number, when);
    text_add_json_member(&line, "kind", entry->kind);
    text_add_json_member(&line, "object", entry->object);
    text_add_json_member(&line, "by", entry->by);
    text_printf(&line, ",\"uid\":%" PRIu32, entry->uid);
    if (entry->reason != NULL)
        text_add_json_member(&line, "reason", entry->reason);
    if (entry->detail != NULL)
        text_printf(&line, ",\"detail\":%s", entry->detail);
    text_printf(&line, ",\"before\":\"%s\"}\n", hex);
    int err = text_ok(&line) ? 0 : ERR_LIMIT;
    if (err == 0)
        text_add(out, line.bytes, line.len);
    text_done(&line);
    return err;
}

/* ---- reading ---- */

static int get_text(const json_t *object, const char *key, bool required, const char **out)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL && !required)
        return 0;
    *out = json_string_value(value);
    return *out == NULL ? ERR_MALFORMED : 0;
}

static int get_number(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max)
        return ERR_MALFORMED;
    *out = json_integer_value(value);
    return 0;
}

static int get_time(const json_t *object, int64_t *out)
{
    struct tm tm = {0};
    const char *text = NULL;
    if (get_text(object, "time", true, &text) < 0)
        return ERR_MALFORMED;
    const char *end = strptime(text, TIME_FORM, &tm);
    if (end == NULL || *end != '\0')
        return ERR_MALFORMED;
    *out = timegm(&tm);
    return 0;
}

static int get_before(const json_t *object, uint8_t out[ENTRY_HASH_LEN])
{
    const char *hex = NULL;
    return get_text(object, "before", true, &hex) < 0 ? ERR_MALFORMED : entry_hash_from_hex(hex, out);
}

static int get_detail(const json_t *object, struct room *room, const char **out)
{
    const json_t *detail = json_object_get(object, "detail");
    if (detail == NULL)
        return 0;
    if (!json_is_object(detail))
        return ERR_MALFORMED;
    room->detail = json_dumps(detail, JSON_COMPACT);
    *out = room->detail;
    return room->detail == NULL ? ERR_NOMEM : 0;
}

static int get_all(struct room *room, struct entry *out)
{
    const json_t *object = room->object;
    int64_t number = 0, uid = 0;
    int err = json_is_object(object) ? 0 : ERR_MALFORMED;
    if (err == 0)
        err = get_number(object, "n", 1, INT64_MAX, &number);
    if (err == 0)
        err = get_time(object, &out->time_s);
    if (err == 0)
        err = get_text(object, "kind", true, &out->kind);
    if (err == 0)
        err = get_text(object, "object", true, &out->object);
    if (err == 0)
        err = get_text(object, "by", true, &out->by);
    if (err == 0)
        err = get_number(object, "uid", 0, UINT32_MAX, &uid);
    if (err == 0)
        err = get_text(object, "reason", false, &out->reason);
    if (err == 0)
        err = get_before(object, out->before);
    if (err == 0)
        err = get_detail(object, room, &out->detail);
    out->number = (uint64_t)number;
    out->uid = (uint32_t)uid;
    return err;
}

int entry_parse(const char *line, size_t len, struct entry_read *out)
{
    struct entry_read read = {0};
    struct room *room = calloc(1, sizeof *room);
    if (room == NULL)
        return ERR_NOMEM;
    read.room = room;
    room->object = len >= ENTRY_LINE_MAX ? NULL : json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    int err = get_all(room, &read.entry);
    if (err < 0)
        entry_read_done(&read);
    else
        *out = read;
    return err;
}

void entry_read_done(struct entry_read *read)
{
    struct room *room = read->room;
    if (room == NULL)
        return;
    json_decref(room->object);
    free(room->detail);
    free(room);
    *read = (struct entry_read){0};
}
