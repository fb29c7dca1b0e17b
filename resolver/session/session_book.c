#include "session/session_book.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define HOLDS_MAX (SESSION_ADDRESSES_MAX + 1) /* addresses, and the device */

/* An address or a device of an entry that lasts, in the table of these. */
struct hold {
    struct hold *next;
    struct entry *entry;
    unsigned which; /* of the session's addresses; SESSION_ADDRESSES_MAX: its device */
};

/* Entries of one list: *before leads to the entry. */
struct link {
    struct entry *next;
    struct entry **before;
};

struct entry {
    struct session *session;
    struct entry *next; /* in its bucket */
    struct origin *origin;
    struct link link;         /* that last: in its origin's list */
    struct entry *ended_next; /* that have ended: in the order of their ends */
    struct entry *ended_before;
    uint32_t epoch; /* below its origin's: it is over, if nothing was heard of it since the clear */
    unsigned hold_count;
    struct hold holds[HOLDS_MAX];
};

/* Who says of sessions. Lives as long as one of its entries. */
struct origin {
    struct origin *next; /* in its bucket */
    struct origin *next_dying;
    struct entry *lasting, *dying;
    size_t lasting_count, entry_count;
    int64_t clear_s;
    uint32_t epoch;
    bool is_dying; /* in the list of those with dying entries */
    enum session_source source;
    char text[];
};

struct session_book {
    struct session_book_opts opts;
    size_t mask; /* of the buckets of each table */
    struct entry **entries;
    struct hold **holds;
    struct origin **origins;
    struct entry *ended_first, *ended_last;
    struct origin *dying;
    size_t lasting[SESSION_SOURCES];
    size_t count;
    uint64_t next;
    bool quiet;  /* nothing is told: it comes from the file */
    size_t hand; /* the next bucket to be looked at for those whose time is up */
};

int session_book_new(const struct session_book_opts *opts, struct session_book **out)
{
    struct session_book *book = calloc(1, sizeof *book);
    size_t buckets = 64;
    if (book == NULL)
        return ERR_NOMEM;
    while (buckets < opts->sessions_max)
        buckets *= 2;
    book->opts = *opts;
    book->mask = buckets - 1;
    book->next = 1;
    book->entries = calloc(buckets, sizeof *book->entries);
    book->holds = calloc(buckets, sizeof *book->holds);
    book->origins = calloc(buckets, sizeof *book->origins);
    if (book->entries == NULL || book->holds == NULL || book->origins == NULL) {
        session_book_free(book);
        return ERR_NOMEM;
    }
    *out = book;
    return 0;
}

/* ---- hashes ---- */

static size_t names_hash(const struct session_book *book, enum session_source source, const char *origin,
                         const char *id)
{
    uint64_t hash = XXH3_64bits_withSeed(origin, strlen(origin), book->opts.seed + (uint64_t)source);
    if (id != NULL)
        hash = XXH3_64bits_withSeed(id, strlen(id), hash);
    return (size_t)hash & book->mask;
}

struct hold_key {
    const void *bytes;
    size_t len;
};

static struct hold_key key_of(const struct session *session, unsigned which)
{
    return which == SESSION_ADDRESSES_MAX ? (struct hold_key){session->mac, sizeof session->mac}
                                          : (struct hold_key){session->addresses[which].bytes, 16};
}

static size_t hold_hash(const struct session_book *book, enum session_source source, struct hold_key key)
{
    return (size_t)XXH3_64bits_withSeed(key.bytes, key.len, book->opts.seed ^ ((uint64_t)source + 1)) & book->mask;
}

/* ---- origins ---- */

static struct origin *origin_find(const struct session_book *book, enum session_source source, const char *text)
{
    struct origin *origin = book->origins[names_hash(book, source, text, NULL)];
    while (origin != NULL && (origin->source != source || strcmp(origin->text, text) != 0))
        origin = origin->next;
    return origin;
}

/* NULL: no memory. */
static struct origin *origin_get(struct session_book *book, enum session_source source, const char *text)
{
    struct origin *origin = origin_find(book, source, text);
    if (origin != NULL)
        return origin;
    size_t size = strlen(text) + 1;
    struct origin **bucket = &book->origins[names_hash(book, source, text, NULL)];
    origin = calloc(1, sizeof *origin + size);
    if (origin == NULL)
        return NULL;
    memcpy(origin->text, text, size);
    origin->source = source;
    origin->next = *bucket;
    *bucket = origin;
    return origin;
}

