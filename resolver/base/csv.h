/*
 * Comma-separated values (RFC 4180) as spreadsheets write them: with CRLF, LF or CR, with a byte-order mark, with fields in
 * quotes that hold commas, quotes and line breaks. Empty lines are passed over.
 *
 * Memory:  fields point into the text, which is changed in place. Threads: pure.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define CSV_FIELDS_MAX 256 /* of a record */

struct csv {
    char *at, *end;
    const char *line_start;
    uint32_t line; /* of what comes next, from 1 */
};

struct csv_field {
    char *text; /* zero-terminated, without quotes and the blanks around it */
    uint32_t line;
    uint32_t column; /* bytes, from 1 */
    uint32_t width;  /* bytes as written, quotes included; 0: empty */
};

/* text: len bytes, and one more that may be written to. */
void csv_begin(struct csv *csv, char *text, size_t len);

/*
 * The next record. Returns its number of fields, 0 at the end, or, after which reading goes on with the next line,
 *   ERR_MALFORMED  text behind a closing quote, a quote that is never closed, or a zero byte: out[0] says where;
 *   ERR_LIMIT      more than CSV_FIELDS_MAX fields: the same.
 */
ERR_CHECKED int csv_next(struct csv *csv, struct csv_field out[CSV_FIELDS_MAX]);

#endif
