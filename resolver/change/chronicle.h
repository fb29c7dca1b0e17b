/*
 * The chronicle of the policy: what was proposed, who agreed, what was in force from when on.
 *
 * One file of lines (change_line.h), each on disk before anybody is told that it is done; lines are never changed. A change
 * gets its number when it is proposed, and keeps it as a version once it is in force. A line that is damaged does not count
 * and is told; a last line without its end was never acknowledged. Every line is judged by the same rules when it is written
 * and when it is read, so that no state can be read that could not have been reached.
 *
 *     proposed ──▶ approved ... ──▶ in force ◀──▶ in force before     (rollback)
 *         └──▶ rejected, withdrawn
 *
 * Bounds: CHRONICLE_MAX changes.
 *
 * Memory:  the chronicle owns what it hands out; pointers are good until the next line.
 * Threads: one at a time. Waits for the disk.
 */
#ifndef CHANGE_CHRONICLE_H
#define CHANGE_CHRONICLE_H

#include "change/change_line.h"

#define CHRONICLE_MAX           100000
#define CHRONICLE_APPROVALS_MAX 32

enum change_state { CHANGE_PROPOSED, CHANGE_REJECTED, CHANGE_WITHDRAWN, CHANGE_USED /* it is or was in force */ };

struct change_approval {
    int64_t at_s;
    uint32_t uid;
    char *by, *comment;
    char **roles;
    size_t role_count;
};

struct change {
    uint32_t number;
    uint32_t base; /* the version in force when it was proposed; 0: none */
    enum change_state state;
    bool adopted; /* by the program, without change control */
    int64_t proposed_s;
    uint32_t uid; /* of who proposed */
    char *by, *reason;
    uint8_t hash[CHANGE_HASH_LEN]; /* SHA-256 of the text */
    uint64_t opens;                /* categories that it opens to somebody, against its base; CHANGE_OPENS_ANYTHING */
    char *replay;                  /* what the log said of it; "": nothing */
    struct assessment *assessment; /* NULL: none */
    struct change_approval *approvals;
    size_t approval_count;
    char *closed_by, *closed_reason; /* who rejected or withdrew it; NULL: nobody */
    int64_t closed_s;
    int64_t when_s;   /* it is to be activated then; 0: not planned */
    int64_t review_s; /* the day of the next review; 0: none */
};

/* A version came into force. */
struct change_turn {
    uint32_t version;
    int64_t at_s;
    enum change_op op; /* CHANGE_ACTIVATE, CHANGE_ADOPT, CHANGE_ROLLBACK */
    uint32_t uid;
    char *by, *reason;
};

struct chronicle;

/* Told every line that does not count: its number from 1, and why. */
typedef void (*chronicle_complaint)(void *ctx, unsigned line, int err);

/*
 * For writing; makes the file (mode 0640) when there is none. ERR_BUSY: another program has it open for writing;
 * ERR_NOENT, ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_LIMIT, ERR_NOMEM.
 */
ERR_CHECKED int chronicle_open(const char *path, chronicle_complaint complaint, void *ctx, struct chronicle **out);
/* Only to look. */
ERR_CHECKED int chronicle_read(const char *path, chronicle_complaint complaint, void *ctx, struct chronicle **out);
void chronicle_close(struct chronicle *chronicle);

size_t chronicle_count(const struct chronicle *chronicle);
const struct change *chronicle_at(const struct chronicle *chronicle, size_t index);      /* by number, rising */
const struct change *chronicle_find(const struct chronicle *chronicle, uint32_t number); /* NULL: there is none */
uint32_t chronicle_next(const struct chronicle *chronicle); /* the number of the next change */
unsigned chronicle_damaged(const struct chronicle *chronicle);

/* A step that was taken. */
struct chronicle_step {
    enum change_op op;
    uint32_t number;
    int64_t at_s;
};
/* The last one, of any change; NULL: there is none. */
const struct chronicle_step *chronicle_last(const struct chronicle *chronicle);

size_t chronicle_turn_count(const struct chronicle *chronicle);
const struct change_turn *chronicle_turn(const struct chronicle *chronicle, size_t index); /* oldest first */
uint32_t chronicle_in_force(const struct chronicle *chronicle);                            /* 0: none yet */
/* What was in force at that time; 0: nothing that is known. */
uint32_t chronicle_in_force_at(const struct chronicle *chronicle, int64_t at_s);
/* The version that was in force before the present one, and is another; 0: none. */
uint32_t chronicle_before(const struct chronicle *chronicle);

/* Whether the version's effects are in force: it is the one in force, or that was made from it. */
bool chronicle_is_effective(const struct chronicle *chronicle, uint32_t number);
/* Whether its day of review is over, while its effects are in force. */
bool chronicle_is_overdue(const struct chronicle *chronicle, const struct change *change, int64_t now_s);

/*
 * Whether the line could be added: NULL, or a sentence that says why not. PROPOSE and ADOPT must have the number
 * chronicle_next() and, for base, that in force.
 */
const char *chronicle_refusal(const struct chronicle *chronicle, const struct change_line *line);

/* On disk when it returns 0. ERR_INVAL: chronicle_refusal(); ERR_NOSPACE, ERR_IO, ERR_ACCESS, ERR_NOMEM: nothing changed. */
ERR_CHECKED int chronicle_add(struct chronicle *chronicle, const struct change_line *line);

#endif
