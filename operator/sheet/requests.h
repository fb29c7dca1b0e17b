/*
 * Messages of the notice page, and what became of them.
 *
 * A message is answered by the first of these that comes after it: a decision about its website, or one about a name
 * above it that holds for all below; or somebody's word for it (`belisha inbox answer`), which names it by its number.
 *
 * Memory: texts are whoever's gave them. Threads: pure.
 */
#ifndef SHEET_REQUESTS_H
#define SHEET_REQUESTS_H

#include "sheet/sheet.h"

#define REQUESTS_OLD_S (INT64_C(90) * 86400) /* an older one that still waits is not told again */

struct answer {
    int64_t time_s;
    uint64_t number;  /* of the message; 0: it is a decision */
    const char *name; /* of the decision, lower case */
    bool below;       /* also for names below it */
    const char *what, *by;
};

/* In order of time. Begins as {0}; answers_done() gives back the list, not its texts. */
struct answers {
    struct answer *items;
    size_t count, cap;
};

ERR_CHECKED int answers_put(struct answers *answers, const struct answer *answer);
void answers_done(struct answers *answers);

/* Whether the sheet of this period tells of a message: it is of the period, or waits since before. */
bool request_is_told(const struct sheet_request *request, const struct period *period);
/* Puts the first fitting answer into it, if there is one. */
void request_answer(struct sheet_request *request, const struct answers *answers);

#endif
