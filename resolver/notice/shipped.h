/*
 * The files of data/ that belisha-notice carries inside itself, so that it needs no folder to show a page. The list is
 * made by the build from resolver/notice/CMakeLists.txt. Threads: any.
 */
#ifndef NOTICE_SHIPPED_H
#define NOTICE_SHIPPED_H

#include <stddef.h>

struct shipped_file {
    const char *name; /* without folder; NULL ends the list */
    const char *text; /* zero-terminated */
    size_t len;       /* without the zero */
};

extern const struct shipped_file shipped_files[];

/* NULL: none has this name. */
const struct shipped_file *shipped_find(const char *name);

#endif
