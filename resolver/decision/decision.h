/*
 * A recorded decision: somebody blocks or allows a name from now on, without a new list and without a reload.
 *
 * It is kept as one line of text (docs/formats/decisions.md):
 *
 *     <checksum: 16 hex digits> <one JSON object>
 *
 *     {"v": 1, "op": "block", "id": 17, "made": 1763772565, "name": "casino.example", "below": true,
 *      "until": 1763779765, "by": "jones", "uid": 1000, "reason": "asked for by the DSL"}
 *     {"v": 1, "op": "allow", ..., "scope": {"group": "year-9"}, "asked": "Mr Patel", "approved": "Mrs Okafor"}
 *     {"v": 1, "op": "grant", ..., "with": [{"name": "cdn.example", "below": false}]}
 *     {"v": 1, "op": "suspend", "id": 19, ..., "scope": {"user": "a.pupil"}}       all names, where none is given
 *     {"v": 1, "op": "propose", "kind": "allow", "id": 20, ...}                    holds once it is approved
 *     {"v": 1, "op": "approve", "id": 20, "at": 1763772800, "by": "okafor", "uid": 1001, "reason": ""}
 *     {"v": 1, "op": "revoke", "id": 17, "at": 1763772999, "by": "jones", "uid": 1000, "reason": ""}
 *     {"v": 1, "op": "begin", "next": 21}          the first line: the number of the next decision
 *
 * A scope of a kind that this program does not know makes the line ERR_UNSUPPORTED: a decision for one person must not
 * become one for all. Other members that it does not know are passed over. What would be misread without a member is of
 * version 2: a decision that begins later.
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
#define DECISION_WHOM_MAX   128
#define DECISION_NAMES_MAX  32                    /* further names of a grant, */
#define DECISION_NAMES_CAP  1024                  /* ... and bytes that they may take together */
#define DECISION_LINE_MAX   16384                 /* bytes of a line without its end */
#define DECISION_TIME_MAX_S INT64_C(253402300800) /* the end of the year 9999: no line says a later time */

enum decision_kind {
    DECISION_BLOCK,
    DECISION_ALLOW,
    DECISION_GRANT,   /* an allow of a site together with the names that it needs */
    DECISION_SUSPEND, /* a pause: of all names, or of one service */
};

enum decision_scope { DECISION_EVERYONE, DECISION_GROUP, DECISION_USER, DECISION_DEVICE };

struct decision {
    uint32_t id; /* from 1; never used twice */
    enum decision_kind kind;
    enum decision_scope scope;
    bool below;                 /* also for all names below */
    bool lifts_safe_search;     /* ALLOW and GRANT: SafeSearch too is off for these names */
    bool pending;               /* proposed, and not approved yet */
    uint8_t name[NAME_MAX_LEN]; /* wire, lower case; the root stands for all names, and only of SUSPEND */
    int64_t made_s;             /* wall time, as in the next six */
    int64_t from_s;             /* the first second in which it holds; 0: from the start */
    int64_t until_s;    /* the first second in which it no longer holds; 0: for good, which only a block may be */
    int64_t review_s;   /* somebody should look at it again then; 0: not said */
    int64_t approved_s; /* of what was proposed; 0: it was not, or not yet */
    int64_t revoked_s;  /* 0: it was not */
    uint32_t uid;       /* of who decided, as the kernel says */
    uint32_t approved_uid;
    char by[DECISION_BY_MAX + 1];         /* name of who decided */
    char revoked_by[DECISION_BY_MAX + 1]; /* "": it was not */
    char asked[DECISION_BY_MAX + 1];      /* who asked for it, as somebody wrote it down; "": not said */
    char approved[DECISION_BY_MAX + 1];   /* who approved of it, the same */
    char whom[DECISION_WHOM_MAX + 1];     /* name of the group, user or device; "" for everyone */
    char reason[DECISION_REASON_MAX + 1];
    uint16_t names_len;
    uint8_t names[DECISION_NAMES_CAP]; /* GRANT: further names; decision_name_next() */
};

/* Nothing can bring it back. */
static inline bool decision_is_over(const struct decision *decision, int64_t now_s)
{
    return decision->revoked_s != 0 || (decision->until_s != 0 && now_s >= decision->until_s);
}

static inline bool decision_in_force(const struct decision *decision, int64_t now_s)
{
    return !decision->pending && now_s >= decision->from_s && !decision_is_over(decision, now_s);
}

/* A pause of everything, and not of one service. */
static inline bool decision_is_whole(const struct decision *decision)
{
    return decision->kind == DECISION_SUSPEND && decision->name[0] == 0;
}

static inline bool decision_opens(const struct decision *decision)
{
    return decision->kind == DECISION_ALLOW || decision->kind == DECISION_GRANT;
}

/* "block", "group": as they are written. "everyone" for everyone. */
const char *decision_kind_name(enum decision_kind kind);
const char *decision_scope_name(enum decision_scope scope);

/* Adds a further name (wire, lower case). ERR_LIMIT: there are as many as may be. */
ERR_CHECKED int decision_name_add(struct decision *decision, const uint8_t *name, bool below);
/* The further name at *pos, which begins as 0; NULL behind the last. */
const uint8_t *decision_name_next(const struct decision *decision, size_t *pos, bool *out_below);

enum decision_op {
    DECISION_OP_BEGIN,
    DECISION_OP_DECIDE, /* also what is only proposed: decision.pending */
    DECISION_OP_APPROVE,
    DECISION_OP_REVOKE,
    DECISION_OP_RESUME, /* of requests alone */
};

struct decision_line {
    enum decision_op op;
    uint32_t next;            /* BEGIN */
    struct decision decision; /* DECIDE; APPROVE: id, approved_s, by, uid, reason; REVOKE: id, revoked_s and the same */
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
 *     {"op": "approve", "id": 20, ...}, {"op": "revoke", "id": 17, ...}
 *     {"op": "resume", "scope": {"user": "a.pupil"}, ...}      ends all that pauses this one
 */
struct decision_request {
    enum decision_op op;      /* all but BEGIN */
    int64_t for_s;            /* how long from its begin on; 0: decision.until_s, which may be 0 too */
    struct decision decision; /* APPROVE, REVOKE: id, by, reason. RESUME: scope, whom, by, reason */
};

/* ERR_MALFORMED, ERR_UNSUPPORTED, ERR_NOMEM. */
ERR_CHECKED int decision_request_parse(const char *json, size_t len, struct decision_request *out);
void decision_request_write(const struct decision_request *request, struct text *out);

#endif
