#include "qlog/block.h"

#include <stdlib.h>
#include <string.h>

static int word_note(struct block_builder *b, const struct block_words *words, const struct texts_key *key)
{
    const char *word = words->find(words->ctx, key);
    return word == NULL ? 0 : texts_put(&b->texts, key, word);
}

int block_table_room(void **table, uint32_t *cap, uint32_t count, size_t size)
{
    if (count < *cap)
        return 0;
    uint32_t wanted = *cap * 2 + 256;
    void *grown = realloc(*table, wanted * size);
    if (grown == NULL)
        return ERR_NOMEM;
    *table = grown;
    *cap = wanted;
    return 0;
}

static int who_fill(struct block_builder *b, const struct block_words *words, uint32_t number,
                    const struct qlog_record *r)
{
    void *table = b->who;
    if (block_table_room(&table, &b->who_cap, number, sizeof *b->who) < 0)
        return ERR_NOMEM;
    b->who = table;
    struct block_who *who = &b->who[number];
    *who = (struct block_who){
        .device = r->device, .user = r->user, .policy = r->policy_version, .group = r->group, .grade = r->grade};
    memcpy(who->client, r->client.bytes, sizeof who->client);
    return word_note(b, words, &(struct texts_key){TEXTS_GROUP, who->policy, who->group});
}

void block_note_generation(struct block_builder *b, uint32_t number, uint64_t generation)
{
    if (number == 0 || generation < b->first_generation)
        b->first_generation = generation;
    if (number == 0 || generation > b->last_generation)
        b->last_generation = generation;
}

static int what_fill(struct block_builder *b, const struct block_words *words, uint32_t number,
                     const struct qlog_record *r)
{
    void *table = b->what;
    int64_t name = dict_put(&b->names, r->qname, r->qname_len);
    int64_t matched = r->matched_len == 0 ? -1 : dict_put(&b->names, r->matched, r->matched_len);
    if (name < 0 || (r->matched_len > 0 && matched < 0) ||
        block_table_room(&table, &b->what_cap, number, sizeof *b->what) < 0)
        return ERR_NOMEM;
    b->what = table;
    struct block_what *what = &b->what[number];
    *what = (struct block_what){.name = (uint32_t)name,
                                .matched = (uint32_t)(matched + 1),
                                .categories = r->verdict.categories,
                                .generation = r->generation,
                                .rule = r->verdict.rule,
                                .type = r->qtype,
                                .class = r->qclass,
                                .rcode = r->rcode,
                                .feed = r->verdict.feed,
                                .answer_count = r->answer_count,
                                .action = r->verdict.action,
                                .reason = r->verdict.reason,
                                .category = r->verdict.category,
                                .match = r->verdict.match,
                                .match_labels = r->verdict.match_labels,
                                .unattributed = r->verdict.unattributed};
    memcpy(what->answer, r->answer.bytes, sizeof what->answer);
    block_note_generation(b, number, what->generation);
    if (what->feed == VERDICT_NO_FEED)
        return 0;
    return word_note(b, words, &(struct texts_key){TEXTS_FEED, what->generation, what->feed});
}

/* A row on its way into the block. */
struct input {
    const struct journal_item *item;
    struct record_ranges ranges;
    uint32_t who_hash, what_hash;
    bool malformed;
    int64_t who, what, path; /* numbers in the tables */
};

/* Only a combination that is new in this block is taken apart. */
static int tables_put(struct block_builder *b, const struct block_words *words, struct input *in)
{
    struct qlog_record record;
    int code = 0;
    uint32_t whats = b->what_keys.count;
    uint32_t whos = b->who_keys.count;
    in->what = dict_put_hashed(&b->what_keys, in->ranges.what, in->ranges.what_len, in->what_hash);
    bool new_what = in->what == whats;
    if (new_what && record_parse(in->item->body, in->item->len, &record) < 0) {
        dict_pop(&b->what_keys);
        return ERR_MALFORMED;
    }
    in->who = dict_put_hashed(&b->who_keys, in->ranges.who, in->ranges.who_len, in->who_hash);
    bool new_who = in->who == whos;
    if (in->what < 0 || in->who < 0)
        return ERR_NOMEM;
    if (new_what)
        code = what_fill(b, words, whats, &record);
    else if (new_who)
        code = record_parse(in->item->body, in->item->len, &record);
    return code == 0 && new_who ? who_fill(b, words, whos, &record) : code;
}

static int64_t path_new(struct block_builder *b, const struct block_words *words, const struct block_path *path)
{
    uint32_t before = b->path.count;
    int64_t number = dict_put(&b->path, path, sizeof *path);
    if (number != before || path->upstream == QLOG_NO_UPSTREAM)
        return number;
    int code = word_note(b, words, &(struct texts_key){TEXTS_UPSTREAM, 0, path->upstream});
    return code < 0 ? code : number;
}