static void origin_leave_dying(struct session_book *book, struct origin *origin)
{
    struct origin **at = &book->dying;
    while (*at != origin)
        at = &(*at)->next_dying;
    *at = origin->next_dying;
    origin->is_dying = false;
}

static void origin_drop_unused(struct session_book *book, struct origin *origin)
{
    if (origin->entry_count > 0)
        return;
    if (origin->is_dying)
        origin_leave_dying(book, origin);
    struct origin **at = &book->origins[names_hash(book, origin->source, origin->text, NULL)];
    while (*at != origin)
        at = &(*at)->next;
    *at = origin->next;
    free(origin);
}

/* ---- lists ---- */

static void link_put(struct entry **list, struct entry *entry)
{
    entry->link = (struct link){.next = *list, .before = list};
    if (*list != NULL)
        (*list)->link.before = &entry->link.next;
    *list = entry;
}

static void link_take(struct entry *entry)
{
    *entry->link.before = entry->link.next;
    if (entry->link.next != NULL)
        entry->link.next->link.before = entry->link.before;
    entry->link = (struct link){NULL, NULL};
}

static void ended_put(struct session_book *book, struct entry *entry)
{
    entry->ended_next = NULL;
    entry->ended_before = book->ended_last;
    if (book->ended_last == NULL)
        book->ended_first = entry;
    else
        book->ended_last->ended_next = entry;
    book->ended_last = entry;
}

static void ended_take(struct session_book *book, struct entry *entry)
{
    if (entry->ended_before == NULL)
        book->ended_first = entry->ended_next;
    else
        entry->ended_before->ended_next = entry->ended_next;
    if (entry->ended_next == NULL)
        book->ended_last = entry->ended_before;
    else
        entry->ended_next->ended_before = entry->ended_before;
}

static void hold_put(struct session_book *book, struct entry *entry, unsigned which)
{
    const struct session *s = entry->session;
    struct hold **bucket = &book->holds[hold_hash(book, s->source, key_of(s, which))];
    struct hold *hold = &entry->holds[entry->hold_count++];
    *hold = (struct hold){.next = *bucket, .entry = entry, .which = which};
    *bucket = hold;
}

static void holds_put(struct session_book *book, struct entry *entry)
{
    entry->hold_count = 0;
    for (unsigned i = 0; i < entry->session->address_count; i++)
        hold_put(book, entry, i);
    if (entry->session->has_mac)
        hold_put(book, entry, SESSION_ADDRESSES_MAX);
}

static void holds_take(struct session_book *book, struct entry *entry)
{
    const struct session *s = entry->session;
    for (unsigned i = 0; i < entry->hold_count; i++) {
        struct hold **at = &book->holds[hold_hash(book, s->source, key_of(s, entry->holds[i].which))];
        while (*at != &entry->holds[i])
            at = &(*at)->next;
        *at = entry->holds[i].next;
    }
    entry->hold_count = 0;
}

/* ---- entries ---- */

static bool lasts(const struct entry *entry)
{
    return entry->session->end == SESSION_LASTS;
}

/* Into the lists where an entry of its state belongs. */
static void enter(struct session_book *book, struct entry *entry)
{
    if (!lasts(entry)) {
        ended_put(book, entry);
        return;
    }
    entry->epoch = entry->origin->epoch;
    link_put(&entry->origin->lasting, entry);
    entry->origin->lasting_count++;
    book->lasting[entry->session->source]++;
    holds_put(book, entry);
}

static void leave(struct session_book *book, struct entry *entry)
{
    if (!lasts(entry)) {
        ended_take(book, entry);
        return;
    }
    link_take(entry);
    entry->origin->lasting_count--;
    book->lasting[entry->session->source]--;
    holds_take(book, entry);
}

static void entry_drop(struct session_book *book, struct entry *entry)
{
    struct session *s = entry->session;
    struct entry **at = &book->entries[names_hash(book, s->source, s->origin, s->id)];
    leave(book, entry);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    entry->origin->entry_count--;
    origin_drop_unused(book, entry->origin);
    session_release(s);
    free(entry);
    book->count--;
}

static void tell(const struct session_book *book, const struct entry *entry, enum session_book_record record)
{
    if (book->opts.changed != NULL && !book->quiet)
        book->opts.changed(book->opts.ctx, entry->session, record);
}

