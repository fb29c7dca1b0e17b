#include "qlog/journals.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "qlog/folder.h"

struct journals_cursor {
    struct journal *journal; /* NULL: read to its end and gone, or only known from a segment */
    uint64_t id;
    size_t pos;
    struct journal_item head; /* the next entry, when has_head */
    size_t torn_at;           /* its end, when that was torn */
    bool has_head;
    bool gone; /* its file was removed */
};

static bool is_known(const struct journals *journals, const char *file)
{
    for (size_t i = 0; i < journals->count; i++)
        if (journals->cursors[i].journal != NULL && strcmp(journals->cursors[i].journal->file, file) == 0)
            return true;
    return false;
}

static struct journals_cursor *cursor_of(const struct journals *journals, uint64_t id)
{
    for (size_t i = 0; i < journals->count; i++)
        if (journals->cursors[i].id == id)
            return &journals->cursors[i];
    return NULL;
}

static struct journals_cursor *cursor_add(struct journals *journals, uint64_t id, size_t pos)
{
    struct journals_cursor *cursors = realloc(journals->cursors, (journals->count + 1) * sizeof *cursors);
    if (cursors == NULL)
        return NULL;
    journals->cursors = cursors;
    journals->cursors[journals->count] = (struct journals_cursor){.id = id, .pos = pos};
    return &journals->cursors[journals->count++];
}

/* While following, a journal that was not there before has only new rows, but for those shown from a segment. */
static int journal_take(struct journals *journals, struct journal *journal, bool is_later)
{
    struct journals_cursor *cursor = cursor_of(journals, journal->id);
    if (cursor == NULL)
        cursor = cursor_add(journals, journal->id, is_later ? JOURNAL_FIRST : journal->absorbed);
    if (cursor == NULL)
        return ERR_NOMEM;
    cursor->journal = journal;
    return 0;
}

static int journal_find(struct journals *journals, const char *file, bool is_later)
{
    struct journal *journal;
    if (!journal_file_is(file) || is_known(journals, file))
        return 0;
    int code = journal_open(journals->dir_fd, file, false, &journal);
    if (code == ERR_NOENT || code == ERR_END)
        return 0; /* in a segment by now; or never written */
    if (code == ERR_DAMAGED || code == ERR_FORMAT_VERSION || code == ERR_IO) {
        journals->damaged++;
        return 0;
    }
    if (code < 0)
        return code;
    journals->damaged += journal->is_damaged;
    code = journal_take(journals, journal, is_later);
    if (code < 0)
        journal_free(journal);
    return code;
}

/* A journal whose file is gone is read to its end once more, then let go. */
static void cursors_prune(struct journals *journals)
{
    struct stat st;
    for (size_t i = 0; i < journals->count; i++) {
        struct journals_cursor *cursor = &journals->cursors[i];
        if (cursor->journal == NULL)
            continue;
        if (cursor->gone && !cursor->has_head) {
            journal_free(cursor->journal);
            cursor->journal = NULL;
            continue;
        }
        cursor->gone = fstatat(journals->dir_fd, cursor->journal->file, &st, AT_SYMLINK_NOFOLLOW) < 0;
    }
}

int journals_find(struct journals *journals, bool is_later)
{
    DIR *dir;
    const struct dirent *entry;
    cursors_prune(journals);
    int code = folder_opendir(journals->dir_fd, ".", &dir);
    if (code < 0)
        return code;
    while (code == 0 && (entry = readdir(dir)) != NULL)
        code = journal_find(journals, entry->d_name, is_later);
    closedir(dir);
    return code;
}

bool journals_know(const struct journals *journals, const struct segment *segment)
{
    for (uint32_t i = 0; i < segment->footer.journal_count; i++)
        if (segment->journals[i].absorbed > JOURNAL_FIRST && cursor_of(journals, segment->journals[i].id) == NULL)
            return false;
    return true;
}

int journals_skip(struct journals *journals, const struct segment *segment)
{
    for (uint32_t i = 0; i < segment->footer.journal_count; i++) {
        uint64_t absorbed = segment->journals[i].absorbed;
        struct journals_cursor *cursor = cursor_of(journals, segment->journals[i].id);
        if (cursor == NULL)
            cursor = cursor_add(journals, segment->journals[i].id, 0);
        if (cursor == NULL)
            return ERR_NOMEM;
        if (absorbed > cursor->pos)
            cursor->pos = (size_t)absorbed; /* journal_next() checks it against the journal's length */
    }
    return 0;
}

/* Bytes that were passed over, and an end that is torn; each once. */
static void damage_count(struct journals *journals, struct journals_cursor *cursor, const struct journal_image *image)
{
    journals->damaged += cursor->has_head && cursor->head.skipped > 0;
    if (cursor->has_head || cursor->torn_at == cursor->pos || !journal_is_torn(image, cursor->pos))
        return;
    cursor->torn_at = cursor->pos;
    journals->damaged++;
}

/* The cursor with the oldest entry, or NULL. */
static struct journals_cursor *cursor_pick(struct journals *journals)
{
    struct journals_cursor *oldest = NULL;
    for (size_t i = 0; i < journals->count; i++) {
        struct journals_cursor *cursor = &journals->cursors[i];
        if (cursor->journal == NULL)
            continue;
        if (!cursor->has_head) {
            struct journal_image image = journal_image(cursor->journal);
            cursor->has_head = journal_next(&image, &cursor->pos, &cursor->head);
            damage_count(journals, cursor, &image);
        }
        if (cursor->has_head && (oldest == NULL || cursor->head.time_ns < oldest->head.time_ns))
            oldest = cursor;
    }
    return oldest;
}

const struct journal_item *journals_head(struct journals *journals, const char **out_node)
{
    struct journals_cursor *cursor = cursor_pick(journals);
    if (cursor == NULL)
        return NULL;
    journals->head = (size_t)(cursor - journals->cursors);
    *out_node = cursor->journal->node;
    return &cursor->head;
}

/* Of the entry that was shown: meanwhile another journal may have got an older one. */
void journals_pass(struct journals *journals)
{
    journals->cursors[journals->head].has_head = false;
}

void journals_done(struct journals *journals)
{
    for (size_t i = 0; i < journals->count; i++)
        journal_free(journals->cursors[i].journal);
    free(journals->cursors);
    *journals = (struct journals){.dir_fd = -1};
}
