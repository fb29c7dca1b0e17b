#include "episode/around.h"

#include "episode/builder.h"

#define SECOND_NS INT64_C(1000000000)

unsigned around_others(const struct asker *asker, uint32_t site, int64_t time_ns, int64_t within_ns)
{
    unsigned count = 0;
    for (unsigned i = 0; i < ASKER_LEADS; i++) {
        const struct asker_lead *lead = &asker->leads[i];
        count +=
            lead->time_ns != 0 && lead->site != site && lead->time_ns < time_ns && time_ns - lead->time_ns <= within_ns;
    }
    return count;
}

bool around_page_loads(const struct asker *asker, int64_t time_ns)
{
    const int64_t *last = asker->background_ns;
    int64_t since = last[0] < last[1] ? last[0] : last[1];
    return since != 0 && since < time_ns && time_ns - since <= AROUND_PAGE_NS;
}

void around_background(struct asker *asker, int64_t time_ns)
{
    asker->background_ns[asker->background_ns[0] > asker->background_ns[1]] = time_ns;
}

static void crowd_note(struct asker *asker, int64_t time_ns)
{
    int64_t minute = time_ns / (60 * SECOND_NS);
    if (asker->minute != minute) {
        asker->minute = minute;
        asker->minute_leads = 0;
    }
    if (++asker->minute_leads == AROUND_CROWD && ++asker->crowd_minutes == AROUND_CROWD_MINUTES)
        asker->crowded = true;
}

bool around_lead(struct asker *asker, uint32_t site, int64_t time_ns, bool company)
{
    struct asker_lead *last = &asker->leads[(asker->lead_next + ASKER_LEADS - 1) % ASKER_LEADS];
    if (last->time_ns != 0 && last->site == site) {
        last->time_ns = time_ns;
        return false;
    }
    asker->leads[asker->lead_next] = (struct asker_lead){.time_ns = time_ns, .site = site};
    asker->lead_next = (uint8_t)((asker->lead_next + 1) % ASKER_LEADS);
    if (!company && !asker->crowded)
        crowd_note(asker, time_ns);
    return true;
}

bool around_is_echo(struct asker *asker, uint32_t site, int64_t time_ns, int64_t help_ns, bool begins)
{
    for (unsigned i = 0; i < ASKER_ECHOES; i++) {
        struct asker_lead *echo = &asker->echoes[i];
        if (echo->time_ns == 0 || echo->site != site || time_ns - echo->time_ns > EPISODE_GAP_S * SECOND_NS)
            continue;
        echo->time_ns = time_ns;
        return true;
    }
    if (!begins || help_ns == 0 || time_ns < help_ns || time_ns - help_ns > AROUND_ECHO_NS)
        return false;
    asker->echoes[asker->echo_next] = (struct asker_lead){.time_ns = time_ns, .site = site};
    asker->echo_next = (uint8_t)((asker->echo_next + 1) % ASKER_ECHOES);
    return true;
}
