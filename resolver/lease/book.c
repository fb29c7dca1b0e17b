#include "lease/book.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define FIRST_CAP       64
#define TIDY_INTERVAL_S 60

struct book {
    size_t max;
    uint64_t seed;
    struct book_entry *entries;
    size_t count, cap;
    uint32_t *slots;        /* index of an entry and 1; 0: none. Twice as many as cap, a power of two */
    struct ipaddr *touched; /* of entries with `changed`, in this reading */
    size_t touched_count, touched_cap;
    struct lease *changes;
    size_t change_count, change_cap;
    uint32_t reading;
    bool whole;
    bool short_of_memory;
    int64_t tidied_s;
    uint64_t refused;
};

int book_new(size_t max, uint64_t seed, struct book **out)
{
    struct book *book = calloc(1, sizeof *book);
    if (book == NULL)
        return ERR_NOMEM;
    book->max = max;
    book->seed = seed;
    *out = book;
    return 0;
}

void book_free(struct book *book)
{
    if (book == NULL)
        return;
    free(book->entries);
    free(book->slots);
    free(book->touched);
    free(book->changes);
    free(book);
}

/* ---- the table ---- */

static size_t slot_mask(const struct book *book)
{
    return 2 * book->cap - 1;
}

static size_t slot_home(const struct book *book, const struct ipaddr *address)
{
    return XXH3_64bits_withSeed(address, sizeof *address, book->seed) & slot_mask(book);
}

/* The slot of the address, or the empty one where it would be. cap must not be 0. */
static size_t slot_find(const struct book *book, const struct ipaddr *address)
{
    size_t slot = slot_home(book, address);
    while (book->slots[slot] != 0 && !ipaddr_equal(&book->entries[book->slots[slot] - 1].lease.address, address))
        slot = (slot + 1) & slot_mask(book);
    return slot;
}

static struct book_entry *find(const struct book *book, const struct ipaddr *address)
{
    if (book->cap == 0)
        return NULL;
    uint32_t index = book->slots[slot_find(book, address)];
    return index == 0 ? NULL : &book->entries[index - 1];
}

static int grow(struct book *book)
{
    size_t cap = book->cap == 0 ? FIRST_CAP : 2 * book->cap;
    struct book_entry *entries = realloc(book->entries, cap * sizeof *entries);
    if (entries == NULL)
        return ERR_NOMEM;
    book->entries = entries;
    uint32_t *slots = calloc(2 * cap, sizeof *slots);
    if (slots == NULL)
        return ERR_NOMEM;
    free(book->slots);
    book->slots = slots;
    book->cap = cap;
    for (size_t i = 0; i < book->count; i++)
        slots[slot_find(book, &entries[i].lease.address)] = (uint32_t)i + 1;
    return 0;
}

static struct book_entry *add(struct book *book, const struct ipaddr *address)
{
    if (book->count == book->max) {
        book->refused++;
        return NULL;
    }
    if (book->count == book->cap && grow(book) < 0) {
        book->short_of_memory = true;
        return NULL;
    }
    struct book_entry *entry = &book->entries[book->count++];
    *entry = (struct book_entry){.lease.address = *address};
    book->slots[slot_find(book, address)] = (uint32_t)book->count;
    return entry;
}

/* Linear probing without tombs: those behind the hole that may stand in it move up. */
static void close_hole(struct book *book, size_t hole)
{
    size_t mask = slot_mask(book);
    for (size_t slot = (hole + 1) & mask; book->slots[slot] != 0; slot = (slot + 1) & mask) {
        size_t home = slot_home(book, &book->entries[book->slots[slot] - 1].lease.address);
        if (((slot - home) & mask) < ((slot - hole) & mask))
            continue;
        book->slots[hole] = book->slots[slot];
        hole = slot;
    }
    book->slots[hole] = 0;
}

static void take_away(struct book *book, struct book_entry *entry)
{
    size_t slot = slot_find(book, &entry->lease.address);
    close_hole(book, slot);
    struct book_entry *last = &book->entries[--book->count];
    if (entry == last)
        return;
    book->slots[slot_find(book, &last->lease.address)] = (uint32_t)(entry - book->entries) + 1;
    *entry = *last;
}

/* ---- a reading ---- */

void book_begin(struct book *book, bool whole)
{
    book->reading++;
    book->whole = whole;
    book->short_of_memory = false;
    book->touched_count = 0;
    book->change_count = 0;
}

