#include "feed/suffix.h"

#include <libpsl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <xxhash.h>

#define SLOT_COUNT 65536U /* a power of two; the list has about 10,000 rules */
#define RULES_MAX  (SLOT_COUNT / 2)

struct suffix_set {
    psl_ctx_t *list;
    enum suffix_origin origin;
    int64_t time_s;
    size_t rule_count;
    uint64_t digest;                /* of all rules, in any order */
    bool whole;                     /* every rule of the list is in the sets: a name that is in none is no suffix */
    uint64_t rules[SLOT_COUNT];     /* hashes of the rules' names; 0 = free */
    uint64_t wildcards[SLOT_COUNT]; /* hashes of the names behind "*." */
};

static uint64_t hash_of(const char *text, size_t len)
{
    uint64_t hash = XXH3_64bits(text, len);
    return hash == 0 ? 1 : hash;
}

static bool contains(const uint64_t slots[SLOT_COUNT], uint64_t hash)
{
    for (uint64_t at = hash % SLOT_COUNT; slots[at] != 0; at = (at + 1) % SLOT_COUNT) {
        if (slots[at] == hash)
            return true;
    }
    return false;
}

static void insert(uint64_t slots[SLOT_COUNT], uint64_t hash)
{
    uint64_t at = hash % SLOT_COUNT;
    while (slots[at] != 0 && slots[at] != hash)
        at = (at + 1) % SLOT_COUNT;
    slots[at] = hash;
}

/* False when the rule can't be kept. */
static bool add_rule(struct suffix_set *set, struct span rule)
{
    struct listed_name name;
    bool wildcard = span_starts(rule, "*.");
    if (wildcard)
        rule = span_skip(rule, 2);
    else if (span_starts(rule, "!")) {
        set->digest += hash_of((const char *)rule.at, rule.len);
        return true; /* an exception makes a name no suffix, and libpsl is asked in any case */
    }
    if (normalise_name(rule, &name) != REFUSED_NONE || ++set->rule_count > RULES_MAX)
        return false;
    set->digest += hash_of(name.text, name.text_len) * (wildcard ? 3 : 1);
    insert(wildcard ? set->wildcards : set->rules, hash_of(name.text, name.text_len));
    return true;
}

/* "VERSION: 2026-02-11_10-20-30_UTC" in a comment, as Mozilla writes it; 0 for any other line. */
static int64_t version_time_s(const char *line)
{
    struct tm tm = {0};
    const char *at = strstr(line, "VERSION: ");
    return at != NULL && strptime(at + 9, "%Y-%m-%d_%H-%M-%S", &tm) != NULL ? timegm(&tm) : 0;
}

/* False when a rule could not be kept. */
static bool read_rules(struct suffix_set *set, FILE *file)
{
    char line[512];
    bool all = true;
    while (fgets(line, sizeof line, file) != NULL) {
        struct span rest = span_of(line);
        rest.len = span_find(rest, '\n');
        struct span rule = span_word(&rest);
        if (rule.len == 0)
            continue;
        if (span_starts(rule, "//"))
            set->time_s = set->time_s != 0 ? set->time_s : version_time_s(line);
        else
            all &= add_rule(set, rule);
    }
    return all && set->rule_count > 0 && ferror(file) == 0;
}

static void read_list(struct suffix_set *set, const char *path)
{
    struct stat st;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    set->list = psl_load_file(path);
    if (set->list != NULL)
        set->whole = read_rules(set, file);
    if (set->list != NULL && set->time_s == 0)
        set->time_s = fstat(fileno(file), &st) == 0 ? st.st_mtim.tv_sec : 0;
    fclose(file);
}

/* libpsl may name its own compact form of the list; the text lies beside it. */
static void find_list(char *out, size_t cap)
{
    const char *name = psl_dist_filename();
    size_t len = name == NULL ? 0 : strlen(name);
    size_t stem = len > 6 && strcmp(name + len - 6, ".dafsa") == 0 ? len - 6 : 0;
    snprintf(out, cap, "%.*s%s", (int)(stem > 0 ? stem : len), name == NULL ? "" : name, stem > 0 ? ".dat" : "");
}

int suffix_new(const char *file, struct suffix_set **out)
{
    char path[PATH_MAX];
    struct suffix_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        return ERR_NOMEM;
    find_list(path, sizeof path);
    read_list(set, file == NULL ? path : file);
    set->origin = file == NULL ? SUFFIX_SYSTEM : SUFFIX_GIVEN;
    if (set->list == NULL) {
        set->origin = SUFFIX_BUILT_IN;
        set->time_s = psl_builtin_file_time();
    }
    *out = set;
    return 0;
}

void suffix_free(struct suffix_set *set)
{
    if (set == NULL)
        return;
    psl_free(set->list);
    free(set);
}

static bool may_be_suffix(const struct suffix_set *set, const struct listed_name *name)
{
    const char *dot = memchr(name->text, '.', name->text_len);
    uint64_t hash = hash_of(name->text, name->text_len);
    if (contains(set->rules, hash) || contains(set->wildcards, hash))
        return true;
    return dot != NULL && contains(set->wildcards, hash_of(dot + 1, (size_t)(name->text + name->text_len - dot - 1)));
}

/* "*.sch.uk" makes every name below sch.uk a suffix: what covers sch.uk covers them all. */
static bool is_suffix(const psl_ctx_t *list, const struct listed_name *name, int part)
{
    char below[2 + LISTED_NAME_MAX + 1];
    snprintf(below, sizeof below, "x.%s", name->text);
    return psl_is_public_suffix2(list, name->text, part | PSL_TYPE_NO_STAR_RULE) == 1 ||
           psl_is_public_suffix2(list, below, part | PSL_TYPE_NO_STAR_RULE) == 1;
}

/* Of "*.compute.amazonaws.com" each name is one customer's machine: it has no sites of others below it. */
static bool is_one_of_many(const struct suffix_set *set, const struct listed_name *name)
{
    uint64_t hash = hash_of(name->text, name->text_len);
    return set->whole && !contains(set->rules, hash) && !contains(set->wildcards, hash);
}

enum suffix_kind suffix_find(const struct suffix_set *set, const struct listed_name *name)
{
    const psl_ctx_t *list = set->list != NULL ? set->list : psl_builtin();
    if (set->whole && !may_be_suffix(set, name))
        return SUFFIX_NONE;
    if (is_suffix(list, name, PSL_TYPE_ICANN))
        return SUFFIX_ICANN;
    return !is_one_of_many(set, name) && is_suffix(list, name, PSL_TYPE_PRIVATE) ? SUFFIX_PRIVATE : SUFFIX_NONE;
}

enum suffix_origin suffix_origin(const struct suffix_set *set)
{
    return set->origin;
}

size_t suffix_rule_count(const struct suffix_set *set)
{
    return set->list == NULL ? 0 : set->rule_count;
}

int64_t suffix_time_s(const struct suffix_set *set)
{
    return set->time_s;
}

uint64_t suffix_digest(const struct suffix_set *set)
{
    return set->list == NULL ? (uint64_t)set->time_s : set->digest;
}
