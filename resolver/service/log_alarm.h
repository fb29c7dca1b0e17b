/*
 * When the query log is in trouble, somebody must be told: once when it begins, each minute while it goes on, and once
 * when it is over. Answers go on meanwhile.
 *
 * Threads: one. Begins as {0}.
 */
#ifndef SERVICE_LOG_ALARM_H
#define SERVICE_LOG_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "qlog/writer.h"

enum log_alarm_event { LOG_ALARM_NONE, LOG_ALARM_BEGINS, LOG_ALARM_GOES_ON, LOG_ALARM_OVER };

struct log_alarm {
    bool ringing;
    uint64_t lost;        /* records lost when last looked */
    uint64_t lost_before; /* ... when this trouble began */
    int64_t said_ms;      /* when the last event was given */
    int64_t trouble_ms;   /* when there was last a sign of trouble */
    uint64_t damaged;     /* places told of */
    bool short_told;      /* ... that there is too little room */
};

#define LOG_ALARM_REPEAT_MS 60000
#define LOG_ALARM_CALM_MS   5000 /* so long without a lost record or an error: over */

/* now_ms: monotonic. *out_lost: records lost since the trouble began; set with every event but NONE. */
enum log_alarm_event log_alarm_look(struct log_alarm *alarm, const struct qlog_stats *stats, int64_t now_ms,
                                    uint64_t *out_lost);

/* Looks at the log and tells the journal what there is to tell. */
void log_alarm_tell(struct log_alarm *alarm, const struct qlog *log, int64_t now_ms);

/* Tells, once the log is open, where a slow disk may hold answers up. */
void log_alarm_tell_memory(const struct qlog *log, const char *memory_dir);

#endif
