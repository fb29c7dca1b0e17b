/*
 * Times of the week as they are written in a list of `when`.
 *
 * Threads: one.
 */
#ifndef CONFIG_TIMES_H
#define CONFIG_TIMES_H

#include "config/build.h"

/*
 * Reads all texts of the list into windows in the arena; what is wrong goes to the errors. calendar: whose lessons may be
 * named; NULL: none. ERR_NOMEM.
 */
ERR_CHECKED int times_build(struct build *b, const struct schema_list *when, const struct calendar *calendar,
                            const struct window **out, size_t *out_count);

#endif
