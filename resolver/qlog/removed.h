/*
 * What is left of segments that retention took from between others, because older ones are held: enough of each (qlog/origin.h)
 * to follow the chain over the hole, and to tell it from one that somebody made.
 *
 *     log/removed    one origin behind the other; gone when there is no hole any more
 *
 * Rows are not in it. Threads: any; one writes at a time (retention).
 */
#ifndef QLOG_REMOVED_H
#define QLOG_REMOVED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"
#include "qlog/origin.h"

#define REMOVED_FILE "removed"

/* Notes the segment of that file, on disk when it returns. What can't be read leaves nothing. ERR_NOSPACE, ERR_ACCESS, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int removed_add(int dir_fd, const char *file);
/* The bytes of all that were noted; nothing when there is no file. ERR_ACCESS, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int removed_load(int dir_fd, struct text *out);
/* What was noted of the segment of that number; valid as long as the bytes. false: nothing. */
bool removed_find(const struct text *bytes, uint64_t sequence, struct origin *out);
/* There is no hole any more. */
void removed_forget(int dir_fd);

#endif
