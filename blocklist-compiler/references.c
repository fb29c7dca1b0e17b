#include "blocklist-compiler/references.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "blocklist-compiler/job.h"
#include "reading/reading.h"
#include "school/school.h"

#define BYTES_MAX   (UINT64_C(64) << 20)
#define TIME_MS     300000 /* for one download */
#define POPULAR_MIN 100

/* One of the two on its way: names no feed can have, since a feed's name has no "+". */
struct wanted {
    const struct fetch_opts *fetch;
    struct fetch_request request;
    struct fetch_copy copy;
    struct report_reference *row;
    char *why; /* DOWNLOAD_WHY_MAX bytes */
};

int references_init(struct references *refs, const struct references_opts *opts)
{
    memset(refs, 0, sizeof *refs);
    refs->opts = *opts;
    if (refs->opts.popular_names == 0)
        refs->opts.popular_names = POPULAR_NAMES_MAX;
    refs->suffix_row =
        (struct report_reference){.name = "public suffixes", .source = opts->suffixes.source, .why = refs->suffix_why};
    refs->popular_row =
        (struct report_reference){.name = "popular names", .source = opts->popular.source, .why = refs->popular_why};
    return popular_new(refs->opts.popular_names, &refs->popular);
}

void references_done(struct references *refs)
{
    popular_free(refs->popular);
    refs->popular = NULL;
}

static void say(struct wanted *w, const char *sentence)
{
    size_t len = strlen(w->why);
    snprintf(w->why + len, DOWNLOAD_WHY_MAX - len, "%s%s", len > 0 ? "; " : "", sentence);
}

static void get(struct wanted *w, const struct fetch_opts *fetch, const char *name,
                const struct recipe_reference *reference)
{
    w->fetch = fetch;
    w->request = (struct fetch_request){.name = name,
                                        .source = reference->source,
                                        .every_s = reference->every_s,
                                        .bytes_max = BYTES_MAX,
                                        .total_ms = TIME_MS,
                                        .access = job_access(&reference->access)};
    fetch_get(fetch, &w->request, &w->copy);
    if (w->copy.err < 0)
        say(w, w->copy.why[0] != '\0' ? w->copy.why : err_str(w->copy.err));
}

static void keep(struct wanted *w, uint64_t count)
{
    bool fresh = w->copy.candidate || !w->copy.has_last;
    if (fetch_keep(w->fetch, &w->request, &w->copy, count) < 0)
        say(w, "the copy could not be kept for bad days");
    w->row->state = w->copy.err < 0 ? REPORT_FEED_STALE : fresh ? REPORT_FEED_FRESH : REPORT_FEED_CURRENT;
    w->row->fetched_s = w->copy.entry.fetched_s;
}

/* Whether there is another copy to try. */
static bool discard(struct wanted *w, const char *sentence)
{
    bool candidate = w->copy.candidate;
    say(w, sentence);
    fetch_discard(w->fetch, &w->request, &w->copy, ERR_LIMIT, sentence);
    return candidate && w->copy.path[0] != '\0';
}

/* ---- public suffixes ---- */

static int use_suffixes(struct wanted *w, struct guard *guard)
{
    do {
        if (w->copy.path[0] == '\0')
            break;
        int err = guard_use_suffixes(guard, w->copy.path);
        if (err < 0)
            return err;
        size_t count = suffix_rule_count(guard_suffixes(guard));
        if (count >= SCHOOL_SUFFIX_RULES_MIN) {
            keep(w, count);
            return 0;
        }
    } while (discard(w, "not the Public Suffix List"));
    w->row->state = REPORT_FEED_MISSING;
    return guard_use_suffixes(guard, NULL);
}

static const char *origin_text(enum suffix_origin origin)
{
    switch (origin) {
    case SUFFIX_GIVEN:
        return "the recipe's source";
    case SUFFIX_SYSTEM:
        return "the system's copy";
    case SUFFIX_BUILT_IN:
        return "the copy inside libpsl";
    }
    return "?";
}

static int fetch_suffixes(struct references *refs, const struct fetch_opts *fetch, struct guard *guard)
{
    struct wanted w = {.row = &refs->suffix_row, .why = refs->suffix_why};
    int err = 0;
    w.row->state = REPORT_FEED_CURRENT;
    if (refs->opts.suffixes.source != NULL) {
        get(&w, fetch, SCHOOL_SUFFIXES, &refs->opts.suffixes);
        err = use_suffixes(&w, guard);
    }
    const struct suffix_set *suffixes = guard_suffixes(guard);
    w.row->used = origin_text(suffix_origin(suffixes));
    w.row->made_s = suffix_time_s(suffixes);
    w.row->count = suffix_rule_count(suffixes);
    return err;
}

/* ---- popular names ---- */

/* Into a table of its own first: what a bad copy says must not stay. */
static int read_ranking(const struct wanted *w, size_t names_max, struct popular **out)
{
    uint8_t *data = NULL;
    size_t len = 0;
    struct popular *popular = NULL;
    int err = popular_new(names_max, &popular);
    if (err == 0)
        err = reading_load(w->copy.path, BYTES_MAX, &data, &len);
    if (err == 0)
        err = popular_read(popular, (struct span){data, len});
    free(data);
    if (err == 0 && popular_count(popular) < POPULAR_MIN)
        err = ERR_LIMIT;
    if (err < 0)
        popular_free(popular);
    else
        *out = popular;
    return err;
}

static int use_ranking(struct wanted *w, struct references *refs)
{
    struct popular *popular = NULL;
    do {
        if (w->copy.path[0] == '\0')
            break;
        int err = read_ranking(w, refs->opts.popular_names, &popular);
        if (err == ERR_NOMEM)
            return err;
        if (err == 0) {
            keep(w, popular_count(popular));
            popular_free(refs->popular);
            refs->popular = popular;
            return 0;
        }
    } while (discard(w, "no ranking of names"));
    w->row->state = REPORT_FEED_MISSING;
    return 0;
}

/* The shipped names last: a ranking knows their rank, and leaves them no room to be cut. */
static int read_shipped(struct references *refs)
{
    size_t ranked = popular_count(refs->popular);
    int err = popular_add_shipped(refs->popular);
    refs->popular_row.used = ranked > 0 ? "the recipe's source and the shipped list" : "the shipped list";
    refs->popular_row.count = popular_count(refs->popular);
    return err;
}

int references_fetch(struct references *refs, const struct fetch_opts *fetch, struct guard *guard)
{
    struct wanted w = {.row = &refs->popular_row, .why = refs->popular_why};
    int err = fetch_suffixes(refs, fetch, guard);
    w.row->state = REPORT_FEED_CURRENT;
    if (err == 0 && refs->opts.popular.source != NULL) {
        get(&w, fetch, "+popular", &refs->opts.popular);
        err = use_ranking(&w, refs);
    }
    return err < 0 ? err : read_shipped(refs);
}