static int64_t path_put(struct block_builder *b, const struct block_words *words, const struct journal_row *row)
{
    uint32_t key = row->upstream | (uint32_t)row->transport << 16 | (uint32_t)row->cache << 24;
    size_t slot = row->cache % 8;
    if (b->path_memo[slot].known && b->path_memo[slot].key == key)
        return b->path_memo[slot].number;
    struct block_path path = {.upstream = row->upstream, .transport = row->transport, .cache = row->cache};
    int64_t number = path_new(b, words, &path);
    if (number >= 0) {
        b->path_memo[slot].key = key;
        b->path_memo[slot].number = (uint16_t)number;
        b->path_memo[slot].known = true;
    }
    return number;
}

void block_note_times(struct block_builder *b, int64_t from_ns, int64_t to_ns)
{
    bool first = b->row_count == 0 && b->gap_count == 0;
    if (first || from_ns < b->min_ns)
        b->min_ns = from_ns;
    if (first || to_ns > b->max_ns)
        b->max_ns = to_ns;
}

uint32_t block_room(const struct block_builder *b)
{
    return BLOCK_ROWS_MAX - (b->row_count > b->gap_count ? b->row_count : b->gap_count);
}

int block_add_gap(struct block_builder *b, const struct journal_gap *gap)
{
    if (b->gap_count == b->gap_cap) {
        uint32_t cap = b->gap_cap * 2 + 16;
        struct journal_gap *gaps = realloc(b->gaps, cap * sizeof *gaps);
        if (gaps == NULL)
            return ERR_NOMEM;
        b->gaps = gaps;
        b->gap_cap = cap;
    }
    block_note_times(b, gap->from_ns, gap->to_ns);
    b->gaps[b->gap_count++] = *gap;
    b->lost += gap->lost;
    return 0;
}

/* It passed its check, so it was written like this: our mistake, counted instead of dropped in silence. */
static int malformed_count(struct block_builder *b, const struct journal_item *item)
{
    struct journal_gap gap = {.from_ns = item->time_ns, .to_ns = item->time_ns, .kind = JOURNAL_GAP, .lost = 1};
    return block_add_gap(b, &gap);
}

static int row_add(struct block_builder *b, const struct block_words *words, struct input *in)
{
    struct journal_row row;
    int code = in->malformed ? ERR_MALFORMED : tables_put(b, words, in);
    if (code < 0)
        return code == ERR_MALFORMED ? malformed_count(b, in->item) : code;
    memcpy(&row, in->item->body, sizeof row);
    in->path = path_put(b, words, &row);
    if (in->path < 0)
        return ERR_NOMEM;
    block_note_times(b, row.time_ns, row.time_ns);
    uint32_t i = b->row_count++;
    b->rows.time[i] = (uint64_t)row.time_ns;
    b->rows.who[i] = (uint16_t)in->who;
    b->rows.what[i] = (uint16_t)in->what;
    b->rows.path[i] = (uint16_t)in->path;
    b->rows.port[i] = row.client_port;
    b->rows.rtt[i] = row.rtt_us;
    return 0;
}

static void input_begin(struct block_builder *b, const struct journal_item *item, struct input *in)
{
    in->item = item;
    in->malformed = record_split(item->body, item->len, &in->ranges) < 0;
    if (in->malformed)
        return;
    in->who_hash = dict_hash(&b->who_keys, in->ranges.who, in->ranges.who_len);
    in->what_hash = dict_hash(&b->what_keys, in->ranges.what, in->ranges.what_len);
}

int block_add_rows(struct block_builder *b, const struct block_words *words, const struct journal_item *items,
                   uint32_t count)
{
    struct input in[BLOCK_BATCH];
    assert(count <= BLOCK_BATCH && count <= block_room(b));
    if (block_rows_alloc(&b->rows) < 0 || dict_begin(&b->who_keys) < 0 || dict_begin(&b->what_keys) < 0)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        input_begin(b, &items[i], &in[i]);
    for (uint32_t i = 0; i < count; i++) {
        if (in[i].malformed)
            continue;
        dict_touch(&b->who_keys, in[i].who_hash);
        dict_touch(&b->what_keys, in[i].what_hash);
    }
    int code = 0;
    for (uint32_t i = 0; i < count && code == 0; i++)
        code = row_add(b, words, &in[i]);
    return code;
}

/* ---- order of time: rows come so but where the clock was set back, or workers wrote at the same moment ---- */

struct row_order {
    int64_t time_ns;
    uint32_t row;
};

static int by_time(const void *a, const void *b)
{
    const struct row_order *x = a;
    const struct row_order *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

int block_gap_order(const struct journal_gap *a, const struct journal_gap *b)
{
    if (a->from_ns != b->from_ns)
        return a->from_ns < b->from_ns ? -1 : 1;
    if (a->to_ns != b->to_ns)
        return a->to_ns < b->to_ns ? -1 : 1;
    return a->lost < b->lost ? -1 : a->lost > b->lost;
}

static int gaps_by_time(const void *a, const void *b)
{
    return block_gap_order(a, b);
}

static bool rows_are_sorted(const struct block_builder *b)
{
    for (uint32_t i = 1; i < b->row_count; i++)
        if ((int64_t)b->rows.time[i] < (int64_t)b->rows.time[i - 1])
            return false;
    return true;
}

static void rows_permute(struct block_rows *rows, const struct row_order *order, uint32_t count,
                         const struct block_rows *from)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t row = order[i].row;
        rows->time[i] = from->time[row];
        rows->who[i] = from->who[row];
        rows->what[i] = from->what[row];
        rows->path[i] = from->path[row];
        rows->port[i] = from->port[row];
        rows->rtt[i] = from->rtt[row];
    }
}

