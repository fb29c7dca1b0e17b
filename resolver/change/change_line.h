/*
 * One line of the history of the policy (docs/formats/policy-versions.md):
 *
 *     <checksum: 16 hex digits> <one JSON object>
 *
 *     {"v":1,"op":"propose","number":12,"at":1764403200,"by":"anna","uid":1001,"reason":"...","base":11,
 *      "hash":"<SHA-256 of the text>","opens":["social-media"],"assessment":{...}}
 *     {"v":1,"op":"approve","number":12,"at":...,"by":"bob","uid":1002,"reason":"...","roles":["educational"]}
 *     {"v":1,"op":"activate","number":12,...}
 *
 * Threads: pure.
 */
#ifndef CHANGE_CHANGE_LINE_H
#define CHANGE_CHANGE_LINE_H

#include "change/assessment.h"

#define CHANGE_REASON_MAX     1000 /* bytes */
#define CHANGE_BY_MAX         64
#define CHANGE_ROLE_MAX       64
#define CHANGE_ROLES_MAX      16 /* of one who approves; further ones do not count */
#define CHANGE_HASH_LEN       32
#define CHANGE_LINE_MAX       65536
#define CHANGE_OPENS_ANYTHING (UINT64_C(1) << 63) /* beside categories: a name, or what is in none */

enum change_op {
    CHANGE_PROPOSE,
    CHANGE_APPROVE,
    CHANGE_REJECT,   /* by somebody who might have approved */
    CHANGE_WITHDRAW, /* by who proposed */
    CHANGE_SCHEDULE, /* to be activated later */
    CHANGE_ACTIVATE,
    CHANGE_ADOPT,    /* proposed and activated in one, by the program: what the files say, without change control */
    CHANGE_ROLLBACK, /* a version that was in force before is again */
    CHANGE_REVIEW,   /* it was looked at again; `review_s` is the next day */
    CHANGE_MISS,     /* what was scheduled could not be activated then */
};

struct change_line {
    enum change_op op;
    uint32_t number;
    int64_t at_s;
    uint32_t uid;
    char by[CHANGE_BY_MAX + 1];
    char reason[CHANGE_REASON_MAX + 1];
    /* PROPOSE and ADOPT */
    uint32_t base; /* the version in force then; 0: none */
    uint8_t hash[CHANGE_HASH_LEN];
    uint64_t opens;                     /* categories */
    char replay[CHANGE_REASON_MAX + 1]; /* what the log of the last weeks says of it; "": it was not asked */
    bool has_assessment;
    struct assessment assessment;
    /* APPROVE */
    char roles[CHANGE_ROLES_MAX][CHANGE_ROLE_MAX + 1];
    size_t role_count;
    int64_t when_s;   /* SCHEDULE */
    int64_t review_s; /* REVIEW */
};

/* line: without its end. ERR_DAMAGED (checksum), ERR_MALFORMED, ERR_FORMAT_VERSION, ERR_UNSUPPORTED (op), ERR_NOMEM. */
ERR_CHECKED int change_line_parse(const char *line, size_t len, struct change_line *out);
/* Adds the line with its end. */
void change_line_write(const struct change_line *line, struct text *out);

/* "propose". */
const char *change_op_name(enum change_op op);

#endif
