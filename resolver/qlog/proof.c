#include "qlog/proof.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define NOT_YET    UINT32_MAX
#define PERSON_LEN 16u
#define WHO_KEY    "belisha who asked" /* what a day's key becomes this digest's by */

/* An entry of a table, as bytes. */
struct entry {
    uint8_t bytes[1024]; /* the longest, a what, has 73 + 2 * 255 + 1 + 255 */
    size_t len;
};

/* A table as the digest numbers it: entries in the order in which rows first point to them. */
struct table {
    struct dict entries;
    struct text fresh; /* instead, where it is known that none comes twice */
    uint32_t fresh_count;
    uint32_t *number_of; /* by number in the source; NOT_YET */
};

struct proof {
    crypto_generichash_state rows_hash, who_hash;
    struct proof_source source;
    bool has_source;
    bool who_is_known;

    /* of the block */
    uint64_t *time;
    uint32_t *rtt;
    uint16_t *what, *crowd, *path, *port, *who;
    uint32_t row_count;
    struct table whats, crowds, paths, whos;
    struct text gaps;
    uint32_t gap_count;
    uint8_t who_key[QLOG_HASH_LEN];
    bool is_sealed;
};

/* ---- making ---- */

static void hashes_begin(struct proof *d)
{
    crypto_generichash_init(&d->rows_hash, NULL, 0, QLOG_HASH_LEN);
    crypto_generichash_init(&d->who_hash, NULL, 0, QLOG_HASH_LEN);
    d->who_is_known = true;
}

static void *column(size_t width)
{
    return calloc(BLOCK_ROWS_MAX, width);
}

int proof_new(struct proof **out)
{
    struct proof *d = sodium_init() < 0 ? NULL : calloc(1, sizeof *d);
    if (d == NULL)
        return ERR_NOMEM;
    struct table *const tables[] = {&d->whats, &d->crowds, &d->paths, &d->whos};
    d->time = column(sizeof *d->time);
    d->rtt = column(sizeof *d->rtt);
    d->what = column(sizeof *d->what);
    d->crowd = column(sizeof *d->crowd);
    d->path = column(sizeof *d->path);
    d->port = column(sizeof *d->port);
    d->who = column(sizeof *d->who);
    bool whole = d->time && d->rtt && d->what && d->crowd && d->path && d->port && d->who;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        whole &= (tables[i]->number_of = column(sizeof *tables[i]->number_of)) != NULL;
    d->whats.fresh.max = (size_t)BLOCK_ROWS_MAX * sizeof(struct entry);
    if (!whole) {
        proof_free(d);
        return ERR_NOMEM;
    }
    hashes_begin(d);
    *out = d;
    return 0;
}

static void table_done(struct table *table)
{
    dict_done(&table->entries);
    text_done(&table->fresh);
    free(table->number_of);
}

void proof_free(struct proof *d)
{
    if (d == NULL)
        return;
    free(d->time);
    free(d->rtt);
    free(d->what);
    free(d->crowd);
    free(d->path);
    free(d->port);
    free(d->who);
    table_done(&d->whats);
    table_done(&d->crowds);
    table_done(&d->paths);
    table_done(&d->whos);
    text_done(&d->gaps);
    sodium_memzero(d, sizeof *d);
    free(d);
}

/* ---- where rows come from ---- */

struct proof_source proof_of_block(const struct block *block)
{
    return (struct proof_source){.rows = &block->rows,
                                 .who = block->who,
                                 .what = block->what,
                                 .path = block->path,
                                 .who_count = block->who_count,
                                 .what_count = block->what_count,
                                 .path_count = block->path_count,
                                 .texts = &block->texts,
                                 .block = block,
                                 .key = block->key,
                                 .is_closed = block->is_closed};
}

