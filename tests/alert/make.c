#include "make.h"

#include <string.h>

static const char *const SAFEGUARDING[] = {"safeguarding"};
static const char *const TECHNICAL[] = {"technical"};

const struct config_alert_rule RULES[] = {
    {.name = "self-harm",
     .categories = CATEGORY_BIT(CATEGORY_SELF_HARM),
     .roles = SAFEGUARDING,
     .role_count = 1,
     .urgent = true,
     .questions = 1,
     .names = 1,
     .within_s = 600,
     .again_s = 3600},
    {.name = "extremism",
     .categories = CATEGORY_BIT(CATEGORY_EXTREMISM),
     .roles = SAFEGUARDING,
     .role_count = 1,
     .questions = 1,
     .names = 1,
     .within_s = 600,
     .again_s = 3600},
    {.name = "ways-round",
     .categories = CATEGORY_BIT(CATEGORY_CIRCUMVENTION),
     .roles = SAFEGUARDING,
     .role_count = 1,
     .questions = 3,
     .names = 2,
     .within_s = 600,
     .again_s = 3600},
    {.name = "malware",
     .categories = CATEGORY_BIT(CATEGORY_MALWARE) | CATEGORY_BIT(CATEGORY_PHISHING),
     .roles = TECHNICAL,
     .role_count = 1,
     .questions = 1,
     .names = 1,
     .within_s = 600,
     .again_s = 3600},
};

void make_row(struct qlog_row *row, uint32_t user, uint32_t device, const char *name, unsigned category, int64_t time_s)
{
    *row = (struct qlog_row){
        .node = "", .group = "year-9", .feed = "", .upstream = "", .user = "", .device = "", .called = ""};
    struct qlog_record *r = &row->record;
    r->time_ns = time_s * NS;
    r->user = user;
    r->device = device;
    r->grade = user != 0 ? QLOG_GRADE_LOGON : device != 0 ? QLOG_GRADE_DEVICE : QLOG_GRADE_ADDRESS;
    assert_int_equal(ipaddr_from_text("10.0.0.7", &r->client), 0);
    assert_true(name_from_text(name, strlen(name), r->qname) >= 0);
    r->qname_len = (uint8_t)name_len(r->qname);
    r->verdict = (struct verdict){.action = VERDICT_NOTICE,
                                  .reason = REASON_CATEGORY,
                                  .category = (uint8_t)category,
                                  .categories = CATEGORY_BIT(category)};
}

int show(struct book *book, uint32_t user, const char *name, unsigned category, int64_t time_s)
{
    struct qlog_row row;
    struct sighting sighting;
    make_row(&row, user, 0, name, category, time_s);
    if (!sighting_of(&row, RULES, RULE_COUNT, &sighting))
        return 0;
    return book_see(book, &sighting, &RULES[sighting.rule], "", time_s);
}
