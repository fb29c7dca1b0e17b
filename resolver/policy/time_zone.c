#include "policy/time_zone.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "policy/civil.h"

#define HEADER_LEN     44
#define CHANGES_MAX    4096
#define OFFSET_MIN_S   (-89999) /* RFC 8536, 3.2 */
#define OFFSET_MAX_S   93599
#define RULE_HOURS_MAX 167 /* RFC 8536, 3.3.1 */

/* A day of each year, and a time of it. */
struct rule_day {
    enum { RULE_JULIAN, RULE_ZERO_BASED, RULE_MONTH } kind; /* Jn, n, Mm.w.d */
    int32_t month, week, day;
    int32_t time_s; /* of the local clock that ends there */
};

struct rule {
    bool known, has_summer;
    int32_t winter_s, summer_s; /* ahead of UTC */
    struct rule_day begin, end; /* of summer time */
};

/* Clocks are so far ahead from then on. */
struct change {
    int64_t at_s;
    int32_t offset_s;
};

struct time_zone {
    struct rule rule; /* behind the last change */
    int32_t first_s;  /* before the first one */
    size_t count;
    struct change changes[];
};

/* ---- the rule of the footer ---- */

struct cursor {
    const char *at;
    bool bad;
};

static bool take(struct cursor *c, char wanted)
{
    if (*c->at != wanted)
        return false;
    c->at++;
    return true;
}

static int32_t number(struct cursor *c, int32_t min, int32_t max)
{
    int32_t value = 0;
    int digits = 0;
    while (*c->at >= '0' && *c->at <= '9' && digits < 4) {
        value = value * 10 + (*c->at++ - '0');
        digits++;
    }
    if (digits == 0 || value < min || value > max)
        c->bad = true;
    return value;
}

/* hh[:mm[:ss]] with a sign. */
static int32_t clock_time(struct cursor *c, int32_t hours_max)
{
    bool minus = take(c, '-');
    if (!minus)
        (void)take(c, '+');
    int32_t value = number(c, 0, hours_max) * 3600;
    if (take(c, ':'))
        value += number(c, 0, 59) * 60;
    if (take(c, ':'))
        value += number(c, 0, 59);
    return minus ? -value : value;
}

static void zone_name(struct cursor *c)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char quoted[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
    bool in_quotes = take(c, '<');
    size_t len = strspn(c->at, in_quotes ? quoted : letters);
    c->at += len;
    if (len < 3 || (in_quotes && !take(c, '>')))
        c->bad = true;
}

static struct rule_day rule_day(struct cursor *c)
{
    struct rule_day day = {.kind = RULE_ZERO_BASED, .time_s = 2 * 3600};
    if (take(c, 'M')) {
        day.kind = RULE_MONTH;
        day.month = number(c, 1, 12);
        c->bad |= !take(c, '.');
        day.week = number(c, 1, 5);
        c->bad |= !take(c, '.');
        day.day = number(c, 0, 6);
    } else if (take(c, 'J')) {
        day.kind = RULE_JULIAN;
        day.day = number(c, 1, 365);
    } else {
        day.day = number(c, 0, 365);
    }
    if (take(c, '/'))
        day.time_s = clock_time(c, RULE_HOURS_MAX);
    return day;
}

static int rule_parse(const char *text, struct rule *out)
{
    struct cursor c = {.at = text};
    struct rule rule = {.known = true};
    zone_name(&c);
    rule.winter_s = -clock_time(&c, 24);
    if (*c.at != '\0') {
        rule.has_summer = true;
        zone_name(&c);
        rule.summer_s = *c.at == ',' ? rule.winter_s + 3600 : -clock_time(&c, 24);
        c.bad |= !take(&c, ',');
        rule.begin = rule_day(&c);
        c.bad |= !take(&c, ',');
        rule.end = rule_day(&c);
    }
    if (c.bad || *c.at != '\0')
        return ERR_MALFORMED;
    *out = rule;
    return 0;
}

/* Local seconds since 1970 of that day's time in a year. */
static int64_t rule_local_s(const struct rule_day *rule, int32_t year)
{
    int32_t first = civil_day((struct civil_date){.year = year, .month = 1, .day = 1});
    int32_t day = first + rule->day;
    if (rule->kind == RULE_JULIAN) /* the 60th is always the first of March */
        day = first + rule->day - 1 + (civil_is_leap(year) && rule->day >= 60);
    if (rule->kind == RULE_MONTH) {
        int32_t month = civil_day((struct civil_date){.year = year, .month = (uint8_t)rule->month, .day = 1});
        int32_t next =
            rule->month == 12
                ? first + 365 + civil_is_leap(year)
                : civil_day((struct civil_date){.year = year, .month = (uint8_t)(rule->month + 1), .day = 1});
        int32_t sunday_based = (int32_t)(civil_weekday(month) + 1) % 7;
        day = month + (rule->day - sunday_based + 7) % 7 + (rule->week - 1) * 7;
        while (day >= next)
            day -= 7;
    }
    return (int64_t)day * CIVIL_DAY_S + rule->time_s;
}

