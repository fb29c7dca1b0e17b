/* Questions that will be asked in the next minutes, given out minute by minute in order of time. Threads: one. */
#ifndef MONTH_AGENDA_H
#define MONTH_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ask {
    int64_t time_ns;
    uint32_t name;
    uint32_t device;
    uint32_t person; /* NOBODY: who it is can't be known */
    uint16_t type;
    bool home;
};

#define AGENDA_MINUTES 16 /* ahead; what would come later comes at their end */
#define MINUTE_NS      INT64_C(60000000000)

struct agenda {
    int64_t now; /* the minute that agenda_minute() gives next, since 1970 */
    struct agenda_page {
        struct ask *asks;
        size_t count, cap;
    } pages[AGENDA_MINUTES];
};

void agenda_put(struct agenda *agenda, const struct ask *ask);
/* The questions of the minute `now`, which moves on; good until the next agenda_put(). */
struct ask *agenda_minute(struct agenda *agenda, size_t *out_count);
void agenda_done(struct agenda *agenda);

#endif
