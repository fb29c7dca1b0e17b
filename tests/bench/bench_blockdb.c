/*
 * Measures the blocklist from text to look-ups: build time and memory, bytes a name, nanoseconds a look-up, beside two
 * naive ways to keep the same names (subject.h).
 *
 *     bench_blockdb LIST [LOAD]                  LIST: one name a line, listed with its subdomains
 *     bench_blockdb --open GENERATION [LOAD]     measures a generation that is there
 *
 * LOAD (first word of each line: a name) is asked in its order, to measure a load shaped by popularity. Run it pinned
 * (taskset -c 1), in a release build. Keys are in the cache when a look-up begins, as they are in the resolver.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asked.h"
#include "belisha/category.h"
#include "dns/name.h"
#include "publish/publish.h"
#include "subject.h"
#include "support/unsorted.h"
#include "tool.h"

#define THREADS    2   /* that build the list */
#define ROUNDS     5   /* the median counts */
#define NEAR       512 /* names that are brought into the cache before their look-ups are timed */
#define BATCH_MAX  64
#define COLD_FIRST 100
#define COLD_ALL   1000

static struct unsorted *load(struct text list)
{
    const struct trie_item item = {
        .self.block = CATEGORY_BIT(CATEGORY_MALWARE),
        .below.block = CATEGORY_BIT(CATEGORY_MALWARE),
    };
    struct unsorted *unsorted = unsorted_new();
    struct text word;
    while (line_next(&list, &word)) {
        uint8_t name[NAME_MAX_LEN];
        struct name_key key;
        if (word.len == 0 || name_from_text(word.at, word.len, name) <= 0)
            continue;
        name_key_make(name, &key);
        unsorted_add(unsorted, &key, &item);
    }
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

    double start = wall_s();
    struct unsorted *unsorted = load(list);
    double loaded = wall_s();
    struct trie *trie = unsorted_build(unsorted, THREADS, &stats);
    double built = wall_s();
    must(publish_begin(&(struct publish_opts){.folder = folder, .keep = 1, .built_s = 1}, &p, why), why);
    must(publish_put_feeds(p, &FEED, 1), "feeds");
    must(publish_put_trie(p, trie), "entries");
    trie_free(trie);
    double encoded = wall_s();
    must(publish_commit(p, &(struct publish_checks){0}, &result, why), why);
    double committed = wall_s();

    printf("names    added %llu, duplicates %llu, subsumed %llu, entries %llu\n", (unsigned long long)stats.added,
           (unsigned long long)stats.duplicates, (unsigned long long)stats.subsumed, (unsigned long long)stats.entries);
    printf("build    %.2f s: add %.2f, sort+merge+prune %.2f, encode %.2f, write+verify %.2f\n", committed - start,
           loaded - start, built - loaded, encoded - built, committed - encoded);
    printf("memory   peak %.0f MB, of it the mapped list %.0f MB\n", peak_mb(), (double)list.len / 1e6);
    double names = (double)result.name_count;
    double index = (double)result.region_bytes[BLOCKDB_REGION_INDEX];
    double entries = (double)result.region_bytes[BLOCKDB_REGION_ENTRIES];
    printf("bytes    index %.2f MB, entries %.2f MB, file %.2f MB; a name: index+entries %.3f, file %.3f\n",
           index / 1e6, entries / 1e6, (double)result.file_bytes / 1e6, (index + entries) / names,
           (double)result.file_bytes / names);
    return result;
}

static struct blockdb *open_list(const char *path, const char *when)
{
    struct blockdb *db;
    char why[256] = "";
    double before = heap_mb();
    double start = wall_s();
    must(blockdb_open(path, &db, why, sizeof(why)), why);
    double took = wall_s() - start;
    printf("open     %.1f ms %s, %.2f MB private memory\n", took * 1e3, when, heap_mb() - before);
    return db;
}

/* Nanoseconds a look-up, names in batches, over all that are asked. */
static double run(const struct subject *subject, const struct asked *asked, size_t batch, size_t *out_listed)
{
    static struct name_key near[NEAR];
    const struct name_key *keys[NEAR];
    bool listed[BATCH_MAX];
    double took = 0;
    size_t done = 0;
    *out_listed = 0;
    for (size_t i = 0; i < NEAR; i++)
        keys[i] = &near[i];
    for (; done + NEAR <= asked->count; done += NEAR) {
        memcpy(near, asked->keys + done, sizeof(near));
        double start = cpu_s();
        for (size_t i = 0; i < NEAR; i += batch) {
            subject->look_up(subject->data, keys + i, batch, listed);
            for (size_t j = 0; j < batch; j++)
                *out_listed += listed[j];
        }
        took += cpu_s() - start;
    }
    return done > 0 ? took * 1e9 / (double)done : 0;
}

