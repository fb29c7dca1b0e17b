#include "operator/visit_lines.h"

#include <inttypes.h>
#include <string.h>

#include "base/category.h"
#include "operator/log_fields.h"

static const char *who_name(struct visit_lines *lines, const struct episode *e, char address[IPADDR_TEXT_MAX])
{
    struct qlog_row row = {.record = {.user = e->who.user, .device = e->who.device}};
    log_names_put(lines->names, &row);
    switch (e->who.kind) {
    case EPISODE_USER:
        return row.user;
    case EPISODE_DEVICE:
        return row.device;
    case EPISODE_ADDRESS:
        return ipaddr_to_text(&e->who.client, address);
    case EPISODE_NOBODY:
        break;
    }
    return "somebody (the key of the day is gone)";
}

static void print_who(struct visit_lines *lines, const struct episode *e)
{
    char address[IPADDR_TEXT_MAX];
    FILE *to = lines->to;
    fprintf(to, "%s", who_name(lines, e, address));
    if (e->who.kind != EPISODE_NOBODY)
        fprintf(to, ", grade %c%s%s", log_grade_letter(e->who.worst), e->who.several_devices ? ", several devices" : "",
                e->who.crowded ? ", an address that several people share" : "");
    fprintf(to, ", %s%s", e->who.group, e->who.several_groups ? " and another group" : "");
}

static const char *category_text(const struct episode *e)
{
    const char *category = category_name(e->category);
    return category == NULL ? "" : category;
}

/* "example.com (www.example.com, static.example.com and about 7 more names)" */
static void print_site(const struct visit_lines *lines, const struct episode *e)
{
    char text[NAME_TEXT_MAX];
    FILE *to = lines->to;
    uint32_t shown = 0;
    fprintf(to, "%s", site_to_text(&e->site, text));
    for (; shown < EPISODE_NAMES_MAX && e->examples[shown] != NULL; shown++)
        fprintf(to, "%s%s", shown == 0 ? " (" : ", ", name_to_text(e->examples[shown], text));
    if (e->names > shown)
        fprintf(to, " and about %" PRIu32 " more names", e->names - shown);
    if (e->matched != NULL)
        fprintf(to, "; what is listed: %s", name_to_text(e->matched, text));
    fputs(shown > 0 ? ")" : "", to);
}

static void print_times(const struct visit_lines *lines, const struct episode *e)
{
    char first[LOG_TIME_MAX], last[LOG_TIME_MAX];
    log_time_to_text(e->first_ns, first);
    log_time_to_text(e->last_ns, last);
    fprintf(lines->to, "%.16sZ", first);
    if (strncmp(first, last, 16) != 0)
        fprintf(lines->to, " to %.16sZ", last);
}

static void print_parts(const struct visit_lines *lines, const struct episode *e)
{
    for (unsigned i = 0; i < e->part_count; i++) {
        struct text words = {0};
        episode_part_to_text(e, &e->parts[i], &words);
        fprintf(lines->to, "%s%s %+d", i == 0 ? "     " : "; ", words.bytes == NULL ? "?" : words.bytes,
                e->parts[i].points);
        text_done(&words);
    }
    if (e->part_count > 0)
        fputc('\n', lines->to);
}

void visit_lines_concern(struct visit_lines *lines, const struct episode *e)
{
    FILE *to = lines->to;
    fprintf(to, "%3u  %s%s%s  ", e->score, category_text(e), e->category < CATEGORY_MAX ? ", " : "",
            episode_verdict_name(e->verdict));
    print_site(lines, e);
    fprintf(to, "\n     ");
    print_who(lines, e);
    fprintf(to, "\n     ");
    print_times(lines, e);
    fprintf(to, ": %" PRIu32 " visit%s, %" PRIu32 " look-up%s, %u day%s%s\n", e->visits, e->visits == 1 ? "" : "s",
            e->lookups, e->lookups == 1 ? "" : "s", e->days, e->days == 1 ? "" : "s",
            e->previews > 0 ? "; some may be links that a browser looked up ahead" : "");
    print_parts(lines, e);
}

void visit_lines_course(struct visit_lines *lines, const struct episode *e)
{
    FILE *to = lines->to;
    print_times(lines, e);
    fprintf(to, "  %s%s%s  ", episode_verdict_name(e->verdict), e->category < CATEGORY_MAX ? " " : "",
            category_text(e));
    print_site(lines, e);
    fprintf(to, "  ");
    print_who(lines, e);
    fputc('\n', to);
}

/* ---- for programs ---- */

static void json_name(struct text *out, const uint8_t *name)
{
    char text[NAME_TEXT_MAX];
    text_add_json(out, name_to_text(name, text));
}

static void json_who(struct visit_lines *lines, const struct episode *e, struct text *out)
{
    static const char *const kinds[] = {"user", "device", "address", "nobody"};
    char address[IPADDR_TEXT_MAX];
    const char grade[] = {log_grade_letter(e->who.worst), '\0'};
    text_add_json_member(out, "who", who_name(lines, e, address));
    text_add_json_member(out, "who_kind", kinds[e->who.kind]);
    text_add_json_member(out, "grade", grade);
    text_add_json_member(out, "group", e->who.group);
}

static void json_flags(const struct episode *e, struct text *out)
{
    static const char *const flags[] = {"accidental", "repeated",      "rising",    "after-block", "machine",
                                        "preview",    "new",           "statutory", "alias",       "night",
                                        "lesson",     "several-sites", "exception", "company"};
    bool first = true;
    text_printf(out, ",\"flags\":[");
    for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (e->flags & UINT32_C(1) << i) {
            text_printf(out, "%s\"%s\"", first ? "" : ",", flags[i]);
            first = false;
        }
    text_printf(out, "],\"names\":[");
    for (unsigned i = 0; i < EPISODE_NAMES_MAX && e->examples[i] != NULL; i++) {
        text_printf(out, "%s", i == 0 ? "" : ",");
        json_name(out, e->examples[i]);
    }
    text_printf(out, "],\"reasons\":[");
    for (unsigned i = 0; i < e->part_count; i++) {
        struct text words = {0};
        episode_part_to_text(e, &e->parts[i], &words);
        text_printf(out, "%s{\"points\":%d,\"text\":", i == 0 ? "" : ",", e->parts[i].points);
        text_add_json(out, words.bytes == NULL ? "" : words.bytes);
        text_printf(out, "}");
        text_done(&words);
    }
    text_printf(out, "]");
}

void visit_lines_json(struct visit_lines *lines, const struct episode *e)
{
    char text[NAME_TEXT_MAX];
    struct text out = {0};
    text_printf(&out, "{\"score\":%u", e->score);
    json_who(lines, e, &out);
    text_add_json_member(&out, "site", site_to_text(&e->site, text));
    text_add_json_member(&out, "category", category_text(e));
    text_add_json_member(&out, "verdict", episode_verdict_name(e->verdict));
    text_add_json_member(&out, "first", log_time_to_text(e->first_ns, text));
    text_add_json_member(&out, "last", log_time_to_text(e->last_ns, text));
    text_printf(&out, ",\"visits\":%" PRIu32 ",\"lookups\":%" PRIu32 ",\"questions\":%" PRIu32 ",\"days\":%u",
                e->visits, e->lookups, e->questions, e->days);
    json_flags(e, &out);
    fprintf(lines->to, "%s}\n", text_ok(&out) ? out.bytes : "{\"error\":\"no memory\"");
    text_done(&out);
}
