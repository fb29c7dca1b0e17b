#include "service/log_alarm.h"

#include <inttypes.h>

#include "base/err.h"
#include "base/log.h"

static enum log_alarm_event next_event(struct log_alarm *alarm, bool trouble, int64_t now_ms)
{
    if (trouble)
        alarm->trouble_ms = now_ms;
    if (!alarm->ringing)
        return trouble ? LOG_ALARM_BEGINS : LOG_ALARM_NONE;
    if (!trouble && now_ms - alarm->trouble_ms >= LOG_ALARM_CALM_MS)
        return LOG_ALARM_OVER;
    return trouble && now_ms - alarm->said_ms >= LOG_ALARM_REPEAT_MS ? LOG_ALARM_GOES_ON : LOG_ALARM_NONE;
}

enum log_alarm_event log_alarm_look(struct log_alarm *alarm, const struct qlog_stats *stats, int64_t now_ms,
                                    uint64_t *out_lost)
{
    enum log_alarm_event event = next_event(alarm, stats->lost > alarm->lost || stats->last_error < 0, now_ms);
    if (event == LOG_ALARM_BEGINS)
        alarm->lost_before = alarm->lost;
    alarm->lost = stats->lost;
    if (event == LOG_ALARM_NONE)
        return event;
    alarm->ringing = event != LOG_ALARM_OVER;
    alarm->said_ms = now_ms;
    *out_lost = stats->lost - alarm->lost_before;
    return event;
}

static void damage_tell(struct log_alarm *alarm, uint64_t damaged)
{
    if (damaged > alarm->damaged)
        log_warning("query log: %" PRIu64 " damaged places in journals taken over, what lies beside them was kept",
                    damaged - alarm->damaged);
    alarm->damaged = damaged;
}

/* Retention has done what it may; somebody has to make room, or end a hold. */
static void room_tell(struct log_alarm *alarm, const struct qlog_stats *stats)
{
    bool is_short = stats->missing_bytes > 0;
    if (is_short && !alarm->short_told)
        log_error("query log: the file system has too little room, and no more of the log may go missing_bytes=%" PRIu64
                  " held_segments=%" PRIu64,
                  stats->missing_bytes, stats->held);
    if (!is_short && alarm->short_told)
        log_info("query log: the file system has room again");
    alarm->short_told = is_short;
}

void log_alarm_tell_memory(const struct qlog *log, const char *memory_dir)
{
    struct qlog_stats stats;
    qlog_stats(log, &stats);
    if (stats.in_memory)
        log_info("query log: answers are noted in memory first path=%s", memory_dir);
    else if (stats.memory_error < 0)
        log_warning("query log: its folder in memory can't be used, a slow disk may hold answers up path=%s: %s",
                    memory_dir,
                    stats.memory_error == ERR_INVAL ? "it is not in memory (tmpfs)" : err_str(stats.memory_error));
    else
        log_info("query log: answers are noted on the disk, a slow one may hold them up (log.memory)");
}

void log_alarm_tell(struct log_alarm *alarm, const struct qlog *log, int64_t now_ms)
{
    struct qlog_stats stats;
    uint64_t lost = 0;
    qlog_stats(log, &stats);
    damage_tell(alarm, stats.damaged);
    room_tell(alarm, &stats);
    switch (log_alarm_look(alarm, &stats, now_ms, &lost)) {
    case LOG_ALARM_BEGINS:
        log_error("query log in trouble, answers go on lost=%" PRIu64 " cause=\"%s\"", lost, err_str(stats.last_error));
        break;
    case LOG_ALARM_GOES_ON:
        log_error("query log still in trouble lost=%" PRIu64 " cause=\"%s\"", lost, err_str(stats.last_error));
        break;
    case LOG_ALARM_OVER:
        log_info("query log works again lost=%" PRIu64, lost);
        break;
    case LOG_ALARM_NONE:
        break;
    }
}