static void measure(const struct subject *subject, const struct asked *asked)
{
    static const size_t BATCHES[] = {1, 16, 64};
    size_t listed = 0;
    if (asked->count < NEAR)
        return;
    printf("  %-22s %-15s", subject->name, asked->kind);
    for (size_t b = 0; b < (subject->batches ? sizeof(BATCHES) / sizeof(BATCHES[0]) : 1); b++) {
        double ns[ROUNDS];
        for (size_t round = 0; round < ROUNDS; round++)
            ns[round] = run(subject, asked, BATCHES[b], &listed);
        printf(" %8.0f", median(ns, ROUNDS));
    }
    if (!subject->batches)
        printf(" %8s %8s", "", "");
    printf("   %5.1f %%\n", 100.0 * (double)listed / (double)(asked->count / NEAR * NEAR));
}

/* The first look-ups after all of the file has left the memory. */
static void measure_cold(const struct subject *subject, const struct asked *asked)
{
    double start = 0;
    double first = 0;
    bool listed;
    if (!subject->path || asked->count < COLD_ALL)
        return;
    file_evict(subject->path);
    start = wall_s();
    for (size_t i = 0; i < COLD_ALL; i++) {
        const struct name_key *key = &asked->keys[i];
        subject->look_up(subject->data, &key, 1, &listed);
        if (i + 1 == COLD_FIRST)
            first = wall_s() - start;
    }
    printf("  %-22s %-15s %8.1f %8.1f\n", subject->name, asked->kind, first * 1e6 / COLD_FIRST,
           (wall_s() - start) * 1e6 / COLD_ALL);
}

static void measure_all(struct subject *subjects, size_t count, const struct asked asked[ASKED_KINDS])
{
    printf("ns a look-up, warm                      one by one  by 16    by 64   listed\n");
    for (size_t s = 0; s < count; s++)
        for (unsigned kind = 0; kind < ASKED_KINDS; kind++)
            measure(&subjects[s], &asked[kind]);
    printf("us a look-up, file not in memory         first %d first %d\n", COLD_FIRST, COLD_ALL);
    for (size_t s = 0; s < count; s++)
        measure_cold(&subjects[s], &asked[ASKED_LISTED]);
}

static void measure_file(const char *path, const char *load_path, const char *folder)
{
    struct asked asked[ASKED_KINDS];
    struct blockdb *db = open_list(path, "warm");
    blockdb_close(db);
    file_evict(path);
    db = open_list(path, "from disk");
    asked_make(db, load_path, asked);
    struct subject subjects[] = {subject_belisha(db, path), naive_sorted_array(db), naive_lmdb(db, folder)};
    size_t count = sizeof(subjects) / sizeof(subjects[0]);
    for (size_t s = 1; s < count; s++)
        printf("naive    %s: %.1f bytes a name, made of sorted names in %.2f s\n", subjects[s].name,
               (double)subjects[s].bytes / (double)blockdb_name_count(db), subjects[s].build_s);
    measure_all(subjects, count, asked);
    for (size_t s = 0; s < count; s++)
        subjects[s].done(&subjects[s]);
    asked_done(asked);
}

static void folder_remove(const char *folder)
{
    static const char *const LEFT[] = {"generation-1.mdb", "current", "lock"};
    char path[256];
    for (size_t i = 0; i < sizeof(LEFT) / sizeof(LEFT[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, LEFT[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

int main(int argc, char **argv)
{
    char folder[] = "/tmp/bench-blockdb-XXXXXX";
    bool open_one = argc > 2 && strcmp(argv[1], "--open") == 0;
    if (argc < 2 || argc > (open_one ? 4 : 3) || (argv[1][0] == '-' && !open_one)) {
        (void)fprintf(stderr, "usage: bench_blockdb LIST [LOAD]\n       bench_blockdb --open GENERATION [LOAD]\n");
        return 2;
    }
    must(mkdtemp(folder) ? 0 : ERR_IO, folder);
    if (open_one) {
        measure_file(argv[2], argv[3], folder);
    } else {
        struct publish_result result = publish(map_file(argv[1]), folder);
        measure_file(result.path, argv[2], folder);
    }
    folder_remove(folder);
    return 0;
}
