/*
 * AdGuard patterns as far as they are about names: what they mean for the DNS, and the expression that says the same
 * where a name and its extent can't.
 *
 *     ||d^         d and all below                    |d^   |d|   ://d^     d alone
 *     ||*.d^  *.d^  .d^   all below d                 ||d   d^   d   a*b    an expression, exactly as wide as the pattern
 *     /regex/      the expression itself
 *
 * "*" stands for any bytes, "||" for the start of the name or of a label, "^" and a "|" behind for its end.
 * Memory: none. Threads: pure.
 */
#ifndef FEED_PATTERN_H
#define FEED_PATTERN_H

#include "base/pattern.h"
#include "feed/intake.h"

struct name_pattern {
    enum refusal refusal;  /* REFUSED_NONE, or why the rest is not set */
    struct span name;      /* the name it hangs on; empty: none */
    enum feed_scope scope; /* of that name */
    size_t expression_len; /* 0: the name and its extent say all */
    size_t literal_len;
    char expression[PATTERN_TEXT_MAX];
    char literal[64]; /* without dots, in lower case; every name that matches has it */
};

void name_pattern_parse(struct span text, struct name_pattern *out);

/* The longest run of plain bytes that every match of an expression must have; its length. */
size_t pattern_literal(struct span expression, char *out, size_t cap);

#endif
