#include "qlog/block_merge.h"

#include <stdlib.h>
#include <string.h>

#define NONE_YET UINT32_MAX

static int room_make(struct block_merge *m, uint32_t count)
{
    if (count <= m->cap)
        return 0;
    uint32_t **const maps[] = {&m->who, &m->what, &m->path};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        uint32_t *map = realloc(*maps[i], count * sizeof *map);
        if (map == NULL)
            return ERR_NOMEM;
        *maps[i] = map;
    }
    m->cap = count;
    return 0;
}

int block_merge_from(struct block_merge *m, const struct block *from)
{
    if (room_make(m, BLOCK_ROWS_MAX) < 0)
        return ERR_NOMEM;
    m->from = from;
    m->words_agree = false;
    for (uint32_t i = 0; i < BLOCK_ROWS_MAX; i++)
        m->who[i] = m->what[i] = m->path[i] = NONE_YET;
    return 0;
}

void block_merge_done(struct block_merge *m)
{
    free(m->who);
    free(m->what);
    free(m->path);
    *m = (struct block_merge){0};
}

/* ---- tables ---- */

static int word_take(const struct block_merge *m, struct block_builder *b, const struct texts_key *key)
{
    const char *word = texts_find(&m->from->texts, key);
    return word == NULL ? 0 : texts_put(&b->texts, key, word);
}

static int who_take(struct block_merge *m, struct block_builder *b, uint32_t i)
{
    struct block_who who = m->from->who[i];
    void *table = b->who;
    if (m->who[i] != NONE_YET)
        return 0;
    if (who.user != 0)
        who.slot = 0; /* is found once more by the user */
    int64_t number = dict_put(&b->who_keys, &who, sizeof who);
    if (number < 0 || block_table_room(&table, &b->who_cap, (uint32_t)number, sizeof *b->who) < 0)
        return ERR_NOMEM;
    b->who = table;
    b->who[number] = who;
    m->who[i] = (uint32_t)number;
    return word_take(m, b, &(struct texts_key){TEXTS_GROUP, who.policy, who.group});
}

static int64_t name_take(const struct block_merge *m, struct block_builder *b, uint32_t number)
{
    const uint8_t *name = block_name(m->from, number);
    return dict_put(&b->names, name, (size_t)name_len(name));
}

static int what_take(struct block_merge *m, struct block_builder *b, uint32_t i)
{
    struct block_what what = m->from->what[i];
    void *table = b->what;
    if (m->what[i] != NONE_YET)
        return 0;
    int64_t name = name_take(m, b, what.name);
    int64_t matched = what.matched == 0 ? -1 : name_take(m, b, what.matched - 1);
    if (name < 0 || (what.matched > 0 && matched < 0))
        return ERR_NOMEM;
    what.name = (uint32_t)name;
    what.matched = (uint32_t)(matched + 1);
    int64_t number = dict_put(&b->what_keys, &what, sizeof what);
    if (number < 0 || block_table_room(&table, &b->what_cap, (uint32_t)number, sizeof *b->what) < 0)
        return ERR_NOMEM;
    b->what = table;
    b->what[number] = what;
    m->what[i] = (uint32_t)number;
    block_note_generation(b, (uint32_t)number, what.generation);
    return what.feed == VERDICT_NO_FEED ? 0
                                        : word_take(m, b, &(struct texts_key){TEXTS_FEED, what.generation, what.feed});
}

static int path_take(struct block_merge *m, struct block_builder *b, uint32_t i)
{
    const struct block_path *path = &m->from->path[i];
    if (m->path[i] != NONE_YET)
        return 0;
    int64_t number = dict_put(&b->path, path, sizeof *path);
    if (number < 0)
        return ERR_NOMEM;
    m->path[i] = (uint32_t)number;
    return path->upstream == QLOG_NO_UPSTREAM ? 0
                                              : word_take(m, b, &(struct texts_key){TEXTS_UPSTREAM, 0, path->upstream});
}

/* ---- rows ---- */

bool block_merge_fits(struct block_merge *m, const struct block_builder *b, uint32_t i)
{
    if (block_room(b) == 0)
        return false;
    m->words_agree = m->words_agree || texts_agree(&b->texts, &m->from->texts);
    return m->words_agree &&
           (b->row_count == 0 || (int64_t)m->from->rows.time[i] >= (int64_t)b->rows.time[b->row_count - 1]);
}

int block_merge_row(struct block_merge *m, struct block_builder *b, uint32_t i)
{
    const struct block_rows *from = &m->from->rows;
    int code = block_rows_alloc(&b->rows);
    if (code == 0)
        code = who_take(m, b, from->who[i]);
    if (code == 0)
        code = what_take(m, b, from->what[i]);
    if (code == 0)
        code = path_take(m, b, from->path[i]);
    if (code < 0)
        return code;
    block_note_times(b, (int64_t)from->time[i], (int64_t)from->time[i]);
    uint32_t to = b->row_count++;
    b->rows.time[to] = from->time[i];
    b->rows.who[to] = (uint16_t)m->who[from->who[i]];
    b->rows.what[to] = (uint16_t)m->what[from->what[i]];
    b->rows.path[to] = (uint16_t)m->path[from->path[i]];
    b->rows.port[to] = from->port[i];
    b->rows.rtt[to] = from->rtt[i];
    return 0;
}

bool block_merge_gap_fits(const struct block_builder *b, const struct journal_gap *gap)
{
    return block_room(b) > 0 && (b->gap_count == 0 || block_gap_order(&b->gaps[b->gap_count - 1], gap) <= 0);
}
