/*
 * Random feeds against a model: the rules of AdGuard's syntax, hosts files, plain lists and policy zones, asked one by one
 * as their definitions say. Names of few labels from two letters make parents, children and equals meet all the time.
 * Rounds are nights of one school: some feeds stay, some grow, some are other ones. BELISHA_ROUNDS, BELISHA_SEED: more of
 * it, or other nights; a failure tells with which to see it again.
 */
#include "blocklist-compiler/compile.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "blockdb/blockdb.h"
#include "dns/name.h"
#include "dns/rr.h"

#define ROUNDS          25
#define FEEDS           5
#define RULES_MAX       64
#define TEXT_MAX        96
#define RANDOM_NAME_MAX 40 /* three labels and the last one */
#define NAMES_MAX       400
#define TYPE_COUNT      3

static const uint16_t types[TYPE_COUNT] = {DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_TXT};
static const char *const type_names[TYPE_COUNT] = {"A", "AAAA", "TXT"};

enum format { HOSTS, DOMAINS, ADBLOCK, RPZ, FORMAT_COUNT };
static const char *const formats[FORMAT_COUNT] = {"hosts", "domains", "adblock", "rpz"};

/* What a rule gives besides a block; the order of BLOCKDB_CLAUSE_... does not matter here. */
enum answer { PLAIN, NXDOMAIN, NODATA, REFUSED, DROP, TCP, RECORD, UNREWRITE, UNREWRITE_ONE };

struct rule {
    char pattern[TEXT_MAX]; /* glob with its anchors, "/regex/" or a name */
    bool regex, exact, below, glob;
    bool allow, important, off;
    unsigned type;    /* index + 1; 0: any */
    bool other_types; /* all but that one */
    char left_out[TEXT_MAX];
    enum answer answer;
    unsigned address; /* last byte of the record's */
};

struct feed {
    enum format format;
    uint64_t categories;
    struct rule rules[RULES_MAX];
    size_t count;
    char text[RULES_MAX * 2 * TEXT_MAX];
};

struct model {
    struct feed feeds[FEEDS];
    char names[NAMES_MAX][TEXT_MAX];
    size_t name_count;
};

/* What lists say about a name. */
struct said {
    uint64_t categories, listed, tcp_only;
    enum answer answer;
    int feed;       /* of the answer; -1: none */
    bool ambiguous; /* two rules stand in the same place */
};

static uint64_t seed;

static unsigned chance(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)((seed >> 11) % below);
}

/* ---- random feeds ---- */

static void random_name(char out[RANDOM_NAME_MAX])
{
    static const char *const labels[] = {"a", "b", "ab", "ba"};
    unsigned count = 1 + chance(3);
    out[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        strcat(out, labels[chance(4)]);
        strcat(out, ".");
    }
    strcat(out, chance(3) > 0 ? "example" : "test");
}

static void random_modifiers(struct rule *r, char *text)
{
    const char *separator = "$";
    char more[TEXT_MAX];
    bool may_rewrite = !r->glob && !r->regex;
    if (chance(5) == 0) {
        r->important = true;
        sprintf(text + strlen(text), "%simportant", separator);
        separator = ",";
    }
    if (chance(5) == 0) {
        r->type = 1 + chance(TYPE_COUNT);
        r->other_types = chance(2);
        sprintf(text + strlen(text), "%sdnstype=%s%s", separator, r->other_types ? "~" : "", type_names[r->type - 1]);
        separator = ",";
    }
    if (chance(6) == 0) {
        random_name(more);
        strcpy(r->left_out, more);
        sprintf(text + strlen(text), "%sdenyallow=%s", separator, more);
        separator = ",";
    }
    if (!may_rewrite || chance(4) != 0)
        return;
    r->address = chance(2);
    if (r->allow) {
        r->answer = chance(2) ? UNREWRITE : UNREWRITE_ONE;
        sprintf(text + strlen(text), r->answer == UNREWRITE ? "%sdnsrewrite" : "%sdnsrewrite=192.0.2.%u", separator,
                r->address);
        return;
    }
    static const char *const codes[] = {"NXDOMAIN", "NOERROR", "REFUSED"};
    unsigned which = chance(4);
    r->answer = which == 3 ? RECORD : (enum answer)(NXDOMAIN + which);
    if (which == 3)
        sprintf(text + strlen(text), "%sdnsrewrite=192.0.2.%u", separator, r->address);
    else
        sprintf(text + strlen(text), "%sdnsrewrite=%s", separator, codes[which]);
}

