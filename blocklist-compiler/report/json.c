#include "report/report.h"

#include <jansson.h>

#include "base/category.h"

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

static json_t *refusals_json(const struct feed_stats *stats)
{
    json_t *rows = json_object();
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        if (stats->refused[i] > 0)
            json_object_set_new(
                rows, refusal_name(i),
                json_pack("{so so}", "count", number(stats->refused[i]), "samples", samples_json(stats->samples[i])));
    }
    return rows;
}

static json_t *feed_json(const struct report_feed *feed)
{
    json_t *object = json_pack("{so so so so ss so}", "name", text(feed->name), "format", text(feed->format), "source",
                               text(feed->source), "licence", text(feed->licence), "state",
                               report_feed_state_name(feed->state), "categories", category_names(feed->categories));
    if (feed->state != REPORT_FEED_MISSING)
        json_object_set_new(object, "fetched_s", json_integer(feed->fetched_s));
    if (feed->why[0] != '\0')
        json_object_set_new(object, "problem", text(feed->why));
    if (feed->stats == NULL)
        return object;
    json_object_set_new(object, "lines", number(feed->stats->lines));
    json_object_set_new(object, "blocks", number(feed->stats->blocks));
    json_object_set_new(object, "exceptions", number(feed->stats->allows));
    json_object_set_new(object, "widened", number(feed->stats->widened));
    json_object_set_new(object, "aliases", number(feed->stats->aliases));
    json_object_set_new(object, "refused", refusals_json(feed->stats));
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

static json_t *report_json(const struct report *report)
{
    json_t *object =
        json_pack("{ss ss sI sI so so}", "version", BELISHA_VERSION, "outcome", report_outcome_name(report->outcome),
                  "time_s", (json_int_t)report->now_s, "elapsed_ms", (json_int_t)report->elapsed_ms, "generation",
                  number(report->generation), "previous", number(report->previous));
    json_t *feeds = json_array();
    for (size_t i = 0; i < report->feed_count; i++)
        json_array_append_new(feeds, feed_json(&report->feeds[i]));
    json_object_set_new(object, "feeds", feeds);
    if (report->outcome == REPORT_FAILED)
        json_object_set_new(object, "reason", text(report->why));
    if (report->outcome != REPORT_PUBLISHED)
        return object;
    json_object_set_new(object, "rules", number(report->rules));
    json_object_set_new(object, "duplicates", number(report->duplicates));
    json_object_set_new(object, "subsumed", number(report->subsumed));
    json_object_set_new(object, "file_bytes", number(report->file_bytes));
    json_object_set_new(object, "all", count_json(&report->all));
    json_object_set_new(object, "categories", categories_json(report));
    return object;
}

int report_write_json(const struct report *report, FILE *to)
{
    json_t *object = report_json(report);
    if (object == NULL)
        return ERR_NOMEM;
    int err = json_dumpf(object, to, JSON_INDENT(2)) < 0 || fputc('\n', to) == EOF ? ERR_IO : 0;
    json_decref(object);
    return err;
}
