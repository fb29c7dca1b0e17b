#include "identity/roster_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "identity/clean.h"

#define CHECKSUM_LEN 16
#define VERSION      1

static const char *const kind_words[ROSTER_KINDS] = {[ROSTER_USER] = "user", [ROSTER_DEVICE] = "device"};

/* What is left of a line. */
struct rest {
    const char *at, *end;
};

/* The word, and the space behind it. */
static bool take_word(struct rest *rest, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(rest->end - rest->at) < len || memcmp(rest->at, word, len) != 0)
        return false;
    if (rest->at + len < rest->end && rest->at[len] != ' ')
        return false;
    rest->at += len;
    rest->at += rest->at < rest->end;
    return true;
}

/* Decimal, as it is written: without a sign or zeros in front. */
static bool take_number(struct rest *rest, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    const char *begin = rest->at;
    while (rest->at < rest->end && *rest->at >= '0' && *rest->at <= '9' && value <= max)
        value = value * 10 + (uint64_t)(*rest->at++ - '0');
    if (rest->at == begin || *begin == '0' || value > max || (rest->at < rest->end && *rest->at != ' '))
        return false;
    rest->at += rest->at < rest->end;
    *out = (uint32_t)value;
    return true;
}

/* All that is left: not empty, and clean already. */
static bool take_name(struct rest *rest, char out[ROSTER_NAME_MAX + 1])
{
    size_t len = (size_t)(rest->end - rest->at);
    if (len == 0 || len > ROSTER_NAME_MAX)
        return false;
    size_t kept = clean_name(rest->at, len, out, ROSTER_NAME_MAX + 1);
    bool same = kept == len && memcmp(out, rest->at, len) == 0;
    rest->at = rest->end;
    return same;
}

static bool take_kind(struct rest *rest, enum roster_kind *out)
{
    for (unsigned kind = 0; kind < ROSTER_KINDS; kind++)
        if (take_word(rest, kind_words[kind])) {
            *out = (enum roster_kind)kind;
            return true;
        }
    return false;
}

static int parse_begin(struct rest *rest, struct roster_line *line)
{
    uint32_t version;
    line->op = ROSTER_BEGIN;
    if (!take_number(rest, UINT32_MAX, &version))
        return ERR_MALFORMED;
    if (version != VERSION)
        return ERR_FORMAT_VERSION;
    bool read = take_word(rest, "users") && take_number(rest, ROSTER_MAX + 1, &line->next[ROSTER_USER]) &&
                take_word(rest, "devices") && take_number(rest, ROSTER_MAX + 1, &line->next[ROSTER_DEVICE]);
    return read && rest->at == rest->end ? 0 : ERR_MALFORMED;
}

static int parse_body(struct rest *rest, struct roster_line *line)
{
    if (take_word(rest, "roster"))
        return parse_begin(rest, line);
    if (take_word(rest, "forgotten")) {
        line->op = ROSTER_FORGET;
        return take_kind(rest, &line->kind) && take_number(rest, ROSTER_MAX, &line->number) && rest->at == rest->end
                   ? 0
                   : ERR_MALFORMED;
    }
    if (take_word(rest, "called"))
        line->op = ROSTER_CALL;
    else if (take_kind(rest, &line->kind))
        line->op = ROSTER_GIVE;
    else
        return ERR_UNSUPPORTED;
    return take_number(rest, ROSTER_MAX, &line->number) && take_name(rest, line->name) ? 0 : ERR_MALFORMED;
}

static bool checksum_fits(const char *line, size_t len)
{
    char expected[CHECKSUM_LEN + 2];
    if (len <= CHECKSUM_LEN + 1)
        return false;
    snprintf(expected, sizeof expected, "%016" PRIx64 " ",
             (uint64_t)XXH3_64bits(line + CHECKSUM_LEN + 1, len - CHECKSUM_LEN - 1));
    return memcmp(line, expected, CHECKSUM_LEN + 1) == 0;
}

int roster_line_parse(const char *line, size_t len, struct roster_line *out)
{
    struct roster_line read = {.op = ROSTER_BEGIN};
    struct rest rest = {line + CHECKSUM_LEN + 1, line + len};
    if (len > ROSTER_LINE_MAX || !checksum_fits(line, len))
        return ERR_DAMAGED;
    int err = parse_body(&rest, &read);
    if (err == 0)
        *out = read;
    return err;
}

void roster_line_write(const struct roster_line *line, struct text *out)
{
    char body[ROSTER_LINE_MAX];
    const char *kind = kind_words[line->kind];
    int len = 0;
    switch (line->op) {
    case ROSTER_BEGIN:
        len = snprintf(body, sizeof body, "roster %d users %" PRIu32 " devices %" PRIu32, VERSION,
                       line->next[ROSTER_USER], line->next[ROSTER_DEVICE]);
        break;
    case ROSTER_GIVE:
        len = snprintf(body, sizeof body, "%s %" PRIu32 " %s", kind, line->number, line->name);
        break;
    case ROSTER_CALL:
        len = snprintf(body, sizeof body, "called %" PRIu32 " %s", line->number, line->name);
        break;
    case ROSTER_FORGET:
        len = snprintf(body, sizeof body, "forgotten %s %" PRIu32, kind, line->number);
        break;
    }
    text_printf(out, "%016" PRIx64 " %s\n", (uint64_t)XXH3_64bits(body, (size_t)len), body);
}
