/* The files of data/ that this library carries inside the program; the list is made by the build. Threads: any. */
#ifndef ALERT_SHIPPED_H
#define ALERT_SHIPPED_H

#include <stddef.h>

struct shipped_words {
    const char *name; /* without folder; NULL ends the list */
    const char *text; /* zero-terminated */
    size_t len;       /* without the zero */
};

extern const struct shipped_words shipped_signposts[];

#endif
