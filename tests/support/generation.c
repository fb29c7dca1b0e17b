#include "support/generation.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "dns/key.h"
#include "dns/name.h"
#include "publish/publish.h"
#include "support/unsorted.h"

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

static size_t put(uint8_t *parts, size_t len, const void *bytes, size_t count)
{
    memcpy(parts + len, bytes, count);
    return len + count;
}

static uint16_t text_len(const char *text)
{
    return text ? (uint16_t)strlen(text) : 0;
}

static size_t put_name(uint8_t *parts, size_t len, const char *text)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    must(name_from_text(text, strlen(text), name), text);
    name_key_make(name, &key);
    parts[len] = (uint8_t)key.len;
    return put(parts, len + 1, key.bytes, key.len);
}

/* The id of the rule's clause. */
static uint16_t add_clause(struct clauses *clauses, const struct generation_clause_rule *from_rule)
{
    const struct generation_rule *rule = &from_rule->rule;
    static const struct generation_clause plain;
    const struct generation_clause *from = from_rule->clause ? from_rule->clause : &plain;
    struct blockdb_clause_record head = {
        .categories = rule->categories, .feed = rule->feed, .kind = (uint8_t)from->kind};
    uint8_t parts[2048];
    uint8_t record[6] = {(uint8_t)(from->record_type >> 8), (uint8_t)from->record_type, 0, 0, 0, 60};
    size_t len = 0;
    uint16_t id;
    head.flags = (uint8_t)(from->flags | (rule->scope != GENERATION_BELOW ? BLOCKDB_CLAUSE_SELF : 0) |
                           (rule->scope != GENERATION_EXACT ? BLOCKDB_CLAUSE_BELOW : 0) |
                           (rule->name ? 0 : BLOCKDB_CLAUSE_FLOATING));
    head.type_count = from->type != 0;
    head.pattern_len = text_len(from->pattern);
    head.literal_len = text_len(from->literal);
    len = put(parts, len, &from->type, 2u * head.type_count);
    len = put(parts, len, from->pattern ? from->pattern : "", head.pattern_len);
    len = put(parts, len, from->literal ? from->literal : "", head.literal_len);
    if (from->left_out) {
        size_t at = len;
        len = put_name(parts, len, from->left_out);
        head.names_len = (uint16_t)(len - at);
    }
    if (from->record_type != 0) {
        head.data_len = (uint16_t)(sizeof(record) + from->rdata_len);
        len = put(parts, len, record, sizeof(record));
        (void)put(parts, len, from->rdata, from->rdata_len);
    }
    must(clauses_intern(clauses, &head, parts, &id), "clause");
    return id;
}

/* true: the rule was one without a name. */
static bool add_nameless(struct clauses *clauses, const struct generation_clause_rule *from)
{
    const struct generation_rule *rule = &from->rule;
    struct prefix prefix;
    if (rule->name && rule->name[0] != '@')
        return false;
    uint16_t id = add_clause(clauses, from);
    if (rule->name) {
        bool client = rule->name[1] == '@';
        must(prefix_from_text(rule->name + 1 + client, &prefix), rule->name);
        must(clauses_add_address(clauses, &prefix, client ? BLOCKDB_ADDRESS_CLIENT : BLOCKDB_ADDRESS_ANSWER, id),
             rule->name);
    }
    return true;
}

static void add_rule(struct unsorted *unsorted, struct clauses *clauses, const struct generation_clause_rule *from)
{
    const struct generation_rule *rule = &from->rule;
    if (add_nameless(clauses, from))
        return;
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    struct trie_item item = {.feed = rule->feed};

    must(name_from_text(rule->name, strlen(rule->name), name), rule->name);
    name_key_make(name, &key);
    item.has_clause = from->clause != NULL;
    if (from->clause)
        item.clause = add_clause(clauses, from);
    if (!from->clause && rule->scope != GENERATION_BELOW)
        *mask_of(&item.self, rule->action) = rule->categories;
    if (!from->clause && rule->scope != GENERATION_EXACT)
        *mask_of(&item.below, rule->action) = rule->categories;
    unsorted_add(unsorted, &key, &item);
}

static void put_feeds(struct publish *p, const struct generation_clause_rule *rules, size_t count)
{
    struct publish_feed feeds[FEEDS_MAX] = {{0}};
    char names[FEEDS_MAX][32];
    size_t feed_count = 1;

    for (size_t i = 0; i < count; i++) {
        must(rules[i].rule.feed < FEEDS_MAX ? 0 : ERR_LIMIT, "feed number");
        feeds[rules[i].rule.feed].categories |= rules[i].rule.categories;
        feeds[rules[i].rule.feed].names++;
        if (rules[i].rule.feed >= feed_count)
            feed_count = rules[i].rule.feed + 1u;
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

void generation_next_clauses(struct generation *g, const struct generation_clause_rule *rules, size_t count)
{
    struct unsorted *unsorted = unsorted_new();
    struct clauses clauses;
    struct trie_stats stats;
    struct publish *p;
    struct publish_result result;
    char why[PUBLISH_WHY_MAX] = "";

    clauses_init(&clauses);
    for (size_t i = 0; i < count; i++)
        add_rule(unsorted, &clauses, &rules[i]);
    struct trie *trie = unsorted_build(unsorted, 1, &stats);
    must(publish_begin(&(struct publish_opts){.folder = g->folder, .keep = 3, .built_s = BUILT_S}, &p, why), why);
    put_feeds(p, rules, count);
    must(publish_put_trie(p, trie), "entries");
    must(publish_put_clauses(p, &clauses), "clauses");
    trie_free(trie);
    must(publish_commit(p, &(struct publish_checks){0}, &result, why), why);
    (void)snprintf(g->path, sizeof(g->path), "%.200s/generation-%llu.mdb", g->folder,
                   (unsigned long long)result.generation);
    g->number = result.generation;
}

void generation_next(struct generation *g, const struct generation_rule *rules, size_t count)
{
    struct generation_clause_rule *plain = calloc(count + 1, sizeof(*plain));
    must(plain ? 0 : ERR_NOMEM, "rules");
    for (size_t i = 0; i < count; i++)
        plain[i].rule = rules[i];
    generation_next_clauses(g, plain, count);
    free(plain);
}

static void make_folder(struct generation *g)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(g->folder, sizeof(g->folder), "%.100s/belisha-generation-XXXXXX", base ? base : "/tmp");
    must(mkdtemp(g->folder) ? 0 : ERR_IO, "temporary folder");
    (void)snprintf(g->current, sizeof(g->current), "%.200s/current", g->folder);
}

void generation_init(struct generation *g, const struct generation_rule *rules, size_t count)
{
    make_folder(g);
    generation_next(g, rules, count);
}

void generation_init_clauses(struct generation *g, const struct generation_clause_rule *rules, size_t count)
{
    make_folder(g);
    generation_next_clauses(g, rules, count);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

/* With what a test put there, folders too. */
void generation_done(struct generation *g)
{
    (void)nftw(g->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
