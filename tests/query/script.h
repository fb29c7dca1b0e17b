/*
 * The script of a scenario: its steps, a line each with the records indented below it, and the words of a line. What its
 * words mean is told in scenario.c.
 *
 * Errors: whatever is wrong with the script, or not as it says, ends the program with file, line and the reason.
 */
#ifndef TESTS_QUERY_SCRIPT_H
#define TESTS_QUERY_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <ldns/ldns.h>

#include "dns/name.h"

#define WORDS_MAX 24

struct line {
    int count;
    char *word[WORDS_MAX];
};

/* The records below a line. */
struct block {
    int count;
    bool authority[32];
    char text[32][600];
};

/* At the line that was read last. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* NULL, and errno says why. */
FILE *script_open(const char *path);
/* A line with the indented ones below it. false: there is none any more. */
bool script_step(FILE *file, char *line, size_t cap, struct block *b);
/* text is taken to pieces, which out points to. */
void split(char *text, struct line *out);

/* Whether there is a word i and it is this one. */
bool is(const struct line *l, int i, const char *word);
const char *word(const struct line *l, int i);
/* The rest of the option "key=..." or "" for the bare word; NULL when it is not there. */
const char *option(const struct line *l, int from, const char *key);
/* In place: a blank for each _. */
char *unblank(char *text);

void name_read(const char *text, uint8_t out[NAME_MAX_LEN]);
void lower_read(const char *text, uint8_t out[NAME_MAX_LEN]);
uint64_t categories_read(const char *text);
uint16_t type_read(const char *text);
unsigned class_read(const char *text);
unsigned rcode_read(const char *text);
size_t hex_read(const char *text, uint8_t *out, size_t cap);
/* The caller frees it. */
ldns_rr *record_read(const char *text);

#endif
