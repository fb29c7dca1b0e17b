#include "operator/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qlog/reader.h"

static bool is_meant(const struct witness_opts *opts, const struct qlog_row *row)
{
    const struct qlog_record *r = &row->record;
    if (row->lost > 0 || r->qname_len != name_len(opts->name) || memcmp(r->qname, opts->name, r->qname_len) != 0)
        return false; /* the filter takes names that an alias led to as well */
    if (opts->has_type && r->qtype != opts->type)
        return false;
    if (opts->has_client && !ipaddr_equal(&r->client, &opts->client))
        return false;
    if (opts->has_user && (r->user == 0 || r->user != opts->user))
        return false;
    if (opts->has_device && (r->device == 0 || r->device != opts->device))
        return false;
    return opts->group == NULL || strcmp(row->group, opts->group) == 0;
}

static int64_t distance(const struct witness_opts *opts, const struct qlog_record *record)
{
    if (record->time_ns < opts->from_ns)
        return opts->from_ns - record->time_ns;
    return record->time_ns < opts->to_ns ? 0 : record->time_ns - opts->to_ns + 1;
}

/* The place for the row: a free one, or that of the farthest, if this one is nearer. NULL: it is not. */
static struct witness *place_for(const struct witness_opts *opts, const struct qlog_record *record,
                                 struct witnesses *out)
{
    if (out->count < WITNESS_MAX)
        return &out->rows[out->count++];
    out->more++;
    struct witness *farthest = &out->rows[0];
    for (size_t i = 1; i < WITNESS_MAX; i++)
        if (distance(opts, &out->rows[i].record) > distance(opts, &farthest->record))
            farthest = &out->rows[i];
    return distance(opts, record) < distance(opts, &farthest->record) ? farthest : NULL;
}

static void take(const struct witness_opts *opts, const struct qlog_row *row, struct witnesses *out)
{
    struct witness *place = place_for(opts, &row->record, out);
    if (place == NULL)
        return;
    place->record = row->record;
    snprintf(place->group, sizeof place->group, "%s", row->group);
    snprintf(place->feed, sizeof place->feed, "%s", row->feed);
}

static int by_time(const void *a, const void *b)
{
    const struct witness *x = a, *y = b;
    return (x->record.time_ns > y->record.time_ns) - (x->record.time_ns < y->record.time_ns);
}

int witness_find(const struct witness_opts *opts, struct witnesses *out)
{
    struct prefix client = {.addr = opts->client, .bits = 128};
    const struct qlog_filter filter = {.from_ns = opts->from_ns - opts->within_ns,
                                       .to_ns = opts->to_ns + opts->within_ns,
                                       .client = opts->has_client ? &client : NULL,
                                       .name = opts->name,
                                       .group = opts->group,
                                       .action = -1};
    struct qlog_scan_stats stats;
    struct qlog_scan *scan;
    struct qlog_row row;
    int code = qlog_scan_open(opts->log_dir, &filter, &scan);
    if (code < 0)
        return code;
    *out = (struct witnesses){.count = 0};
    while ((code = qlog_scan_next(scan, &row)) == 1)
        if (is_meant(opts, &row))
            take(opts, &row, out);
    qlog_scan_stats(scan, &stats);
    out->lost = stats.lost;
    out->closed = stats.closed_blocks;
    qlog_scan_close(scan);
    qsort(out->rows, out->count, sizeof out->rows[0], by_time);
    for (size_t i = 1; i < out->count; i++)
        if (out->rows[i].record.time_ns < opts->to_ns)
            out->nearest = i;
    return code < 0 ? code : 0;
}
