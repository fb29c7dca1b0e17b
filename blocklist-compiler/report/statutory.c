#include "report/statutory.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/markup.h"

static void digest_text(const struct statutory_feed_record *record, char out[2 * STATUTORY_DIGEST_LEN + 1])
{
    for (size_t i = 0; i < STATUTORY_DIGEST_LEN; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", record->digest[i]);
}

static bool is_old(const struct report_statutory *tier, const struct statutory_feed_record *record)
{
    return tier->now_s - record->fetched_s > record->max_age_s;
}

static void write_feed(const struct report_statutory *tier, const struct report_statutory_feed *feed, FILE *to)
{
    const struct statutory_feed_record *r = feed->record;
    char digest[2 * STATUTORY_DIGEST_LEN + 1];
    int64_t age_s = tier->now_s - r->fetched_s;
    fprintf(to, "  %s (%s): %s", r->name, r->body, report_feed_state_name(feed->state));
    if (r->membership[0] != '\0')
        fprintf(to, ", membership %s", r->membership);
    if (r->licence[0] != '\0')
        fprintf(to, ", licence %s", r->licence);
    fputc('\n', to);
    if (feed->forsaken)
        fputs("    ALARM: the recipe no longer names this feed; its last list STAYS IN FORCE\n", to);
    if (feed->why[0] != '\0')
        fprintf(to, "    problem: %s\n", feed->why);
    if (feed->state == REPORT_FEED_MISSING)
        return;
    digest_text(r, digest);
    fprintf(to, "    %s%" PRId64 " h old, digest %s\n", is_old(tier, r) ? "ALARM: " : "", age_s < 0 ? 0 : age_s / 3600,
            digest);
    fprintf(to,
            "    hosts %" PRIu64 " in force (%" PRIu64 " by a recorded decision or for tests), pages %" PRIu64
            " that DNS can't enforce, refused %" PRIu64 "\n",
            r->hosts, r->widened, r->pages, r->refused);
}

void report_statutory_write_text(const struct report_statutory *tier, FILE *to)
{
    fprintf(to, "\nStatutory tier: %s\n", tier->outcome == REPORT_PUBLISHED ? "in force" : "NOT PUBLISHED");
    if (tier->outcome == REPORT_FAILED)
        fprintf(to, "  ALARM: %s; %s\n", tier->why,
                tier->previous != 0 ? "the list from before stays in force" : "no list is in force");
    if (tier->warning[0] != '\0')
        fprintf(to, "  ALARM: %s\n", tier->warning);
    for (size_t i = 0; i < tier->feed_count; i++)
        write_feed(tier, &tier->feeds[i], to);
    if (tier->outcome == REPORT_PUBLISHED)
        fprintf(to, "  generation %" PRIu64 ": %" PRIu64 " hosts\n", tier->generation, tier->hosts);
}

/* ---- the page ---- */

static bool feed_is_alarm(const struct report_statutory *tier, const struct report_statutory_feed *feed)
{
    return feed->forsaken || feed->state == REPORT_FEED_STALE || feed->state == REPORT_FEED_MISSING ||
           is_old(tier, feed->record);
}

bool report_statutory_is_alarm(const struct report_statutory *tier)
{
    bool alarm = tier->outcome != REPORT_PUBLISHED || tier->warning[0] != '\0';
    for (size_t i = 0; i < tier->feed_count; i++)
        alarm |= feed_is_alarm(tier, &tier->feeds[i]);
    return alarm;
}

static void put_row(const struct report_statutory *tier, const struct report_statutory_feed *feed, FILE *to)
{
    const struct statutory_feed_record *r = feed->record;
    int64_t age_h = (tier->now_s - r->fetched_s) / 3600;
    fputs("<tr><th scope=\"row\">", to);
    markup_text(r->name, to);
    fprintf(to, "</th><td>%s</td><td>", r->body);
    markup_text(r->membership, to);
    fputs("</td><td>", to);
    fprintf(to, feed_is_alarm(tier, feed) ? "<span class=\"bad\">%s%s</span>" : "%s%s",
            report_feed_state_name(feed->state), feed->forsaken ? ", not in the recipe: its last list stays" : "");
    if (feed->why[0] != '\0') {
        fputs(": ", to);
        markup_text(feed->why, to);
    }
    fprintf(to,
            "</td><td class=\"n\">%" PRId64 "</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64
            "</td><td class=\"n\">%" PRIu64 "</td></tr>\n",
            feed->state == REPORT_FEED_MISSING || age_h < 0 ? 0 : age_h, r->hosts, r->pages, r->refused);
}

void report_statutory_write_html(const struct report_statutory *tier, FILE *to)
{
    fputs("<h2 id=\"statutory\">Statutory lists</h2>\n<p>", to);
    if (tier->outcome == REPORT_PUBLISHED)
        fprintf(to, "In force: generation %" PRIu64 ", %" PRIu64 " hosts.", tier->generation, tier->hosts);
    else
        fprintf(to, "<span class=\"bad\">Not published; %s.</span> ",
                tier->previous != 0 ? "the list from before stays in force" : "no list is in force");
    if (tier->outcome != REPORT_PUBLISHED)
        markup_text(tier->why, to);
    fputs("</p>\n", to);
    if (tier->warning[0] != '\0') {
        fputs("<p class=\"bad\">", to);
        markup_text(tier->warning, to);
        fputs("</p>\n", to);
    }
    markup_table("t-statutory", "Lists", "list|body|membership|state|#age in hours|#hosts|#pages|#refused", to);
    for (size_t i = 0; i < tier->feed_count; i++)
        put_row(tier, &tier->feeds[i], to);
    markup_table_end(to);
}

/* ---- JSON ---- */

static json_t *feed_json(const struct report_statutory *tier, const struct report_statutory_feed *feed)
{
    const struct statutory_feed_record *r = feed->record;
    char digest[2 * STATUTORY_DIGEST_LEN + 1];
    digest_text(r, digest);
    json_t *object =
        json_pack("{ss ss ss ss ss sb}", "name", r->name, "body", r->body, "membership", r->membership, "licence",
                  r->licence, "state", report_feed_state_name(feed->state), "forsaken", feed->forsaken);
    if (feed->why[0] != '\0')
        json_object_set_new(object, "problem", json_string(feed->why));
    if (feed->state == REPORT_FEED_MISSING)
        return object;
    json_object_set_new(object, "digest", json_string(digest));
    json_object_set_new(object, "fetched_s", json_integer(r->fetched_s));
    json_object_set_new(object, "old", json_boolean(is_old(tier, r)));
    json_object_set_new(object, "hosts", json_integer((json_int_t)r->hosts));
    json_object_set_new(object, "widened", json_integer((json_int_t)r->widened));
    json_object_set_new(object, "pages", json_integer((json_int_t)r->pages));
    json_object_set_new(object, "refused", json_integer((json_int_t)r->refused));
    return object;
}

json_t *report_statutory_json(const struct report_statutory *tier)
{
    json_t *feeds = json_array();
    for (size_t i = 0; i < tier->feed_count; i++)
        json_array_append_new(feeds, feed_json(tier, &tier->feeds[i]));
    json_t *object = json_pack("{ss sI sI sI so}", "outcome", report_outcome_name(tier->outcome), "generation",
                               (json_int_t)tier->generation, "previous", (json_int_t)tier->previous, "hosts",
                               (json_int_t)tier->hosts, "feeds", feeds);
    if (object != NULL && tier->outcome == REPORT_FAILED)
        json_object_set_new(object, "reason", json_string(tier->why));
    if (object != NULL && tier->warning[0] != '\0')
        json_object_set_new(object, "warning", json_string(tier->warning));
    return object;
}