/* Some forms are more likely than others, since whole names are what lists are made of. */
static void random_adblock(struct rule *r, char *text)
{
    static const char *const regexes[] = {"/^a\\.b/", "/^(a|ba)\\.[ab]+\\.example$/", "/ab\\.ab/", "/^b[ab]*\\.test$/"};
    static const char *const globs[] = {"||a*b.example^", "a*.test^", "||ab*", "*ba.*.test^", "-ab-", "|b*a.b*e^"};
    char name[RANDOM_NAME_MAX];
    unsigned form = chance(14);
    random_name(name);
    r->allow = chance(4) == 0;
    r->regex = form == 0;
    r->glob = form > 0 && form <= 4;
    if (form == 0)
        strcpy(r->pattern, regexes[chance(4)]);
    else if (form == 1)
        strcpy(r->pattern, globs[chance(6)]);
    else if (form == 2)
        sprintf(r->pattern, "%s^", name);
    else if (form == 3)
        sprintf(r->pattern, "||%s", name);
    else if (form == 4)
        sprintf(r->pattern, "|%s", name);
    else if (form == 5)
        sprintf(r->pattern, "*.%s^", name);
    else if (form <= 7)
        sprintf(r->pattern, "|%s^", name);
    else
        sprintf(r->pattern, "||%s^", name);
    sprintf(text, "%s%s", r->allow ? "@@" : "", r->pattern);
    if (chance(2))
        random_modifiers(r, text);
    strcat(text, "\n");
}

/* Another rule of the feed, its modifiers turned round, switched off. */
static void random_badfilter(struct feed *feed, const char *line)
{
    char copy[2 * TEXT_MAX], rule[2 * TEXT_MAX + 16];
    snprintf(copy, sizeof copy, "%s", line);
    copy[strcspn(copy, "\n")] = '\0';
    char *modifiers = strrchr(copy, '$');
    if (copy[0] == '/' || strstr(copy, "@@/") != NULL || strlen(feed->text) + sizeof rule >= sizeof feed->text)
        return;
    if (modifiers == NULL) {
        snprintf(rule, sizeof rule, "%s$badfilter\n", copy);
    } else {
        char *comma = strchr(modifiers, ',');
        *modifiers++ = '\0';
        if (comma != NULL)
            *comma++ = '\0';
        snprintf(rule, sizeof rule, "%s$%s%sbadfilter,%s\n", copy, comma == NULL ? "" : comma, comma == NULL ? "" : ",",
                 modifiers);
    }
    strcat(feed->text, rule);
}

static void random_rpz(struct rule *r, char *text)
{
    static const struct {
        const char *data;
        enum answer answer;
        bool allow;
    } rows[] = {{"CNAME .", NXDOMAIN, false},     {"CNAME .", NXDOMAIN, false},
                {"CNAME *.", NODATA, false},      {"CNAME rpz-passthru.", PLAIN, true},
                {"CNAME rpz-drop.", DROP, false}, {"CNAME rpz-tcp-only.", TCP, false},
                {"A 192.0.2.7", RECORD, false}};
    unsigned which = chance(sizeof rows / sizeof rows[0]);
    random_name(r->pattern);
    r->below = chance(3) == 0;
    r->exact = !r->below;
    r->answer = rows[which].answer;
    r->allow = rows[which].allow;
    r->address = 7;
    sprintf(text, "%s%s %s\n", r->below ? "*." : "", r->pattern, rows[which].data);
}

static void random_rule(struct feed *feed)
{
    char text[2 * TEXT_MAX];
    struct rule *r = &feed->rules[feed->count++];
    *r = (struct rule){.answer = PLAIN};
    switch (feed->format) {
    case HOSTS:
        random_name(r->pattern);
        r->exact = true;
        sprintf(text, "0.0.0.0 %s\n", r->pattern);
        break;
    case DOMAINS:
        random_name(r->pattern);
        r->below = true;
        r->exact = chance(4) > 0;
        sprintf(text, "%s%s\n", r->exact ? "" : "*.", r->pattern);
        break;
    case RPZ:
        random_rpz(r, text);
        break;
    case ADBLOCK:
    case FORMAT_COUNT:
    default:
        random_adblock(r, text);
        break;
    }
    assert_true(strlen(feed->text) + strlen(text) < sizeof feed->text);
    strcat(feed->text, text);
    if (feed->format != ADBLOCK || chance(10) > 0)
        return;
    size_t before = strlen(feed->text);
    random_badfilter(feed, text);
    r->off = strlen(feed->text) > before;
}

