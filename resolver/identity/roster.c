#include "identity/roster.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/err.h"
#include "base/file.h"
#include "base/line_file.h"
#include "identity/clean.h"
#include "identity/roster_line.h"

#define MODE         0640
#define TEXT_ALL_MAX ((size_t)1 << 30)
#define SLACK        10000 /* lines beyond twice what is kept, before the file is written anew */
#define SLOTS_MIN    1024

/* What a number stands for. */
struct entry {
    char *name;   /* NULL: not known (its line is damaged); "": forgotten */
    char *called; /* NULL: not known */
};

struct book {
    struct entry *entries; /* [0] is number 1 */
    uint32_t count, cap;
    uint32_t lasting; /* numbers up to this are on disk */
    uint32_t *slots;  /* number by name; 0: free */
    uint32_t mask;
};

struct roster {
    struct line_file file;
    bool fileless;
    struct book books[ROSTER_KINDS];
    struct text pending; /* lines that are not on disk */
    size_t line_count;
    unsigned damaged;
    uint32_t forgotten;
};

/* ---- names and numbers ---- */

static void fold(enum roster_kind kind, const char *name, char out[ROSTER_NAME_MAX + 1])
{
    size_t len = strnlen(name, ROSTER_NAME_MAX);
    for (size_t i = 0; i < len; i++)
        out[i] = kind == ROSTER_DEVICE && name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
    out[len] = '\0';
}

/* The slot that has the name, or the free one where it would go. */
static uint32_t *slot_of(const struct book *book, enum roster_kind kind, const char *name)
{
    char folded[ROSTER_NAME_MAX + 1], other[ROSTER_NAME_MAX + 1];
    fold(kind, name, folded);
    uint32_t slot = (uint32_t)XXH3_64bits(folded, strlen(folded)) & book->mask;
    for (; book->slots[slot] != 0; slot = (slot + 1) & book->mask) {
        fold(kind, book->entries[book->slots[slot] - 1].name, other);
        if (strcmp(other, folded) == 0)
            break;
    }
    return &book->slots[slot];
}

static bool has_name(const struct entry *entry)
{
    return entry->name != NULL && entry->name[0] != '\0';
}

/* Of two numbers with one name, which only a hand could have made, the first counts. */
static void index_entry(struct book *book, enum roster_kind kind, uint32_t number)
{
    uint32_t *slot = slot_of(book, kind, book->entries[number - 1].name);
    if (*slot == 0)
        *slot = number;
}

static void index_again(struct book *book, enum roster_kind kind)
{
    memset(book->slots, 0, ((size_t)book->mask + 1) * sizeof *book->slots);
    for (uint32_t number = 1; number <= book->count; number++)
        if (has_name(&book->entries[number - 1]))
            index_entry(book, kind, number);
}

static int index_all(struct book *book, enum roster_kind kind, uint32_t slots)
{
    uint32_t *made = calloc(slots, sizeof *made);
    if (made == NULL)
        return ERR_NOMEM;
    free(book->slots);
    book->slots = made;
    book->mask = slots - 1;
    index_again(book, kind);
    return 0;
}

static int reserve(struct book *book, enum roster_kind kind, uint32_t count)
{
    if (count > book->cap) {
        uint32_t cap = count < 128 ? 256 : count * 2;
        struct entry *entries = reallocarray(book->entries, cap, sizeof *entries);
        if (entries == NULL)
            return ERR_NOMEM;
        book->entries = entries;
        book->cap = cap;
    }
    if (count > book->mask / 2)
        return index_all(book, kind, (book->mask + 1) * 2);
    return 0;
}

/* Numbers up to count are given, whatever they stand for. */
static int extend(struct book *book, enum roster_kind kind, uint32_t count)
{
    while (book->count < count) {
        int err = reserve(book, kind, book->count + 1);
        if (err < 0)
            return err;
        book->entries[book->count++] = (struct entry){.name = NULL};
    }
    return 0;
}

static int set_text(char **at, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        return ERR_NOMEM;
    free(*at);
    *at = copy;
    return 0;
}

static void done_entry(struct entry *entry)
{
    free(entry->name);
    free(entry->called);
    *entry = (struct entry){.name = NULL};
}

