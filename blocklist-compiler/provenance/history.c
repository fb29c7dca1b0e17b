#include "provenance/history.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blockdb/blockdb.h"
#include "publish/folder.h"

/* What one generation says about the name. */
struct chapter {
    uint64_t generation;
    int64_t built_s;
    struct blockdb *db; /* owns the feeds' names */
    struct blockdb_match match;
};

struct history {
    struct chapter *chapters; /* the newest first */
    size_t count;
};

/* ---- reading ---- */

static int newest_first(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

/* The numbers of the generations in folder up to newest, *out, which the caller frees. */
static int list_numbers(const char *folder, uint64_t newest, uint64_t **out, size_t *out_count)
{
    size_t count = 0, cap = 0;
    uint64_t *numbers = NULL;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return errno == ENOENT ? ERR_NOENT : errno == EACCES ? ERR_ACCESS : ERR_IO;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        uint64_t number = folder_number(entry->d_name);
        if (number == 0 || number > newest)
            continue;
        if (count == cap) {
            cap = cap == 0 ? 16 : cap * 2;
            uint64_t *more = reallocarray(numbers, cap, sizeof *numbers);
            if (more == NULL)
                break;
            numbers = more;
        }
        numbers[count++] = number;
    }
    closedir(dir);
    if (count == 0) {
        free(numbers);
        return cap > 0 ? ERR_NOMEM : ERR_NOENT;
    }
    qsort(numbers, count, sizeof *numbers, newest_first);
    *out = numbers;
    *out_count = count;
    return 0;
}

static bool read_chapter(const char *folder, uint64_t number, const struct name_key *name, struct chapter *out)
{
    char file[FOLDER_NAME_MAX], path[PATH_MAX];
    struct blockdb *db;
    folder_name(number, file);
    if (snprintf(path, sizeof path, "%s/%s", folder, file) >= (int)sizeof path || blockdb_open(path, &db, NULL, 0) < 0)
        return false;
    *out = (struct chapter){.generation = number, .built_s = blockdb_built_s(db), .db = db};
    blockdb_lookup(db, name, &out->match);
    return true;
}

int history_new(const char *folder, uint64_t newest, const struct name_key *name, struct history **out)
{
    uint64_t *numbers = NULL;
    size_t count = 0;
    int err = list_numbers(folder, newest, &numbers, &count);
    if (err < 0)
        return err;
    struct history *history = calloc(1, sizeof *history);
    if (history != NULL)
        history->chapters = calloc(count, sizeof *history->chapters);
    if (history == NULL || history->chapters == NULL) {
        history_free(history);
        free(numbers);
        return ERR_NOMEM;
    }
    while (history->count < count && history->count < HISTORY_MAX &&
           read_chapter(folder, numbers[history->count], name, &history->chapters[history->count]))
        history->count++;

    free(numbers);
    *out = history;
    return 0;
}

void history_free(struct history *history)
{
    if (history == NULL)
        return;
    for (size_t i = 0; i < history->count; i++)
        blockdb_close(history->chapters[i].db);
    free(history->chapters);
    free(history);
}

/* ---- asking ---- */

static bool is_feed(const struct blockdb *db, uint16_t index, const char *name)
{
    const struct blockdb_feed *feed = blockdb_feed(db, index);
    return feed != NULL && strcmp(feed->name, name) == 0;
}

static bool clause_is_of(const struct blockdb *db, uint16_t id, const char *feed)
{
    struct blockdb_clause clause;
    return blockdb_clause(db, id, &clause) == 0 && is_feed(db, clause.feed, feed);
}

static bool value_is_of(const struct blockdb *db, uint32_t id, const char *feed)
{
    struct blockdb_value value;
    if (blockdb_value(db, id, &value) < 0)
        return false;
    for (size_t i = 0; i < value.feed_count; i++)
        if (is_feed(db, value.feeds[i], feed))
            return true;
    for (size_t i = 0; i < value.clause_count; i++)
        if (clause_is_of(db, value.clauses[i], feed))
            return true;
    return false;
}

static bool chapter_has(const struct chapter *chapter, const char *feed)
{
    const struct blockdb_match *match = &chapter->match;
    if (feed == NULL)
        return match->listed != 0 || match->hit_count > 0;
    for (size_t i = 0; i < match->hit_count; i++)
        if (value_is_of(chapter->db, match->hits[i].value, feed))
            return true;
    for (size_t i = 0; i < match->clause_count; i++)
        if (clause_is_of(chapter->db, match->clauses[i], feed))
            return true;
    return false;
}

bool history_find(const struct history *history, const char *feed, struct history_since *out)
{
    size_t count = 0;
    while (count < history->count && chapter_has(&history->chapters[count], feed))
        count++;
    if (count == 0)
        return false;
    const struct chapter *first = &history->chapters[count - 1];
    *out = (struct history_since){
        .generation = first->generation, .built_s = first->built_s, .oldest = count == history->count};
    return true;
}
