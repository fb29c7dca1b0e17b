/*
 * The docket: the file of recorded decisions. Each is one line (decision.h), appended and on disk before anybody is
 * told that it is done; lines are never changed.
 *
 * Reading a line that is damaged skips it and tells its number: nothing is guessed, and all others count. A last line
 * without its end was never acknowledged: it is left out without a word. When most lines are about decisions that have
 * ended long ago, the file is written anew without them; with a damaged line in it, the old one stays beside it
 * (<path>.damaged).
 *
 * Bounds: DOCKET_MAX decisions that are not over, DOCKET_ENDED_MAX of those that are stay, newest first.
 *
 * Memory:  the docket owns what it hands out; pointers are good until the next change.
 * Threads: one at a time. Waits for the disk.
 */
#ifndef DECISION_DOCKET_H
#define DECISION_DOCKET_H

#include "decision/decision.h"

#define DOCKET_MAX       20000
#define DOCKET_ENDED_MAX 10000
#define DOCKET_SLACK     1000 /* lines beyond twice what is kept, before the file is written anew */

struct docket;

/* Told every line that does not count: its number from 1, and why. */
typedef void (*docket_complaint)(void *ctx, unsigned line, int err);

/*
 * For writing; makes the file (mode 0640) when there is none. complaint may be NULL. ERR_BUSY: another program has it
 * open for writing; ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_LIMIT (more in force than DOCKET_MAX), ERR_NOMEM.
 */
ERR_CHECKED int docket_open(const char *path, int64_t now_s, docket_complaint complaint, void *ctx,
                            struct docket **out);
/* Only to look. ERR_NOENT and the same. */
ERR_CHECKED int docket_read(const char *path, docket_complaint complaint, void *ctx, struct docket **out);
void docket_close(struct docket *docket);

/* All that are kept, oldest first. */
size_t docket_count(const struct docket *docket);
const struct decision *const *docket_all(const struct docket *docket);
const struct decision *docket_find(const struct docket *docket, uint32_t id); /* NULL: there is none */
unsigned docket_damaged(const struct docket *docket);                         /* lines that do not count */

/*
 * On disk when it returns 0. decision: its id is given here, *out_id. On failure nothing was decided. ERR_LIMIT: as
 * many as can be are in force; ERR_NOSPACE, ERR_IO, ERR_ACCESS, ERR_NOMEM.
 */
ERR_CHECKED int docket_add(struct docket *docket, const struct decision *decision, int64_t now_s, uint32_t *out_id);
/* Ends one. revocation: id, revoked_s, uid, by, reason. ERR_NOENT: all of that id is over. The same errors. */
ERR_CHECKED int docket_revoke(struct docket *docket, const struct decision *revocation);
/* Lets one that was proposed hold. approval: id, approved_s, uid, by, reason. ERR_NOENT: none of that id waits for it. */
ERR_CHECKED int docket_approve(struct docket *docket, const struct decision *approval);

/* The number that stands for a user or a device where no name may; negative: there is none. */
struct docket_numbers {
    int64_t (*find)(void *ctx, enum decision_scope scope, const char *name);
    void *ctx;
};

/*
 * Writes those that are approved and not over to path, for everyone to read: in the same form, but without who decided,
 * asked and approved, and why, and with a number in place of a user or device ("#17"). docket_read() reads it. The notice
 * page tells by it what a name was blocked for. numbers NULL: those about users and devices are left out. Errors as of
 * docket_add().
 */
ERR_CHECKED int docket_publish(const struct docket *docket, const char *path, int64_t now_s,
                               const struct docket_numbers *numbers);

#endif
