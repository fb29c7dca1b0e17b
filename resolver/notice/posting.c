#include "notice/posting.h"

#include "notice/form.h"

enum posting_fault posting_parse(const char *body, size_t body_len, struct posting *out)
{
    char kind[16];
    char about[16];
    *out = (struct posting){0};
    struct report *r = &out->report;
    struct form_field fields[] = {
        {.name = "kind", .value = kind, .cap = sizeof kind, .one_line = true},
        {.name = "about", .value = about, .cap = sizeof about, .one_line = true},
        {.name = "token", .value = out->token, .cap = sizeof out->token, .one_line = true},
        {.name = "url", .value = r->url, .cap = sizeof r->url, .one_line = true},
        {.name = "name", .value = r->name, .cap = sizeof r->name, .one_line = true},
        {.name = "words", .value = r->words, .cap = sizeof r->words},
    };
    int err = form_parse(body, body_len, fields, sizeof fields / sizeof fields[0]);
    if (err < 0)
        return err == ERR_LIMIT ? POSTING_TOO_LONG : POSTING_MALFORMED;
    int known_kind = report_kind_from_name(kind);
    int known_about = report_about_from_name(about);
    if (known_kind < 0 || known_about < 0)
        return POSTING_MALFORMED;
    r->kind = (enum report_kind)known_kind;
    r->about = (enum report_about)known_about;
    return r->words[0] == '\0' ? POSTING_EMPTY : POSTING_GOOD;
}
