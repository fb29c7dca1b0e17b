#include "xfr/zonecopy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/err.h"
#include "base/random.h"
#include "dns/name.h"

#define SLOTS_MIN 1024u /* a power of two */
#define SERIAL_AT 6     /* words before the serial in a line of a SOA record */

struct record {
    char *line; /* NULL: taken out */
    uint32_t len;
    uint32_t hash;
};

struct zonecopy {
    struct record *records;
    uint32_t record_count, record_cap; /* with those that were taken out */
    uint64_t live;
    uint32_t *slots; /* index + 1 of a record; 0: free */
    uint32_t slot_count;
    uint64_t bytes, bytes_max, records_max;
    uint64_t seed; /* so that nobody can choose lines that all meet in one slot */
};

int zonecopy_new(uint64_t bytes_max, uint64_t records_max, struct zonecopy **out)
{
    struct random_pool pool = {.left = 0};
    struct zonecopy *copy = calloc(1, sizeof *copy);
    if (copy == NULL)
        return ERR_NOMEM;
    copy->bytes_max = bytes_max;
    copy->records_max = records_max;
    random_bytes(&pool, &copy->seed, sizeof copy->seed);
    *out = copy;
    return 0;
}

void zonecopy_clear(struct zonecopy *copy)
{
    for (uint32_t i = 0; i < copy->record_count; i++)
        free(copy->records[i].line);
    free(copy->records);
    free(copy->slots);
    *copy = (struct zonecopy){.bytes_max = copy->bytes_max, .records_max = copy->records_max, .seed = copy->seed};
}

void zonecopy_free(struct zonecopy *copy)
{
    if (copy == NULL)
        return;
    zonecopy_clear(copy);
    free(copy);
}

uint64_t zonecopy_count(const struct zonecopy *copy)
{
    return copy->live;
}

/* The slot of this line, or the free one where it would go. Records that were taken out keep theirs. */
static uint32_t slot_find(const struct zonecopy *copy, const char *line, size_t len, uint32_t hash)
{
    uint32_t mask = copy->slot_count - 1;
    uint32_t at = hash & mask;
    for (; copy->slots[at] != 0; at = (at + 1) & mask) {
        const struct record *r = &copy->records[copy->slots[at] - 1];
        if (r->line != NULL && r->hash == hash && r->len == len && memcmp(r->line, line, len) == 0)
            break;
    }
    return at;
}

/* Records that were taken out go; where these are not most of them, there are twice as many slots then. */
static int slots_renew(struct zonecopy *copy)
{
    uint32_t count = copy->slot_count == 0                  ? SLOTS_MIN
                     : copy->live < copy->slot_count / 4ull ? copy->slot_count
                                                            : copy->slot_count * 2;
    uint32_t *slots = count == 0 ? NULL : calloc(count, sizeof *slots);
    uint32_t kept = 0;
    if (slots == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < copy->record_count; i++)
        if (copy->records[i].line != NULL)
            copy->records[kept++] = copy->records[i];
    copy->record_count = kept;
    free(copy->slots);
    copy->slots = slots;
    copy->slot_count = count;
    for (uint32_t i = 0; i < kept; i++) {
        const struct record *r = &copy->records[i];
        slots[slot_find(copy, r->line, r->len, r->hash)] = i + 1;
    }
    return 0;
}

static int make_room(struct zonecopy *copy)
{
    if (copy->record_count >= copy->slot_count / 2) {
        int err = slots_renew(copy);
        if (err < 0)
            return err;
    }
    if (copy->record_count < copy->record_cap)
        return 0;
    uint32_t cap = copy->slot_count; /* never filled by more than half */
    struct record *records = realloc(copy->records, cap * sizeof *records);
    if (records == NULL)
        return ERR_NOMEM;
    copy->records = records;
    copy->record_cap = cap;
    return 0;
}

int zonecopy_add(struct zonecopy *copy, const char *line, size_t len)
{
    uint32_t hash = (uint32_t)XXH3_64bits_withSeed(line, len, copy->seed);
    int err = make_room(copy);
    if (err < 0)
        return err;
    uint32_t slot = slot_find(copy, line, len, hash);
    if (copy->slots[slot] != 0)
        return 0;
    if (len + 1 > copy->bytes_max - copy->bytes || copy->live >= copy->records_max)
        return ERR_LIMIT;
    char *kept = malloc(len + 1);
    if (kept == NULL)
        return ERR_NOMEM;
    memcpy(kept, line, len);
    copy->records[copy->record_count++] = (struct record){kept, (uint32_t)len, hash};
    copy->slots[slot] = copy->record_count;
    copy->bytes += len + 1;
    copy->live++;
    return 1;
}

