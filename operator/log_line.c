#include "operator/log_line.h"

#include <inttypes.h>

#include "base/category.h"
#include "base/verdict.h"
#include "dns/rr.h"
#include "operator/log_fields.h"

static void gap_add(const struct qlog_row *row, struct text *out)
{
    char time[LOG_TIME_MAX];
    text_printf(out, "%s  %" PRIu64 " records from here on were lost: the log could not be written\n",
                log_time_to_text(row->record.time_ns, time), row->lost);
}

static void verdict_add(const struct qlog_row *row, struct text *out)
{
    const struct verdict *v = &row->record.verdict;
    const char *category = category_name(v->category);
    if (v->reason == REASON_DEFAULT)
        return;
    text_printf(out, " (%s%s%s%s%s)", verdict_reason_name(v->reason), category == NULL ? "" : " ",
                category == NULL ? "" : category, row->feed[0] == '\0' ? "" : ", feed ", row->feed);
}

void log_line_add(const struct qlog_row *row, struct text *out)
{
    static const struct ipaddr none;
    const struct qlog_record *r = &row->record;
    char time[LOG_TIME_MAX];
    char client[IPADDR_TEXT_MAX];
    char name[NAME_TEXT_MAX];
    char type[DNS_TYPE_TEXT_MAX];
    char rcode[DNS_TYPE_TEXT_MAX];
    if (row->lost > 0) {
        gap_add(row, out);
        return;
    }
    const char *who = row->user[0] != '\0' ? row->user : row->device;
    text_printf(out, "%s  %-15s %-12s %-5s %s  %s", log_time_to_text(r->time_ns, time),
                ipaddr_equal(&r->client, &none) ? "-" : ipaddr_to_text(&r->client, client), row->group,
                dns_type_to_text(r->qtype, type), name_to_text(r->qname, name), verdict_action_name(r->verdict.action));
    if (who[0] != '\0')
        text_printf(out, "  %s, grade %c", who, log_grade_letter(r->grade));
    verdict_add(row, out);
    text_printf(out, "  %s", dns_rcode_to_text(r->rcode, rcode));
    if (r->rtt_us > 0)
        text_printf(out, "  %.1f ms", r->rtt_us / 1000.0);
    text_add(out, "\n", 1);
}
