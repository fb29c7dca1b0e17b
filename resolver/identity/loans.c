#include "identity/loans.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/csv.h"
#include "identity/clean.h"
#include "base/mac.h"

enum column { COLUMN_DEVICE, COLUMN_PUPIL, COLUMN_FROM, COLUMN_TO, COLUMNS };

#define NOT_THERE SIZE_MAX
#define SHOWN_MAX 80 /* bytes of a stranger's text in a complaint */

struct reading {
    struct loans *out;
    size_t at[COLUMNS]; /* index of each column's field */
    loans_to_utc to_utc;
    void *ctx;
};

__attribute__((format(printf, 3, 4))) static void complain(struct loans *loans, uint32_t line, const char *format, ...)
{
    char sentence[512];
    va_list args;
    if (loans->complained >= LOANS_COMPLAINT_MAX)
        return;
    loans->complained++;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    text_printf(&loans->complaints, "line %" PRIu32 ": %s\n", line, sentence);
}

static void refuse(struct loans *loans, uint32_t line, const char *format, const char *word)
{
    char shown[SHOWN_MAX + 1];
    clean_name(word, strlen(word), shown, sizeof shown);
    loans->refused++;
    complain(loans, line, "%s: '%s'", format, shown);
}

/* ---- columns ---- */

static size_t column_of(const char *title)
{
    static const struct {
        const char *title;
        enum column column;
    } titles[] = {{"device", COLUMN_DEVICE}, {"asset", COLUMN_DEVICE}, {"mac", COLUMN_DEVICE},
                  {"pupil", COLUMN_PUPIL},   {"user", COLUMN_PUPIL},   {"borrower", COLUMN_PUPIL},
                  {"from", COLUMN_FROM},     {"start", COLUMN_FROM},   {"to", COLUMN_TO},
                  {"until", COLUMN_TO},      {"end", COLUMN_TO},       {"returned", COLUMN_TO}};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        if (strcasecmp(titles[i].title, title) == 0)
            return titles[i].column;
    return COLUMNS;
}

static int read_titles(struct reading *r, const struct csv_field fields[], int count)
{
    static const char *const names[COLUMNS] = {"device", "pupil", "from", "to"};
    for (size_t i = 0; i < COLUMNS; i++)
        r->at[i] = NOT_THERE;
    for (int i = 0; i < count; i++) {
        size_t column = column_of(fields[i].text);
        if (column < COLUMNS && r->at[column] != NOT_THERE) {
            complain(r->out, fields[i].line, "two columns are the %s", names[column]);
            return ERR_MALFORMED;
        }
        if (column < COLUMNS)
            r->at[column] = (size_t)i;
    }
    for (size_t i = 0; i < COLUMNS; i++)
        if (r->at[i] == NOT_THERE) {
            complain(r->out, count > 0 ? fields[0].line : 1,
                     "the first line must name the columns device, pupil, from and to; it lacks %s", names[i]);
            return ERR_MALFORMED;
        }
    return 0;
}

/* ---- times ---- */

/* Digits, at most four. */
static bool take_number(const char **at, int *out)
{
    int value = 0, digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 4; ++*at, digits++)
        value = value * 10 + (**at - '0');
    *out = value;
    return digits > 0;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

static bool take_date(const char **at, struct loans_moment *out)
{
    int first, second, third;
    if (!take_number(at, &first))
        return false;
    char separator = **at;
    if ((separator != '-' && separator != '/') || !take_char(at, separator) || !take_number(at, &second) ||
        !take_char(at, separator) || !take_number(at, &third))
        return false;
    out->year = separator == '-' ? first : third;
    out->month = second;
    out->day = separator == '-' ? third : first;
    return true;
}

static bool is_date(const struct loans_moment *m)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (m->year < 1970 || m->year > 9998 || m->month < 1 || m->month > 12 || m->day < 1)
        return false;
    bool leap = (m->year % 4 == 0 && m->year % 100 != 0) || m->year % 400 == 0;
    return m->day <= days[m->month - 1] + (m->month == 2 && leap);
}

/* has_time: whether the text says more than a day. */
static bool read_moment(const char *text, struct loans_moment *out, bool *has_time)
{
    struct loans_moment m = {0};
    const char *at = text;
    if (!take_date(&at, &m) || !is_date(&m))
        return false;
    *has_time = *at != '\0';
    if (*has_time) {
        if (!take_char(&at, ' ') && !take_char(&at, 'T'))
            return false;
        if (!take_number(&at, &m.hour) || !take_char(&at, ':') || !take_number(&at, &m.minute))
            return false;
        if (take_char(&at, ':') && !take_number(&at, &m.second))
            return false;
        if (*at != '\0' || m.hour > 23 || m.minute > 59 || m.second > 59)
            return false;
    }
    *out = m;
    return true;
}

/* The first moment of the day after; the callback knows what the 32nd of a month is. */
static int64_t read_time(const struct reading *r, const char *text, enum column column, int64_t *out)
{
    struct loans_moment moment;
    bool has_time;
    if (text[0] == '\0') {
        *out = 0;
        return 0;
    }
    if (!read_moment(text, &moment, &has_time))
        return ERR_MALFORMED;
    if (column == COLUMN_TO && !has_time)
        moment.day++;
    *out = r->to_utc(r->ctx, &moment);
    return 0;
}

/* ---- loans ---- */

static struct claim *loan_add(struct loans *loans)
{
    if (loans->count == loans->cap) {
        size_t cap = loans->cap == 0 ? 64 : loans->cap * 2;
        struct claim *claims = reallocarray(loans->claims, cap, sizeof *claims);
        if (claims == NULL)
            return NULL;
        loans->claims = claims;
        loans->cap = cap;
    }
    return &loans->claims[loans->count];
}

