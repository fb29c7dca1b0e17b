/*
 * Legal holds: days of the log of which nothing may go, neither rows nor the keys that tell who asked, however old they are.
 *
 *     log/holds    one JSON object a line: {"id": 3, "from": "2026-11-02", "to": "2026-11-06", "by": "jones", "reason": "..."}
 *
 * A file that can't be read holds everything: what is destroyed does not come back.
 *
 * Memory:  heap, owned by the list. Threads: one; the file is replaced whole.
 */
#ifndef QLOG_HOLD_H
#define QLOG_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"

#define HOLD_FILE       "holds"
#define HOLD_MAX        1000
#define HOLD_BY_MAX     64 /* bytes, as the next */
#define HOLD_REASON_MAX 500
#define HOLD_DAY_MAX    11 /* "2026-11-02" and the closing zero */

struct hold {
    uint32_t id;               /* from 1; rising */
    uint32_t from_day, to_day; /* of UTC since 1970; both are held */
    char by[HOLD_BY_MAX + 1];
    char reason[HOLD_REASON_MAX + 1];
};

struct hold_list {
    struct hold *holds;
    size_t count;
    uint32_t last_id;
    bool unreadable; /* holds everything */
};

/* Without a file there is no hold. ERR_NOMEM; whatever else is wrong makes the list unreadable. */
ERR_CHECKED int hold_list_load(int dir_fd, struct hold_list *out);
void hold_list_done(struct hold_list *list);

/* Whether a day from from_day to to_day is held. */
bool hold_list_covers(const struct hold_list *list, uint32_t from_day, uint32_t to_day);

/* Adds one, *out_id is its number. ERR_LIMIT, ERR_DAMAGED (an unreadable list), ERR_NOSPACE, ERR_ACCESS, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int hold_add(int dir_fd, const struct hold *hold, uint32_t *out_id);
/* Ends one. ERR_NOENT: there is none of that number; the same errors. */
ERR_CHECKED int hold_remove(int dir_fd, uint32_t id);

/* "2026-11-02". ERR_MALFORMED. */
ERR_CHECKED int hold_day_from_text(const char *text, uint32_t *out);
char *hold_day_to_text(uint32_t day, char out[HOLD_DAY_MAX]);

#endif
