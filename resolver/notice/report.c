#include "notice/report.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static const char *const kinds[] = {[REPORT_UNBLOCK] = "unblock", [REPORT_CONCERN] = "concern"};
static const char *const abouts[] = {[REPORT_ABOUT_NONE] = "",
#define X(suffix, name) [REPORT_ABOUT_##suffix] = name,
                                     REPORT_ABOUT_LIST(X)
#undef X
};

static int find(const char *const names[], size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return -1;
}

const char *report_kind_name(enum report_kind kind)
{
    return kinds[kind];
}

const char *report_about_name(enum report_about about)
{
    return abouts[about];
}

int report_kind_from_name(const char *name)
{
    return find(kinds, sizeof kinds / sizeof kinds[0], name);
}

int report_about_from_name(const char *name)
{
    return find(abouts, sizeof abouts / sizeof abouts[0], name);
}

void report_write(const struct report *report, struct text *out)
{
    char when[32] = "";
    char client[IPADDR_TEXT_MAX];
    time_t seconds = (time_t)report->time_s;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) != NULL)
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    text_printf(out, "{\"id\":%" PRIu64, report->id);
    text_add_json_member(out, "time", when);
    text_add_json_member(out, "kind", report_kind_name(report->kind));
    text_add_json_member(out, "about", report_about_name(report->about));
    text_add_json_member(out, "host", report->host);
    text_add_json_member(out, "url", report->url);
    text_add_json_member(out, "client", ipaddr_to_text(&report->client, client));
    text_add_json_member(out, "group", report->group);
    text_add_json_member(out, "name", report->name);
    text_add_json_member(out, "words", report->words);
    text_add_json_member(out, "code", report->code);
    text_printf(out, "}");
}
