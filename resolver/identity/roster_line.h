/*
 * One line of the roster's file (roster.h has the forms).
 *
 * Threads: pure.
 */
#ifndef IDENTITY_ROSTER_LINE_H
#define IDENTITY_ROSTER_LINE_H

#include "base/text.h"
#include "identity/roster.h"

#define ROSTER_LINE_MAX 256 /* bytes, without its end */

enum roster_op { ROSTER_BEGIN, ROSTER_GIVE, ROSTER_CALL, ROSTER_FORGET };

struct roster_line {
    enum roster_op op;
    enum roster_kind kind;          /* GIVE, FORGET */
    uint32_t number;                /* GIVE, CALL, FORGET: from 1 to ROSTER_MAX */
    uint32_t next[ROSTER_KINDS];    /* BEGIN */
    char name[ROSTER_NAME_MAX + 1]; /* GIVE, CALL; clean */
};

/*
 * ERR_DAMAGED: the checksum is another; ERR_FORMAT_VERSION: a first line of a later version; ERR_UNSUPPORTED: whole, but of
 * a kind that this program does not know; ERR_MALFORMED: whole, but not of this form.
 */
ERR_CHECKED int roster_line_parse(const char *line, size_t len, struct roster_line *out);
/* Adds the line with its end. */
void roster_line_write(const struct roster_line *line, struct text *out);

#endif