int zonecopy_del(struct zonecopy *copy, const char *line, size_t len)
{
    uint32_t hash = (uint32_t)XXH3_64bits_withSeed(line, len, copy->seed);
    if (copy->slot_count == 0)
        return 0;
    uint32_t slot = slot_find(copy, line, len, hash);
    if (copy->slots[slot] == 0)
        return 0;
    struct record *r = &copy->records[copy->slots[slot] - 1];
    free(r->line);
    r->line = NULL;
    copy->bytes -= len + 1;
    copy->live--;
    return 1;
}

/* ---- files ---- */

static bool is_word_end(char c)
{
    return c == ' ' || c == '\t';
}

/* The serial in the line of a zone's own SOA record. */
static bool soa_read(const char *line, const uint8_t *zone, uint32_t *out)
{
    uint8_t owner[NAME_MAX_LEN];
    size_t len = strcspn(line, " \t");
    if (name_from_text(line, len, owner) < 0 || !name_equal(owner, zone))
        return false;
    for (int word = 0; word < SERIAL_AT; word++) {
        line += strcspn(line, " \t");
        while (is_word_end(*line))
            line++;
        if (word == 2 && strncmp(line, "SOA", 3) != 0)
            return false;
    }
    char *end;
    unsigned long long serial = strtoull(line, &end, 10);
    if (end == line || !is_word_end(*end) || serial > UINT32_MAX)
        return false;
    *out = (uint32_t)serial;
    return true;
}

static int lines_read(struct zonecopy *copy, FILE *file, const uint8_t *zone, uint32_t *out_serial)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len = getline(&line, &cap, file);
    uint32_t serial = 0;
    int err = len > 0 && soa_read(line, zone, &serial) ? 0 : ERR_MALFORMED;
    while (err == 0 && (len = getline(&line, &cap, file)) > 0) {
        if (line[len - 1] == '\n')
            len--;
        int added = zonecopy_add(copy, line, (size_t)len);
        err = added < 0 ? added : 0;
    }
    if (err == 0 && ferror(file))
        err = ERR_IO;
    free(line);
    if (err == 0)
        *out_serial = serial;
    return err;
}

int zonecopy_load(struct zonecopy *copy, const char *path, const uint8_t *zone, uint32_t *out_serial)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return err_from_errno(errno);
    int err = lines_read(copy, file, zone, out_serial);
    fclose(file);
    if (err < 0)
        zonecopy_clear(copy);
    return err;
}

static int compare(const void *a, const void *b)
{
    const struct record *x = *(const struct record *const *)a, *y = *(const struct record *const *)b;
    int order = memcmp(x->line, y->line, x->len < y->len ? x->len : y->len);
    return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static void write_line(FILE *to, const char *line, size_t len, uint64_t *bytes)
{
    (void)fwrite(line, 1, len, to);
    (void)fputc('\n', to);
    *bytes += len + 1;
}

int zonecopy_write(const struct zonecopy *copy, const char *soa, size_t soa_len, const char *path, uint64_t *out_bytes)
{
    uint64_t bytes = 0, count = 0;
    const struct record **sorted = calloc(copy->live + 1, sizeof *sorted);
    if (sorted == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < copy->record_count; i++)
        if (copy->records[i].line != NULL)
            sorted[count++] = &copy->records[i];
    qsort(sorted, count, sizeof *sorted, compare);
    FILE *to = fopen(path, "we");
    int err = to == NULL ? err_from_errno(errno) : 0;
    if (err == 0) {
        write_line(to, soa, soa_len, &bytes);
        for (uint64_t i = 0; i < count; i++)
            write_line(to, sorted[i]->line, sorted[i]->len, &bytes);
        bool failed = fflush(to) != 0 || ferror(to);
        err = failed ? err_from_errno(errno) : 0;
        fclose(to);
    }
    free(sorted);
    if (err < 0)
        unlink(path);
    else
        *out_bytes = bytes;
    return err;
}