void book_give_up(struct book *book)
{
    book->whole = false;
}

static void touch(struct book *book, struct book_entry *entry)
{
    if (entry->changed)
        return;
    if (book->touched_count == book->touched_cap) {
        size_t cap = book->touched_cap == 0 ? FIRST_CAP : 2 * book->touched_cap;
        struct ipaddr *touched = realloc(book->touched, cap * sizeof *touched);
        if (touched == NULL) {
            book->short_of_memory = true;
            return;
        }
        book->touched = touched;
        book->touched_cap = cap;
    }
    book->touched[book->touched_count++] = entry->lease.address;
    entry->changed = true;
}

static bool same_device(const struct lease *a, const struct lease *b)
{
    return a->has_mac == b->has_mac && (!a->has_mac || memcmp(a->mac, b->mac, sizeof a->mac) == 0);
}

static bool says_the_same(const struct lease *a, const struct lease *b)
{
    return a->active == b->active && a->until_s == b->until_s && a->renewed_s == b->renewed_s && same_device(a, b) &&
           strcmp(a->host, b->host) == 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a > 0 && a < b ? a : b;
}

void book_take(void *taking, const struct lease *lease)
{
    struct book_taking *t = taking;
    struct book *book = t->book;
    struct lease new = *lease;
    struct book_entry *entry = find(book, &lease->address);
    if (entry == NULL) {
        entry = lease->active ? add(book, &lease->address) : NULL;
        if (entry == NULL)
            return;
        entry->first_s = earlier(lease->renewed_s, t->now_s);
    } else if (lease->active && (!entry->lease.active || !same_device(&entry->lease, lease))) {
        entry->first_s = earlier(lease->renewed_s, t->now_s);
    } else if (lease->active && lease->renewed_s == 0) {
        new.renewed_s = lease->until_s > entry->lease.until_s ? t->now_s : entry->lease.renewed_s;
    }
    entry->reading = book->reading;
    if (says_the_same(&entry->lease, &new))
        return;
    touch(book, entry);
    entry->lease = new;
}

static void tell(struct book *book, const struct lease *lease)
{
    if (book->change_count == book->change_cap) {
        size_t cap = book->change_cap == 0 ? FIRST_CAP : 2 * book->change_cap;
        struct lease *changes = realloc(book->changes, cap * sizeof *changes);
        if (changes == NULL) {
            book->short_of_memory = true;
            return;
        }
        book->changes = changes;
        book->change_cap = cap;
    }
    book->changes[book->change_count++] = *lease;
}

static void tell_touched(struct book *book)
{
    for (size_t i = 0; i < book->touched_count; i++) {
        struct book_entry *entry = find(book, &book->touched[i]);
        if (entry == NULL)
            continue;
        entry->changed = false;
        tell(book, &entry->lease);
        if (!entry->lease.active)
            take_away(book, entry);
    }
}

static bool has_ended(const struct book_entry *entry, int64_t now_s)
{
    return entry->lease.until_s != 0 && entry->lease.until_s <= now_s;
}

/* From the end, since the last entry takes the place of one that goes. */
static void tidy(struct book *book, int64_t now_s)
{
    for (size_t i = book->count; i-- > 0;) {
        struct book_entry *entry = &book->entries[i];
        bool unnamed = book->whole && entry->reading != book->reading;
        if (!unnamed && !has_ended(entry, now_s))
            continue;
        entry->lease.active = false;
        tell(book, &entry->lease);
        take_away(book, entry);
    }
    book->tidied_s = now_s;
}

int book_end(struct book *book, int64_t now_s)
{
    tell_touched(book);
    if (book->whole || now_s < book->tidied_s || now_s - book->tidied_s >= TIDY_INTERVAL_S)
        tidy(book, now_s);
    return book->short_of_memory ? ERR_NOMEM : 0;
}

size_t book_change_count(const struct book *book)
{
    return book->change_count;
}

const struct lease *book_change(const struct book *book, size_t index)
{
    return &book->changes[index];
}

size_t book_count(const struct book *book)
{
    return book->count;
}

const struct book_entry *book_entry(const struct book *book, size_t index)
{
    return &book->entries[index];
}

const struct book_entry *book_find(const struct book *book, const struct ipaddr *address)
{
    return find(book, address);
}

uint64_t book_refused(const struct book *book)
{
    return book->refused;
}
