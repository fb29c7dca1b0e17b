#include "operator/sources.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/category.h"
#include "base/err.h"
#include "feed/format.h"
#include "provenance/history.h"
#include "provenance/provenance.h"
#include "recipe/origin.h"
#include "school/school.h"

#define INSTALLED_RECIPE "/etc/belisha/feeds.yaml"

struct sources {
    struct origin origin;
    struct recipe *recipe;   /* NULL: one list */
    struct recipe_feed list; /* that list */
    struct listed_name name;
    struct provenance *provenance;
    struct history *history; /* NULL: no generation can be read */
    uint64_t generation;     /* in force; 0: none */
    int64_t built_s;         /* of it */
};

/* ---- what the list is made of ---- */

static int complain(FILE *to, int err, const char *what, const char *path)
{
    fprintf(to, "belisha why: %s: %s: %s\n", what, path, err_str(err));
    return err;
}

/* The recipe that was named, the one that was noted with the generations, or the installed one. */
static int find_origin(const struct config *config, const char *recipe, FILE *complaints, struct origin *out)
{
    int err = recipe != NULL ? 0 : origin_read(config->blocklist_dir, out);
    if (recipe != NULL)
        snprintf(out->recipe, sizeof out->recipe, "%s", recipe);
    if (err == ERR_NOENT && access(INSTALLED_RECIPE, R_OK) == 0) {
        strcpy(out->recipe, INSTALLED_RECIPE);
        err = 0;
    }
    if (err == 0)
        return 0;
    complain(complaints, err, "what the list is made of is not noted", config->blocklist_dir);
    fputs("belisha why: name the recipe with --recipe FILE\n", complaints);
    return err;
}

static int load_recipe(struct sources *s, FILE *complaints)
{
    const char *formats[FEED_FORMATS_MAX];
    const char *wrong = "";
    struct config_errors errors = {0};
    feed_format_list(formats);
    if (s->origin.list[0] != '\0') {
        int err = origin_feed(&s->origin, formats, &s->list, &wrong);
        return err < 0 ? complain(complaints, err, "the note on the list has a word that is unknown", wrong) : 0;
    }
    int err = recipe_load(s->origin.recipe, formats, &s->recipe, &errors);
    config_errors_print(&errors, complaints);
    config_errors_done(&errors);
    return err < 0 ? complain(complaints, err, "the recipe can't be used", s->origin.recipe) : 0;
}

/* The one that the compiler judged by: else a line would be called listed that it had refused. */
static int make_guard(const struct sources *s, const char *copies, FILE *complaints, struct guard **out)
{
    struct config_errors errors = {0};
    struct guard *guard = NULL;
    int err = school_guard(s->recipe, &errors, &guard);
    config_errors_print(&errors, complaints);
    config_errors_done(&errors);
    if (err == 0)
        err = school_use_kept_suffixes(s->recipe, copies, guard);
    if (err < 0) {
        guard_free(guard);
        return complain(complaints, err, "the names that no feed may block can't be used", s->origin.recipe);
    }
    *out = guard;
    return 0;
}

/* ---- finding ---- */

static int read_feeds(struct sources *s, const struct config *config, FILE *complaints)
{
    char copies[PATH_MAX];
    struct guard *guard = NULL;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    snprintf(copies, sizeof copies, "%s/feeds", config->blocklist_dir);
    int err = make_guard(s, copies, complaints, &guard);
    if (err < 0)
        return err;
    struct provenance_opts opts = {.feeds = s->recipe == NULL ? &s->list : s->recipe->feeds,
                                   .feed_count = s->recipe == NULL ? 1 : s->recipe->feed_count,
                                   .copies = s->recipe == NULL ? NULL : copies,
                                   .guard = guard,
                                   .name = &s->name,
                                   .threads = processors < 1 ? 1 : (unsigned)processors};
    err = provenance_new(&opts, &s->provenance);
    guard_free(guard);
    return err < 0 ? complain(complaints, err, "the feeds can't be read", copies) : 0;
}

