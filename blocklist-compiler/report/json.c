#include "report/report.h"

#include <jansson.h>

#include "base/category.h"
#include "report/statutory.h"

/* The record of a run stays for a year: it has counts, and of names only popular ones that are newly blocked. */
enum detail { DETAIL_RECORD, DETAIL_ALL };

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* Feeds are outside text: what is not UTF-8 is told as such instead of breaking the report. */
static json_t *text(const char *value)
{
    json_t *string = json_string(value);
    return string != NULL ? string : json_string("(not UTF-8)");
}

static json_t *category_names(uint64_t mask)
{
    json_t *names = json_array();
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        if ((mask & CATEGORY_BIT(i)) != 0 && category_name(i) != NULL)
            json_array_append_new(names, json_string(category_name(i)));
    }
    return names;
}

static json_t *samples_json(const struct feed_samples *samples)
{
    json_t *rows = json_array();
    for (unsigned i = 0; samples != NULL && i < samples->count; i++) {
        const struct feed_sample *row = &samples->rows[i];
        json_array_append_new(rows, json_pack("{so sI so}", "file", text(row->file), "line", (json_int_t)row->line,
                                              "text", text(row->text)));
    }
    return rows;
}

static json_t *counted_json(uint64_t count, const struct feed_samples *samples, enum detail detail)
{
    json_t *object = json_pack("{so}", "count", number(count));
    if (detail == DETAIL_ALL)
        json_object_set_new(object, "samples", samples_json(samples));
    return object;
}

static json_t *refusals_json(const struct feed_stats *stats, enum detail detail)
{
    json_t *rows = json_object();
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        if (stats->refused[i] > 0)
            json_object_set_new(rows, refusal_name(i), counted_json(stats->refused[i], stats->samples[i], detail));
    }
    return rows;
}

static json_t *flags_json(const struct feed_stats *stats, enum detail detail)
{
    json_t *rows = json_object();
    for (int i = 0; i < FLAG_COUNT; i++) {
        if (stats->flagged[i] > 0)
            json_object_set_new(rows, feed_flag_name(i),
                                counted_json(stats->flagged[i], stats->flag_samples[i], detail));
    }
    return rows;
}

static json_t *overlap_json(const struct report *report, const struct report_overlap *overlap)
{
    json_t *shared = json_array();
    for (size_t i = 0; i < REPORT_SHARED_MAX && overlap->shared[i].names > 0; i++)
        json_array_append_new(shared, json_pack("{so so}", "feed", text(report->feeds[overlap->shared[i].feed].name),
                                                "names", number(overlap->shared[i].names)));
    return json_pack("{so so so}", "names", number(overlap->names), "only", number(overlap->only), "shared", shared);
}

static void add_stats(json_t *object, const struct feed_stats *stats, enum detail detail)
{
    json_object_set_new(object, "lines", number(stats->lines));
    json_object_set_new(object, "blocks", number(stats->blocks));
    json_object_set_new(object, "exceptions", number(stats->allows));
    json_object_set_new(object, "aliases", number(stats->aliases));
    json_object_set_new(object, "widened", number(stats->widened));
    json_object_set_new(object, "refused", refusals_json(stats, detail));
    json_object_set_new(object, "flagged", flags_json(stats, detail));
}

static json_t *feed_json(const struct report *report, const struct report_feed *feed, enum detail detail)
{
    json_t *object = json_pack("{so so so so ss so}", "name", text(feed->name), "format", text(feed->format), "source",
                               text(feed->source), "licence", text(feed->licence), "state",
                               report_feed_state_name(feed->state), "categories", category_names(feed->categories));
    if (feed->state != REPORT_FEED_MISSING) {
        json_object_set_new(object, "fetched_s", json_integer(feed->fetched_s));
        json_object_set_new(object, "bytes", number(feed->copy_bytes));
        json_object_set_new(object, "digest", text(feed->digest));
    }
    if (feed->why[0] != '\0')
        json_object_set_new(object, "problem", text(feed->why));
    if (feed->stats != NULL)
        add_stats(object, feed->stats, detail);
    if (report->outcome != REPORT_PUBLISHED)
        return object;
    if (detail == DETAIL_ALL)
        json_object_set_new(object, "overlap", overlap_json(report, &feed->overlap));
    json_object_set_new(object, "popular", json_integer(feed->popular));
    json_object_set_new(object, "popular_new", json_integer(feed->popular_new));
    return object;
}

static json_t *reference_json(const struct report_reference *row)
{
    json_t *object = json_pack("{so ss so so}", "name", text(row->name), "state", report_feed_state_name(row->state),
                               "used", row->used == NULL ? json_null() : text(row->used), "count", number(row->count));
    if (row->source != NULL)
        json_object_set_new(object, "source", text(row->source));
    if (row->fetched_s > 0)
        json_object_set_new(object, "fetched_s", json_integer(row->fetched_s));
    if (row->made_s > 0)
        json_object_set_new(object, "made_s", json_integer(row->made_s));
    if (row->why[0] != '\0')
        json_object_set_new(object, "problem", text(row->why));
    return object;
}

