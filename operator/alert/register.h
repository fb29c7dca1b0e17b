/*
 * The register of alerts: what was raised, what was sent, when and to whom, for good. A ledger (ledger/ledger.h) of its own:
 * chained, so that what is changed or cut out afterwards shows.
 *
 *     alert.raised   "alert 17"                        {"rule":..,"category":..,"urgent":..,"blocked":..,"time":..,"time_ns":..,
 *                                                      "grade":"B","group":..,"name":..,"roles":[..]}
 *     alert.queued   "message alert-17-safeguarding"   {"alerts":[17,18],"role":..,"to":["mail:..."]}
 *     alert.sent     "message alert-17-safeguarding"   {"to":"mail:dsl@school.example","tries":1}
 *     alert.delayed, alert.failed                      the same, with "why"
 *     alert.test     "rule self-harm"                  {"to":..,"outcome":..,"why":..}
 *
 * Nobody's name, number or address is in it, and nothing that is made of one: time and name find the row in the query log, which
 * says who it was for as long as it may.
 *
 * Threads: any (a lock of its own).
 */
#ifndef ALERT_REGISTER_H
#define ALERT_REGISTER_H

#include <pthread.h>

#include "alert/book.h"
#include "delivery/outbox.h"
#include "ledger/verify.h"

#define REGISTER_FILE_BYTES ((uint64_t)4 << 20)
#define REGISTER_FILES      1000

struct alert_register {
    struct ledger ledger;
    pthread_mutex_t mutex;
};

/* folder: <state_dir>/alerts/register; must live as long. */
void register_init(struct alert_register *r, const char *folder);
void register_done(struct alert_register *r);

/* Each: on disk when it returns 0; errors of ledger_append(). */
ERR_CHECKED int register_raised(struct alert_register *r, const struct alert *alert, int64_t now_s);
ERR_CHECKED int register_queued(struct alert_register *r, const struct book_batch *batch, const char *const targets[],
                                size_t count, int64_t now_s);
ERR_CHECKED int register_result(struct alert_register *r, const struct outbox_result *result);
ERR_CHECKED int register_test(struct alert_register *r, const char *rule, const char *target, enum outcome outcome,
                              const char *why, int64_t now_s);

/* The number behind "alert 17"; 0: it is no such object. */
uint64_t register_number(const char *object);

/* Whether the register says anything of the message of this id. Reads all of it. ERR_NOENT is no error: false. */
ERR_CHECKED int register_has_message(const struct alert_register *r, const char *id, bool *out);
/* The greatest number of an alert in it; 0: none. */
ERR_CHECKED int register_last(const struct alert_register *r, uint64_t *out);

/* How many alerts were raised and messages sent in [from, to), for reports. Errors of ledger_verify(). */
struct register_counts {
    unsigned raised, urgent, sent, failed;
};
ERR_CHECKED int register_count(const char *folder, int64_t from_s, int64_t to_s, struct register_counts *out);

#endif
