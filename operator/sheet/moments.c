#include "sheet/moments.h"

#include <stdlib.h>
#include <string.h>

#include "sheet/concerns.h"

#define SECOND_NS INT64_C(1000000000)

struct strand_key {
    uint64_t strand;
    uint32_t category, verdict;
};

void moments_visit(void *context, int64_t begin_ns, uint64_t strand, uint8_t category, uint8_t verdict)
{
    struct moments *moments = context;
    if (!concerns_is_blocked(verdict) || tables_concern(moments->tables, category)->weight == 0)
        return;
    if (moments->count == moments->cap) {
        const size_t cap = moments->cap == 0 ? 4096 : moments->cap * 2;
        struct moment *items = realloc(moments->items, cap * sizeof *items);
        moments->failed |= items == NULL;
        if (items == NULL)
            return;
        moments->items = items;
        moments->cap = cap;
    }
    moments->items[moments->count++] =
        (struct moment){.begin_ns = begin_ns, .strand = strand, .category = category, .verdict = verdict};
}

int moments_leave_out(struct moments *moments, const struct episode *episode)
{
    const struct strand_key key = {episode->strand, episode->category, episode->verdict};
    return dict_put(&moments->machines, &key, sizeof key) < 0 ? ERR_NOMEM : 0;
}

static bool is_left_out(const struct moments *moments, const struct moment *moment)
{
    const struct strand_key key = {moment->strand, moment->category, moment->verdict};
    return moments->machines.count > 0 && dict_find(&moments->machines, &key, sizeof key) >= 0;
}

static void count(const struct moments *moments, const struct moment *moment, struct sheet *sheet)
{
    const struct calendar_time at = calendar_local(sheet->calendar, moment->begin_ns / SECOND_NS);
    if (at.day < sheet->period.first || at.day > sheet->period.last)
        return;
    struct sheet_day *day = &sheet->days[at.day - sheet->period.first];
    if (concerns_is_concern(moments->tables, moment->category))
        day->concerning++;
    else
        day->other++;
    day->hours[at.second / 3600]++;
}

int moments_fill(const struct moments *moments, struct sheet *sheet)
{
    for (size_t i = 0; i < moments->count; i++)
        if (!is_left_out(moments, &moments->items[i]))
            count(moments, &moments->items[i], sheet);
    return moments->failed ? ERR_NOMEM : 0;
}

void moments_done(struct moments *moments)
{
    free(moments->items);
    dict_done(&moments->machines);
}