static int32_t year_of(int64_t utc_s)
{
    int64_t day = utc_s / CIVIL_DAY_S - (utc_s % CIVIL_DAY_S < 0);
    return civil_date((int32_t)day).year;
}

static int32_t rule_offset_s(const struct rule *rule, int64_t utc_s)
{
    if (!rule->has_summer)
        return rule->winter_s;
    int32_t year = year_of(utc_s + rule->winter_s);
    int64_t begin = rule_local_s(&rule->begin, year) - rule->winter_s;
    int64_t end = rule_local_s(&rule->end, year) - rule->summer_s;
    bool summer = begin < end ? utc_s >= begin && utc_s < end : utc_s >= begin || utc_s < end;
    return summer ? rule->summer_s : rule->winter_s;
}

static int64_t rule_next_s(const struct rule *rule, int64_t utc_s)
{
    int64_t best = INT64_MAX;
    if (!rule->has_summer)
        return best;
    int32_t year = year_of(utc_s);
    for (int32_t y = year - 1; y <= year + 2; y++) {
        int64_t changes[2] = {rule_local_s(&rule->begin, y) - rule->winter_s,
                              rule_local_s(&rule->end, y) - rule->summer_s};
        for (size_t i = 0; i < 2; i++)
            if (changes[i] > utc_s && changes[i] < best)
                best = changes[i];
    }
    return best;
}

/* ---- the file ---- */

struct header {
    uint8_t version;
    uint32_t utc_count, standard_count, leap_count, time_count, type_count, char_count;
};

/* One block of data: where its parts are. */
struct block {
    const uint8_t *times, *indexes, *types;
    size_t len;
};

static uint32_t u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t i64(const uint8_t *at)
{
    return (int64_t)((uint64_t)u32(at) << 32 | u32(at + 4));
}

static int header_parse(const uint8_t *bytes, size_t len, struct header *out)
{
    if (len < HEADER_LEN || memcmp(bytes, "TZif", 4) != 0)
        return ERR_FORMAT_VERSION;
    *out = (struct header){.version = bytes[4],
                           .utc_count = u32(bytes + 20),
                           .standard_count = u32(bytes + 24),
                           .leap_count = u32(bytes + 28),
                           .time_count = u32(bytes + 32),
                           .type_count = u32(bytes + 36),
                           .char_count = u32(bytes + 40)};
    const uint32_t counts[] = {out->utc_count, out->standard_count, out->leap_count, out->time_count, out->char_count};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i] > CHANGES_MAX)
            return ERR_LIMIT;
    return out->type_count == 0 || out->type_count > 256 ? ERR_MALFORMED : 0;
}

static int block_parse(const uint8_t *bytes, size_t len, const struct header *h, size_t time_size, struct block *out)
{
    size_t times = (size_t)h->time_count * time_size;
    size_t types = times + h->time_count;
    size_t rest = types + (size_t)h->type_count * 6 + h->char_count;
    out->len = rest + h->leap_count * (time_size + 4) + h->standard_count + h->utc_count;
    if (out->len > len)
        return ERR_TRUNCATED;
    out->times = bytes;
    out->indexes = bytes + times;
    out->types = bytes + types;
    return 0;
}

/* A type's distance to UTC; ERR_MALFORMED. */
static int type_offset(const struct header *h, const struct block *block, unsigned type, int32_t *out)
{
    if (type >= h->type_count)
        return ERR_MALFORMED;
    int32_t offset = (int32_t)u32(block->types + (size_t)type * 6);
    if (offset < OFFSET_MIN_S || offset > OFFSET_MAX_S)
        return ERR_MALFORMED;
    *out = offset;
    return 0;
}