uint32_t roster_count(const struct roster *roster, enum roster_kind kind)
{
    return roster->books[kind].count;
}

uint32_t roster_forgotten(const struct roster *roster)
{
    return roster->forgotten;
}

unsigned roster_damaged(const struct roster *roster)
{
    return roster->damaged;
}

const char *roster_name(const struct roster *roster, enum roster_kind kind, uint32_t number)
{
    const struct book *book = &roster->books[kind];
    return number == 0 || number > book->count ? NULL : book->entries[number - 1].name;
}

const char *roster_called(const struct roster *roster, uint32_t device)
{
    const struct book *book = &roster->books[ROSTER_DEVICE];
    const char *called = device == 0 || device > book->count ? NULL : book->entries[device - 1].called;
    return called == NULL ? "" : called;
}

uint32_t roster_find(const struct roster *roster, enum roster_kind kind, const char *name)
{
    char clean[ROSTER_NAME_MAX + 1];
    if (clean_name(name, strlen(name), clean, sizeof clean) == 0)
        return 0;
    return *slot_of(&roster->books[kind], kind, clean);
}

static void add_line(struct roster *roster, const struct roster_line *line)
{
    if (!roster->fileless)
        roster_line_write(line, &roster->pending);
}

uint32_t roster_number(struct roster *roster, enum roster_kind kind, const char *name)
{
    struct book *book = &roster->books[kind];
    struct roster_line line = {.op = ROSTER_GIVE, .kind = kind};
    if (clean_name(name, strlen(name), line.name, sizeof line.name) == 0)
        return 0;
    uint32_t number = *slot_of(book, kind, line.name);
    if (number != 0 || book->count >= ROSTER_MAX || reserve(book, kind, book->count + 1) < 0)
        return number;
    struct entry entry = {.name = strdup(line.name)};
    if (entry.name == NULL)
        return 0;
    book->entries[book->count++] = entry;
    index_entry(book, kind, book->count);
    line.number = book->count;
    add_line(roster, &line);
    return book->count;
}

void roster_call(struct roster *roster, uint32_t device, const char *host)
{
    struct roster_line line = {.op = ROSTER_CALL, .number = device};
    size_t len = clean_name(host, strlen(host), line.name, sizeof line.name);
    const char *name = roster_name(roster, ROSTER_DEVICE, device);
    if (len == 0 || name == NULL || name[0] == '\0' || strcmp(roster_called(roster, device), line.name) == 0)
        return;
    if (set_text(&roster->books[ROSTER_DEVICE].entries[device - 1].called, line.name) == 0)
        add_line(roster, &line);
}

/* ---- reading ---- */

/* A line that is whole, and goes on from those before it. */
static int take_line(struct roster *roster, const struct roster_line *line)
{
    struct book *book = &roster->books[line->op == ROSTER_CALL ? ROSTER_DEVICE : line->kind];
    int err = 0;
    switch (line->op) {
    case ROSTER_BEGIN:
        for (unsigned kind = 0; kind < ROSTER_KINDS && err == 0; kind++)
            err = extend(&roster->books[kind], (enum roster_kind)kind, line->next[kind] - 1);
        return err;
    case ROSTER_GIVE:
        err = extend(book, line->kind, line->number);
        if (err < 0)
            return err;
        if (book->entries[line->number - 1].name != NULL)
            return ERR_EXIST;
        err = set_text(&book->entries[line->number - 1].name, line->name);
        if (err == 0)
            index_entry(book, line->kind, line->number);
        return err;
    case ROSTER_CALL:
        if (line->number > book->count) /* of a device whose own line is damaged */
            return ERR_NOENT;
        return set_text(&book->entries[line->number - 1].called, line->name);
    case ROSTER_FORGET:
        err = extend(book, line->kind, line->number);
        if (err < 0)
            return err;
        if (book->entries[line->number - 1].name != NULL)
            return ERR_EXIST;
        return set_text(&book->entries[line->number - 1].name, "");
    }
    return ERR_MALFORMED;
}

