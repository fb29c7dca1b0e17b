/*
 * What the school's policy makes of a name: the same table says what the rows get and what stands in the policy file.
 *
 * Threads: pure; any thread.
 */
#ifndef MONTH_RULES_H
#define MONTH_RULES_H

#include "belisha/verdict.h"
#include "book.h"
#include "school.h"

enum rule_mode { RULE_ALLOW, RULE_LOG_ONLY, RULE_UNLESS_APPROVED, RULE_HOLD, RULE_BLOCK };

enum rule_mode rules_mode(enum school_level level, uint8_t category);
/* The verdict about the name with the lists of this generation. */
struct verdict rules_judge(enum school_level level, const struct book_name *name, uint64_t generation);

/* The feed that lists names of the category; NULL above the last. */
const char *rules_feed(uint16_t feed);

/* Writes policy.yaml. Negative enum err. */
int rules_write(const char *path);

#endif
