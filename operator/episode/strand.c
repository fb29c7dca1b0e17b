#include "episode/strand.h"

#include "episode/builder.h"

#define SECOND_NS INT64_C(1000000000)
#define BURST_S   20    /* look-ups within it are of one page, or of one look of a program */
#define LESSON_S  1800  /* about as long as a lesson */
#define PAUSE_S   21600 /* a longer gap says nothing of how regular something is */

static uint16_t up(uint16_t count)
{
    return count == UINT16_MAX ? count : (uint16_t)(count + 1);
}

bool strand_begins(const struct strand *strand, int64_t time_ns)
{
    return strand->visits == 0 || time_ns - strand->last_ns > EPISODE_GAP_S * SECOND_NS ||
           time_ns - strand->visit_ns >= EPISODE_VISIT_S * SECOND_NS;
}

/* A, AAAA and HTTPS of one name, and what is asked again because no answer came, are one look-up. */
static bool is_lookup(struct strand *strand, uint32_t hash, int64_t time_s)
{
    for (unsigned i = 0; i < STRAND_RECENT; i++)
        if (strand->recent[i].hash == hash && time_s - strand->recent[i].at_s < EPISODE_LOOKUP_S)
            return false;
    strand->recent[strand->recent_next].hash = hash;
    strand->recent[strand->recent_next].at_s = (uint32_t)time_s;
    strand->recent_next = (uint8_t)((strand->recent_next + 1) % STRAND_RECENT);
    return true;
}

static bool name_is_new(struct strand *strand, uint32_t hash)
{
    strand->name_bits[hash >> 6 & 1] |= UINT64_C(1) << (hash & 63);
    if (strand->example_count == EPISODE_NAMES_MAX)
        return false;
    for (unsigned i = 0; i < strand->example_count; i++)
        if (strand->example_hash[i] == hash)
            return false;
    return true;
}

static void burst_add(struct strand *strand, const struct strand_asked *asked)
{
    int64_t gap_s = (asked->time_ns - strand->lookup_ns) / SECOND_NS;
    if (strand->lookup_ns != 0 && gap_s < BURST_S)
        return;
    if (strand->lookup_ns != 0 && gap_s <= PAUSE_S) {
        strand->gaps++;
        strand->gap_sum_s += (uint64_t)gap_s;
        strand->gap_squares += (uint64_t)(gap_s * gap_s);
    }
    strand->alone += asked->alone;
    strand->lookup_ns = asked->time_ns;
}

static void visit_begin(struct strand *strand, const struct strand_asked *asked, const struct strand_moment *moment)
{
    strand->singles += strand->visits > 0 && strand->visit_lookups == 1;
    strand->visits++;
    strand->visit_ns = asked->time_ns;
    strand->visit_lookups = 0;
    strand->course[moment->course] = up(strand->course[moment->course]);
    strand->hours |= UINT32_C(1) << moment->hour;
    if (moment->night)
        strand->night = up(strand->night);
    if (moment->lesson)
        strand->lesson = up(strand->lesson);
    if (asked->with_page)
        strand->with_page = up(strand->with_page);
    if (asked->preview)
        strand->previews = up(strand->previews);
    if (asked->after_block)
        strand->flags |= EPISODE_AFTER_BLOCK;
}

static void who_add(struct strand *strand, const struct strand_asked *asked)
{
    static const struct ipaddr none;
    if (strand->questions == 0) {
        strand->best = strand->worst = asked->grade;
    } else {
        bool other = asked->device != 0 && strand->device != 0
                         ? asked->device != strand->device
                         : !ipaddr_equal(asked->client, &strand->client) && !ipaddr_equal(&strand->client, &none);
        strand->flags |= other ? STRAND_SEVERAL_DEVICES : 0;
        strand->flags |= asked->group != strand->group ? STRAND_SEVERAL_GROUPS : 0;
    }
    if (asked->grade < strand->best)
        strand->best = asked->grade;
    if (asked->grade > strand->worst)
        strand->worst = asked->grade;
    strand->group = asked->group;
    strand->client = *asked->client;
    if (asked->device != 0)
        strand->device = asked->device;
}

bool strand_add(struct strand *strand, const struct strand_asked *asked, const struct strand_moment *moment)
{
    if (strand_begins(strand, asked->time_ns))
        visit_begin(strand, asked, moment);
    who_add(strand, asked);
    if (strand->questions == 0 || asked->time_ns < strand->first_ns)
        strand->first_ns = asked->time_ns;
    if (strand->questions == 0 || asked->time_ns > strand->last_ns)
        strand->last_ns = asked->time_ns;
    strand->questions++;
    strand->reason = asked->reason;
    strand->days |= UINT64_C(1) << (moment->day < 63 ? moment->day : 63);
    if (asked->alias)
        strand->flags |= EPISODE_ALIAS;
    if (is_lookup(strand, asked->name_hash, asked->time_ns / SECOND_NS)) {
        strand->lookups++;
        strand->visit_lookups++;
        burst_add(strand, asked);
    }
    return name_is_new(strand, asked->name_hash);
}

/*
 * The spread of the gaps, squared, is below `spread` squared of their mean: n * sum of squares < (1 + spread^2) * sum^2. Whoever
 * comes once in a lesson is regular by the timetable, so gaps that long must be like those of a clock.
 */
static bool is_regular(const struct strand *strand)
{
    double sum = (double)strand->gap_sum_s;
    double spread = sum < (double)strand->gaps * LESSON_S ? 0.35 : 0.03;
    return (double)strand->gaps * (double)strand->gap_squares < (1 + spread * spread) * sum * sum;
}

bool strand_is_machine(const struct strand *strand)
{
    int hours = __builtin_popcount(strand->hours);
    bool alone = strand->alone * 2 >= strand->gaps;
    if (strand->gaps >= 12 && is_regular(strand) && (alone || hours >= 10))
        return true;
    return strand->gaps >= 24 && hours >= 16 && alone;
}

/*
 * Of 128 bits, those that are set tell how many hashes there were: the i-th new bit takes 128 / (128 - i) hashes on average.
 */
uint32_t strand_names(const struct strand *strand)
{
    unsigned set = (unsigned)(__builtin_popcountll(strand->name_bits[0]) + __builtin_popcountll(strand->name_bits[1]));
    if (strand->example_count < EPISODE_NAMES_MAX || set <= EPISODE_NAMES_MAX)
        return strand->example_count;
    double sum = 0;
    for (unsigned i = 0; i < set; i++)
        sum += 128.0 / (128.0 - i);
    return (uint32_t)(sum + 0.5);
}
