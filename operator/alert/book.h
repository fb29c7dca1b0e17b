/*
 * The book: all that the watcher knows, in one file that is replaced whole, so that a kill at any moment leaves one or the
 * other state: how far the log was read, spells that go on, alerts that not everybody was told of yet, what was told lately.
 *
 * Numbers of users and devices, and addresses, stand in it for as long as a spell goes on or an alert waits (mode 0600).
 *
 * Threads: one.
 */
#ifndef ALERT_BOOK_H
#define ALERT_BOOK_H

#include "alert/sighting.h"
#include "alert/spell.h"
#include "delivery/message.h"

#define BOOK_ALERTS_MAX  2000 /* that wait to be told; what is more is only counted */
#define BOOK_BATCHES_MAX 64
#define BOOK_BUDGETS_MAX 64
#define BOOK_BATCH_MAX   500 /* alerts of a batch */

/* A message that was decided on and may not be in the outbox yet. */
struct book_batch {
    char id[MESSAGE_ID_MAX];
    char role[ALERT_ROLE_MAX];
    uint64_t *numbers; /* of its alerts */
    size_t count;
    uint64_t more; /* that were counted only */
    bool held;     /* quiet hours kept some back */
};

/* How many messages a role may still get. */
struct book_budget {
    char role[ALERT_ROLE_MAX];
    int64_t level_s; /* seconds of saved-up time, 0 to 3600 */
    int64_t at_s;    /* when that was so */
    uint64_t more;   /* alerts for it that were counted only */
};

struct book {
    int64_t position_ns; /* rows before it were seen; 0: none yet */
    int64_t gap_ns;      /* the newest gap in the log that was told of */
    uint64_t next;       /* number of the next alert */
    uint64_t registered; /* alerts up to this number are in the register */
    struct spells spells;
    struct alert *alerts; /* by rising number */
    size_t alert_count, alert_cap;
    struct book_batch batches[BOOK_BATCHES_MAX];
    size_t batch_count;
    struct book_budget budgets[BOOK_BUDGETS_MAX];
    size_t budget_count;
    bool dirty; /* not as it was saved */
};

/* ERR_NOMEM. */
ERR_CHECKED int book_init(struct book *book);
void book_done(struct book *book);

/*
 * A row that concerns a rule. site: what its name belongs to. 1: an alert was raised, the last of alerts (or, beyond the bound,
 * counted); 0: none; ERR_NOMEM.
 */
ERR_CHECKED int book_see(struct book *book, const struct sighting *sighting, const struct config_alert_rule *rule,
                         const char *site, int64_t now_s);

/* Something with Belisha itself. The same. */
ERR_CHECKED int book_raise_service(struct book *book, const char *text, const char *const roles[], size_t role_count,
                                   int64_t now_s);

struct alert *book_alert(struct book *book, uint64_t number);
/* NULL: the table is full. */
struct book_budget *book_budget(struct book *book, const char *role, int64_t now_s);

/* Ends a batch; its alerts go when no role waits for them and no other batch has them. */
void book_drop_batch(struct book *book, size_t i);

/* ---- book_file.c ---- */

void book_write(const struct book *book, const struct config_alert_rule rules[], struct text *out);
/* Into an initialised book. What belongs to a rule that is no longer there is left out. ERR_MALFORMED, ERR_NOMEM, ERR_LIMIT. */
ERR_CHECKED int book_parse(const char *bytes, size_t len, const struct config_alert_rule rules[], size_t rule_count,
                           struct book *book);

/* Whole and on disk, mode 0600. ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int book_save(struct book *book, const struct config_alert_rule rules[], const char *path);
/* ERR_NOENT: there is none; ERR_MALFORMED... */
ERR_CHECKED int book_load(const char *path, const struct config_alert_rule rules[], size_t rule_count,
                          struct book *book);

#endif
