/*
 * The words of a batch of alerts: what happened, when, what was done, who (as far as a mail may say it, and how sure), what to
 * do, who can help, where to look.
 *
 * A mail goes over the internet and lies in mailboxes. So by default it names nobody: it says a number by which somebody who
 * may read the log finds who it was (docs/decisions/0048). A name on a statutory list is never said, only its id.
 *
 * Alerts of one rule and one site are one paragraph, however many people they are about; beyond LETTER_PARTS_MAX paragraphs
 * the rest is counted by rule.
 *
 * Times are the machine's local ones: the command has set the school's time zone.
 *
 * Memory: the struct's, until letter_done(). Threads: one.
 */
#ifndef ALERT_LETTER_H
#define ALERT_LETTER_H

#include "alert/book.h"
#include "alert/signpost.h"
#include "delivery/message.h"
#include "episode/tables.h"

#define LETTER_PARTS_MAX 10

/* Writes who a person is, in full or by initials; "" when that is not known. */
typedef void (*letter_name)(void *ctx, const struct alert_person *person, char *out, size_t size);

struct letter_opts {
    const char *school; /* NULL: not said */
    enum config_identities identities;
    letter_name name; /* NULL: nobody is ever named */
    void *name_ctx;
    const struct signpost *signpost;
    const struct tables *tables; /* what a category may mean, and what to do */
};

/* Must stay where it is: its message points into it. */
struct letter {
    struct message message; /* its id is the batch's */
    struct text subject, text, html, numbers;
    char values[4][ALERT_NAME_MAX];
    struct message_field fields[16];
};

/* The alerts of the batch are those of the book. test: it says in every place that it is none. ERR_NOMEM. */
ERR_CHECKED int letter_write(const struct letter_opts *opts, struct book *book, const struct book_batch *batch,
                             bool test, int64_t now_s, struct letter *out);
void letter_done(struct letter *letter);

/* "somebody logged on at a managed device (grade B)..." */
const char *letter_grade(unsigned grade);

#endif
