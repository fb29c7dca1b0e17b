/*
 * A recorded decision: somebody blocks or allows a name from now on, without a new list and without a reload.
 *
 * It is kept as one line of text (docs/formats/decisions.md):
 *
 *     <checksum: 16 hex digits> <one JSON object>
 *
 *     {"v": 1, "op": "block", "id": 17, "made": 1763772565, "name": "casino.example", "below": true,
 *      "until": 1763779765, "by": "jones", "uid": 1000, "reason": "asked for by the DSL"}
 *     {"v": 1, "op": "allow", ..., "scope": {"group": "year-9"}}
 *     {"v": 1, "op": "revoke", "id": 17, "at": 1763772999, "by": "jones", "uid": 1000, "reason": ""}
 *     {"v": 1, "op": "begin", "next": 18}          the first line: the number of the next decision
 *
 * A scope of a kind that this program does not know makes the line ERR_UNSUPPORTED: a decision for one person must not
 * become one for all. Other members that it does not know are passed over.
 *
 * Threads: pure.
 */
#ifndef DECISION_DECISION_H
#define DECISION_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"
#include "dns/name.h"

#define DECISION_REASON_MAX 500 /* bytes of text, as in the next two */
#define DECISION_BY_MAX     64
#define DECISION_GROUP_MAX  64
#define DECISION_LINE_MAX   8192                  /* bytes of a line without its end */
#define DECISION_TIME_MAX_S INT64_C(253402300800) /* the end of the year 9999: no line says a later time */

enum decision_kind { DECISION_BLOCK, DECISION_ALLOW };

struct decision {
    uint32_t id; /* from 1; never used twice */
    enum decision_kind kind;
    bool below;                 /* also for all names below */
    uint8_t name[NAME_MAX_LEN]; /* wire, lower case; not the root */
    int64_t made_s;             /* wall time, as in the next two */
    int64_t until_s;   /* the first second in which it no longer holds; 0: for good, which only a block may be */
    int64_t revoked_s; /* 0: it was not */
    uint32_t uid;      /* of who decided, as the kernel says */
    char by[DECISION_BY_MAX + 1];         /* name of who decided */
    char revoked_by[DECISION_BY_MAX + 1]; /* "": it was not */
    char group[DECISION_GROUP_MAX + 1];   /* "": for everyone */
    char reason[DECISION_REASON_MAX + 1];
};

static inline bool decision_in_force(const struct decision *decision, int64_t now_s)
{
    return decision->revoked_s == 0 && (decision->until_s == 0 || now_s < decision->until_s);
}

enum decision_op { DECISION_OP_BEGIN, DECISION_OP_DECIDE, DECISION_OP_REVOKE };

struct decision_line {
    enum decision_op op;
    uint32_t next;            /* BEGIN */
    struct decision decision; /* DECIDE; REVOKE: id, revoked_s, by, uid, reason */
};

/*
 * One line without its end. ERR_DAMAGED (checksum), ERR_MALFORMED (not of this form, though whole), ERR_FORMAT_VERSION,
 * ERR_UNSUPPORTED (a scope or an op of a later version), ERR_NOMEM.
 */
ERR_CHECKED int decision_line_parse(const char *line, size_t len, struct decision_line *out);
/* Adds the line with its end. */
void decision_line_write(const struct decision_line *line, struct text *out);

/*
 * What an operator asks for: the same object without id, times and uid, which are not the asker's to say.
 *
 *     {"op": "block", "name": "casino.example", "below": true, "for": 7200, "by": "jones", "reason": "..."}
 */
struct decision_request {
    enum decision_op op;      /* DECIDE or REVOKE */
    int64_t for_s;            /* how long from now on; 0: decision.until_s, which may be 0 too */
    struct decision decision; /* of REVOKE: id, by, reason */
};

/* ERR_MALFORMED, ERR_UNSUPPORTED, ERR_NOMEM. */
ERR_CHECKED int decision_request_parse(const char *json, size_t len, struct decision_request *out);
void decision_request_write(const struct decision_request *request, struct text *out);

#endif