/* Its session, in a copy of its own that may be changed. NULL: no memory. */
static struct session *own_session(struct entry *entry)
{
    if (entry->session->holders == 1)
        return entry->session;
    struct session *copy = session_new(entry->session);
    if (copy == NULL)
        return NULL;
    session_release(entry->session);
    entry->session = copy;
    return copy;
}

static int end_entry(struct session_book *book, struct entry *entry, enum session_end end, int64_t at_s,
                     enum session_book_record record)
{
    leave(book, entry); /* before its session is another: its places are found by what is in it */
    struct session *session = own_session(entry);
    if (session == NULL) {
        enter(book, entry);
        return ERR_NOMEM;
    }
    session->end = end;
    session->ended_s = at_s;
    enter(book, entry);
    tell(book, entry, record);
    return 0;
}

/* What a clear has left to be done for one entry. */
static void settle(struct session_book *book, struct entry *entry)
{
    struct origin *origin = entry->origin;
    if (!lasts(entry) || entry->epoch == origin->epoch)
        return;
    if (entry->session->heard_s <= origin->clear_s &&
        end_entry(book, entry, SESSION_CLEARED, origin->clear_s, SESSION_BOOK_FOLLOWS) == 0)
        return;
    entry->epoch = origin->epoch;
    link_take(entry);
    link_put(&origin->lasting, entry);
}

static struct entry *find(struct session_book *book, enum session_source source, const char *origin, const char *id)
{
    struct entry *entry = book->entries[names_hash(book, source, origin, id)];
    while (entry != NULL && (entry->session->source != source || strcmp(entry->session->id, id) != 0 ||
                             strcmp(entry->session->origin, origin) != 0))
        entry = entry->next;
    if (entry != NULL)
        settle(book, entry);
    return entry;
}

const struct session *session_book_find(struct session_book *book, enum session_source source, const char *origin,
                                        const char *id)
{
    const struct entry *entry = find(book, source, origin, id);
    return entry == NULL ? NULL : entry->session;
}

/* Another entry than `but` that has the address or device. */
static struct entry *holder_of(struct session_book *book, enum session_source source, struct hold_key key,
                               const struct entry *but)
{
    struct hold *hold = book->holds[hold_hash(book, source, key)];
    while (hold != NULL) {
        struct entry *entry = hold->entry;
        struct hold_key has = key_of(entry->session, hold->which);
        if (entry != but && entry->session->source == source && has.len == key.len &&
            memcmp(has.bytes, key.bytes, key.len) == 0) {
            settle(book, entry);
            if (lasts(entry))
                return entry;
            hold = book->holds[hold_hash(book, source, key)]; /* the chain has changed */
            continue;
        }
        hold = hold->next;
    }
    return NULL;
}

const struct session *session_book_at(struct session_book *book, enum session_source source,
                                      const struct ipaddr *address, const uint8_t mac[6])
{
    struct hold_key key = address != NULL ? (struct hold_key){address->bytes, 16} : (struct hold_key){mac, 6};
    const struct entry *entry = holder_of(book, source, key, NULL);
    return entry == NULL ? NULL : entry->session;
}

/* ---- changes ---- */

static bool is_full(const struct session_book *book)
{
    size_t lasting = 0;
    for (size_t i = 0; i < SESSION_SOURCES; i++)
        lasting += book->lasting[i];
    return lasting >= book->opts.sessions_max;
}

/* An entry without a session, in its bucket and nowhere else. NULL: no memory. */
static struct entry *entry_new(struct session_book *book, const struct session *session)
{
    /* Those that ended make room, oldest first. */
    if (book->count >= 2 * book->opts.sessions_max && book->ended_first != NULL)
        entry_drop(book, book->ended_first);
    struct entry *entry = calloc(1, sizeof *entry);
    struct origin *origin = entry == NULL ? NULL : origin_get(book, session->source, session->origin);
    if (origin == NULL) {
        free(entry);
        return NULL;
    }
    struct entry **bucket = &book->entries[names_hash(book, session->source, session->origin, session->id)];
    entry->origin = origin;
    entry->next = *bucket;
    *bucket = entry;
    origin->entry_count++;
    book->count++;
    return entry;
}

/* Of two at one place the one that began later goes on. Returns whether `entry` does. */
static bool win_place(struct session_book *book, struct entry *entry, unsigned which)
{
    struct session *s = entry->session;
    struct entry *other;
    while ((other = holder_of(book, s->source, key_of(s, which), entry)) != NULL) {
        if (other->session->from_s > s->from_s)
            return false;
        if (end_entry(book, other, SESSION_SUPERSEDED, s->from_s, SESSION_BOOK_RECORD) < 0)
            return true; /* both last, then: who asks takes the later one */
    }
    return true;
}