static bool read_device(const char *text, struct claim *out)
{
    out->has_mac = mac_from_text(text, strlen(text), out->mac) == 0;
    if (out->has_mac)
        return true;
    return strlen(text) <= CLAIM_HOST_MAX && clean_name(text, strlen(text), out->host, sizeof out->host) > 0;
}

static bool read_pupil(const char *text, struct claim *out)
{
    return strlen(text) <= CLAIM_USER_MAX && clean_name(text, strlen(text), out->user, sizeof out->user) > 0;
}

static const char *field_of(const struct reading *r, enum column column, const struct csv_field fields[], int count)
{
    return r->at[column] < (size_t)count ? fields[r->at[column]].text : "";
}

static int read_loan(struct reading *r, const struct csv_field fields[], int count)
{
    struct loans *loans = r->out;
    uint32_t line = fields[0].line;
    const char *from = field_of(r, COLUMN_FROM, fields, count), *to = field_of(r, COLUMN_TO, fields, count);
    struct claim loan = {.source = CLAIM_LOAN};
    snprintf(loan.key, sizeof loan.key, "%" PRIu32, line);
    if (!read_device(field_of(r, COLUMN_DEVICE, fields, count), &loan))
        refuse(loans, line, "a device is wanted, by name or the address of its card",
               field_of(r, COLUMN_DEVICE, fields, count));
    else if (!read_pupil(field_of(r, COLUMN_PUPIL, fields, count), &loan))
        refuse(loans, line, "a pupil's user name is wanted", field_of(r, COLUMN_PUPIL, fields, count));
    else if (read_time(r, from, COLUMN_FROM, &loan.from_s) < 0)
        refuse(loans, line, "from must be a time such as 2026-09-03, 2026-09-03 08:30 or 03/09/2026", from);
    else if (read_time(r, to, COLUMN_TO, &loan.until_s) < 0)
        refuse(loans, line, "to must be a time such as 2026-09-03, 2026-09-03 08:30 or 03/09/2026", to);
    else if (loan.until_s != 0 && loan.until_s <= loan.from_s)
        refuse(loans, line, "it ends before it begins", to);
    else if (loans->count == LOANS_MAX)
        return ERR_LIMIT;
    else {
        struct claim *room = loan_add(loans);
        if (room == NULL)
            return ERR_NOMEM;
        *room = loan;
        loans->count++;
    }
    return 0;
}

/* ---- two loans of one device ---- */

static int compare_devices(const struct claim *a, const struct claim *b)
{
    if (a->has_mac != b->has_mac)
        return a->has_mac ? -1 : 1;
    return a->has_mac ? memcmp(a->mac, b->mac, sizeof a->mac) : strcasecmp(a->host, b->host);
}

static long line_of(const struct claim *loan)
{
    return strtol(loan->key, NULL, 10);
}

/* By device, then by beginning, then by line. */
static int compare_loans(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    int order = compare_devices(x, y);
    if (order == 0)
        order = (x->from_s > y->from_s) - (x->from_s < y->from_s);
    return order != 0 ? order : (line_of(x) > line_of(y)) - (line_of(x) < line_of(y));
}

/* Of two that begin at the same time nobody can say who has the device: neither has it. */
static void settle_overlaps(struct loans *loans)
{
    size_t kept = 0;
    if (loans->count == 0)
        return;
    qsort(loans->claims, loans->count, sizeof *loans->claims, compare_loans);
    for (size_t i = 0; i < loans->count;) {
        size_t same = i + 1;
        while (same < loans->count && compare_devices(&loans->claims[i], &loans->claims[same]) == 0 &&
               loans->claims[i].from_s == loans->claims[same].from_s)
            same++;
        if (same > i + 1) {
            loans->refused += same - i;
            complain(loans, (uint32_t)line_of(&loans->claims[i + 1]),
                     "lent from the same time on as in line %ld: who has it now? Neither line counts",
                     line_of(&loans->claims[i]));
        } else {
            struct claim *before = kept > 0 ? &loans->claims[kept - 1] : NULL;
            const struct claim *loan = &loans->claims[i];
            if (before != NULL && compare_devices(before, loan) == 0 &&
                (before->until_s == 0 || before->until_s > loan->from_s)) {
                loans->overlaps++;
                complain(loans, (uint32_t)line_of(loan),
                         "the loan of line %ld had not ended: it ends where this one begins", line_of(before));
                before->until_s = loan->from_s;
            }
            loans->claims[kept++] = *loan;
        }
        i = same;
    }
    loans->count = kept;
}

/* ---- the whole ---- */

static int read_all(struct reading *r, struct csv *csv)
{
    struct csv_field fields[CSV_FIELDS_MAX];
    int count = csv_next(csv, fields);
    int err = count < 0 ? count : read_titles(r, fields, count);
    while (err == 0 && (count = csv_next(csv, fields)) != 0) {
        if (count < 0)
            refuse(r->out, fields[0].line, "not of the form of CSV (RFC 4180)", "");
        else
            err = read_loan(r, fields, count);
    }
    return err;
}

int loans_parse(char *text, size_t len, loans_to_utc to_utc, void *ctx, struct loans *out)
{
    struct reading r = {.out = out, .to_utc = to_utc, .ctx = ctx};
    struct csv csv;
    *out = (struct loans){.claims = NULL};
    if (len > LOANS_BYTES_MAX)
        return ERR_LIMIT;
    csv_begin(&csv, text, len);
    int err = read_all(&r, &csv);
    if (err < 0) {
        out->count = 0;
        return err;
    }
    settle_overlaps(out);
    return 0;
}

void loans_done(struct loans *loans)
{
    free(loans->claims);
    text_done(&loans->complaints);
    *loans = (struct loans){.claims = NULL};
}
