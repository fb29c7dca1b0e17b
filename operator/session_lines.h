/* The lines of `belisha status` about sessions. Threads: one. */
#ifndef OPERATOR_SESSION_LINES_H
#define OPERATOR_SESSION_LINES_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* sessions: the member of this name; prints nothing where neither RADIUS nor the local API is configured. */
void session_lines_print(FILE *to, const json_t *sessions, int64_t now_s);

#endif
