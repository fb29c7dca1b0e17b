#include "episode/score.h"

#include "base/category.h"

#define SEARCH_SITES 5 /* so many other sites of a category: somebody is looking for one that works */

struct scoring {
    struct episode *episode;
    int weight;
    int sum;
};

static void add(struct scoring *s, enum episode_reason reason, int points, unsigned count)
{
    struct episode *e = s->episode;
    if (points == 0)
        return;
    s->sum += points;
    e->parts[e->part_count++] = (struct episode_part){.reason = (uint8_t)reason,
                                                      .points = (int8_t)points,
                                                      .count = (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX)};
}

/* What makes things more pressing counts in full at a weight of 60, and less for what matters less. */
static int scaled(const struct scoring *s, int points)
{
    return (points * (s->weight + 10) + 35) / 70;
}

static int at_most(unsigned count, int points, int most)
{
    return count >= (unsigned)(most / points) ? most : (int)count * points;
}

static int for_visits(unsigned visits)
{
    static const struct {
        unsigned from;
        int points;
    } steps[] = {{31, 10}, {11, 8}, {6, 6}, {3, 4}, {2, 2}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (visits >= steps[i].from)
            return steps[i].points;
    return 0;
}

/* An address is not a person: what comes again from there may be somebody else. */
static void add_repetition(struct scoring *s)
{
    const struct episode *e = s->episode;
    bool same = e->who.kind == EPISODE_USER || e->who.kind == EPISODE_DEVICE;
    int days = e->days > 1 ? scaled(s, at_most(e->days - 1u, 4, 16)) : 0;
    int visits = e->who.kind == EPISODE_NOBODY ? 0 : scaled(s, for_visits(e->visits));
    add(s, EPISODE_FOR_DAYS, same ? days : (days + 1) / 2, e->days);
    add(s, EPISODE_FOR_VISITS, same ? visits : (visits + 1) / 2, e->visits);
}

static bool is_reached(const struct episode *e)
{
    return e->verdict == EPISODE_LOGGED || e->verdict == EPISODE_ALLOWED;
}

static void add_circumstances(struct scoring *s, enum episode_age age, unsigned other_sites)
{
    const struct episode *e = s->episode;
    add(s, EPISODE_FOR_NIGHT, e->flags & EPISODE_NIGHT ? scaled(s, 8) : 0, e->night);
    add(s, EPISODE_FOR_LESSON, e->flags & EPISODE_LESSON ? scaled(s, 4) : 0, e->lesson);
    add(s, EPISODE_FOR_RISING, e->flags & EPISODE_RISING ? scaled(s, 8) : 0, 0);
    add(s, EPISODE_FOR_AFTER_BLOCK, e->flags & EPISODE_AFTER_BLOCK ? 12 : 0, 0);
    add(s, EPISODE_FOR_SITES, scaled(s, at_most(other_sites, 4, 16)) + (other_sites >= SEARCH_SITES ? 8 : 0),
        other_sites);
    add(s, EPISODE_FOR_AGE,
        age == EPISODE_AGE_PRIMARY     ? scaled(s, 10)
        : age == EPISODE_AGE_SECONDARY ? scaled(s, 4)
                                       : 0,
        age);
    /* Of what was blocked, nearly all is new, which says nothing. */
    add(s, EPISODE_FOR_NEW, (e->flags & EPISODE_NEW) && is_reached(e) ? scaled(s, 4) : 0, 0);
}

/* A child in danger must not slip down the list because it may have been an accident. */
static void take_away(struct scoring *s, const struct concern *concern)
{
    const struct episode *e = s->episode;
    int little = s->weight >= 45 ? 8 : s->sum / 2 < 15 ? s->sum / 2 : 15;
    if (e->flags & EPISODE_ACCIDENTAL)
        add(s, EPISODE_FOR_ACCIDENT, -little, 0);
    else if (e->flags & EPISODE_COMPANY)
        add(s, EPISODE_FOR_COMPANY, -little, 0);
    if ((e->flags & EPISODE_MACHINE) == 0)
        return;
    add(s, EPISODE_FOR_MACHINE, concern->machine ? 8 : -(s->sum * 2 / 3), 0);
}

void score_make(struct episode *episode, const struct concern *concern, enum episode_age age, unsigned other_sites)
{
    struct scoring s = {.episode = episode, .weight = concern->weight};
    bool reached = is_reached(episode);
    bool exception = episode->flags & EPISODE_EXCEPTION;
    episode->part_count = 0;
    add(&s, EPISODE_FOR_CATEGORY, concern->weight, 0);
    add(&s, EPISODE_FOR_REACHED, reached && !exception && concern->weight >= 20 ? scaled(&s, 10) : 0, 0);
    add(&s, EPISODE_FOR_EXCEPTION, exception ? -(concern->weight / 2) : 0, 0);
    add_repetition(&s);
    add_circumstances(&s, age, other_sites);
    take_away(&s, concern);
    episode->score = (uint8_t)(s.sum < 0 ? 0 : s.sum > 100 ? 100 : s.sum);
}

const char *episode_verdict_name(unsigned verdict)
{
    static const char *const names[EPISODE_VERDICTS] = {"blocked", "held", "logged", "allowed"};
    return verdict < EPISODE_VERDICTS ? names[verdict] : "unknown";
}

static const char *machine_text(const struct episode_part *part)
{
    return part->points < 0 ? "as regular as a program or an open page, not as a person"
                            : "as regular as a program: look at the device";
}

void episode_part_to_text(const struct episode *episode, const struct episode_part *part, struct text *out)
{
    const char *category = category_name(episode->category);
    switch ((enum episode_reason)part->reason) {
    case EPISODE_FOR_CATEGORY:
        text_printf(out, "the category %s", category == NULL ? "is not known" : category);
        break;
    case EPISODE_FOR_REACHED:
        text_printf(out, "it was not blocked");
        break;
    case EPISODE_FOR_EXCEPTION:
        text_printf(out, "somebody at the school allowed it by a recorded decision");
        break;
    case EPISODE_FOR_DAYS:
        text_printf(out, "on %u days%s", part->count,
                    episode->who.kind == EPISODE_ADDRESS ? ", from an address that others may have too" : "");
        break;
    case EPISODE_FOR_VISITS:
        text_printf(out, "%u visits", part->count);
        break;
    case EPISODE_FOR_NIGHT:
        text_printf(out, "%u of the visits at night", part->count);
        break;
    case EPISODE_FOR_LESSON:
        text_printf(out, "%u of the visits in lesson time", part->count);
        break;
    case EPISODE_FOR_RISING:
        text_printf(out, "more and more often");
        break;
    case EPISODE_FOR_AFTER_BLOCK:
        text_printf(out, "a way round the filter was looked for, soon after a block");
        break;
    case EPISODE_FOR_SITES:
        text_printf(out, "%u other site%s of this category", part->count, part->count == 1 ? "" : "s");
        break;
    case EPISODE_FOR_AGE:
        text_printf(out, part->count == EPISODE_AGE_PRIMARY ? "a child of primary age" : "a pupil");
        break;
    case EPISODE_FOR_NEW:
        text_printf(out, "nobody at the school was seen at this site before");
        break;
    case EPISODE_FOR_ACCIDENT:
        text_printf(out, "it may have come with another page, or a list of links: once, and no more");
        break;
    case EPISODE_FOR_MACHINE:
        text_printf(out, "%s", machine_text(part));
        break;
    case EPISODE_FOR_COMPANY:
        text_printf(out, "the site is nearly always asked for along with others: pages load it");
        break;
    case EPISODE_REASONS:
        break;
    }
}