/* Without generations the feeds tell all the rest. */
static void read_history(struct sources *s, const struct explain *explain)
{
    if (explain->db == NULL)
        return;
    s->generation = blockdb_generation(explain->db);
    s->built_s = blockdb_built_s(explain->db);
    if (history_new(explain->config->blocklist_dir, s->generation, &s->name.key, &s->history) < 0)
        s->history = NULL;
}

int sources_new(const struct explain *explain, const struct explain_name *name, const char *recipe, FILE *complaints,
                struct sources **out)
{
    struct sources *s = calloc(1, sizeof *s);
    if (s == NULL)
        return complain(complaints, ERR_NOMEM, "the feeds can't be read", "");
    enum refusal refusal = normalise_name(span_of(name->text), &s->name);
    int err = refusal == REFUSED_NONE ? 0 : ERR_MALFORMED;
    if (err < 0)
        fprintf(complaints, "belisha why: no feed can list '%s': %s\n", name->text, refusal_sentence(refusal));
    if (err == 0)
        err = find_origin(explain->config, recipe, complaints, &s->origin);
    if (err == 0)
        err = load_recipe(s, complaints);
    if (err == 0)
        err = read_feeds(s, explain->config, complaints);
    if (err < 0) {
        sources_free(s);
        return err;
    }
    read_history(s, explain);
    *out = s;
    return 0;
}

void sources_free(struct sources *sources)
{
    if (sources == NULL)
        return;
    history_free(sources->history);
    provenance_free(sources->provenance);
    recipe_free(sources->recipe);
    free(sources);
}

/* ---- what there is to say of a feed ---- */

static bool is_newer(const struct sources *s, const struct provenance_feed *feed)
{
    return s->generation != 0 && feed->copy != PROVENANCE_COPY_MISSING && feed->written_s > s->built_s;
}

static bool recipe_is_newer(const struct sources *s)
{
    struct stat st;
    return s->recipe != NULL && s->generation != 0 && stat(s->origin.recipe, &st) == 0 &&
           st.st_mtim.tv_sec > s->built_s;
}

static bool is_listed(const struct provenance_feed *feed)
{
    for (size_t i = 0; i < feed->count; i++)
        if (feed->lines[i].effect != PROVENANCE_REFUSED)
            return true;
    return false;
}

/* Why it was not read to its end; "" when it was. */
static const char *trouble_of(const struct provenance_feed *feed)
{
    if (feed->copy == PROVENANCE_COPY_MISSING)
        return "no copy of it is kept, and its source is no file that can be read";
    return feed->err < 0 ? err_str(feed->err) : "";
}

static const char *extent_name(enum provenance_extent extent)
{
    static const char *const names[] = {[PROVENANCE_EXACT] = "exact",
                                        [PROVENANCE_TREE] = "tree",
                                        [PROVENANCE_BELOW] = "below",
                                        [PROVENANCE_PATTERN] = "pattern"};
    return names[extent];
}

static const char *effect_name(enum provenance_effect effect)
{
    static const char *const names[] = {
        [PROVENANCE_BLOCKS] = "blocks", [PROVENANCE_ALLOWS] = "allows", [PROVENANCE_REFUSED] = "refused"};
    return names[effect];
}

/* ---- text ---- */

static void print_since(const struct sources *s, const struct provenance_feed *feed, FILE *to)
{
    struct history_since since;
    char day[sizeof "2026-11-22"] = "?";
    struct tm tm;
    time_t built;
    if (is_newer(s, feed))
        fprintf(to, "    the copy is newer than generation %" PRIu64 ", which is in force\n", s->generation);
    if (s->history == NULL || !is_listed(feed))
        return;
    if (!history_find(s->history, feed->feed->name, &since)) {
        fprintf(to, "    not in generation %" PRIu64 " as an entry of this feed%s\n", s->generation,
                is_newer(s, feed) ? "" : ": another entry says as much, or takes it away");
        return;
    }
    built = (time_t)since.built_s;
    if (localtime_r(&built, &tm) != NULL)
        strftime(day, sizeof day, "%Y-%m-%d", &tm);
    fprintf(to, "    since generation %" PRIu64 " (%s)%s\n", since.generation, day, since.oldest ? " or longer" : "");
}

