/*
 * A decision that was made, made once more: from the row of the log, if there is one, and what was in force then.
 *
 *     policy      the version that the row names, or that was in force at the time
 *     list        the generation that the row names, or that was published before; when its file is gone, the categories
 *                 that the row has
 *     decisions   as they stood at the time
 *     schedules   as the version has them, at the time
 *
 * Statutory lists are not kept by time: today's is asked.
 *
 * Memory: heap, until past_close(). Threads: one.
 */
#ifndef OPERATOR_PAST_H
#define OPERATOR_PAST_H

#include "change/chronicle.h"
#include "operator/command.h"
#include "operator/whom.h"

enum past_source {
    PAST_KEPT,    /* what was in force then */
    PAST_TODAYS,  /* it is not known, or gone: today's stands for it */
    PAST_ROW,     /* it is gone: by what the row of the log says of it */
    PAST_UNKNOWN, /* it is gone, and nothing stands for it */
};

struct past {
    int64_t at_s;
    const struct witness *row;      /* NULL: the log has none */
    uint32_t version;               /* of the policy then; 0: not known */
    const struct change *change;    /* by which it became the policy; NULL: nothing is known of it */
    const struct change_turn *turn; /* when it came into force the last time before; NULL: the same */
    enum past_source policy;
    uint64_t generation; /* of the list then; 0: not known */
    enum past_source list;
    struct explain explain;
    struct explain_name name;
    struct whom whom;
    struct verdict verdict;      /* as it is made now */
    bool judged;                 /* else the verdict is of no meaning */
    struct chronicle *chronicle; /* owns change and turn */
    struct config *loaded;       /* with the policy of that version; NULL: that of today */
};

/*
 * row: NULL, or the row that is to be understood; it and asked must outlive the past.
 * ERR_NOENT: why gets a sentence without full stop; ERR_MALFORMED: name is no domain name; ERR_NOMEM.
 */
ERR_CHECKED int past_open(const struct operator_env *env, const char *name, uint16_t type,
                          const struct whom_asked *asked, const struct witness *row, int64_t at_s, struct past *out,
                          struct text *why);
void past_close(struct past *past);

/* Whether the row and the verdict say the same. true without a row. */
bool past_agrees(const struct past *past);
/* Adds sentences that say what else may have had a part in the row's verdict. */
void past_doubts(const struct past *past, struct text *out);

#endif
