/*
 * What a row of the query log means for alerts: whether it may be one at all, whose it is, and under which rule.
 *
 * Never: protected help, and whatever names nobody. Threads: pure; any thread.
 */
#ifndef ALERT_SIGHTING_H
#define ALERT_SIGHTING_H

#include "alert/alert.h"
#include "config/alerting.h"
#include "qlog/reader.h"

struct sighting {
    size_t rule;      /* index in the rules */
    uint8_t category; /* by which it is the rule's */
    bool blocked;
    bool statutory;
    struct alert_person person;
    const struct qlog_record *record;
    const char *group;
};

/* false: nobody is told of such a row. out points into the row. */
bool sighting_of(const struct qlog_row *row, const struct config_alert_rule rules[], size_t rule_count,
                 struct sighting *out);

#endif
