#include "sheaf/sheaf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* What is left of the tail. */
struct rest {
    const uint8_t *at;
    uint64_t len;
};

/* The next len bytes of the tail; NULL when there are not so many. */
static const void *take(struct rest *rest, uint64_t len)
{
    const uint8_t *at = rest->at;
    if (len > rest->len)
        return NULL;
    rest->at += len;
    rest->len -= len;
    return at;
}

static bool head_is_right(const struct sheaf_head *head, uint64_t len)
{
    return head->magic == SHEAF_MAGIC && head->xxh3 == XXH3_64bits(head, offsetof(struct sheaf_head, xxh3)) &&
           head->tail >= sizeof *head && head->tail % sizeof(uint64_t) == 0 && head->tail <= len &&
           head->tail_len == len - head->tail && head->kind_count <= SHEAF_KINDS_MAX &&
           head->clause_count <= BLOCKDB_CLAUSE_MAX && head->stats_len == sizeof(struct feed_stats);
}

static bool blocks_are_right(const struct sheaf *sheaf, uint64_t tail)
{
    for (uint32_t i = 0; i < sheaf->block_count; i++) {
        const struct sheaf_block *block = &sheaf->blocks[i];
        if (block->at < sizeof(struct sheaf_head) || block->at > tail || block->len > tail - block->at ||
            block->count == 0 || block->xxh3 != XXH3_64bits(sheaf->bytes + block->at, block->len))
            return false;
    }
    return true;
}

static bool kinds_are_right(const struct sheaf *sheaf, uint32_t clause_count)
{
    for (uint32_t i = 0; i < sheaf->kind_count; i++) {
        const struct sheaf_kind *kind = &sheaf->kinds[i];
        if (i > 0 && sheaf_kind_compare(kind - 1, kind) >= 0)
            return false;
        bool clause = (kind->what & SHEAF_CLAUSE) != 0;
        if (clause ? kind->clause >= clause_count
                   : kind->categories == 0 || (kind->what & (SHEAF_SELF | SHEAF_BELOW)) == 0)
            return false;
    }
    return true;
}

static bool clauses_are_right(const struct clauses *clauses)
{
    for (uint32_t id = 0; id < clauses->count; id++) {
        struct blockdb_clause_record head;
        const uint8_t *parts;
        clauses_get(clauses, (uint16_t)id, &head, &parts);
        if (head.parts > clauses->parts.len || clauses_parts_len(&head) > clauses->parts.len - head.parts)
            return false;
    }
    for (size_t at = 0; at < clauses->addresses.len; at += sizeof(struct blockdb_address_record)) {
        struct blockdb_address_record record;
        memcpy(&record, clauses->addresses.data + at, sizeof record);
        if (record.clause >= clauses->count || record.bits > 128 || record.use > BLOCKDB_ADDRESS_CLIENT)
            return false;
    }
    return true;
}

static int read_clauses(struct sheaf *sheaf, const struct sheaf_head *head, struct rest *rest)
{
    uint64_t records_len = head->clause_count * sizeof(struct blockdb_clause_record);
    const void *records = take(rest, records_len);
    const void *parts = take(rest, head->parts_len);
    const void *addresses = take(rest, head->addresses_len);
    if (records == NULL || parts == NULL || addresses == NULL ||
        head->addresses_len % sizeof(struct blockdb_address_record) != 0)
        return ERR_DAMAGED;
    bytes_add(&sheaf->clauses.records, records, records_len);
    bytes_add(&sheaf->clauses.parts, parts, head->parts_len);
    bytes_add(&sheaf->clauses.addresses, addresses, head->addresses_len);
    sheaf->clauses.count = head->clause_count;
    if (!bytes_ok(&sheaf->clauses.records) || !bytes_ok(&sheaf->clauses.parts) || !bytes_ok(&sheaf->clauses.addresses))
        return ERR_NOMEM;
    return clauses_are_right(&sheaf->clauses) ? 0 : ERR_DAMAGED;
}

