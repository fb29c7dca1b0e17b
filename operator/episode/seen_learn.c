/* Learning from the log which sites were seen (episode/seen.h): the tables of its blocks alone have all names. */
#include "episode/deed.h"
#include "episode/seen.h"
#include "qlog/blocks.h"

#define DAY_NS (INT64_C(86400) * 1000000000)

struct learning {
    struct seen *seen;
    const struct tables *tables;
    const struct site_finder *finder;
};

static int what_learn(const struct learning *l, const struct block_view *view, const struct block_what *what,
                      uint16_t day)
{
    const uint8_t *name = block_name(view->block, what->name);
    const struct verdict verdict = {.action = what->action,
                                    .reason = what->reason,
                                    .category = what->category,
                                    .unattributed = what->unattributed,
                                    .categories = what->categories};
    struct site site;
    site_find(l->finder, name, &site);
    const struct deed deed =
        deed_of(l->tables,
                &(struct deed_asked){.verdict = &verdict, .type = what->type, .rcode = what->rcode, .kind = site.kind});
    return deed_is_visit(&deed) ? seen_add(l->seen, &site, day) : 0;
}

/* A block is of one day (docs/formats/qlog.md); of one that is not, all counts for its first. */
static int block_learn(const struct learning *l, const struct block_view *view)
{
    int err = 0;
    if (view->row_count == 0)
        return 0;
    uint16_t day = (uint16_t)(view->time[0] / DAY_NS);
    for (uint32_t i = 0; i < view->what_count && err == 0; i++)
        err = what_learn(l, view, &view->what[i], day);
    return err;
}

int seen_learn(struct seen *seen, const char *dir, const struct tables *tables, const struct site_finder *finder,
               int64_t from_ns, int64_t to_ns)
{
    const struct learning learning = {seen, tables, finder};
    const struct blocks_opts opts = {.filter = {.from_ns = from_ns, .to_ns = to_ns, .action = -1},
                                     .parts = BLOCK_NAMES | BLOCK_VERDICT | BLOCK_ANSWER | BLOCK_TIME};
    struct blocks *blocks = NULL;
    struct blocks_reader *reader = NULL;
    const struct block_view *view;
    int err = blocks_open(dir, &opts, &blocks);
    err = err < 0 ? err : blocks_reader_new(blocks, &reader);
    while (err >= 0 && (err = blocks_next(reader, &view)) == 1) {
        seen_knows(seen, view->row_count == 0 ? UINT16_MAX : (uint16_t)(view->time[0] / DAY_NS));
        err = block_learn(&learning, view);
    }
    blocks_reader_free(reader);
    blocks_close(blocks);
    return err;
}
