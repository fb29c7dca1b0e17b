/*
 * What is wrong with Belisha itself, and for how long: told when it has lasted, and once more when it is over.
 *
 * Threads: pure; one.
 */
#ifndef ALERT_CONDITION_H
#define ALERT_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONDITIONS_MAX     16
#define CONDITION_TEXT_MAX 160

struct condition {
    char text[CONDITION_TEXT_MAX]; /* a clause: "belishad does not answer" */
    int64_t since_s;
    bool told, seen;
};

struct conditions {
    struct condition items[CONDITIONS_MAX];
    size_t count;
};

/* Of what happens to be wrong each line; what is not among them is over. The first look may find what lasts already. */
void conditions_look(struct conditions *conditions, const char *lines, int64_t now_s);

/* The next to tell: true, and it counts as told. *out_over: it is over, and gone from the table. text: CONDITION_TEXT_MAX. */
bool conditions_next(struct conditions *conditions, int64_t after_s, int64_t now_s, char *text, bool *out_over);

#endif
