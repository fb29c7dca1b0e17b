/* Learning from the log which sites were seen (episode/seen.h): the tables of its blocks alone have all names. */
#include <stdlib.h>
#include <string.h>

#include "episode/deed.h"
#include "episode/seen.h"
#include "episode/sites.h"
#include "qlog/blocks.h"

#define DAY_NS (INT64_C(86400) * 1000000000)

struct learning {
    struct seen *seen;
    const struct tables *tables;
    struct sites sites;
    uint16_t *days; /* by site: 1 + the first day of which seen was told; 0: none */
    uint32_t cap;
};

static int days_grow(struct learning *l, uint32_t site)
{
    if (site < l->cap)
        return 0;
    uint32_t cap = site * 2 + 1024;
    uint16_t *days = realloc(l->days, cap * sizeof *days);
    if (days == NULL)
        return ERR_NOMEM;
    memset(days + l->cap, 0, (cap - l->cap) * sizeof *days);
    l->days = days;
    l->cap = cap;
    return 0;
}

static int site_learn(struct learning *l, uint32_t number, uint16_t day)
{
    struct site site;
    int err = days_grow(l, number);
    if (err < 0 || (l->days[number] != 0 && l->days[number] <= day + 1))
        return err;
    l->days[number] = (uint16_t)(day + 1);
    sites_get(&l->sites, number, &site);
    return seen_add(l->seen, &site, day);
}

static int what_learn(struct learning *l, const struct block_view *view, const struct block_what *what, uint16_t day)
{
    const uint8_t *name = block_name(view->block, what->name);
    const struct verdict verdict = {.action = what->action,
                                    .reason = what->reason,
                                    .category = what->category,
                                    .unattributed = what->unattributed,
                                    .categories = what->categories};
    struct sites_found found;
    sites_find(&l->sites, name, name_len(name), &found);
    const struct deed deed = deed_of(
        l->tables,
        &(struct deed_asked){.verdict = &verdict, .type = what->type, .rcode = what->rcode, .kind = found.kind});
    if (!deed_is_visit(&deed))
        return 0;
    int64_t number = sites_number(&l->sites, name, &found);
    if (number == SITES_NONE)
        return 0;
    return number < 0 ? ERR_NOMEM : site_learn(l, (uint32_t)number, day);
}

/* A block is of one day (docs/formats/qlog.md); of one that is not, all counts for its first. */
static int block_learn(struct learning *l, const struct block_view *view)
{
    int err = 0;
    if (view->row_count == 0)
        return 0;
    uint16_t day = (uint16_t)(view->time[0] / DAY_NS);
    seen_knows(l->seen, day);
    for (uint32_t i = 0; i < view->what_count && err == 0; i++)
        err = what_learn(l, view, &view->what[i], day);
    return err;
}

static int log_learn(struct learning *l, const char *dir, int64_t from_ns, int64_t to_ns)
{
    const struct blocks_opts opts = {.filter = {.from_ns = from_ns, .to_ns = to_ns, .action = -1},
                                     .parts = BLOCK_NAMES | BLOCK_VERDICT | BLOCK_ANSWER | BLOCK_TIME};
    struct blocks *blocks = NULL;
    struct blocks_reader *reader = NULL;
    const struct block_view *view;
    int err = blocks_open(dir, &opts, &blocks);
    err = err < 0 ? err : blocks_reader_new(blocks, &reader);
    while (err >= 0 && (err = blocks_next(reader, &view)) == 1)
        err = block_learn(l, view);
    blocks_reader_free(reader);
    blocks_close(blocks);
    return err;
}

int seen_learn(struct seen *seen, const char *dir, const struct tables *tables, const struct site_finder *finder,
               int64_t from_ns, int64_t to_ns)
{
    struct learning learning = {.seen = seen, .tables = tables};
    int err = sites_init(&learning.sites, finder);
    err = err < 0 ? err : log_learn(&learning, dir, from_ns, to_ns);
    sites_done(&learning.sites);
    free(learning.days);
    return err;
}
