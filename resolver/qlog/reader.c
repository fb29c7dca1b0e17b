#include "qlog/reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "qlog/scan.h"

/* ---- rows ---- */

static const char *word(const struct texts *words, const struct texts_key *key, char number[8])
{
    const char *found = texts_find(words, key);
    if (found != NULL)
        return found;
    snprintf(number, 8, "%u", key->number);
    return number;
}

void scan_words(struct qlog_scan *scan, const struct texts *words, const char *node, struct qlog_row *out)
{
    const struct qlog_record *r = &out->record;
    const struct texts_key group = {TEXTS_GROUP, r->policy_version, r->group};
    const struct texts_key feed = {TEXTS_FEED, r->generation, r->verdict.feed};
    const struct texts_key upstream = {TEXTS_UPSTREAM, 0, r->upstream};
    out->node = node;
    out->group = word(words, &group, scan->numbers[0]);
    out->feed = r->verdict.feed == VERDICT_NO_FEED ? "" : word(words, &feed, scan->numbers[1]);
    out->upstream = r->upstream == QLOG_NO_UPSTREAM ? "" : word(words, &upstream, scan->numbers[2]);
    out->user = out->device = out->called = "";
    out->lost = 0;
}

bool scan_gap(struct qlog_scan *scan, const struct journal_gap *gap, const char *node, struct qlog_row *out)
{
    if (!filter_wants_times(&scan->filter, gap->from_ns, gap->to_ns))
        return false;
    *out = (struct qlog_row){.node = node,
                             .group = "",
                             .feed = "",
                             .upstream = "",
                             .user = "",
                             .device = "",
                             .called = "",
                             .lost = gap->lost};
    out->record.time_ns = gap->from_ns;
    out->record.qname_len = 1; /* the root, so that a careless reader of the row finds a name */
    out->record.verdict.feed = VERDICT_NO_FEED;
    out->record.upstream = QLOG_NO_UPSTREAM;
    return true;
}

void scan_count(struct qlog_scan *scan, const struct qlog_row *row)
{
    struct qlog_scan_stats *stats = &scan->stats;
    const struct qlog_record *r = &row->record;
    if (r->time_ns > scan->newest_ns)
        scan->newest_ns = r->time_ns;
    if (row->lost > 0) {
        stats->lost += row->lost;
        return;
    }
    if (stats->rows == 0 || r->generation < stats->first_generation)
        stats->first_generation = r->generation;
    if (stats->rows == 0 || r->generation > stats->last_generation)
        stats->last_generation = r->generation;
    stats->rows++;
}

/* ---- the scan ---- */

static int scan_alloc(struct qlog_scan *scan)
{
    scan->who_wanted = calloc(BLOCK_ROWS_MAX, 1);
    scan->what_wanted = calloc(BLOCK_ROWS_MAX, 1);
    return scan->who_wanted == NULL || scan->what_wanted == NULL ? ERR_NOMEM : 0;
}

/* Words for rows in journals; a file that can't be read means numbers instead. */
static int words_load(struct qlog_scan *scan)
{
    return texts_load(&scan->words, scan->dir_fd) == ERR_NOMEM ? ERR_NOMEM : 0;
}

static int segments_begin(struct qlog_scan *scan)
{
    struct segment *newest;
    int code = segment_list(scan->dir_fd, &scan->list);
    if (code < 0)
        return code;
    if (scan->list.count == 0)
        return 0;
    const struct segment_file *last = &scan->list.files[scan->list.count - 1];
    scan->last_sequence = last->sequence;
    if (segment_open(scan->dir_fd, last->file, &newest) == 0) {
        code = scan_journals_skip(scan, newest);
        segment_close(newest);
    }
    return code;
}

int qlog_scan_open(const char *dir, const struct qlog_filter *filter, struct qlog_scan **out)
{
    struct qlog_scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL)
        return ERR_NOMEM;
    scan->after_ns = INT64_MIN;
    scan->newest_ns = INT64_MIN;
    scan->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = scan->dir_fd < 0 ? -errno : scan_alloc(scan);
    keyring_init(&scan->keys, scan->dir_fd);
    scan->block.keys = &scan->keys;
    if (code == 0)
        code = filter_init(&scan->filter, filter);
    if (code == 0)
        code = scan_journals_find(scan);
    if (code == 0)
        code = segments_begin(scan);
    if (code == 0)
        code = words_load(scan);
    if (code < 0) {
        qlog_scan_close(scan);
        return code;
    }
    *out = scan;
    return 0;
}

/* Whether the segment must be shown: it holds rows of a journal that came and went between two looks. */
static int segment_is_late(struct qlog_scan *scan, const char *file, bool *out_late)
{
    struct segment *segment;
    int code = segment_open(scan->dir_fd, file, &segment);
    *out_late = false;
    if (code < 0)
        return code == ERR_NOMEM ? code : 0;
    if (!scan_journals_know(scan, segment)) {
        *out_late = true;
        code = scan_journals_skip(scan, segment);
    }
    segment_close(segment);
    return code;
}

/* Keeps in the list only the segments made since the last look that must be shown. */
static int segments_refresh(struct qlog_scan *scan)
{
    struct segment_list list;
    size_t kept = 0;
    int code = segment_list(scan->dir_fd, &list);
    if (code < 0)
        return code;
    for (size_t i = 0; i < list.count && code == 0; i++) {
        bool late;
        if (list.files[i].sequence <= scan->last_sequence)
            continue;
        scan->last_sequence = list.files[i].sequence;
        code = segment_is_late(scan, list.files[i].file, &late);
        if (late)
            list.files[kept++] = list.files[i];
    }
    segment_list_done(&scan->list);
    list.count = kept;
    scan->list = list;
    scan->next_file = 0;
    scan->after_ns = scan->newest_ns;
    return code;
}

static int scan_refresh(struct qlog_scan *scan)
{
    int code = scan_journals_find(scan);
    if (code == 0)
        code = segments_refresh(scan);
    return code < 0 ? code : words_load(scan);
}

int qlog_scan_next(struct qlog_scan *scan, struct qlog_row *out)
{
    int code = scan->ended ? scan_refresh(scan) : 0;
    if (code < 0)
        return code;
    scan->ended = false;
    code = scan_segment_next(scan, out);
    if (code == 0)
        code = scan_journal_next(scan, out);
    if (code == 1)
        scan_count(scan, out);
    scan->ended = code == 0;
    return code;
}

void qlog_scan_stats(const struct qlog_scan *scan, struct qlog_scan_stats *out)
{
    *out = scan->stats;
}

void qlog_scan_close(struct qlog_scan *scan)
{
    if (scan == NULL)
        return;
    for (size_t i = 0; i < scan->cursor_count; i++)
        journal_free(scan->cursors[i].journal);
    free(scan->cursors);
    segment_close(scan->segment);
    segment_list_done(&scan->list);
    block_done(&scan->block);
    keyring_done(&scan->keys);
    texts_done(&scan->words);
    free(scan->who_wanted);
    free(scan->what_wanted);
    if (scan->dir_fd >= 0)
        close(scan->dir_fd);
    free(scan);
}