static void print_categories(uint64_t categories, FILE *to)
{
    const char *between = ": ";
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        if ((categories & CATEGORY_BIT(id)) == 0)
            continue;
        fprintf(to, "%s%s", between, category_name(id) == NULL ? "?" : category_name(id));
        between = ", ";
    }
}

static void print_meaning(const struct provenance_line *line, FILE *to)
{
    static const char *const extents[] = {[PROVENANCE_EXACT] = " alone",
                                          [PROVENANCE_TREE] = " and all below it",
                                          [PROVENANCE_BELOW] = "'s subdomains",
                                          [PROVENANCE_PATTERN] = ""};
    if (line->effect == PROVENANCE_REFUSED) {
        fprintf(to, "      listed, but refused: %s (%s)\n", refusal_name(line->refusal),
                refusal_sentence(line->refusal));
        return;
    }
    fprintf(to, "      %s %s%s", effect_name(line->effect), line->extent == PROVENANCE_PATTERN ? "by a pattern" : "",
            line->extent == PROVENANCE_PATTERN && line->listed[0] != '\0' ? " below " : "");
    fprintf(to, "%s%s", line->listed, extents[line->extent]);
    print_categories(line->categories, to);
    fprintf(to, "%s%s\n", line->important ? "; important" : "", line->spared ? "; but this name is left out" : "");
}

static void print_feed(const struct sources *s, const struct provenance_feed *feed, FILE *to)
{
    const char *trouble = trouble_of(feed);
    if (feed->count == 0 && trouble[0] == '\0')
        return;
    fprintf(to, "  feed '%s'%s%s\n", feed->feed->name, feed->feed->licence[0] == '\0' ? "" : ", licence ",
            feed->feed->licence);
    if (feed->path[0] != '\0')
        fprintf(to, "    %s%s\n", feed->path,
                feed->copy == PROVENANCE_COPY_SOURCE ? " (the source: no copy is kept)" : "");
    if (trouble[0] != '\0')
        fprintf(to, "    could not be read%s: %s\n", feed->line_count > 0 ? " to the end" : "", trouble);
    print_since(s, feed, to);
    for (size_t i = 0; i < feed->count; i++) {
        const struct provenance_line *line = &feed->lines[i];
        fprintf(to, "    %s%sline %" PRIu32 ": %s\n", line->member, line->member[0] == '\0' ? "" : " ", line->line,
                line->text);
        print_meaning(line, to);
    }
    if (feed->more + feed->more_refused > 0)
        fprintf(to, "    and %" PRIu64 " more lines\n", feed->more + feed->more_refused);
}

void sources_print(const struct sources *s, FILE *to)
{
    size_t told = 0, silent = 0;
    const struct provenance *p = s->provenance;
    for (size_t i = 0; i < p->feed_count; i++) {
        told += p->feeds[i].count > 0;
        silent += trouble_of(&p->feeds[i])[0] != '\0';
    }
    if (s->recipe == NULL)
        fprintf(to, "the list %s %s of %s", s->origin.list, told == 0 ? "says nothing" : "speaks", s->name.text);
    else if (told == 0)
        fprintf(to, "none of %zu feeds of %s speaks of %s", p->feed_count, s->origin.recipe, s->name.text);
    else
        fprintf(to, "%zu of %zu feeds of %s %s of %s", told, p->feed_count, s->origin.recipe,
                told == 1 ? "speaks" : "speak", s->name.text);
    if (silent > 0)
        fprintf(to, "; %zu could not be read", silent);
    fputs(told + silent > 0 ? ":\n" : "\n", to);
    if (recipe_is_newer(s))
        fprintf(to, "  the recipe was changed after generation %" PRIu64 " was made of it\n", s->generation);
    for (size_t i = 0; i < p->feed_count; i++)
        print_feed(s, &p->feeds[i], to);
}

