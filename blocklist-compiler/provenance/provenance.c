#include "provenance/provenance.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/pattern.h"
#include "provenance/mention.h"
#include "reading/reading.h"

#define TEXT_MAX 1024 /* bytes of a line that are kept */

/* One feed's search. */
struct search {
    const struct listed_name *name;
    struct provenance_feed *found;
    size_t cap;
    size_t refused;
    bool tree; /* the copy has files inside */
    int err;   /* out of memory */
};

/* ---- which rules concern the name ---- */

static bool key_covers(const struct name_key *listed, const struct name_key *name, enum feed_scope scope)
{
    if (listed->len > name->len || memcmp(listed->bytes, name->bytes, listed->len) != 0)
        return false;
    if (listed->len == name->len)
        return (scope & FEED_SELF) != 0;
    return name->bytes[listed->len] == 0 && (scope & FEED_BELOW) != 0;
}

static bool pattern_concerns(const struct feed_clause *clause, const struct listed_name *name)
{
    const char *text = (const char *)clause->parts + 2 * (size_t)clause->head.type_count;
    struct pattern *pattern;
    if (clause->head.pattern_len == 0)
        return true;
    if (pattern_new(text, clause->head.pattern_len, &pattern) < 0)
        return false;
    bool matches = pattern_matches(pattern, name->text, name->text_len);
    pattern_free(pattern);
    return matches;
}

/* The names that a clause leaves out, with all below them, are keys behind their length. */
static bool clause_spares(const struct feed_clause *clause, const struct name_key *name)
{
    const struct blockdb_clause_record *head = &clause->head;
    const uint8_t *at = clause->parts + 2 * (size_t)head->type_count + head->pattern_len + head->literal_len;
    const uint8_t *end = at + head->names_len;
    for (; at < end; at += at[0] + 1) {
        struct name_key key = {.len = at[0]};
        memcpy(key.bytes, at + 1, at[0]);
        if (key_covers(&key, name, FEED_SELF_AND_BELOW))
            return true;
    }
    return false;
}

static bool concerns(const struct feed_rule *rule, const struct listed_name *name)
{
    if (rule->address != NULL)
        return false;
    if (rule->name != NULL && !key_covers(&rule->name->key, &name->key, rule->scope))
        return false;
    return rule->clause == NULL || pattern_concerns(rule->clause, name);
}

static enum provenance_extent extent_of(const struct feed_rule *rule)
{
    if (rule->clause != NULL && rule->clause->head.pattern_len > 0)
        return PROVENANCE_PATTERN;
    return rule->scope == FEED_SELF ? PROVENANCE_EXACT : rule->scope == FEED_BELOW ? PROVENANCE_BELOW : PROVENANCE_TREE;
}

/* ---- keeping ---- */

static const char *keep_text(struct search *s, struct span text)
{
    char printable[TEXT_MAX];
    span_printable(text, printable, sizeof printable);
    const char *kept = arena_text(s->found->arena, printable, strlen(printable));
    if (kept == NULL)
        s->err = ERR_NOMEM;
    return kept;
}

/* A new line at the end, with its place in the copy; NULL: no memory. */
static struct provenance_line *add_line(struct search *s, const struct intake *in)
{
    struct provenance_feed *found = s->found;
    if (found->count == s->cap) {
        size_t cap = s->cap == 0 ? 16 : s->cap * 2;
        struct provenance_line *lines = reallocarray(found->lines, cap, sizeof *lines);
        if (lines == NULL) {
            s->err = ERR_NOMEM;
            return NULL;
        }
        found->lines = lines;
        s->cap = cap;
    }
    struct provenance_line *line = &found->lines[found->count];
    *line = (struct provenance_line){.member = keep_text(s, span_of(s->tree ? in->file : "")),
                                     .line = in->line,
                                     .listed = "",
                                     .text = keep_text(s, in->text)};
    if (s->err < 0)
        return NULL;
    found->count++;
    return line;
}

static int on_rule(void *ctx, const struct feed_rule *rule)
{
    struct search *s = ctx;
    if (!concerns(rule, s->name))
        return 0;
    if (s->found->count - s->refused == PROVENANCE_RULES_MAX) {
        s->found->more++;
        return 0;
    }
    struct provenance_line *line = add_line(s, rule->from);
    if (line == NULL)
        return s->err;
    line->effect = rule->action == FEED_ALLOW ? PROVENANCE_ALLOWS : PROVENANCE_BLOCKS;
    line->extent = extent_of(rule);
    line->important = rule->important;
    line->spared = rule->clause != NULL && clause_spares(rule->clause, &s->name->key);
    line->categories = rule->categories;
    if (rule->name != NULL)
        line->listed = keep_text(s, span_of(rule->name->text));
    return s->err;
}

