/*
 * Episodes of a period as a sheet tells them: all of them for the list, what one person did on one kind of website as
 * one entry, sums by category, the websites that were blocked most.
 *
 * An entry has what several episodes have in common: who it was (with the same certainty) and the category. So ten
 * entries are ten concerns, and not ten websites of one.
 *
 * Memory: what it fills belongs to the arena; texts of episodes to the builder, which must stay. Threads: one.
 */
#ifndef SHEET_CONCERNS_H
#define SHEET_CONCERNS_H

#include "base/arena.h"
#include "episode/builder.h"
#include "sheet/moments.h"
#include "sheet/sheet.h"

#define CONCERN_WEIGHT                                                                                                 \
    12 /* of a category "of concern": from alcohol and ways around the filter on (data/concern.yaml) */

struct concerns_opts {
    const struct tables *tables;
    struct arena *arena;
    double least; /* the score from which on an episode makes an entry */
    /* Each "" where nothing is known; good as long as the arena. */
    const char *(*user)(void *ctx, uint32_t number);
    const char *(*device)(void *ctx, uint32_t number);
    const char *(*year)(void *ctx, const char *user);
    void *ctx;
    enum episode_age (*age)(void *ctx, const char *group); /* NULL: nothing is known */
    void *age_ctx;
};

/*
 * Fills entries, visits, topics, top_blocked, the sums of visits. What a program asks for, again and again, is an entry
 * like others, but in no sum: one infected device would be more than all people together. moments: left out there too;
 * NULL: nobody counts them. ERR_NOMEM.
 */
ERR_CHECKED int concerns_fill(const struct concerns_opts *opts, struct episode_builder *builder,
                              struct moments *moments, struct sheet *sheet);

bool concerns_is_blocked(unsigned verdict);
bool concerns_is_concern(const struct tables *tables, unsigned category);

#endif
