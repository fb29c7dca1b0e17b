#include "sheet/words.h"

#include <inttypes.h>
#include <string.h>

#include "base/markup.h"
#include "qlog/record.h"

static void put_strong(const char *text, FILE *to)
{
    fputs("<strong>", to);
    markup_text(text, to);
    fputs("</strong>", to);
}

static void put_user(const char *before, const struct sheet_who *who, FILE *to)
{
    fputs(before, to);
    put_strong(who->user[0] == '\0' ? "somebody whose name is no longer kept" : who->user, to);
}

static void put_device(const struct sheet_who *who, FILE *to)
{
    fputs("this device: ", to);
    put_strong(who->device[0] == '\0' ? "one without a name" : who->device, to);
    fputs(", not known who used it", to);
}

static void put_address(const struct sheet_who *who, FILE *to)
{
    if (who->address[0] == '\0') {
        fputs("not known any more: who asked is no longer kept", to);
        return;
    }
    fputs("address ", to);
    put_strong(who->address, to);
    fputs(who->crowded ? ", which several people share: not known who" : ", not known which device or who", to);
}

void words_who(const struct sheet_who *who, FILE *to)
{
    switch ((enum qlog_grade)who->grade) {
    case QLOG_GRADE_USER:
        put_user("signed in as ", who, to);
        return;
    case QLOG_GRADE_LOGON:
        put_user("logged on as ", who, to);
        if (who->device[0] != '\0') {
            fputs(" at ", to);
            markup_text(who->device, to);
        }
        return;
    case QLOG_GRADE_LOAN:
        put_user("a device lent to ", who, to);
        fputs(", whoever held it", to);
        return;
    case QLOG_GRADE_DEVICE:
        put_device(who, to);
        return;
    case QLOG_GRADE_ADDRESS:
        put_address(who, to);
        return;
    case QLOG_GRADE_NONE:
        break;
    }
    fputs("not known who", to);
}

const char *words_grade(unsigned grade)
{
    static const char *const words[SHEET_GRADES] = {
        [QLOG_GRADE_NONE] = "not known who",
        [QLOG_GRADE_USER] = "signed in as",
        [QLOG_GRADE_LOGON] = "logged on as",
        [QLOG_GRADE_LOAN] = "device lent to, whoever held it",
        [QLOG_GRADE_DEVICE] = "device only, not known who used it",
        [QLOG_GRADE_ADDRESS] = "address only, not known which device or who",
    };
    return grade < SHEET_GRADES ? words[grade] : words[QLOG_GRADE_NONE];
}

void words_count(uint64_t count, const char *one, FILE *to)
{
    markup_count(count, to);
    fprintf(to, " %s%s", one, count == 1 ? "" : "s");
}

void words_span(int64_t s, FILE *to)
{
    if (s < 2 * 60)
        words_count(s < 0 ? 0 : (uint64_t)s, "second", to);
    else if (s < 2 * 3600)
        words_count((uint64_t)s / 60, "minute", to);
    else if (s < 2 * 86400)
        words_count((uint64_t)s / 3600, "hour", to);
    else
        words_count((uint64_t)s / 86400, "day", to);
}

void words_times(const struct calendar *calendar, int64_t first_s, int64_t last_s, FILE *to)
{
    char first[PERIOD_TEXT_MAX], last[PERIOD_TEXT_MAX];
    period_time_text(calendar, first_s, first);
    period_time_text(calendar, last_s, last);
    fputs(first, to);
    if (strcmp(first, last) == 0)
        return;
    const char *clock = strchr(last, ',');
    const bool same_day = clock != NULL && strncmp(first, last, (size_t)(clock - last)) == 0;
    fprintf(to, " to %s", same_day ? clock + 2 : last);
}

void words_small(uint64_t count, FILE *to)
{
    if (count > 0 && count < SHEET_SMALL)
        fprintf(to, "fewer than %d", SHEET_SMALL);
    else
        markup_count(count, to);
}
