#include "blocklist-compiler/exposure.h"

#include <stdlib.h>
#include <string.h>

#include "belisha/verdict.h"
#include "feed/normalise.h"

/* The listed name: as many of the name's last labels. */
static const char *last_labels(const char *name, unsigned labels)
{
    const char *at = name + strlen(name);
    for (unsigned dots = 0; at > name; at--) {
        if (at[-1] == '.' && ++dots == labels)
            break;
    }
    return at;
}

static void add_feed(struct report_popular *row, const struct blockdb *db, uint16_t feed)
{
    const struct blockdb_feed *listed = blockdb_feed(db, feed);
    if (listed == NULL || (listed->categories & row->categories) == 0 || row->feed_count == REPORT_POPULAR_FEEDS_MAX)
        return;
    for (unsigned i = 0; i < row->feed_count; i++) {
        if (row->feeds[i] == feed)
            return;
    }
    row->feeds[row->feed_count++] = feed;
}

/* The feeds of the entries that were hit, and those of patterns, which are no entries. */
static void set_feeds(struct report_popular *row, const struct blockdb *db, const struct blockdb_match *match)
{
    for (unsigned i = 0; i < match->hit_count; i++) {
        struct blockdb_value value;
        if (blockdb_value(db, match->hits[i].value, &value) < 0)
            continue;
        for (size_t j = 0; j < value.feed_count; j++)
            add_feed(row, db, value.feeds[j]);
    }
    for (uint64_t rest = row->categories; rest != 0; rest &= rest - 1) {
        uint8_t labels = 0;
        uint16_t feed = blockdb_match_feed(db, match, (unsigned)__builtin_ctzll(rest), &labels);
        if (feed == VERDICT_NO_FEED)
            continue;
        add_feed(row, db, feed);
        if (row->by == NULL && labels > 0)
            row->by = last_labels(row->name, labels);
    }
}

static int add_row(struct exposure *e, const struct report_popular *row)
{
    if ((e->count & (e->count - 1)) == 0) {
        struct report_popular *rows = reallocarray(e->rows, e->count == 0 ? 1 : e->count * 2, sizeof *rows);
        if (rows == NULL)
            return ERR_NOMEM;
        e->rows = rows;
    }
    e->rows[e->count++] = *row;
    e->new_count += row->new_categories != 0;
    return 0;
}

static int look_up(const struct popular_name *name, const struct blockdb *now, const struct blockdb *before,
                   struct exposure *e)
{
    struct listed_name listed;
    struct blockdb_match match, then = {0};
    struct report_popular row = {.name = name->text, .rank = name->rank, .ours = name->ours};
    if (normalise_name(span_of(name->text), &listed) != REFUSED_NONE)
        return 0;
    blockdb_lookup(now, &listed.key, &match);
    if (match.categories == 0)
        return 0;
    if (before != NULL)
        blockdb_lookup(before, &listed.key, &then);
    row.categories = match.categories;
    row.new_categories = before == NULL ? 0 : match.categories & ~then.categories;
    set_feeds(&row, now, &match);
    return add_row(e, &row);
}

/* New ones first, then by rank. */
static int order(const void *a, const void *b)
{
    const struct report_popular *x = a, *y = b;
    bool x_new = x->new_categories != 0, y_new = y->new_categories != 0;
    if (x_new != y_new)
        return x_new ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void count_feeds(const struct exposure *e, struct report_feed *feeds, size_t feed_count)
{
    for (size_t i = 0; i < e->count; i++) {
        for (unsigned j = 0; j < e->rows[i].feed_count; j++) {
            if (e->rows[i].feeds[j] >= feed_count)
                continue;
            feeds[e->rows[i].feeds[j]].popular++;
            feeds[e->rows[i].feeds[j]].popular_new += e->rows[i].new_categories != 0;
        }
    }
}

int exposure_find(const struct popular *popular, const struct blockdb *now, const struct blockdb *before,
                  struct report_feed *feeds, size_t feed_count, struct exposure *out)
{
    int err = 0;
    *out = (struct exposure){0};
    for (size_t i = 0; i < popular_count(popular) && err == 0; i++)
        err = look_up(popular_at(popular, i), now, before, out);
    if (err < 0)
        return err;
    if (out->count > 0)
        qsort(out->rows, out->count, sizeof *out->rows, order);
    count_feeds(out, feeds, feed_count);
    out->row_count = out->count < EXPOSURE_ROWS_MAX ? out->count : EXPOSURE_ROWS_MAX;
    return 0;
}

void exposure_done(struct exposure *exposure)
{
    free(exposure->rows);
    *exposure = (struct exposure){0};
}
