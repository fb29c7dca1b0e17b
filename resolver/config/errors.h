/*
 * What is wrong with configuration files: all of it, not just the first.
 *
 *     belisha.yaml:6:14: error: serve_stale must be true or false, not 'maybe'
 *         serve_stale: maybe
 *                      ^~~~~
 *
 * Threads: one.
 */
#ifndef CONFIG_ERRORS_H
#define CONFIG_ERRORS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A file as it was read. */
struct config_source {
    const char *name; /* as the user gave it */
    const char *text; /* NULL when it could not be read */
    size_t text_len;
};

/* Where a value was written. */
struct config_place {
    const struct config_source *source; /* NULL: nowhere, e.g. a built-in default */
    uint32_t line;                      /* from 1; 0: the file as a whole */
    uint32_t column;                    /* from 1, in characters */
    uint32_t width;                     /* characters to underline, at least 1 */
};

#define CONFIG_ERRORS_MAX 64 /* further ones are only counted */

/* Begins as {0}. */
struct config_errors {
    size_t count;                  /* all of them */
    char *text[CONFIG_ERRORS_MAX]; /* the first ones: heading, source line and caret, each ending in a newline */
};

void config_errors_done(struct config_errors *errors);

/* format: the sentence without full stop. place may be NULL. */
void config_errors_add(struct config_errors *errors, const struct config_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void config_errors_print(const struct config_errors *errors, FILE *to);

#endif