int block_builder_sort(struct block_builder *b)
{
    if (b->gap_count > 1)
        qsort(b->gaps, b->gap_count, sizeof *b->gaps, gaps_by_time);
    if (rows_are_sorted(b))
        return 0;
    struct block_rows sorted = {0};
    struct row_order *order = calloc(b->row_count, sizeof *order);
    int code = order == NULL ? ERR_NOMEM : block_rows_alloc(&sorted);
    if (code == 0) {
        for (uint32_t i = 0; i < b->row_count; i++)
            order[i] = (struct row_order){.time_ns = (int64_t)b->rows.time[i], .row = i};
        qsort(order, b->row_count, sizeof *order, by_time);
        rows_permute(&sorted, order, b->row_count, &b->rows);
        struct block_rows unsorted = b->rows;
        b->rows = sorted;
        sorted = unsorted;
    }
    block_rows_free(&sorted);
    free(order);
    return code;
}

/* ---- handing it over as it is ---- */

static int names_copy(struct block *block, const struct dict *names)
{
    size_t len;
    uint8_t *bytes = malloc(names->bytes_len + 1);
    uint32_t *at = malloc((names->count + 1) * sizeof *at);
    if (bytes == NULL || at == NULL) {
        free(bytes);
        free(at);
        return ERR_NOMEM;
    }
    for (uint32_t i = 0; i < names->count; i++)
        at[i] = (uint32_t)(dict_at(names, i, &len) - names->bytes);
    if (names->bytes_len > 0)
        memcpy(bytes, names->bytes, names->bytes_len);
    free(block->names);
    free(block->name_at);
    block->names = bytes;
    block->name_at = at;
    block->names_cap = (uint32_t)names->bytes_len + 1;
    block->name_at_cap = names->count + 1;
    block->name_count = names->count;
    return 0;
}

static int path_copy(struct block *block, const struct dict *path)
{
    struct block_path *table = malloc(path->bytes_len + sizeof *table);
    if (table == NULL)
        return ERR_NOMEM;
    if (path->bytes_len > 0)
        memcpy(table, path->bytes, path->bytes_len);
    free(block->path);
    block->path = table;
    block->path_count = path->count;
    block->path_cap = path->count + 1;
    return 0;
}

#define SWAP(a, b)                                                                                                     \
    do {                                                                                                               \
        __typeof__(a) kept = (a);                                                                                      \
        (a) = (b);                                                                                                     \
        (b) = kept;                                                                                                    \
    } while (0)

int block_take(struct block *block, struct block_builder *b)
{
    block->parts = 0;
    int code = block_rows_alloc(&block->rows);
    if (code == 0)
        code = block_builder_sort(b);
    if (code == 0)
        code = names_copy(block, &b->names);
    if (code == 0)
        code = path_copy(block, &b->path);
    if (code < 0)
        return code;
    block->header = (struct block_header){
        .magic = BLOCK_MAGIC, .rows = b->row_count, .gaps = b->gap_count, .min_ns = b->min_ns, .max_ns = b->max_ns};
    block->key = NULL;
    block->is_closed = false;
    block->who_count = b->who_keys.count;
    block->what_count = b->what_keys.count;
    SWAP(block->who, b->who);
    SWAP(block->who_cap, b->who_cap);
    SWAP(block->what, b->what);
    SWAP(block->what_cap, b->what_cap);
    SWAP(block->gaps, b->gaps);
    SWAP(block->gaps_cap, b->gap_cap);
    SWAP(block->texts, b->texts);
    SWAP(block->rows, b->rows);
    block->parts = BLOCK_ALL;
    block_builder_clear(b);
    return 0;
}

void block_builder_clear(struct block_builder *b)
{
    dict_clear(&b->who_keys);
    dict_clear(&b->what_keys);
    dict_clear(&b->path);
    memset(b->path_memo, 0, sizeof b->path_memo);
    dict_clear(&b->names);
    texts_clear(&b->texts);
    b->row_count = 0;
    b->gap_count = 0;
    b->lost = 0;
    b->key = NULL;
}

void block_builder_done(struct block_builder *b)
{
    column_packer_done(&b->packer);
    dict_done(&b->who_keys);
    dict_done(&b->what_keys);
    free(b->who);
    free(b->what);
    dict_done(&b->path);
    dict_done(&b->names);
    texts_done(&b->texts);
    block_rows_free(&b->rows);
    free(b->gaps);
    *b = (struct block_builder){0};
}
