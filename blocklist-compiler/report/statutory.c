#include "report/statutory.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

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
