#include "qlog/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_known(const struct qlog_scan *scan, const char *file)
{
    for (size_t i = 0; i < scan->cursor_count; i++)
        if (scan->cursors[i].journal != NULL && strcmp(scan->cursors[i].journal->file, file) == 0)
            return true;
    return false;
}

static struct scan_cursor *cursor_of(struct qlog_scan *scan, uint64_t id)
{
    for (size_t i = 0; i < scan->cursor_count; i++)
        if (scan->cursors[i].id == id)
            return &scan->cursors[i];
    return NULL;
}

static struct scan_cursor *cursor_add(struct qlog_scan *scan, uint64_t id, size_t pos)
{
    struct scan_cursor *cursors = realloc(scan->cursors, (scan->cursor_count + 1) * sizeof *cursors);
    if (cursors == NULL)
        return NULL;
    scan->cursors = cursors;
    scan->cursors[scan->cursor_count] = (struct scan_cursor){.id = id, .pos = pos};
    return &scan->cursors[scan->cursor_count++];
}

/* While following, a journal that was not there before has only new rows, but for those shown from a segment. */
static int journal_take(struct qlog_scan *scan, struct journal *journal)
{
    struct scan_cursor *cursor = cursor_of(scan, journal->id);
    if (cursor == NULL)
        cursor = cursor_add(scan, journal->id, scan->ended ? JOURNAL_FIRST : journal->absorbed);
    if (cursor == NULL)
        return ERR_NOMEM;
    cursor->journal = journal;
    return 0;
}

static int journal_find(struct qlog_scan *scan, const char *file)
{
    struct journal *journal;
    size_t len = strlen(file);
    if (strncmp(file, "journal-", 8) != 0 || len < 4 || strcmp(file + len - 4, ".jnl") != 0 || len >= QLOG_NAME_MAX ||
        is_known(scan, file))
        return 0;
    int code = journal_open(scan->dir_fd, file, false, &journal);
    if (code == ERR_NOENT)
        return 0; /* in a segment by now */
    if (code == ERR_DAMAGED || code == ERR_FORMAT_VERSION) {
        scan->stats.damaged_blocks++;
        return 0;
    }
    if (code < 0)
        return code;
    code = journal_take(scan, journal);
    if (code < 0)
        journal_free(journal);
    return code;
}

/* A journal whose file is gone is read to its end once more, then let go. */
static void cursors_prune(struct qlog_scan *scan)
{
    struct stat st;
    for (size_t i = 0; i < scan->cursor_count; i++) {
        struct scan_cursor *cursor = &scan->cursors[i];
        if (cursor->journal == NULL)
            continue;
        if (cursor->gone && !cursor->has_head) {
            journal_free(cursor->journal);
            cursor->journal = NULL;
            continue;
        }
        cursor->gone = fstatat(scan->dir_fd, cursor->journal->file, &st, AT_SYMLINK_NOFOLLOW) < 0;
    }
}

int scan_journals_find(struct qlog_scan *scan)
{
    struct dirent *entry;
    int code = 0;
    cursors_prune(scan);
    int fd = openat(scan->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        code = -errno;
        if (fd >= 0)
            close(fd);
        return code;
    }
    while (code == 0 && (entry = readdir(dir)) != NULL)
        code = journal_find(scan, entry->d_name);
    closedir(dir);
    return code;
}

bool scan_journals_know(struct qlog_scan *scan, const struct segment *segment)
{
    for (uint32_t i = 0; i < segment->footer.journal_count; i++)
        if (segment->journals[i].absorbed > JOURNAL_FIRST && cursor_of(scan, segment->journals[i].id) == NULL)
            return false;
    return true;
}

int scan_journals_skip(struct qlog_scan *scan, const struct segment *segment)
{
    for (uint32_t i = 0; i < segment->footer.journal_count; i++) {
        uint64_t absorbed = segment->journals[i].absorbed;
        struct scan_cursor *cursor = cursor_of(scan, segment->journals[i].id);
        if (cursor == NULL)
            cursor = cursor_add(scan, segment->journals[i].id, 0);
        if (cursor == NULL)
            return ERR_NOMEM;
        if (absorbed > cursor->pos)
            cursor->pos = (size_t)absorbed; /* journal_next() checks it against the journal's length */
    }
    return 0;
}

/* The cursor with the oldest entry, or NULL. */
static struct scan_cursor *cursor_pick(struct qlog_scan *scan)
{
    struct scan_cursor *oldest = NULL;
    for (size_t i = 0; i < scan->cursor_count; i++) {
        struct scan_cursor *cursor = &scan->cursors[i];
        if (cursor->journal == NULL)
            continue;
        if (!cursor->has_head) {
            struct journal_image image = journal_image(cursor->journal);
            cursor->has_head = journal_next(&image, &cursor->pos, &cursor->head);
        }
        if (cursor->has_head && (oldest == NULL || cursor->head.time_ns < oldest->head.time_ns))
            oldest = cursor;
    }
    return oldest;
}

static bool record_is_wanted(const struct qlog_scan *scan, const struct qlog_row *row)
{
    const struct qlog_record *r = &row->record;
    const uint8_t *matched = r->matched_len == 0 ? NULL : r->matched;
    const struct filter_who who = {.client = &r->client, .group = row->group, .user = r->user, .device = r->device};
    return filter_wants_times(&scan->filter, r->time_ns, r->time_ns) && filter_wants_who(&scan->filter, &who) &&
           filter_wants_what(&scan->filter, r->qname, matched, &r->verdict) &&
           filter_wants_code(&scan->filter, &r->client, r->qname, r->time_ns);
}

static bool item_take(struct qlog_scan *scan, const struct scan_cursor *cursor, struct qlog_row *out)
{
    const struct journal_item *item = &cursor->head;
    const char *node = cursor->journal->node;
    struct journal_gap gap;
    if (item->kind == JOURNAL_GAP && item->len >= sizeof gap) {
        memcpy(&gap, item->body, sizeof gap);
        return scan_gap(scan, &gap, node, out);
    }
    if (record_parse(item->body, item->len, &out->record) < 0)
        return false;
    scan_words(scan, &scan->words, node, out);
    return record_is_wanted(scan, out);
}

int scan_journal_next(struct qlog_scan *scan, struct qlog_row *out)
{
    struct scan_cursor *cursor;
    while ((cursor = cursor_pick(scan)) != NULL) {
        cursor->has_head = false;
        if (item_take(scan, cursor, out))
            return 1;
    }
    return 0;
}
