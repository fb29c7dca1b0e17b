/*
 * Bodies of HTML forms: application/x-www-form-urlencoded (WHATWG URL standard, section 5.1).
 *
 * The caller names the fields it wants; others are skipped. libmicrohttpd's own post processor is not used: it works
 * on pieces of a body and has been the place of its memory errors (CVE-2023-27371).
 *
 * Threads: pure; any thread.
 */
#ifndef NOTICE_FORM_H
#define NOTICE_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "belisha/err.h"

#define FORM_PAIRS_MAX 32

struct form_field {
    const char *name;
    char *value; /* the caller's room for cap bytes; becomes zero-terminated text */
    size_t cap;
    bool one_line; /* line breaks become spaces; otherwise they become \n */
};

/*
 * Fills the values (empty text for a field that is missing) with decoded, cleaned text: valid UTF-8 without control
 * characters, white space at both ends cut. After a failure the values are not to be used.
 *   ERR_MALFORMED  bad % escape, text that is not UTF-8, a wanted field twice
 *   ERR_LIMIT      a value longer than its room, more than FORM_PAIRS_MAX pairs
 */
ERR_CHECKED int form_parse(const char *body, size_t body_len, struct form_field fields[], size_t field_count);

#endif