/* The damaged line may have given the next number, of either kind: that is not given to another. */
static int skip_line(struct roster *roster, int reason, roster_complaint complaint, void *ctx)
{
    int err = 0;
    roster->damaged++;
    if (complaint != NULL)
        complaint(ctx, (unsigned)roster->line_count, reason);
    for (unsigned kind = 0; kind < ROSTER_KINDS && err == 0; kind++) {
        struct book *book = &roster->books[kind];
        if (book->count < ROSTER_MAX)
            err = extend(book, (enum roster_kind)kind, book->count + 1);
    }
    return err;
}

struct reading {
    struct roster *roster;
    roster_complaint complaint;
    void *ctx;
};

static int on_line(void *ctx, const char *text, size_t len)
{
    const struct reading *r = ctx;
    struct roster_line line;
    r->roster->line_count++;
    int err = roster_line_parse(text, len, &line);
    if (err == 0)
        err = take_line(r->roster, &line);
    if (err < 0 && err != ERR_NOMEM && err != ERR_FORMAT_VERSION)
        err = skip_line(r->roster, err, r->complaint, r->ctx);
    return err;
}

static void all_lasts(struct roster *roster)
{
    for (unsigned kind = 0; kind < ROSTER_KINDS; kind++)
        roster->books[kind].lasting = roster->books[kind].count;
}

/* ---- writing ---- */

static size_t count_lines(const struct text *text)
{
    size_t count = 0;
    for (const char *at = text->bytes; at != NULL && (at = strchr(at, '\n')) != NULL; at++)
        count++;
    return count;
}

static int append(struct roster *roster)
{
    const struct text *lines = &roster->pending;
    int err = text_ok(lines) ? line_file_append(&roster->file, lines->bytes, lines->len) : ERR_NOMEM;
    if (err == 0)
        roster->line_count += count_lines(lines);
    return err;
}

static void drop_pending(struct roster *roster)
{
    text_done(&roster->pending);
    roster->pending = (struct text){.max = TEXT_ALL_MAX};
}

/* Those without a lasting line are nobody's numbers again. */
static void take_back(struct roster *roster)
{
    for (unsigned kind = 0; kind < ROSTER_KINDS; kind++) {
        struct book *book = &roster->books[kind];
        bool any = book->count > book->lasting;
        while (book->count > book->lasting)
            done_entry(&book->entries[--book->count]);
        if (any)
            index_again(book, (enum roster_kind)kind);
    }
}

int roster_sync(struct roster *roster)
{
    int err = roster->fileless || roster->pending.len == 0 ? 0 : append(roster);
    if (err < 0)
        take_back(roster);
    all_lasts(roster);
    drop_pending(roster);
    return err;
}

/* ---- written anew ---- */

static void write_entry(const struct entry *entry, enum roster_kind kind, uint32_t number, struct text *out)
{
    struct roster_line line = {.op = ROSTER_GIVE, .kind = kind, .number = number};
    if (entry->name == NULL)
        return;
    if (entry->name[0] == '\0')
        line.op = ROSTER_FORGET;
    memcpy(line.name, entry->name, strlen(entry->name) + 1);
    roster_line_write(&line, out);
    if (entry->called == NULL)
        return;
    line.op = ROSTER_CALL;
    memcpy(line.name, entry->called, strlen(entry->called) + 1);
    roster_line_write(&line, out);
}

static void write_roster(const struct roster *roster, struct text *out)
{
    struct roster_line begin = {.op = ROSTER_BEGIN};
    for (unsigned kind = 0; kind < ROSTER_KINDS; kind++)
        begin.next[kind] = roster->books[kind].count + 1;
    roster_line_write(&begin, out);
    for (unsigned kind = 0; kind < ROSTER_KINDS; kind++)
        for (uint32_t number = 1; number <= roster->books[kind].count; number++)
            write_entry(&roster->books[kind].entries[number - 1], (enum roster_kind)kind, number, out);
}

static int write_beside(const struct roster *roster, struct line_file *out, size_t *out_lines)
{
    struct text text = {.max = TEXT_ALL_MAX};
    write_roster(roster, &text);
    int err = text_ok(&text) ? line_file_begin(&roster->file, MODE, out) : ERR_NOMEM;
    if (err == 0 && (err = line_file_add(out, text.bytes, text.len)) < 0)
        line_file_drop(out);
    *out_lines = count_lines(&text);
    text_done(&text);
    return err;
}

