/*
 * A line that unbound wrote on its standard error: what it is about, and how much it matters.
 *
 *     [1795898765] unbound[4711:0] info: start of service (unbound 1.17.1).
 *
 * Memory:  out.text points into the line. Threads: pure.
 */
#ifndef RECURSION_UNBOUND_LINE_H
#define RECURSION_UNBOUND_LINE_H

#include "base/log.h"

struct unbound_line {
    enum log_level level;
    const char *text; /* the message alone; the whole line where it has another form */
};

/* Any text: what has another form is a warning. */
void unbound_line_read(const char *line, struct unbound_line *out);

#endif
