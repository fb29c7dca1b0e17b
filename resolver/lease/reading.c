#include "lease/reading.h"

#include <string.h>

#include "lease/format.h"

void reading_begin(struct reading *r, enum reading_format format)
{
    *r = (struct reading){.format = format};
}

bool reading_is_appended(enum reading_format format)
{
    return format != READING_DNSMASQ;
}

bool reading_is_foreign(const struct reading *r)
{
    return r->refused_count > 0 && r->lease_count == 0 && (r->format != READING_KEA || !r->kea.known);
}

static void refuse(struct reading *r, uint64_t line, const char *why)
{
    if (r->refused_count++ > 0)
        return;
    r->refused_line = line;
    r->refused_why = why;
}

/* Bytes of the record that text begins with, with its end; 0: it is not all there. */
static size_t record_length(const struct reading *r, struct field text)
{
    if (r->format == READING_ISC)
        return isc_statement(text);
    const char *end = memchr(text.bytes, '\n', text.len);
    return end == NULL ? 0 : (size_t)(end - text.bytes) + 1;
}

static uint64_t count_lines(struct field text)
{
    uint64_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.bytes[i] == '\n';
    return count;
}

static struct field without_line_end(struct field record)
{
    while (record.len > 0 && (record.bytes[record.len - 1] == '\n' || record.bytes[record.len - 1] == '\r'))
        record.len--;
    return record;
}

static void read_line(struct reading *r, struct field record, lease_sink sink, void *ctx)
{
    struct lease lease = {.active = true};
    bool is_lease = false;
    record = without_line_end(record);
    if (record.len == 0)
        return;
    const char *why = r->format == READING_KEA ? kea_csv_read(&r->kea, record, &lease, &is_lease)
                                               : dnsmasq_read(record, &lease, &is_lease);
    if (why != NULL)
        refuse(r, r->line + 1, why);
    else if (is_lease) {
        r->lease_count++;
        sink(ctx, &lease);
    }
}

static void read_statement(struct reading *r, struct field record, lease_sink sink, void *ctx)
{
    size_t count = 0;
    const char *why = isc_read(record, sink, ctx, &count);
    r->lease_count += count;
    if (why != NULL)
        refuse(r, r->line + 1, why);
}

size_t reading_take(struct reading *r, const char *bytes, size_t len, lease_sink sink, void *ctx)
{
    struct field rest = {bytes, len};
    while (rest.len > 0) {
        size_t used = record_length(r, rest);
        struct field record = {rest.bytes, used};
        bool too_long = used > READING_RECORD_MAX || (used == 0 && rest.len >= READING_RECORD_MAX);
        if (too_long && !r->passing_over)
            refuse(r, r->line + 1, "the record is too long");
        if (used == 0 && !too_long)
            break;
        if (used == 0)
            record.len = rest.len; /* its end is still to come */
        else if (!too_long && !r->passing_over && r->format == READING_ISC)
            read_statement(r, record, sink, ctx);
        else if (!too_long && !r->passing_over)
            read_line(r, record, sink, ctx);
        r->passing_over = used == 0;
        r->line += count_lines(record);
        rest.bytes += record.len;
        rest.len -= record.len;
    }
    return len - rest.len;
}
