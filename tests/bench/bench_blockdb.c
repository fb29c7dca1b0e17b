/*
 * Measures the blocklist from text to look-ups: build time and memory, bytes a name, nanoseconds a look-up.
 *
 *     bench_blockdb LIST [QUERIES [GENERATION]]
 *
 * LIST has one name a line, listed with its subdomains. QUERIES (first word of each line: a name) is asked in its order,
 * to measure a load shaped by popularity. GENERATION was made of LIST and is measured instead of a new one. Run it pinned (taskset -c 1) in a release build.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "belisha/category.h"
#include "base/err.h"
#include "blockdb/blockdb.h"
#include "dns/name.h"
#include "publish/publish.h"
#include "support/unsorted.h"

#define QUERIES_MAX 400000
#define SAMPLE_SEED UINT64_C(0x9e3779b97f4a7c15)
#define ROUNDS      5 /* the best counts */

struct text {
    const char *at;
    size_t len;
};

struct queries {
    const char *name;
    struct name_key *keys;
    size_t count;
};

static void must(int err, const char *what)
{
    if (err >= 0)
        return;
    (void)fprintf(stderr, "bench_blockdb: %s: %s\n", what, err_str(err));
    exit(1);
}

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of this thread alone: a busy machine takes turns, not our figures. */
static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double peak_mb(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct text map_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    must(fd < 0 || fstat(fd, &st) < 0 ? ERR_IO : 0, path);
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    must(at == MAP_FAILED ? ERR_IO : 0, path);
    close(fd);
    return (struct text){at, (size_t)st.st_size};
}

/* The first word of the next line; false at the end. */
static bool line_next(struct text *text, struct text *out_word)
{
    if (text->len == 0)
        return false;
    const char *end = memchr(text->at, '\n', text->len);
    size_t line_len = end ? (size_t)(end - text->at) : text->len;
    size_t word_len = 0;
    while (word_len < line_len && text->at[word_len] != ' ' && text->at[word_len] != '\t')
        word_len++;
    *out_word = (struct text){text->at, word_len};
    text->at += line_len + (end ? 1 : 0);
    text->len -= line_len + (end ? 1 : 0);
    return true;
}

static bool key_of(struct text word, struct name_key *out)
{
    uint8_t name[NAME_MAX_LEN];
    if (word.len == 0 || name_from_text(word.at, word.len, name) <= 0)
        return false;
    name_key_make(name, out);
    return true;
}

static struct unsorted *load(struct text list)
{
    const struct trie_item item = {
        .self.block = CATEGORY_BIT(CATEGORY_MALWARE),
        .below.block = CATEGORY_BIT(CATEGORY_MALWARE),
    };
    struct unsorted *unsorted = unsorted_new();
    struct text word;
    struct name_key key;
    while (line_next(&list, &word))
        if (key_of(word, &key))
            unsorted_add(unsorted, &key, &item);
    return unsorted;
}

static struct publish_result publish(struct text list, const char *folder)
{
    static const struct publish_feed FEED = {
        .name = "list",
        .licence = "none",
        .source = "file:",
        .categories = CATEGORY_BIT(CATEGORY_MALWARE),
    };
    struct trie_stats stats;
    struct publish *p;
    struct publish_result result;
    char why[PUBLISH_WHY_MAX] = "";

    double start = seconds();
    struct unsorted *unsorted = load(list);
    double loaded = seconds();
    struct trie *trie = unsorted_build(unsorted, 2, &stats);
    double built = seconds();
    must(publish_begin(&(struct publish_opts){.folder = folder, .keep = 1, .built_s = 1}, &p, why), why);
    must(publish_put_feeds(p, &FEED, 1), "feeds");
    must(publish_put_trie(p, trie), "entries");
    trie_free(trie);
    double encoded = seconds();
    must(publish_commit(p, &(struct publish_checks){0}, &result, why), why);
    double committed = seconds();

    printf("names    added %llu, duplicates %llu, subsumed %llu, entries %llu\n", (unsigned long long)stats.added,
           (unsigned long long)stats.duplicates, (unsigned long long)stats.subsumed, (unsigned long long)stats.entries);
    printf("seconds  add %.2f, sort+merge+prune %.2f, encode %.2f, write+verify %.2f, all %.2f\n", loaded - start,
           built - loaded, encoded - built, committed - encoded, committed - start);
    printf("memory   peak %.0f MB, of it the mapped list %.0f MB\n", peak_mb(), (double)list.len / 1e6);
    return result;
}

static void print_sizes(const struct publish_result *result)
{
    double names = (double)result->name_count;
    double index = (double)result->region_bytes[BLOCKDB_REGION_INDEX];
    double entries = (double)result->region_bytes[BLOCKDB_REGION_ENTRIES];
    printf("bytes    index %.2f MB, entries %.2f MB, file %.2f MB; a name: index+entries %.3f, file %.3f\n",
           index / 1e6, entries / 1e6, (double)result->file_bytes / 1e6, (index + entries) / names,
           (double)result->file_bytes / names);
}

static struct queries queries_new(const char *name)
{
    struct queries q = {.name = name, .keys = calloc(QUERIES_MAX, sizeof(*q.keys))};
    must(q.keys ? 0 : ERR_NOMEM, "queries");
    return q;
}