static int take_changes(struct time_zone *zone, const struct header *h, const struct block *block, size_t time_size)
{
    int rc = type_offset(h, block, 0, &zone->first_s);
    int32_t before = zone->first_s;
    int64_t last = INT64_MIN;
    for (uint32_t i = 0; i < h->time_count && rc == 0; i++) {
        const uint8_t *at = block->times + (size_t)i * time_size;
        int64_t at_s = time_size == 8 ? i64(at) : (int32_t)u32(at);
        int32_t offset;
        rc = type_offset(h, block, block->indexes[i], &offset);
        if (i > 0 && at_s <= last)
            rc = ERR_MALFORMED;
        last = at_s;
        if (rc < 0 || offset == before)
            continue;
        zone->changes[zone->count++] = (struct change){.at_s = at_s, .offset_s = offset};
        before = offset;
    }
    return rc;
}

/* Between two newlines, or nothing (RFC 8536, 3.3). */
static int take_footer(struct time_zone *zone, const uint8_t *bytes, size_t len)
{
    char text[128];
    if (len < 2 || bytes[0] != '\n')
        return ERR_TRUNCATED;
    const uint8_t *end = memchr(bytes + 1, '\n', len - 1);
    if (end == NULL || (size_t)(end - bytes - 1) >= sizeof text)
        return ERR_MALFORMED;
    size_t text_len = (size_t)(end - bytes - 1);
    memcpy(text, bytes + 1, text_len);
    text[text_len] = '\0';
    return text_len == 0 ? 0 : rule_parse(text, &zone->rule);
}

static int zone_new(size_t count, struct time_zone **out)
{
    struct time_zone *zone = calloc(1, sizeof *zone + count * sizeof zone->changes[0]);
    if (zone == NULL)
        return ERR_NOMEM;
    *out = zone;
    return 0;
}

int time_zone_parse(const uint8_t *bytes, size_t len, struct time_zone **out)
{
    struct header h;
    struct block block;
    struct time_zone *zone = NULL;
    size_t time_size = 4;
    int rc = len > TIME_ZONE_FILE_MAX ? ERR_LIMIT : header_parse(bytes, len, &h);
    if (rc == 0)
        rc = block_parse(bytes + HEADER_LEN, len - HEADER_LEN, &h, 4, &block);
    if (rc == 0 && h.version >= '2') { /* the same again, with times of 64 bits */
        size_t first = HEADER_LEN + block.len;
        bytes += first;
        len -= first;
        time_size = 8;
        rc = header_parse(bytes, len, &h);
        if (rc == 0)
            rc = block_parse(bytes + HEADER_LEN, len - HEADER_LEN, &h, 8, &block);
    }
    if (rc == 0)
        rc = zone_new(h.time_count, &zone);
    if (rc == 0)
        rc = take_changes(zone, &h, &block, time_size);
    if (rc == 0 && time_size == 8)
        rc = take_footer(zone, bytes + HEADER_LEN + block.len, len - HEADER_LEN - block.len);
    if (rc < 0) {
        time_zone_free(zone);
        return rc;
    }
    *out = zone;
    return 0;
}

int time_zone_from_rule(const char *rule, struct time_zone **out)
{
    struct time_zone *zone = NULL;
    int rc = zone_new(0, &zone);
    if (rc == 0)
        rc = rule_parse(rule, &zone->rule);
    if (rc < 0) {
        time_zone_free(zone);
        return rc;
    }
    zone->first_s = zone->rule.winter_s;
    *out = zone;
    return 0;
}

size_t time_zone_size(const struct time_zone *zone)
{
    return sizeof *zone + zone->count * sizeof zone->changes[0];
}

int time_zone_copy(const struct time_zone *zone, struct time_zone **out)
{
    struct time_zone *copy = NULL;
    if (zone != NULL) {
        int rc = zone_new(zone->count, &copy);
        if (rc < 0)
            return rc;
        memcpy(copy, zone, time_zone_size(zone));
    }
    *out = copy;
    return 0;
}

void time_zone_free(struct time_zone *zone)
{
    free(zone);
}

/* ---- asking ---- */

/* How many changes were before or at that time. */
static size_t changes_until(const struct time_zone *zone, int64_t utc_s)
{
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (zone->changes[middle].at_s <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t time_zone_offset_s(const struct time_zone *zone, int64_t utc_s)
{
    if (zone == NULL)
        return 0;
    size_t past = changes_until(zone, utc_s);
    if (past == zone->count && zone->rule.known)
        return rule_offset_s(&zone->rule, utc_s);
    return past == 0 ? zone->first_s : zone->changes[past - 1].offset_s;
}

int64_t time_zone_next_s(const struct time_zone *zone, int64_t utc_s)
{
    if (zone == NULL)
        return INT64_MAX;
    size_t past = changes_until(zone, utc_s);
    if (past < zone->count)
        return zone->changes[past].at_s;
    return zone->rule.known ? rule_next_s(&zone->rule, utc_s) : INT64_MAX;
}
