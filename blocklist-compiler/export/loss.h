/*
 * What a format can't say of a list. Nothing is left out or said differently without being counted here; the counts and
 * the first few of each stand at the head of the file that is written, and on standard error.
 * Threads: one.
 */
#ifndef EXPORT_LOSS_H
#define EXPORT_LOSS_H

#include <stdint.h>

#define LOSS_SAMPLES  5
#define LOSS_TEXT_MAX 96

/* X(enum suffix, what and what becomes of it) */
#define LOSS_LIST(X)                                                                                                   \
    X(PATTERN, "patterns and regular expressions, left out")                                                           \
    X(TYPE, "rules for some record types only, left out")                                                              \
    X(NAMES, "rules that leave names out, left out")                                                                   \
    X(CONDITION, "exceptions under such a condition, left out: more is blocked than the list does")                    \
    X(EXCEPTION, "exceptions within a listed tree, left out: they are blocked")                                        \
    X(BELOW, "trees under a listed name: the name alone is written")                                                   \
    X(BELOW_ONLY, "trees without the name at their top, left out")                                                     \
    X(ADDRESS, "addresses in answers, left out")                                                                       \
    X(CLIENT, "addresses of clients, left out")                                                                        \
    X(TCP, "names to be asked for over TCP, left out")                                                                 \
    X(ANSWER, "answers of their own: written as plain blocks")                                                         \
    X(NAME, "names that can't be written, left out")                                                                   \
    X(SHARED, "names that another feed lists too: written as both together say")

enum loss {
#define X(suffix, sentence) LOSS_##suffix,
    LOSS_LIST(X)
#undef X
        LOSS_COUNT
};

struct losses {
    struct {
        uint64_t count;
        char samples[LOSS_SAMPLES][LOSS_TEXT_MAX]; /* the first min(count, LOSS_SAMPLES) are set */
    } rows[LOSS_COUNT];
};

const char *loss_sentence(enum loss loss);

/* text: what was lost, in printable characters or not; it is cut and cleaned. */
void losses_add(struct losses *losses, enum loss loss, const char *text);

#endif