/* A rule with the same text as one that is switched off is switched off as well. */
static bool same_rule(const struct rule *a, const struct rule *b)
{
    return strcmp(a->pattern, b->pattern) == 0 && a->allow == b->allow && a->important == b->important &&
           a->type == b->type && a->other_types == b->other_types && strcmp(a->left_out, b->left_out) == 0 &&
           a->answer == b->answer && (a->answer < RECORD || a->answer == UNREWRITE || a->address == b->address);
}

/* Rules behind those that are there: the compiler reads only the lines that are new. */
static void grow_feed(struct feed *feed, unsigned count)
{
    for (; count > 0; count--)
        random_rule(feed);
    for (size_t i = 0; i < feed->count; i++)
        for (size_t j = 0; j < feed->count; j++)
            if (feed->rules[i].off && same_rule(&feed->rules[i], &feed->rules[j]))
                feed->rules[j].off = true;
}

static void random_feed(struct feed *feed)
{
    feed->format = (enum format)(chance(5) < 2 ? ADBLOCK : chance(FORMAT_COUNT));
    feed->categories = CATEGORY_BIT(2 + chance(2)) | (chance(4) == 0 ? CATEGORY_BIT(4) : 0);
    feed->count = 0;
    feed->text[0] = '\0';
    grow_feed(feed, chance(20));
}

/* The next night: as it was, with more rules, or another feed. */
static void next_feed(struct feed *feed)
{
    unsigned what = chance(4);
    if (what == 0)
        random_feed(feed);
    else if (what < 3 && feed->count < 24)
        grow_feed(feed, 1 + chance(3));
}

static void all_names(struct model *m)
{
    static const char *const labels[] = {"a", "b", "ab", "ba"};
    for (unsigned depth = 1, count = 4; depth <= 3; depth++, count *= 4)
        for (unsigned n = 0; n < count; n++)
            for (unsigned top = 0; top < 2; top++) {
                char *out = m->names[m->name_count++];
                unsigned rest = n;
                out[0] = '\0';
                for (unsigned i = 0; i < depth; i++, rest /= 4) {
                    strcat(out, labels[rest % 4]);
                    strcat(out, ".");
                }
                strcat(out, top == 0 ? "example" : "test");
            }
    strcpy(m->names[m->name_count++], "example");
    strcpy(m->names[m->name_count++], "x-ab-y.test");
    strcpy(m->names[m->name_count++], "a.b.a.b.a.example");
}

/* ---- the model ---- */

static bool is_below(const char *name, const char *parent)
{
    size_t len = strlen(name), parent_len = strlen(parent);
    return len > parent_len && name[len - parent_len - 1] == '.' && strcmp(name + len - parent_len, parent) == 0;
}

static bool glob_here(const char *pattern, const char *name)
{
    if (*pattern == '\0')
        return true;
    if ((*pattern == '^' || *pattern == '|') && pattern[1] == '\0')
        return *name == '\0';
    if (*pattern == '*')
        return glob_here(pattern + 1, name) || (*name != '\0' && glob_here(pattern, name + 1));
    return *name == *pattern && glob_here(pattern + 1, name + 1);
}

/* AdGuard: "||" the start of the name or of a label, "|" of the name, "^" the end, "*" anything. */
static bool glob_matches(const char *pattern, const char *name)
{
    if (strncmp(pattern, "||", 2) == 0) {
        for (const char *at = name; at != NULL; at = strchr(at, '.') == NULL ? NULL : strchr(at, '.') + 1)
            if (glob_here(pattern + 2, at))
                return true;
        return false;
    }
    if (pattern[0] == '|')
        return glob_here(pattern + 1, name);
    for (const char *at = name;; at++) {
        if (glob_here(pattern, at))
            return true;
        if (*at == '\0')
            return false;
    }
}