/* ---- JSON ---- */

static void add_text(struct text *out, const char *key, const char *value)
{
    text_printf(out, "\"%s\": ", key);
    if (value[0] == '\0')
        text_printf(out, "null");
    else
        text_add_json(out, value);
}

static void add_categories(struct text *out, uint64_t categories)
{
    const char *between = "";
    text_printf(out, ", \"categories\": [");
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        if ((categories & CATEGORY_BIT(id)) == 0 || category_name(id) == NULL)
            continue;
        text_printf(out, "%s\"%s\"", between, category_name(id));
        between = ", ";
    }
    text_printf(out, "]");
}

static void add_line(struct text *out, const struct provenance_line *line)
{
    text_printf(out, "{");
    add_text(out, "file", line->member);
    text_printf(out, ", \"line\": %" PRIu32 ", ", line->line);
    add_text(out, "text", line->text);
    text_printf(out, ", \"effect\": \"%s\"", effect_name(line->effect));
    if (line->effect == PROVENANCE_REFUSED) {
        text_printf(out, ", \"refusal\": \"%s\"}", refusal_name(line->refusal));
        return;
    }
    text_printf(out, ", \"extent\": \"%s\", ", extent_name(line->extent));
    add_text(out, "listed", line->listed);
    add_categories(out, line->categories);
    text_printf(out, ", \"important\": %s, \"spared\": %s}", line->important ? "true" : "false",
                line->spared ? "true" : "false");
}

static void add_since(const struct sources *s, struct text *out, const char *feed)
{
    struct history_since since;
    if (s->history == NULL || !history_find(s->history, feed, &since))
        text_printf(out, "\"since\": null");
    else
        text_printf(out, "\"since\": {\"generation\": %" PRIu64 ", \"built_s\": %" PRId64 ", \"or_longer\": %s}",
                    since.generation, since.built_s, since.oldest ? "true" : "false");
}

static void add_feed(const struct sources *s, struct text *out, const struct provenance_feed *feed)
{
    text_printf(out, "{");
    add_text(out, "name", feed->feed->name);
    text_printf(out, ", ");
    add_text(out, "licence", feed->feed->licence);
    text_printf(out, ", ");
    add_text(out, "source", feed->feed->source);
    text_printf(out, ", ");
    add_text(out, "copy", feed->path);
    text_printf(out, ", \"copy_is_newer\": %s, ", is_newer(s, feed) ? "true" : "false");
    add_text(out, "problem", trouble_of(feed));
    text_printf(out, ", ");
    add_since(s, out, feed->feed->name);
    text_printf(out, ", \"lines\": [");
    for (size_t i = 0; i < feed->count; i++) {
        text_printf(out, i == 0 ? "\n      " : ",\n      ");
        add_line(out, &feed->lines[i]);
    }
    text_printf(out, "], \"more\": %" PRIu64 "}", feed->more + feed->more_refused);
}

void sources_write_json(const struct sources *s, struct text *out)
{
    const struct provenance *p = s->provenance;
    const char *between = "";
    text_printf(out, "{");
    add_text(out, "recipe", s->origin.recipe);
    text_printf(out, ", ");
    add_text(out, "list", s->origin.list);
    text_printf(out, ", \"recipe_is_newer\": %s, \"feed_count\": %zu, \"feeds\": [",
                recipe_is_newer(s) ? "true" : "false", p->feed_count);
    for (size_t i = 0; i < p->feed_count; i++) {
        if (p->feeds[i].count == 0 && trouble_of(&p->feeds[i])[0] == '\0')
            continue;
        text_printf(out, "%s\n    ", between);
        add_feed(s, out, &p->feeds[i]);
        between = ",";
    }
    text_printf(out, "]}");
}