/* A damaged file is kept for who wants to see what it was. */
static int rewrite(struct roster *roster)
{
    struct line_file made;
    size_t lines;
    int err = write_beside(roster, &made, &lines);
    if (err < 0)
        return err;
    err = roster->damaged == 0 ? 0 : line_file_set_aside(&roster->file);
    if (err < 0) {
        line_file_drop(&made);
        return err;
    }
    err = line_file_replace(&roster->file, &made);
    if (err < 0)
        return err;
    roster->damaged = 0;
    roster->line_count = lines;
    return file_sync_folder_of(roster->file.path);
}

int roster_forget(struct roster *roster, enum roster_kind kind, uint32_t number)
{
    struct book *book = &roster->books[kind];
    if (number == 0 || number > book->count || !has_name(&book->entries[number - 1]))
        return ERR_NOENT;
    int err = roster_sync(roster);
    struct entry gone = {.name = strdup("")};
    if (err < 0 || gone.name == NULL) {
        free(gone.name);
        return err < 0 ? err : ERR_NOMEM;
    }
    struct entry before = book->entries[number - 1];
    book->entries[number - 1] = gone;
    err = roster->fileless ? 0 : roster->file.fd < 0 ? ERR_ACCESS : rewrite(roster);
    if (err < 0) {
        book->entries[number - 1] = before;
        done_entry(&gone);
        return err;
    }
    done_entry(&before);
    roster->forgotten++;
    index_again(book, kind);
    return 0;
}

/* ---- opening ---- */

static int make(const char *path, struct roster **out)
{
    struct roster *roster = calloc(1, sizeof *roster);
    if (roster == NULL)
        return ERR_NOMEM;
    drop_pending(roster);
    int err = line_file_init(&roster->file, path);
    for (unsigned kind = 0; kind < ROSTER_KINDS && err == 0; kind++)
        err = index_all(&roster->books[kind], (enum roster_kind)kind, SLOTS_MIN);
    if (err < 0) {
        roster_close(roster);
        return err;
    }
    *out = roster;
    return 0;
}

int roster_new(struct roster **out)
{
    int err = make("", out);
    if (err == 0)
        (*out)->fileless = true;
    return err;
}

static size_t kept_count(const struct roster *roster)
{
    return (size_t)roster->books[ROSTER_USER].count + 2 * (size_t)roster->books[ROSTER_DEVICE].count;
}

/* What is empty or mostly outdated is written anew. */
static int prepare(struct roster *roster)
{
    bool is_long = roster->line_count > 2 * kept_count(roster) + SLACK;
    return roster->file.size == 0 || is_long ? rewrite(roster) : 0;
}

int roster_open(const char *path, roster_complaint complaint, void *ctx, struct roster **out)
{
    struct roster *roster = NULL;
    int err = make(path, &roster);
    if (err < 0)
        return err;
    struct reading reading = {roster, complaint, ctx};
    err = line_file_open(&roster->file, MODE);
    if (err == 0)
        err = line_file_load(&roster->file, on_line, &reading);
    if (err == 0)
        err = prepare(roster);
    all_lasts(roster);
    if (err < 0)
        roster_close(roster);
    else
        *out = roster;
    return err;
}

int roster_read(const char *path, roster_complaint complaint, void *ctx, struct roster **out)
{
    struct roster *roster = NULL;
    int err = make(path, &roster);
    if (err < 0)
        return err;
    struct reading reading = {roster, complaint, ctx};
    err = line_file_look(path, on_line, &reading);
    all_lasts(roster);
    if (err < 0)
        roster_close(roster);
    else
        *out = roster;
    return err;
}

void roster_close(struct roster *roster)
{
    if (roster == NULL)
        return;
    line_file_done(&roster->file);
    for (unsigned kind = 0; kind < ROSTER_KINDS; kind++) {
        struct book *book = &roster->books[kind];
        for (uint32_t i = 0; i < book->count; i++)
            done_entry(&book->entries[i]);
        free(book->entries);
        free(book->slots);
    }
    text_done(&roster->pending);
    free(roster);
}
