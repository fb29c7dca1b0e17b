/*
 * Where the reports of a run go: any number of forms, each to a file of its own or to standard output.
 *
 *     --report text --report html=page.html --report json --report-file run.json
 *
 * Threads: one.
 */
#ifndef COMPILER_OUTPUTS_H
#define COMPILER_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "belisha/err.h"
#include "report/report.h"

#define OUTPUTS_MAX 8

struct output {
    const char *form; /* NULL: not said, text */
    size_t form_len;
    const char *file; /* NULL: standard output */
};

struct outputs {
    struct output rows[OUTPUTS_MAX];
    size_t count;
};

/* "html" or "html=page.html". ERR_INVAL: no such form. ERR_LIMIT. */
ERR_CHECKED int outputs_add(struct outputs *outputs, const char *form);

/* The file of the form that was added last; of the form still to come where there is none without a file. ERR_LIMIT. */
ERR_CHECKED int outputs_set_file(struct outputs *outputs, const char *file);

/* Writes all, text to standard output when nothing was asked for. A file is replaced whole. *out_file: of the first error,
 * NULL for standard output. ERR_NOMEM, ERR_IO, and errors of outfile_open(). */
ERR_CHECKED int outputs_write(const struct outputs *outputs, const struct report *report, const char **out_file);

#endif