static json_t *count_json(const struct report_count *count)
{
    return json_pack("{so so so}", "names", number(count->names), "added", number(count->added), "removed",
                     number(count->removed));
}

static json_t *categories_json(const struct report *report)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        const struct report_count *count = &report->categories[i];
        if (category_name(i) != NULL && (count->names > 0 || count->added > 0 || count->removed > 0))
            json_object_set_new(object, category_name(i), count_json(count));
    }
    return object;
}

static json_t *change_json(const struct report_change *rows, unsigned count)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < count; i++) {
        json_t *object = json_pack("{so}", "name", text(rows[i].name));
        if (rows[i].rank > 0)
            json_object_set_new(object, "rank", json_integer(rows[i].rank));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *changes_json(const struct report *report)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < CATEGORY_MAX && report->changes != NULL; i++) {
        const struct report_changes *row = &report->changes[i];
        if (category_name(i) != NULL && row->added_count + row->removed_count > 0)
            json_object_set_new(object, category_name(i),
                                json_pack("{so so}", "added", change_json(row->added, row->added_count), "removed",
                                          change_json(row->removed, row->removed_count)));
    }
    return object;
}

#define RECORD_POPULAR_MAX 20

static json_t *popular_json(const struct report *report, enum detail detail)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->popular_count; i++) {
        const struct report_popular *row = &report->popular[i];
        if (detail == DETAIL_RECORD && (row->new_categories == 0 || i == RECORD_POPULAR_MAX))
            break; /* new ones come first */
        json_t *feeds = json_array();
        for (unsigned j = 0; j < row->feed_count; j++)
            json_array_append_new(feeds, text(report->feeds[row->feeds[j]].name));
        json_array_append_new(rows,
                              json_pack("{so sI sb so so so so}", "name", text(row->name), "rank",
                                        (json_int_t)row->rank, "shipped", (int)row->ours, "categories",
                                        category_names(row->categories), "new", category_names(row->new_categories),
                                        "by", row->by == NULL ? json_null() : text(row->by), "feeds", feeds));
    }
    return rows;
}

static json_t *stages_json(const struct report *report)
{
    json_t *object = json_object();
    for (size_t i = 0; i < report->stage_count; i++)
        json_object_set_new(object, report->stages[i].name, json_integer(report->stages[i].ms));
    return object;
}

static void add_list(json_t *object, const struct report *report, enum detail detail)
{
    json_object_set_new(object, "rules", number(report->rules));
    json_object_set_new(object, "duplicates", number(report->duplicates));
    json_object_set_new(object, "subsumed", number(report->subsumed));
    json_object_set_new(object, "file_bytes", number(report->file_bytes));
    json_object_set_new(object, "all", count_json(&report->all));
    json_object_set_new(object, "categories", categories_json(report));
    json_object_set_new(object, "popular_new", number(report->popular_new));
    json_object_set_new(object, "popular", popular_json(report, detail));
    if (detail == DETAIL_ALL)
        json_object_set_new(object, "changes", changes_json(report));
}

static json_t *report_json(const struct report *report, enum detail detail)
{
    json_t *object = json_pack("{ss ss sI sI so so so}", "version", BELISHA_VERSION, "outcome",
                               report_outcome_name(report->outcome), "time_s", (json_int_t)report->now_s, "elapsed_ms",
                               (json_int_t)report->elapsed_ms, "generation", number(report->generation), "previous",
                               number(report->previous), "inputs", text(report->inputs == NULL ? "" : report->inputs));
    json_t *feeds = json_array(), *references = json_array();
    for (size_t i = 0; i < report->feed_count; i++)
        json_array_append_new(feeds, feed_json(report, &report->feeds[i], detail));
    for (size_t i = 0; i < REPORT_REFERENCES; i++) {
        if (report->references[i] != NULL)
            json_array_append_new(references, reference_json(report->references[i]));
    }
    json_object_set_new(object, "references", references);
    json_object_set_new(object, "feeds", feeds);
    if (report->statutory != NULL)
        json_object_set_new(object, "statutory", report_statutory_json(report->statutory));
    json_object_set_new(object, "stages_ms", stages_json(report));
    json_object_set_new(object, "peak_bytes", number(report->peak_bytes));
    if (report->outcome == REPORT_FAILED)
        json_object_set_new(object, "reason", text(report->why));
    if (report->outcome == REPORT_PUBLISHED)
        add_list(object, report, detail);
    return object;
}

static int write_json(const struct report *report, enum detail detail, FILE *to)
{
    json_t *object = report_json(report, detail);
    if (object == NULL)
        return ERR_NOMEM;
    int err =
        json_dumpf(object, to, detail == DETAIL_RECORD ? JSON_COMPACT : JSON_INDENT(2)) < 0 || fputc('\n', to) == EOF
            ? ERR_IO
            : 0;
    json_decref(object);
    return err;
}

int report_write_json(const struct report *report, FILE *to)
{
    return write_json(report, DETAIL_ALL, to);
}

int report_write_record(const struct report *report, FILE *to)
{
    return write_json(report, DETAIL_RECORD, to);
}
