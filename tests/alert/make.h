/* What the tests of alerts are made of: people, questions, rules. Includes what every cmocka program needs. */
#ifndef ALERT_MAKE_H
#define ALERT_MAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "alert/book.h"
#include "base/category.h"

#define NOW INT64_C(1796000000) /* 2026-11-30 00:53:20 UTC, a Monday */
#define NS  INT64_C(1000000000)

/* self-harm (urgent), extremism (not), circumvention (3 questions for 2 names within 10 min), all to "safeguarding"; malware to
 * "technical". again_after 1 h. */
extern const struct config_alert_rule RULES[];
#define RULE_COUNT 4
enum { HARM, EXTREME, WAYS_ROUND, MALWARE };

/* A row of this user (0: none) and device, blocked by this category. Texts of its own. */
void make_row(struct qlog_row *row, uint32_t user, uint32_t device, const char *name, unsigned category,
              int64_t time_s);

/* Shows a book such a row; what book_see() says, 0 when it is no sighting. */
int show(struct book *book, uint32_t user, const char *name, unsigned category, int64_t time_s);

#endif
