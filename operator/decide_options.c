#include "operator/decide_options.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "operator/log_options.h"

/* ---- what was typed ---- */

static bool set_text(char *to, size_t cap, const char *text)
{
    return (size_t)snprintf(to, cap, "%s", text) < cap;
}

/* "15:00" is the next time that it is so. All without a Z are local times. */
int decide_time_from_text(const char *text, int64_t now_s, int64_t *out_s)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"};
    time_t now = (time_t)now_s;
    struct tm tm;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        tm = (struct tm){.tm_isdst = -1};
        const char *end = strptime(text, forms[i], &tm);
        if (end == NULL || (*end != '\0' && strcmp(end, "Z") != 0))
            continue;
        *out_s = *end == 'Z' ? timegm(&tm) : mktime(&tm);
        return 0;
    }
    if (localtime_r(&now, &tm) == NULL)
        return ERR_MALFORMED;
    tm.tm_sec = 0;
    tm.tm_isdst = -1;
    const char *end = strptime(text, "%H:%M", &tm);
    if (end == NULL || *end != '\0')
        return ERR_MALFORMED;
    time_t at = mktime(&tm);
    if (at <= now) {
        tm.tm_mday++;
        tm.tm_isdst = -1;
        at = mktime(&tm);
    }
    *out_s = at;
    return 0;
}

static const char *take_scope(enum decision_scope scope, struct decision *d)
{
    if (d->scope != DECISION_EVERYONE)
        return "--group, --user and --device exclude each other";
    d->scope = scope;
    return optarg[0] != '\0' && set_text(d->whom, sizeof d->whom, optarg)
               ? NULL
               : "--group, --user and --device want a name of 128 bytes at most";
}

static const char *take_time(int64_t *out_s)
{
    return decide_time_from_text(optarg, time(NULL), out_s) < 0
               ? "--from and --until must be a time such as 15:00 or '2026-11-22 15:00'"
               : NULL;
}

/* Of a review, the day is enough. */
static const char *take_review(struct decision *d)
{
    struct tm tm = {.tm_isdst = -1};
    const char *end = strptime(optarg, "%Y-%m-%d", &tm);
    if (end == NULL || *end != '\0')
        return "--review must be a day such as 2026-11-22";
    d->review_s = mktime(&tm);
    return NULL;
}

const char *decide_option_take(int option, struct decision_request *request)
{
    struct decision *d = &request->decision;
    switch (option) {
    case 'r':
        return set_text(d->reason, sizeof d->reason, optarg) ? NULL : "--reason and --aim may have 500 bytes";
    case 'a':
        return set_text(d->asked, sizeof d->asked, optarg) ? NULL : "--asked may have 64 bytes";
    case 'A':
        return set_text(d->approved, sizeof d->approved, optarg) ? NULL : "--approved may have 64 bytes";
    case 'R':
        return take_review(d);
    case 'g':
        return take_scope(DECISION_GROUP, d);
    case 'U':
        return take_scope(DECISION_USER, d);
    case 'D':
        return take_scope(DECISION_DEVICE, d);
    case 'F':
        return take_time(&d->from_s);
    case 'u':
        return take_time(&d->until_s);
    case 'f':
        return log_span_from_text(optarg, &request->for_s) < 0 || request->for_s == 0
                   ? "--for must be a duration such as 45m, 2h or 7d"
                   : NULL;
    default:
        return "this option is unknown, or lacks its value";
    }
}

const char *decide_options_check(const struct decision_request *request)
{
    const struct decision *d = &request->decision;
    if (d->reason[0] == '\0')
        return d->kind == DECISION_GRANT && request->op == DECISION_OP_DECIDE ? "say what it is for: --aim TEXT"
                                                                              : "say why: --reason TEXT";
    if (request->for_s != 0 && d->until_s != 0)
        return "--for and --until exclude each other";
    if (d->until_s != 0 && d->from_s >= d->until_s)
        return "--from must be before --until";
    return NULL;
}

/* ---- asking belishad ---- */

/* Whoever uses sudo is named, not root. belishad believes it of root alone. */
static void set_by(struct decision *decision)
{
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *entry = sudo == NULL ? getpwuid(getuid()) : NULL;
    const char *name = sudo != NULL ? sudo : entry == NULL ? "" : entry->pw_name;
    snprintf(decision->by, sizeof decision->by, "%.*s", DECISION_BY_MAX, name);
}

int decide_ask(const struct operator_env *env, struct decision_request *request)
{
    struct text line = {0};
    int code = OPERATOR_FAILED;
    set_by(&request->decision);
    text_printf(&line, "decide ");
    decision_request_write(request, &line);
    if (text_ok(&line))
        code = operator_tell(env, line.bytes);
    text_done(&line);
    return code;
}
