/*
 * Spells: what each person has asked for lately that concerns a rule, so that one is told once of what belongs together.
 *
 * A spell begins with a question and ends when for again_s none came, or a day after it was told of. What goes on in a spell
 * that was told of raises nothing. Several questions for one name within SPELL_SAME_S are one: programs ask for IPv4, IPv6 and
 * HTTPS at once, and again when an answer is late.
 *
 * Times are those of the rows, so that reading them again, after a kill, comes to the same.
 *
 * Memory: heap. Bounds: SPELLS_MAX; then the one that was quiet for longest goes. Threads: one.
 */
#ifndef ALERT_SPELL_H
#define ALERT_SPELL_H

#include <stddef.h>
#include <stdint.h>

#include "alert/alert.h"
#include "belisha/err.h"
#include "config/alerting.h"

#define SPELLS_MAX    20000
#define SPELL_HITS    64 /* of a rule's `questions` and `names` */
#define SPELL_SAME_S  10
#define SPELL_DAY_S   86400
#define SPELL_SLACK_S 60 /* rows may come so much later than others of their time */

struct spell_hit {
    int64_t time_ns;
    uint32_t name; /* hash */
};

struct spell {
    size_t rule;
    struct alert_person person;
    int64_t last_ns;
    int64_t told_ns; /* time of the question by which it was told; 0: not yet */
    unsigned hit_count;
    struct spell_hit *hits; /* oldest first, of the last rule->within_s; NULL once it was told */
    uint32_t next;          /* in its bucket */
};

struct spells {
    struct spell *items;
    size_t count, cap;
    uint32_t *buckets; /* index + 1; 0: none */
};

/* ERR_NOMEM. Begins as {0}. */
ERR_CHECKED int spells_init(struct spells *spells);
void spells_done(struct spells *spells);

/*
 * A question of this person under this rule, which has this index. 1: it makes the spell one to be told of, and *out_questions
 * is how many it took; 0: it does not; ERR_NOMEM.
 */
ERR_CHECKED int spells_see(struct spells *spells, size_t index, const struct config_alert_rule *rule,
                           const struct alert_person *person, int64_t time_ns, uint32_t name, unsigned *out_questions);

/* Forgets what can't matter any more at this time of the log. */
void spells_prune(struct spells *spells, const struct config_alert_rule rules[], int64_t now_ns);

/* Adds one as it was saved; takes over hits. ERR_NOMEM, ERR_LIMIT. */
ERR_CHECKED int spells_add(struct spells *spells, const struct spell *spell);

#endif