static void queries_add(struct queries *q, struct text word, const char *before, const char *instead)
{
    char text[NAME_TEXT_MAX];
    int len = snprintf(text, sizeof(text), "%s%.*s", before, (int)word.len, word.at);
    if (q->count == QUERIES_MAX || len <= 0 || (size_t)len >= sizeof(text))
        return;
    if (instead)
        text[0] = *instead;
    q->count += key_of((struct text){text, (size_t)len}, &q->keys[q->count]);
}

static void queries_shuffle(struct queries *q)
{
    uint64_t state = SAMPLE_SEED;
    for (size_t i = q->count; i > 1; i--) {
        size_t j = random_next(&state) % i;
        struct name_key swap = q->keys[i - 1];
        q->keys[i - 1] = q->keys[j];
        q->keys[j] = swap;
    }
}

/* Each look-up begins only when the one before has ended, as its key's address needs that one's answer. */
static double run_single(const struct blockdb *db, const struct queries *q, uint64_t *out_hits)
{
    uint64_t hits = 0;
    size_t next = 0;
    double start = cpu_seconds();
    for (size_t i = 0; i < q->count; i++) {
        struct blockdb_match match;
        blockdb_lookup(db, &q->keys[next], &match);
        hits += match.categories != 0;
        next = i + 1 + (match.hit_count > BLOCKDB_HITS_MAX);
    }
    *out_hits = hits;
    return (cpu_seconds() - start) * 1e9 / (double)q->count;
}

static double run_batch(const struct blockdb *db, const struct queries *q, size_t batch, uint64_t *out_hits)
{
    const struct name_key *keys[64];
    struct blockdb_match matches[64];
    uint64_t hits = 0;
    size_t asked = 0;
    double start = cpu_seconds();
    for (size_t i = 0; i + batch <= q->count; i += batch) {
        for (size_t j = 0; j < batch; j++)
            keys[j] = &q->keys[i + j];
        blockdb_lookup_batch(db, keys, batch, matches);
        for (size_t j = 0; j < batch; j++)
            hits += matches[j].categories != 0;
        asked += batch;
    }
    *out_hits = hits;
    return (cpu_seconds() - start) * 1e9 / (double)asked;
}

static void measure(const struct blockdb *db, const struct queries *q)
{
    static const size_t BATCHES[] = {1, 16, 64};
    printf("%-10s", q->name);
    for (size_t b = 0; b < sizeof(BATCHES) / sizeof(BATCHES[0]); b++) {
        double best = 1e12;
        uint64_t hits = 0;
        for (int round = 0; round < ROUNDS && q->count >= 64; round++) {
            double ns = BATCHES[b] == 1 ? run_single(db, q, &hits) : run_batch(db, q, BATCHES[b], &hits);
            best = ns < best ? ns : best;
        }
        if (BATCHES[b] == 1)
            printf(" %5.1f %% blocked, one by one %.0f ns", 100.0 * (double)hits / (double)q->count, best);
        else
            printf(", batches of %zu %.0f ns", BATCHES[b], best);
    }
    printf("\n");
}

static void measure_all(const struct blockdb *db, struct text list, const char *query_path)
{
    struct queries hit = queries_new("hit");
    struct queries sub = queries_new("subdomain");
    struct queries miss = queries_new("miss");
    struct queries load = queries_new("queries");
    struct text word;
    uint64_t state = SAMPLE_SEED;
    uint64_t names = blockdb_name_count(db) + 1;

    while (line_next(&list, &word)) {
        if (random_next(&state) % names >= QUERIES_MAX * UINT64_C(3) / 4)
            continue;
        queries_add(&hit, word, "", NULL);
        queries_add(&sub, word, "x7.", NULL);
        queries_add(&miss, word, "", "~");
    }
    queries_shuffle(&hit);
    queries_shuffle(&sub);
    queries_shuffle(&miss);
    measure(db, &hit);
    measure(db, &sub);
    measure(db, &miss);
    if (query_path) {
        struct text queries = map_file(query_path);
        while (load.count < QUERIES_MAX && line_next(&queries, &word))
            queries_add(&load, word, "", NULL);
        measure(db, &load);
    }
    free(hit.keys);
    free(sub.keys);
    free(miss.keys);
    free(load.keys);
}

static void measure_file(const char *path, struct text list, const char *query_path)
{
    struct blockdb *db;
    char why[256] = "";
    double start = seconds();
    must(blockdb_open(path, &db, why, sizeof(why)), why);
    printf("open     %.1f ms\n", (seconds() - start) * 1e3);
    measure_all(db, list, query_path);
    blockdb_close(db);
}

static void build_and_measure(struct text list, const char *query_path)
{
    char folder[] = "/tmp/bench-blockdb-XXXXXX";
    char path[64];

    must(mkdtemp(folder) ? 0 : ERR_IO, folder);
    struct publish_result result = publish(list, folder);
    print_sizes(&result);
    measure_file(result.path, list, query_path);

    (void)unlink(result.path);
    (void)snprintf(path, sizeof(path), "%s/current", folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/lock", folder);
    (void)unlink(path);
    (void)rmdir(folder);
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4) {
        (void)fprintf(stderr, "usage: bench_blockdb LIST [QUERIES [GENERATION]]\n");
        return 2;
    }
    struct text list = map_file(argv[1]);
    if (argc == 4)
        measure_file(argv[3], list, argv[2]);
    else
        build_and_measure(list, argc > 2 ? argv[2] : NULL);
    return 0;
}