int proof_of_builder(struct block_builder *b, struct proof_source *out)
{
    int code = block_builder_sort(b);
    for (uint32_t i = 0; b->key != NULL && code == 0 && i < b->who_keys.count; i++)
        if (b->who[i].user != 0)
            code = day_key_slot(b->key, b->who[i].user, &b->who[i].slot);
    if (code < 0)
        return code;
    *out = (struct proof_source){.rows = &b->rows,
                                 .who = b->who,
                                 .what = b->what,
                                 .path = (const struct block_path *)(const void *)b->path.bytes,
                                 .who_count = b->who_keys.count,
                                 .what_count = b->what_keys.count,
                                 .path_count = b->path.count,
                                 .texts = &b->texts,
                                 .name_dict = &b->names,
                                 .key = b->key};
    return 0;
}

static void table_unmap(struct table *table, uint32_t count)
{
    for (uint32_t i = 0; i < count && i < BLOCK_ROWS_MAX; i++)
        table->number_of[i] = NOT_YET;
}

void proof_set_source(struct proof *d, const struct proof_source *source)
{
    d->source = *source;
    d->has_source = true;
    table_unmap(&d->whats, source->what_count);
    table_unmap(&d->crowds, source->who_count);
    table_unmap(&d->whos, source->who_count);
    table_unmap(&d->paths, source->path_count);
}

/* ---- entries as bytes ---- */

static void put(struct entry *e, const void *bytes, size_t len)
{
    memcpy(e->bytes + e->len, bytes, len);
    e->len += len;
}

#define PUT(entry, value) put(entry, &(value), sizeof(value))

static void put_word(struct entry *e, const struct texts *texts, const struct texts_key *key)
{
    const char *word = key == NULL ? NULL : texts_find(texts, key);
    uint8_t len = word == NULL ? 0 : (uint8_t)strlen(word);
    PUT(e, len);
    put(e, word == NULL ? "" : word, len);
}

static const uint8_t *name_of(const struct proof_source *source, uint32_t number, size_t *out_len)
{
    if (source->name_dict != NULL)
        return dict_at(source->name_dict, number, out_len);
    const uint8_t *name = block_name(source->block, number);
    *out_len = (size_t)name_len(name);
    return name;
}

static void put_name(struct entry *e, const struct proof_source *source, uint32_t number)
{
    size_t len;
    const uint8_t *name = name_of(source, number, &len);
    put(e, name, len);
}

static void what_write(const struct proof_source *source, uint32_t i, struct entry *e)
{
    const struct block_what *w = &source->what[i];
    const struct texts_key feed = {TEXTS_FEED, w->generation, w->feed};
    const uint8_t has_matched = w->matched > 0;
    PUT(e, w->generation);
    PUT(e, w->categories);
    PUT(e, w->answer);
    PUT(e, w->rule);
    PUT(e, w->type);
    PUT(e, w->class);
    PUT(e, w->rcode);
    PUT(e, w->feed);
    PUT(e, w->answer_count);
    PUT(e, w->action);
    PUT(e, w->reason);
    PUT(e, w->category);
    PUT(e, w->match);
    PUT(e, w->match_labels);
    PUT(e, w->unattributed);
    put_name(e, source, w->name);
    PUT(e, has_matched);
    if (has_matched)
        put_name(e, source, w->matched - 1);
    put_word(e, source->texts, w->feed == VERDICT_NO_FEED ? NULL : &feed);
}

static void crowd_write(const struct proof_source *source, uint32_t i, struct entry *e)
{
    const struct block_who *w = &source->who[i];
    const struct texts_key group = {TEXTS_GROUP, w->policy, w->group};
    PUT(e, w->policy);
    PUT(e, w->group);
    PUT(e, w->grade);
    put_word(e, source->texts, &group);
}

static void path_write(const struct proof_source *source, uint32_t i, struct entry *e)
{
    const struct block_path *p = &source->path[i];
    const struct texts_key upstream = {TEXTS_UPSTREAM, 0, p->upstream};
    PUT(e, p->upstream);
    PUT(e, p->transport);
    PUT(e, p->cache);
    put_word(e, source->texts, p->upstream == QLOG_NO_UPSTREAM ? NULL : &upstream);
}

