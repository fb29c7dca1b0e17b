#include "operator/log_company.h"

#include <stdlib.h>
#include <string.h>

#include "identity/roster.h"
#include "qlog/blocks.h"
#include "qlog/filter.h"

static bool bit_get(const uint8_t *bits, uint32_t i)
{
    return bits != NULL && i <= ROSTER_MAX && (bits[i / 8] >> i % 8 & 1) != 0;
}

static void bit_set(uint8_t *bits, uint32_t i)
{
    if (i <= ROSTER_MAX)
        bits[i / 8] |= (uint8_t)(1u << i % 8);
}

static int day_note(struct company *c, uint32_t day)
{
    size_t at = c->day_count;
    while (at > 0 && c->days[at - 1] >= day)
        at--;
    if (at < c->day_count && c->days[at] == day)
        return 0;
    if (c->day_count == c->day_cap) {
        size_t cap = c->day_cap * 2 + 32;
        uint32_t *days = realloc(c->days, cap * sizeof *days);
        if (days == NULL)
            return ERR_NOMEM;
        c->days = days;
        c->day_cap = cap;
    }
    memmove(c->days + at + 1, c->days + at, (c->day_count - at) * sizeof *c->days);
    c->days[at] = day;
    c->day_count++;
    return 0;
}

static int view_read(struct company *c, const struct qlog_filter *filter, const struct block_view *view)
{
    if (view->is_closed)
        return day_note(c, (uint32_t)(view->block->header.key_day - 1));
    for (uint32_t i = 0; i < view->who_count; i++) {
        const struct block_who *who = &view->who[i];
        if (who->device == 0 || who->user == 0)
            continue;
        bit_set(filter_wants_user(filter, who->user) ? c->own : c->others, who->device);
    }
    return 0;
}

int company_read(struct company *c, const char *dir, const struct qlog_filter *filter)
{
    const struct blocks_opts opts = {.filter = {.action = -1, .from_ns = filter->from_ns, .to_ns = filter->to_ns},
                                     .parts = BLOCK_WHO_TABLE};
    struct blocks *blocks = NULL;
    struct blocks_reader *reader = NULL;
    const struct block_view *view;
    c->own = calloc(ROSTER_MAX / 8 + 1, 1);
    c->others = calloc(ROSTER_MAX / 8 + 1, 1);
    int code = c->own == NULL || c->others == NULL ? ERR_NOMEM : blocks_open(dir, &opts, &blocks);
    if (code == 0)
        code = blocks_reader_new(blocks, &reader);
    while (code == 0 && (code = blocks_next(reader, &view)) == 1)
        code = view_read(c, filter, view);
    blocks_reader_free(reader);
    blocks_close(blocks);
    return code;
}

bool company_shares(const struct company *c, uint32_t device)
{
    return !bit_get(c->own, device) || bit_get(c->others, device);
}

void company_done(struct company *c)
{
    free(c->own);
    free(c->others);
    free(c->days);
    *c = (struct company){0};
}