static void on_refused(const struct intake *in, enum refusal refusal, struct span text)
{
    struct search *s = in->sink_ctx;
    if (!mention_of(text, s->name))
        return;
    if (s->refused == PROVENANCE_REFUSED_MAX) {
        s->found->more_refused++;
        return;
    }
    struct provenance_line *line = add_line(s, in);
    if (line == NULL)
        return;
    line->effect = PROVENANCE_REFUSED;
    line->refusal = refusal;
    s->refused++;
}

/* ---- one feed ---- */

static void find_copy(const char *copies, struct provenance_feed *found)
{
    const char *source = found->feed->source;
    struct stat st;
    if (copies != NULL && store_path(copies, found->feed->name, "feed", found->path) == 0 &&
        stat(found->path, &st) == 0) {
        found->copy = PROVENANCE_COPY_KEPT;
    } else if (source[0] == '/' && strlen(source) < sizeof found->path && stat(source, &st) == 0) {
        found->copy = PROVENANCE_COPY_SOURCE;
        strcpy(found->path, source);
    } else {
        found->copy = PROVENANCE_COPY_MISSING;
        found->path[0] = '\0';
        return;
    }
    found->written_s = st.st_mtim.tv_sec;
}

static void search_feed(const struct provenance_opts *opts, struct provenance_feed *found)
{
    struct feed_stats stats;
    struct search search = {
        .name = opts->name, .found = found, .tree = feed_format_at(found->feed->format)->parse_tree != NULL};
    struct reading reading = {.feed = found->feed,
                              .guard = opts->guard,
                              .path = found->path,
                              .sink = on_rule,
                              .refused = on_refused,
                              .ctx = &search};
    find_copy(opts->copies, found);
    found->arena = arena_new();
    if (found->arena == NULL || found->copy == PROVENANCE_COPY_MISSING) {
        found->err = found->arena == NULL ? ERR_NOMEM : 0;
        return;
    }
    feed_stats_init(&stats);
    found->err = reading_run(&reading, &stats);
    if (search.err < 0)
        found->err = search.err;
    found->line_count = stats.lines;
    feed_stats_done(&stats);
}

/* ---- all of them ---- */

struct crowd {
    const struct provenance_opts *opts;
    struct provenance *provenance;
    atomic_size_t next;
};

static void *member(void *ctx)
{
    struct crowd *crowd = ctx;
    size_t count = crowd->provenance->feed_count;
    for (size_t i = atomic_fetch_add(&crowd->next, 1); i < count; i = atomic_fetch_add(&crowd->next, 1))
        search_feed(crowd->opts, &crowd->provenance->feeds[i]);
    return NULL;
}

static void search_all(const struct provenance_opts *opts, struct provenance *provenance)
{
    struct crowd crowd = {.opts = opts, .provenance = provenance};
    pthread_t started[PROVENANCE_THREADS_MAX];
    unsigned running = 0;
    while (running + 1 < opts->threads && running < PROVENANCE_THREADS_MAX &&
           pthread_create(&started[running], NULL, member, &crowd) == 0)
        running++;
    member(&crowd);
    while (running > 0)
        pthread_join(started[--running], NULL);
}

int provenance_new(const struct provenance_opts *opts, struct provenance **out)
{
    struct provenance *provenance = calloc(1, sizeof *provenance);
    if (provenance == NULL)
        return ERR_NOMEM;
    provenance->feeds = calloc(opts->feed_count + 1, sizeof *provenance->feeds);
    if (provenance->feeds == NULL) {
        provenance_free(provenance);
        return ERR_NOMEM;
    }
    provenance->feed_count = opts->feed_count;
    for (size_t i = 0; i < opts->feed_count; i++)
        provenance->feeds[i].feed = &opts->feeds[i];
    search_all(opts, provenance);
    *out = provenance;
    return 0;
}

void provenance_free(struct provenance *provenance)
{
    if (provenance == NULL)
        return;
    for (size_t i = 0; i < provenance->feed_count; i++) {
        free(provenance->feeds[i].lines);
        arena_free(provenance->feeds[i].arena);
    }
    free(provenance->feeds);
    free(provenance);
}