/* false: the person was forgotten. */
static bool person_write(const struct proof_source *source, const struct block_who *w, struct entry *e)
{
    uint8_t asked[sizeof w->client + sizeof w->device];
    uint8_t mac[PERSON_LEN] = {0};
    const uint8_t *key;
    uint32_t user;
    bool known = day_key_person(source->key, w->slot, &user, &key);
    memcpy(asked, w->client, sizeof w->client);
    memcpy(asked + sizeof w->client, &w->device, sizeof w->device);
    if (known)
        crypto_generichash(mac, sizeof mac, asked, sizeof asked, key, DAY_KEY_LEN);
    PUT(e, w->slot);
    put(e, mac, sizeof mac);
    sodium_memzero(asked, sizeof asked);
    return known;
}

static bool who_write(const struct proof_source *source, uint32_t i, struct entry *e)
{
    const struct block_who *w = &source->who[i];
    if (source->key != NULL && w->slot != 0)
        return person_write(source, w, e);
    const uint32_t nobody = 0;
    PUT(e, nobody);
    PUT(e, w->user);
    PUT(e, w->client);
    PUT(e, w->device);
    return true;
}

/* ---- rows ---- */

static int number_give(struct table *table, uint32_t i, const struct entry *e)
{
    int64_t number = dict_put(&table->entries, e->bytes, e->len);
    table->number_of[i] = (uint32_t)number;
    return number < 0 ? ERR_NOMEM : 0;
}

/* The table of a builder has each combination once, and it is the largest one: there is nothing to look up. */
static int number_give_new(struct table *table, uint32_t i, const struct entry *e)
{
    table->number_of[i] = table->fresh_count++;
    text_add(&table->fresh, (const char *)e->bytes, e->len);
    return text_ok(&table->fresh) ? 0 : ERR_NOMEM;
}

static int what_give(struct proof *d, uint32_t i)
{
    struct entry e;
    e.len = 0;
    what_write(&d->source, i, &e);
    return d->source.name_dict != NULL ? number_give_new(&d->whats, i, &e) : number_give(&d->whats, i, &e);
}

static int path_give(struct proof *d, uint32_t i)
{
    struct entry e;
    e.len = 0;
    path_write(&d->source, i, &e);
    return number_give(&d->paths, i, &e);
}

static int crowd_give(struct proof *d, uint32_t i)
{
    struct entry e;
    e.len = 0;
    crowd_write(&d->source, i, &e);
    return number_give(&d->crowds, i, &e);
}

static int who_give(struct proof *d, uint32_t i)
{
    struct entry e;
    e.len = 0;
    d->who_is_known &= who_write(&d->source, i, &e) && !d->source.is_closed;
    return number_give(&d->whos, i, &e);
}

/* Indices of the source to numbers of the digest; an entry is looked at when the first row points to it. */
static int column_number(struct proof *d, struct table *table, int (*give)(struct proof *d, uint32_t i),
                         const uint16_t *from, uint32_t count, uint16_t *to)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *number = &table->number_of[from[i]];
        if (*number == NOT_YET && give(d, from[i]) < 0)
            return ERR_NOMEM;
        to[i] = (uint16_t)*number;
    }
    return 0;
}

static void key_take(struct proof *d)
{
    d->is_sealed = d->source.key != NULL;
    if (d->is_sealed)
        crypto_generichash(d->who_key, sizeof d->who_key, (const uint8_t *)WHO_KEY, sizeof WHO_KEY - 1,
                           day_key_bytes(d->source.key), DAY_KEY_LEN);
}

