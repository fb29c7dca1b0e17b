/* One list, compiled in a folder of its own, for tests of what is exported from it. Whatever goes wrong ends the test. */
#ifndef TESTS_EXPORT_COMPILED_H
#define TESTS_EXPORT_COMPILED_H

#include "blockdb/blockdb.h"

struct compiled {
    char dir[64];
    struct blockdb *db;
};

struct compiled_feed {
    const char *format, *text;
    uint64_t categories;
    bool exact; /* domains: a name alone */
};

void compiled_init(struct compiled *c, const struct compiled_feed *feeds, size_t count);
void compiled_done(struct compiled *c);

/* The whole file; the caller frees it. */
char *compiled_export(const struct compiled *c, const char *format, const struct blockdb_view *view);

/* The same without lines that start with one of these characters: comments, directives, the zone's own records. */
char *compiled_body(const struct compiled *c, const char *format, const struct blockdb_view *view);

#endif