static bool win_places(struct session_book *book, struct entry *entry)
{
    bool won = true;
    for (unsigned i = 0; won && i < entry->session->address_count; i++)
        won = win_place(book, entry, i);
    return won && (!entry->session->has_mac || win_place(book, entry, SESSION_ADDRESSES_MAX));
}

static int place(struct session_book *book, const struct session *session, struct entry **out)
{
    struct session *copy = session_new(session);
    if (copy == NULL)
        return ERR_NOMEM;
    struct entry *entry = find(book, session->source, session->origin, session->id);
    if (entry != NULL) {
        leave(book, entry);
        session_release(entry->session);
    } else if ((entry = entry_new(book, session)) == NULL) {
        session_release(copy);
        return ERR_NOMEM;
    }
    entry->session = copy;
    enter(book, entry);
    *out = entry;
    return 0;
}

int session_book_put(struct session_book *book, const struct session *session)
{
    struct entry *entry = find(book, session->source, session->origin, session->id);
    struct session numbered = *session;
    bool lasted = entry != NULL && lasts(entry);
    if (!lasted && session->end == SESSION_LASTS && is_full(book))
        return ERR_LIMIT;
    if (lasted && entry->session->number != session->number &&
        end_entry(book, entry, SESSION_SUPERSEDED, session->from_s, SESSION_BOOK_RECORD) < 0)
        return ERR_NOMEM;
    if (session->number == 0)
        numbered.number = book->next;
    int err = place(book, &numbered, &entry);
    if (err < 0)
        return err;
    if (session->number == 0)
        book->next++;
    if (lasts(entry) && !win_places(book, entry))
        return end_entry(book, entry, SESSION_SUPERSEDED, session->heard_s, SESSION_BOOK_RECORD);
    tell(book, entry, SESSION_BOOK_RECORD);
    return 0;
}

int session_book_end(struct session_book *book, const struct session *session, enum session_end end, int64_t at_s)
{
    struct entry *entry = find(book, session->source, session->origin, session->id);
    if (entry == NULL || !lasts(entry))
        return 0;
    return end_entry(book, entry, end, at_s, SESSION_BOOK_RECORD);
}

static void settle_all(struct session_book *book, struct origin *origin)
{
    while (origin->dying != NULL)
        settle(book, origin->dying);
}

static void clear(struct session_book *book, struct origin *origin, int64_t at_s)
{
    settle_all(book, origin); /* of an earlier clear */
    origin->dying = origin->lasting;
    origin->lasting = NULL;
    if (origin->dying != NULL)
        origin->dying->link.before = &origin->dying;
    origin->clear_s = at_s;
    origin->epoch++;
    if (origin->is_dying)
        return;
    origin->is_dying = true;
    origin->next_dying = book->dying;
    book->dying = origin;
}

void session_book_clear(struct session_book *book, enum session_source source, const char *text, int64_t at_s)
{
    struct origin *origin = origin_find(book, source, text);
    if (origin == NULL || origin->lasting_count == 0)
        return;
    if (book->opts.cleared != NULL)
        book->opts.cleared(book->opts.ctx, source, text, at_s);
    clear(book, origin, at_s);
}

/* ---- what comes with time ---- */

static size_t work_on_clears(struct session_book *book, size_t slice)
{
    while (book->dying != NULL) {
        struct origin *origin = book->dying;
        while (origin->dying != NULL) {
            if (slice-- == 0)
                return 0;
            settle(book, origin->dying);
        }
        origin_leave_dying(book, origin);
    }
    return slice;
}

static size_t forget_ended(struct session_book *book, int64_t now_s, size_t slice)
{
    while (book->ended_first != NULL && book->ended_first->session->ended_s < now_s - SESSION_BOOK_ENDED_S) {
        if (slice-- == 0)
            return 0;
        entry_drop(book, book->ended_first);
    }
    return slice;
}