int proof_add_rows(struct proof *d, uint32_t first, uint32_t count)
{
    const struct block_rows *from = d->source.rows;
    const uint32_t to = d->row_count;
    assert(d->has_source && count <= BLOCK_ROWS_MAX - to);
    if (count == 0)
        return 0;
    key_take(d);
    memcpy(d->time + to, from->time + first, count * sizeof *d->time);
    memcpy(d->rtt + to, from->rtt + first, count * sizeof *d->rtt);
    memcpy(d->port + to, from->port + first, count * sizeof *d->port);
    int code = column_number(d, &d->whats, what_give, from->what + first, count, d->what + to);
    if (code == 0)
        code = column_number(d, &d->paths, path_give, from->path + first, count, d->path + to);
    if (code == 0)
        code = column_number(d, &d->crowds, crowd_give, from->who + first, count, d->crowd + to);
    if (code == 0)
        code = column_number(d, &d->whos, who_give, from->who + first, count, d->who + to);
    d->row_count += count;
    return code;
}

int proof_add_gaps(struct proof *d, const struct journal_gap *gaps, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        text_add(&d->gaps, (const char *)&gaps[i].from_ns, sizeof gaps[i].from_ns);
        text_add(&d->gaps, (const char *)&gaps[i].to_ns, sizeof gaps[i].to_ns);
        text_add(&d->gaps, (const char *)&gaps[i].lost, sizeof gaps[i].lost);
    }
    d->gap_count += count;
    return text_ok(&d->gaps) ? 0 : ERR_NOMEM;
}

/* ---- blocks ---- */

static void hash_put(crypto_generichash_state *hash, const void *bytes, size_t len)
{
    if (len > 0)
        crypto_generichash_update(hash, bytes, len);
}

static void table_put(crypto_generichash_state *hash, const struct table *table)
{
    bool is_fresh = table->fresh_count > 0;
    uint32_t len = (uint32_t)(is_fresh ? table->fresh.len : table->entries.bytes_len);
    hash_put(hash, &len, sizeof len);
    hash_put(hash, is_fresh ? (const uint8_t *)table->fresh.bytes : table->entries.bytes, len);
}

static void rows_put(struct proof *d)
{
    crypto_generichash_state *h = &d->rows_hash;
    const size_t count = d->row_count;
    hash_put(h, &d->row_count, sizeof d->row_count);
    hash_put(h, &d->gap_count, sizeof d->gap_count);
    hash_put(h, d->time, count * sizeof *d->time);
    hash_put(h, d->rtt, count * sizeof *d->rtt);
    hash_put(h, d->what, count * sizeof *d->what);
    hash_put(h, d->crowd, count * sizeof *d->crowd);
    hash_put(h, d->path, count * sizeof *d->path);
    table_put(h, &d->whats);
    table_put(h, &d->crowds);
    table_put(h, &d->paths);
    hash_put(h, d->gaps.bytes, d->gaps.len);
}

static void who_put(struct proof *d)
{
    uint8_t block[QLOG_HASH_LEN];
    crypto_generichash_state h;
    const size_t count = d->row_count;
    crypto_generichash_init(&h, d->is_sealed ? d->who_key : NULL, d->is_sealed ? sizeof d->who_key : 0, sizeof block);
    hash_put(&h, d->port, count * sizeof *d->port);
    hash_put(&h, d->who, count * sizeof *d->who);
    table_put(&h, &d->whos);
    crypto_generichash_final(&h, block, sizeof block);
    hash_put(&d->who_hash, block, sizeof block);
}

static void table_clear(struct table *table)
{
    dict_clear(&table->entries);
    table->fresh.len = 0;
    table->fresh_count = 0;
}

void proof_end_block(struct proof *d)
{
    rows_put(d);
    if (d->row_count > 0)
        who_put(d);
    d->row_count = 0;
    d->gap_count = 0;
    d->gaps.len = 0;
    table_clear(&d->whats);
    table_clear(&d->crowds);
    table_clear(&d->paths);
    table_clear(&d->whos);
    if (d->has_source)
        proof_set_source(d, &d->source);
}

void proof_end(struct proof *d, struct proof_value *out)
{
    crypto_generichash_final(&d->rows_hash, out->rows, sizeof out->rows);
    crypto_generichash_final(&d->who_hash, out->who, sizeof out->who);
    out->who_is_known = d->who_is_known;
    if (!out->who_is_known)
        memset(out->who, 0, sizeof out->who);
    hashes_begin(d);
}
