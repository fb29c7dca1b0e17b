#include "support/generation.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "dns/key.h"
#include "dns/name.h"
#include "publish/publish.h"
#include "trie/trie.h"

#define FEEDS_MAX 64
#define BUILT_S   1700000000

static void must(int err, const char *what)
{
    if (err >= 0)
        return;
    (void)fprintf(stderr, "generation: %s: %s\n", what, err_str(err));
    abort();
}

static uint64_t *mask_of(struct blockdb_rules *rules, enum generation_action action)
{
    switch (action) {
    case GENERATION_ALLOW:
        return &rules->allow;
    case GENERATION_IMPORTANT_BLOCK:
        return &rules->important_block;
    case GENERATION_IMPORTANT_ALLOW:
        return &rules->important_allow;
    case GENERATION_BLOCK:
    default:
        return &rules->block;
    }
}

static void add_rule(struct trie *trie, const struct generation_rule *rule)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    struct trie_item item = {.feed = rule->feed};

    must(name_from_text(rule->name, strlen(rule->name), name), rule->name);
    name_key_make(name, &key);
    if (rule->scope != GENERATION_BELOW)
        *mask_of(&item.self, rule->action) = rule->categories;
    if (rule->scope != GENERATION_EXACT)
        *mask_of(&item.below, rule->action) = rule->categories;
    must(trie_add(trie, &key, &item), rule->name);
}

static void put_feeds(struct publish *p, const struct generation_rule *rules, size_t count)
{
    struct publish_feed feeds[FEEDS_MAX] = {{0}};
    char names[FEEDS_MAX][32];
    size_t feed_count = 1;

    for (size_t i = 0; i < count; i++) {
        must(rules[i].feed < FEEDS_MAX ? 0 : ERR_LIMIT, "feed number");
        feeds[rules[i].feed].categories |= rules[i].categories;
        feeds[rules[i].feed].names++;
        if (rules[i].feed >= feed_count)
            feed_count = rules[i].feed + 1u;
    }
    for (size_t i = 0; i < feed_count; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "feed-%zu", i);
        feeds[i].name = names[i];
        feeds[i].licence = "CC0-1.0";
        feeds[i].source = "file:test";
        feeds[i].fetched_s = BUILT_S;
    }
    must(publish_put_feeds(p, feeds, feed_count), "feeds");
}

void generation_next(struct generation *g, const struct generation_rule *rules, size_t count)
{
    struct trie *trie;
    struct trie_stats stats;
    struct publish *p;
    struct publish_result result;
    char why[PUBLISH_WHY_MAX] = "";

    must(trie_new(&(struct trie_opts){.thread_count = 1}, &trie), "trie");
    for (size_t i = 0; i < count; i++)
        add_rule(trie, &rules[i]);
    must(trie_build(trie, &stats), "build");
    must(publish_begin(&(struct publish_opts){.folder = g->folder, .keep = 3, .built_s = BUILT_S}, &p, why), why);
    put_feeds(p, rules, count);
    must(publish_put_trie(p, trie), "entries");
    trie_free(trie);
    must(publish_commit(p, &(struct publish_checks){0}, &result, why), why);
    (void)snprintf(g->path, sizeof(g->path), "%.200s/generation-%llu.mdb", g->folder,
                   (unsigned long long)result.generation);
    g->number = result.generation;
}

void generation_init(struct generation *g, const struct generation_rule *rules, size_t count)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(g->folder, sizeof(g->folder), "%.100s/belisha-generation-XXXXXX", base ? base : "/tmp");
    must(mkdtemp(g->folder) ? 0 : ERR_IO, "temporary folder");
    (void)snprintf(g->current, sizeof(g->current), "%.200s/current", g->folder);
    generation_next(g, rules, count);
}

void generation_done(struct generation *g)
{
    DIR *dir = opendir(g->folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    (void)rmdir(g->folder);
}
