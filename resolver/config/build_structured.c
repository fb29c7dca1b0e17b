/*
 * What a blocked answer tells those who read structured errors, written once: an I-JSON object (RFC 7493) with the names of
 * draft-ietf-dnsop-structured-dns-error, 4. The short one is without the free texts, and so without their language.
 */
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "config/build.h"
#include "dns/rr.h"

#define SUBERROR 5 /* "network operator policy": of a finer one, a list could be told from another */

static void add_contacts(struct text *text, const struct schema_list *contact)
{
    const char *const *uris = contact->items;
    if (contact->count == 0)
        return;
    for (size_t i = 0; i < contact->count; i++) {
        text_printf(text, i == 0 ? "\"c\":[" : ",");
        text_add_json(text, uris[i]);
    }
    text_printf(text, "],");
}

static void add_free_text(struct text *text, const char *name, const char *value)
{
    if (value == NULL)
        return;
    text_printf(text, "\"%s\":", name);
    text_add_json(text, value);
    text_printf(text, ",");
}

/* NULL: no memory. */
static const char *compose(struct build *b, bool whole)
{
    const struct options *o = b->options;
    const char *organisation = o->structured_errors.organisation;
    struct text text = {.max = 0};
    text_printf(&text, "{");
    add_contacts(&text, &o->structured_errors.contact);
    if (whole) {
        add_free_text(&text, "j", o->structured_errors.justification);
        add_free_text(&text, "o", organisation != NULL ? organisation : o->notice.school);
        add_free_text(&text, "l", o->structured_errors.language);
    }
    text_printf(&text, "\"s\":%d}", SUBERROR);
    const char *copy = text_ok(&text) ? arena_text(b->arena, text.bytes, text.len) : NULL;
    text_done(&text);
    return copy;
}

static void check_code(struct build *b)
{
    static const enum edns_option_code spoken[] = {EDNS_OPTION_CLIENT_SUBNET, EDNS_OPTION_COOKIE, EDNS_OPTION_KEEPALIVE,
                                                   EDNS_OPTION_PADDING, EDNS_OPTION_EDE};
    int64_t code = b->options->structured_errors.option_code;
    for (size_t i = 0; i < sizeof spoken / sizeof spoken[0]; i++)
        if (code == (int64_t)spoken[i])
            config_errors_add(b->errors, &b->options->structured_errors.at,
                              "option_code %d is that of another EDNS option%s", (int)code,
                              code == EDNS_OPTION_EDE ? ": empty_ede takes an empty one of these" : "");
}

int build_structured(struct build *b)
{
    const struct options *o = b->options;
    const char *whole = compose(b, true);
    const char *brief = compose(b, false);
    if (whole == NULL || brief == NULL)
        return ERR_NOMEM;
    check_code(b);
    if (strlen(whole) > STRUCTURED_TEXT_MAX)
        config_errors_add(
            b->errors, &o->structured_errors.at,
            "what structured_errors says of a block comes to %zu bytes, but at most %d fit into an answer",
            strlen(whole), STRUCTURED_TEXT_MAX);
    b->config->query.structured = (struct query_structured){.option_code = (uint16_t)o->structured_errors.option_code,
                                                            .by_ede = o->structured_errors.empty_ede,
                                                            .encrypted_only = o->structured_errors.encrypted_only,
                                                            .text = whole,
                                                            .short_text = brief};
    return 0;
}