/* A few buckets each time; nobody waits for it, since who is asked when a session ends can tell by itself. */
static void end_expired(struct session_book *book, int64_t now_s, size_t slice)
{
    size_t buckets = slice <= book->mask ? slice : book->mask + 1;
    for (; buckets > 0; buckets--) {
        struct entry *next;
        for (struct entry *entry = book->entries[book->hand]; entry != NULL; entry = next) {
            next = entry->next;
            settle(book, entry);
            if (lasts(entry) && entry->session->until_s <= now_s)
                (void)!end_entry(book, entry, SESSION_EXPIRED, entry->session->until_s, SESSION_BOOK_FOLLOWS);
        }
        book->hand = (book->hand + 1) & book->mask;
    }
}

bool session_book_work(struct session_book *book, int64_t now_s, size_t slice)
{
    size_t left = work_on_clears(book, slice);
    if (left > 0)
        left = forget_ended(book, now_s, left);
    if (left > 0)
        end_expired(book, now_s, left);
    return left == 0;
}

/* ---- the file ---- */

static void restore_clear(struct session_book *book, const struct session *line)
{
    struct origin *origin = origin_find(book, line->source, line->origin);
    if (origin == NULL)
        return;
    book->quiet = true;
    clear(book, origin, line->ended_s);
    settle_all(book, origin);
    book->quiet = false;
}

int session_book_restore(struct session_book *book, const struct session_line *line)
{
    const struct session *s = &line->session;
    struct entry *entry;
    switch (line->op) {
    case SESSION_OP_BEGIN:
        book->next = line->next > book->next ? line->next : book->next;
        return 0;
    case SESSION_OP_CLEAR:
        restore_clear(book, s);
        return 0;
    case SESSION_OP_SESSION:
        entry = find(book, s->source, s->origin, s->id);
        if (s->end == SESSION_LASTS && (entry == NULL || !lasts(entry)) && is_full(book))
            return ERR_LIMIT;
        if (s->number >= book->next)
            book->next = s->number + 1;
        return place(book, s, &entry);
    }
    return ERR_MALFORMED;
}

int session_book_hold_all(struct session_book *book, struct session ***out, size_t *out_count)
{
    struct session **all = calloc(book->count + 1, sizeof(struct session *));
    size_t count = 0;
    if (all == NULL)
        return ERR_NOMEM;
    for (struct origin *origin = book->dying; origin != NULL; origin = origin->next_dying)
        settle_all(book, origin); /* what is written anew has no line of the clear */
    for (size_t i = 0; i <= book->mask; i++)
        for (struct entry *entry = book->entries[i]; entry != NULL; entry = entry->next) {
            entry->session->holders++;
            all[count++] = entry->session;
        }
    *out = all;
    *out_count = count;
    return 0;
}

/* ---- looking ---- */

size_t session_book_lasting(const struct session_book *book, enum session_source source)
{
    return book->lasting[source];
}

size_t session_book_count(const struct session_book *book)
{
    return book->count;
}

uint64_t session_book_next_number(const struct session_book *book)
{
    return book->next;
}

void session_book_each(const struct session_book *book, session_book_visit visit, void *ctx)
{
    for (size_t i = 0; i <= book->mask; i++)
        for (const struct entry *entry = book->entries[i]; entry != NULL; entry = entry->next)
            if (lasts(entry))
                visit(ctx, entry->session);
}

void session_book_each_origin(const struct session_book *book, session_book_visit_origin visit, void *ctx)
{
    for (size_t i = 0; i <= book->mask; i++)
        for (const struct origin *origin = book->origins[i]; origin != NULL; origin = origin->next)
            visit(ctx, origin->source, origin->text, origin->lasting_count);
}

void session_book_each_of(struct session_book *book, enum session_source source, const char *text,
                          session_book_visit visit, void *ctx)
{
    struct origin *origin = origin_find(book, source, text);
    if (origin == NULL)
        return;
    settle_all(book, origin);
    for (const struct entry *entry = origin->lasting; entry != NULL; entry = entry->link.next)
        visit(ctx, entry->session);
}

void session_book_free(struct session_book *book)
{
    if (book == NULL)
        return;
    for (size_t i = 0; book->entries != NULL && i <= book->mask; i++)
        for (struct entry *entry = book->entries[i], *next; entry != NULL; entry = next) {
            next = entry->next;
            session_release(entry->session);
            free(entry);
        }
    for (size_t i = 0; book->origins != NULL && i <= book->mask; i++)
        for (struct origin *origin = book->origins[i], *next; origin != NULL; origin = next) {
            next = origin->next;
            free(origin);
        }
    free(book->entries);
    free(book->holds);
    free(book->origins);
    free(book);
}