/* A report shows it on a terminal: what a reader gives is printable (feed/stats.h), and what else stands there is not kept. */
static void clean_text(char *text, size_t cap)
{
    text[cap - 1] = '\0';
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

static int read_samples(const struct feed_samples *from, struct feed_samples **out)
{
    struct feed_samples *samples = malloc(sizeof *samples);
    if (samples == NULL)
        return ERR_NOMEM;
    memcpy(samples, from, sizeof *samples);
    *out = samples;
    if (samples->count > FEED_SAMPLES_MAX)
        return ERR_DAMAGED;
    for (size_t i = 0; i < samples->count; i++) {
        clean_text(samples->rows[i].file, sizeof samples->rows[i].file);
        clean_text(samples->rows[i].text, sizeof samples->rows[i].text);
    }
    return 0;
}

/* The samples are behind the numbers: those of each row whose count is not zero. */
static int read_stats(struct sheaf *sheaf, const struct sheaf_head *head, struct rest *rest)
{
    const void *numbers = take(rest, head->stats_len);
    const void *samples = take(rest, head->samples_len);
    if (numbers == NULL || samples == NULL)
        return ERR_DAMAGED;
    struct rest rows = {samples, head->samples_len};
    memcpy(&sheaf->stats, numbers, sizeof sheaf->stats);
    feed_stats_forget_samples(&sheaf->stats);
    clean_text(sheaf->stats.popular.name, sizeof sheaf->stats.popular.name);
    clean_text(sheaf->stats.popular.rule.file, sizeof sheaf->stats.popular.rule.file);
    clean_text(sheaf->stats.popular.rule.text, sizeof sheaf->stats.popular.rule.text);
    for (unsigned i = 0; i < FEED_STATS_ROWS; i++) {
        struct feed_stats_row row = feed_stats_row(&sheaf->stats, i);
        const void *from = *row.count == 0 ? NULL : take(&rows, sizeof(struct feed_samples));
        int err = *row.count == 0 ? 0 : from == NULL ? ERR_DAMAGED : read_samples(from, row.samples);
        if (err < 0)
            return err;
    }
    return rows.len == 0 && rest->len == 0 ? 0 : ERR_DAMAGED;
}

static int read_tail(struct sheaf *sheaf, const struct sheaf_head *head)
{
    struct rest rest = {sheaf->bytes + head->tail, head->tail_len};
    if (head->tail_xxh3 != XXH3_64bits(rest.at, rest.len))
        return ERR_DAMAGED;
    sheaf->id = head->id;
    sheaf->block_count = head->block_count;
    sheaf->kind_count = head->kind_count;
    sheaf->blocks = take(&rest, head->block_count * sizeof(struct sheaf_block));
    sheaf->kinds = take(&rest, head->kind_count * sizeof(struct sheaf_kind));
    if (sheaf->blocks == NULL || sheaf->kinds == NULL || !blocks_are_right(sheaf, head->tail) ||
        !kinds_are_right(sheaf, head->clause_count))
        return ERR_DAMAGED;
    int err = read_clauses(sheaf, head, &rest);
    return err < 0 ? err : read_stats(sheaf, head, &rest);
}

static int map(int fd, struct sheaf *sheaf)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return ERR_IO;
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < sizeof(struct sheaf_head))
        return ERR_DAMAGED;
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (bytes == MAP_FAILED)
        return errno == ENOMEM ? ERR_NOMEM : ERR_IO;
    sheaf->bytes = bytes;
    sheaf->len = (size_t)st.st_size;
    return 0;
}

int sheaf_open_fd(int fd, struct sheaf **out)
{
    struct sheaf_head head;
    struct sheaf *sheaf = calloc(1, sizeof *sheaf);
    if (sheaf == NULL)
        return ERR_NOMEM;
    clauses_init(&sheaf->clauses);
    int err = map(fd, sheaf);
    if (err == 0) {
        memcpy(&head, sheaf->bytes, sizeof head);
        err = head_is_right(&head, sheaf->len) ? read_tail(sheaf, &head) : ERR_DAMAGED;
    }
    if (err < 0) {
        sheaf_close(sheaf);
        return err;
    }
    *out = sheaf;
    return 0;
}

int sheaf_open(const char *path, struct sheaf **out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ERR_NOENT : errno == EACCES ? ERR_ACCESS : ERR_IO;
    int err = sheaf_open_fd(fd, out);
    close(fd);
    return err;
}

void sheaf_close(struct sheaf *sheaf)
{
    if (sheaf == NULL)
        return;
    feed_stats_done(&sheaf->stats);
    clauses_done(&sheaf->clauses);
    if (sheaf->bytes != NULL)
        munmap((void *)(uintptr_t)sheaf->bytes, sheaf->len);
    free(sheaf);
}

uint64_t sheaf_categories(const struct sheaf *sheaf)
{
    uint64_t categories = 0;
    for (uint32_t i = 0; i < sheaf->kind_count; i++)
        categories |= sheaf->kinds[i].count > 0 ? sheaf->kinds[i].categories : 0;
    return categories;
}

bool sheaf_is_within(const struct sheaf *sheaf, uint64_t categories)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < sheaf->kind_count; i++)
        all |= sheaf->kinds[i].categories; /* whatever its count says */
    for (uint32_t id = 0; id < sheaf->clauses.count; id++) {
        struct blockdb_clause_record head;
        const uint8_t *parts;
        clauses_get(&sheaf->clauses, (uint16_t)id, &head, &parts);
        all |= head.categories;
    }
    return (all & ~categories) == 0;
}

uint64_t sheaf_rule_count(const struct sheaf *sheaf)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < sheaf->kind_count; i++)
        count += sheaf->kinds[i].count;
    return count;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

int sheaf_kind_compare(const struct sheaf_kind *a, const struct sheaf_kind *b)
{
    if (a->what != b->what)
        return compare_numbers(a->what, b->what);
    if (a->categories != b->categories)
        return compare_numbers(a->categories, b->categories);
    return (a->what & SHEAF_CLAUSE) == 0 ? 0 : compare_numbers(a->clause, b->clause);
}