static bool regex_matches(const char *pattern, const char *name)
{
    regex_t regex;
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "%.*s", (int)strlen(pattern) - 2, pattern + 1);
    assert_int_equal(regcomp(&regex, text, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&regex, name, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

static bool matches(enum format format, const struct rule *r, const char *name, unsigned type)
{
    bool about = format != ADBLOCK
                     ? (r->exact && strcmp(name, r->pattern) == 0) || (r->below && is_below(name, r->pattern))
                 : r->regex ? regex_matches(r->pattern, name)
                            : glob_matches(r->pattern, name);
    if (!about || r->off)
        return false;
    if (r->left_out[0] != '\0' && (strcmp(name, r->left_out) == 0 || is_below(name, r->left_out)))
        return false;
    return r->type == 0 || (r->type - 1 == type) != r->other_types;
}

static unsigned labels_of(const char *text)
{
    unsigned labels = 1;
    for (const char *at = text; (at = strchr(at, '.')) != NULL; at++)
        labels++;
    return labels;
}

/* The name that a rule is about, without anchors. */
static unsigned rule_labels(const struct rule *r)
{
    return labels_of(strncmp(r->pattern, "*.", 2) == 0 ? r->pattern + 2 : r->pattern);
}

static bool is_rewrite(enum answer answer)
{
    return answer == NXDOMAIN || answer == NODATA || answer == REFUSED || answer == RECORD;
}

/* Whether a more specific rule of the same zone, or an exception of the same feed, leaves r nothing to say. */
static bool is_overruled(const struct feed *feed, const struct rule *r, const char *name, unsigned type)
{
    for (size_t i = 0; i < feed->count; i++) {
        const struct rule *other = &feed->rules[i];
        if (!matches(feed->format, other, name, type))
            continue;
        if (feed->format == RPZ && rule_labels(other) > rule_labels(r))
            return true;
        if (feed->format == ADBLOCK && is_rewrite(r->answer) &&
            (other->answer == UNREWRITE ||
             (other->answer == UNREWRITE_ONE && r->answer == RECORD && other->address == r->address)))
            return true;
    }
    return false;
}

struct masks {
    uint64_t block, allow, important_block, important_allow;
};

static uint64_t left_of(const struct masks *m)
{
    return ((m->block & ~m->allow) | m->important_block) & ~m->important_allow;
}

/* The first zone that says something decides: an exception lifts nothing that a zone in front of it blocks. */
static uint64_t reach_of(const struct model *m, size_t feed, const struct rule *r, const char *name, unsigned type)
{
    uint64_t categories = m->feeds[feed].categories;
    for (size_t f = 0; f < feed && r->allow && m->feeds[feed].format == RPZ; f++)
        for (size_t i = 0; i < m->feeds[f].count && m->feeds[f].format == RPZ; i++) {
            const struct rule *other = &m->feeds[f].rules[i];
            if (!other->allow && matches(RPZ, other, name, type) && !is_overruled(&m->feeds[f], other, name, type))
                categories &= ~m->feeds[f].categories;
        }
    return categories;
}

static void masks_add(struct masks *m, const struct feed *feed, const struct rule *r, uint64_t categories)
{
    bool important = r->important || (feed->format == ADBLOCK && is_rewrite(r->answer));
    if (r->answer == UNREWRITE || r->answer == UNREWRITE_ONE)
        return;
    if (r->allow)
        *(important ? &m->important_allow : &m->allow) |= categories;
    else
        *(important ? &m->important_block : &m->block) |= categories;
}

/* Among the answers of one feed: keywords before records, then the more specific name. */
static void choose(struct said *said, int feed, const struct rule *r, const struct rule **best)
{
    if (said->feed >= 0 && said->feed != feed)
        return;
    int order = *best == NULL ? 1 : ((*best)->answer == RECORD) - (r->answer == RECORD);
    if (order == 0)
        order = (int)rule_labels(r) - (int)rule_labels(*best);
    if (order < 0)
        return;
    said->ambiguous = order == 0 && (r->answer != (*best)->answer || said->ambiguous);
    *best = r;
    said->feed = feed;
    said->answer = r->answer;
}

static struct said ask_model(const struct model *m, const char *name, unsigned type)
{
    struct masks all = {0}, lasting = {0};
    struct said said = {.feed = -1};
    for (size_t f = 0; f < FEEDS; f++)
        for (size_t i = 0; i < m->feeds[f].count; i++) {
            const struct rule *r = &m->feeds[f].rules[i];
            if (!matches(m->feeds[f].format, r, name, type) || is_overruled(&m->feeds[f], r, name, type))
                continue;
            uint64_t categories = reach_of(m, f, r, name, type);
            masks_add(&all, &m->feeds[f], r, categories);
            if (r->answer != TCP)
                masks_add(&lasting, &m->feeds[f], r, categories);
        }
    said.categories = left_of(&all);
    said.listed = all.block | all.important_block;
    said.tcp_only = said.categories & ~left_of(&lasting);
    const struct rule *best = NULL;
    for (size_t f = 0; f < FEEDS; f++)
        for (size_t i = 0; i < m->feeds[f].count; i++) {
            const struct rule *r = &m->feeds[f].rules[i];
            if (r->answer != PLAIN && r->answer < UNREWRITE && (m->feeds[f].categories & said.categories) != 0 &&
                matches(m->feeds[f].format, r, name, type) && !is_overruled(&m->feeds[f], r, name, type))
                choose(&said, (int)f, r, &best);
        }
    return said;
}

/* ---- both together ---- */

struct round {
    struct model model;
    char dir[64], out[96], sources[FEEDS][128], feed_names[FEEDS][16];
    struct recipe_feed feeds[FEEDS];
    struct guard *guard;
    uint64_t seed, round;
};

static enum answer answer_of(enum blockdb_clause_kind kind)
{
    static const enum answer rows[BLOCKDB_CLAUSE_KIND_COUNT] = {
        [BLOCKDB_CLAUSE_NXDOMAIN] = NXDOMAIN, [BLOCKDB_CLAUSE_NODATA] = NODATA, [BLOCKDB_CLAUSE_REFUSED] = REFUSED,
        [BLOCKDB_CLAUSE_DROP] = DROP,         [BLOCKDB_CLAUSE_TCP] = TCP,       [BLOCKDB_CLAUSE_RECORD] = RECORD};
    return rows[kind];
}

static void complain(const struct round *r, const char *name, unsigned type, const struct said *said,
                     const struct blockdb_match *match)
{
    for (size_t f = 0; f < FEEDS; f++)
        print_message("---- feed %zu, %s, categories %#llx\n%s", f, formats[r->model.feeds[f].format],
                      (unsigned long long)r->model.feeds[f].categories, r->model.feeds[f].text);
    fail_msg("BELISHA_SEED=%llu BELISHA_ROUNDS=%llu: %s %s: categories %#llx, not %#llx; listed %#llx, not %#llx; over "
             "TCP %#llx, not %#llx",
             (unsigned long long)r->seed, (unsigned long long)r->round, name, type_names[type],
             (unsigned long long)match->categories, (unsigned long long)said->categories,
             (unsigned long long)match->listed, (unsigned long long)said->listed, (unsigned long long)match->tcp_only,
             (unsigned long long)said->tcp_only);
}

static bool same_answer(const struct blockdb *db, const struct said *said, const struct blockdb_match *match)
{
    struct blockdb_clause clause;
    if (match->clause_count == 0 || blockdb_clause(db, match->clauses[0], &clause) < 0 ||
        answer_of(clause.kind) == PLAIN)
        return said->feed < 0;
    return clause.feed == said->feed && (said->ambiguous || answer_of(clause.kind) == said->answer);
}

/* The feed that the log would name must list the name for that category. */
static bool feed_is_right(const struct round *r, const struct blockdb *db, const struct blockdb_match *match)
{
    uint8_t labels;
    for (uint64_t left = match->categories; left != 0; left &= left - 1) {
        unsigned category = (unsigned)__builtin_ctzll(left);
        uint16_t feed = blockdb_match_feed(db, match, category, &labels);
        if (feed >= FEEDS || (r->model.feeds[feed].categories & CATEGORY_BIT(category)) == 0)
            return false;
    }
    return true;
}

static void check_name(const struct round *r, const struct blockdb *db, const char *text)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    const struct name_key *keys[] = {&key};
    struct blockdb_match match, batched;
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_key_make(name, &key);
    blockdb_lookup_batch(db, keys, 1, &batched);
    for (unsigned type = 0; type < TYPE_COUNT; type++) {
        struct said said = ask_model(&r->model, text, type);
        blockdb_lookup_type(db, &key, types[type], &match);
        if (type == 0)
            assert_true(match.categories == batched.categories && match.listed == batched.listed);
        if (!batched.typed) /* nobody would ask again for the type */
            assert_true(match.categories == batched.categories && match.clause_count == batched.clause_count);
        if (match.categories != said.categories || match.listed != said.listed || match.tcp_only != said.tcp_only)
            complain(r, text, type, &said, &match);
        if (!same_answer(db, &said, &match) || !feed_is_right(r, db, &match)) {
            print_message("another answer: wanted %d of feed %d\n", said.answer, said.feed);
            complain(r, text, type, &said, &match);
        }
    }
}

static void write_feeds(struct round *r)
{
    for (size_t f = 0; f < FEEDS; f++) {
        struct feed *feed = &r->model.feeds[f];
        snprintf(r->sources[f], sizeof r->sources[f], "%s/feed-%zu", r->dir, f);
        snprintf(r->feed_names[f], sizeof r->feed_names[f], "feed-%zu", f);
        FILE *file = fopen(r->sources[f], "we");
        assert_non_null(file);
        assert_true(fputs(feed->text, file) != EOF);
        fclose(file);
        r->feeds[f] = recipe_feed_default();
        while (strcmp(feed_format_at(r->feeds[f].format)->name, formats[feed->format]) != 0)
            r->feeds[f].format++;
        r->feeds[f].name = r->feed_names[f];
        r->feeds[f].source = r->sources[f];
        r->feeds[f].categories = feed->categories;
        r->feeds[f].limits.min = 0;
    }
}

static void check_round(struct round *r)
{
    struct compile *compile = NULL;
    struct blockdb *db = NULL;
    unsigned line;
    char path[128], why[256] = "";
    for (size_t f = 0; f < FEEDS; f++)
        next_feed(&r->model.feeds[f]);
    write_feeds(r);
    struct compile_opts opts = {.feeds = r->feeds,
                                .feed_count = FEEDS,
                                .out = r->out,
                                .keep_copies = true,
                                .keep = 1,
                                .threads = 1,
                                .guard = r->guard,
                                .help = "",
                                .now_s = 2000000000};
    assert_int_equal(compile_new(&opts, &compile, &line), 0);
    const struct report *report = compile_run(compile);
    if (report->outcome == REPORT_FAILED)
        fail_msg("BELISHA_SEED=%llu BELISHA_ROUNDS=%llu: %s", (unsigned long long)r->seed, (unsigned long long)r->round,
                 report->why);
    compile_free(compile);
    snprintf(path, sizeof path, "%s/current", r->out);
    if (blockdb_open(path, &db, why, sizeof why) < 0)
        fail_msg("BELISHA_SEED=%llu BELISHA_ROUNDS=%llu: %s", (unsigned long long)r->seed, (unsigned long long)r->round,
                 why);
    for (size_t i = 0; i < r->model.name_count; i++)
        check_name(r, db, r->model.names[i]);
    blockdb_close(db);
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void lists_mean_what_their_rules_say_one_by_one(void **state)
{
    struct round *r = calloc(1, sizeof *r);
    char command[128];
    unsigned line;
    uint64_t rounds = number_from("BELISHA_ROUNDS", ROUNDS);
    (void)state;
    assert_non_null(r);
    snprintf(r->dir, sizeof r->dir, "%.32s/belisha-model-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(r->dir));
    snprintf(r->out, sizeof r->out, "%s/out", r->dir);
    assert_int_equal(guard_new(span_of("childline.org.uk\n"), &r->guard, &line), 0);
    all_names(&r->model);
    r->seed = number_from("BELISHA_SEED", 1);
    seed = r->seed * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t f = 0; f < FEEDS; f++)
        random_feed(&r->model.feeds[f]);
    for (uint64_t i = 0; i < rounds; i++) {
        r->round = i + 1;
        check_round(r);
    }
    snprintf(command, sizeof command, "rm -r %s", r->dir);
    assert_int_equal(system(command), 0);
    guard_free(r->guard);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_mean_what_their_rules_say_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
