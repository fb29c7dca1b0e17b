/*
 * Reads a feed's text for a test and writes what came of it as one line each:
 *   rules     "b=name " exact, "b+name " with those below, "b*name " below only; "a" for exceptions, "!" for important
 *             a clause has the letter of its kind (n NXDOMAIN, o NODATA, f REFUSED, d drop, t TCP, r record, w no rewrite)
 *             and behind the name, or nothing, its parts: /expression/literal/ <types> -name,left,out (bytes of data)
 *             an address is "@address/bits"
 *   refusals  "reason:count " in the order of the enum
 */
#ifndef TESTS_FEED_COLLECT_H
#define TESTS_FEED_COLLECT_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rr.h"
#include "feed/format.h"

struct collect {
    char rules[8192];
    size_t len;
    uint64_t categories; /* of all rules, together */
    struct intake_opts opts;
    const struct guard *guard;
    struct feed_stats stats;
};

static inline void collect_add(struct collect *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void collect_add(struct collect *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    c->len += (size_t)vsnprintf(c->rules + c->len, sizeof c->rules - c->len, format, args);
    va_end(args);
    assert_true(c->len < sizeof c->rules);
}

static inline void collect_parts(struct collect *c, const struct feed_clause *clause)
{
    const struct blockdb_clause_record *h = &clause->head;
    const uint8_t *at = clause->parts;
    char text[DNS_TYPE_TEXT_MAX];
    assert_int_equal(clause->len, 2 * h->type_count + h->pattern_len + h->literal_len + h->names_len + h->data_len);
    for (unsigned i = 0; i < h->type_count; i++, at += 2) {
        uint16_t type;
        memcpy(&type, at, sizeof type);
        collect_add(c, "<%s%s>", h->flags & BLOCKDB_CLAUSE_OTHER ? "~" : "", dns_type_to_text(type, text));
    }
    if (h->pattern_len > 0)
        collect_add(c, "/%.*s/%.*s/", (int)h->pattern_len, (const char *)at, (int)h->literal_len,
                    (const char *)at + h->pattern_len);
    at += h->pattern_len + h->literal_len;
    for (const uint8_t *end = at + h->names_len; at < end; at += 1 + at[0]) {
        collect_add(c, "-");
        for (unsigned i = 0; i < at[0]; i++)
            collect_add(c, "%c", at[1 + i] == 0 ? ',' : at[1 + i]);
    }
    if (h->data_len > 0)
        collect_add(c, "(%u)", h->data_len - 6U);
}

static inline void collect_clause(struct collect *c, const struct feed_rule *rule)
{
    const struct feed_clause *clause = rule->clause;
    char text[IPADDR_TEXT_MAX];
    unsigned scope = clause->head.flags & 3;
    assert_true((rule->name == NULL) == (rule->address != NULL || (clause->head.flags & BLOCKDB_CLAUSE_FLOATING)));
    c->categories |= clause->head.categories;
    collect_add(c, "%s%c", clause->head.flags & BLOCKDB_CLAUSE_IMPORTANT ? "!" : "", "banofdtrw"[clause->head.kind]);
    if (rule->address != NULL)
        collect_add(c, "@%s/%u", ipaddr_to_text(&rule->address->addr, text), rule->address->bits);
    else if (rule->name != NULL)
        collect_add(c, "%c%s", "?=*+"[scope], rule -> name -> text);
    collect_parts(c, clause);
    collect_add(c, " ");
}

static inline int collect_rule(void *ctx, const struct feed_rule *rule)
{
    static const char scopes[] = {[FEED_SELF] = '=', [FEED_BELOW] = '*', [FEED_SELF_AND_BELOW] = '+'};
    struct collect *c = ctx;
    if (rule->clause != NULL) {
        collect_clause(c, rule);
        return 0;
    }
    assert_int_equal(strlen(rule->name->text), rule->name->text_len);
    assert_true(rule->name->key.whole);
    c->categories |= rule->categories;
    c->len += (size_t)snprintf(c->rules + c->len, sizeof c->rules - c->len, "%s%c%c%s ", rule->important ? "!" : "",
                               rule->action == FEED_BLOCK ? 'b' : 'a', scopes[rule->scope], rule->name->text);
    assert_true(c->len < sizeof c->rules);
    return 0;
}

static inline int collect_text(struct collect *c, int (*parse)(struct intake *, struct span), struct span text)
{
    struct intake in;
    c->len = 0;
    c->rules[0] = '\0';
    c->categories = 0;
    feed_stats_init(&c->stats);
    intake_init(&in, &c->opts, c->guard, "test", &c->stats, collect_rule, c);
    return parse(&in, text);
}

static inline void collect_refusals(const struct collect *c, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        if (c->stats.refused[i] > 0)
            len += (size_t)snprintf(out + len, cap - len, "%s:%d ", refusal_name(i), (int)c->stats.refused[i]);
    }
}

/* One row of a table of lines and what becomes of them. text_len 0: up to the zero byte. */
struct collect_row {
    const char *text;
    const char *rules;
    const char *refusals;
    size_t text_len;
};

static inline void collect_check(struct collect *c, int (*parse)(struct intake *, struct span),
                                 const struct collect_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char refusals[512];
        struct span text = span_of(rows[i].text);
        if (rows[i].text_len > 0)
            text.len = rows[i].text_len;
        assert_int_equal(collect_text(c, parse, text), 0);
        collect_refusals(c, refusals, sizeof refusals);
        if (strcmp(c->rules, rows[i].rules) != 0 || strcmp(refusals, rows[i].refusals) != 0)
            print_message("row %zu: %s\n", i, rows[i].text);
        assert_string_equal(c->rules, rows[i].rules);
        assert_string_equal(refusals, rows[i].refusals);
        feed_stats_done(&c->stats);
    }
}

#define COLLECT_CHECK(c, parse, rows) collect_check(c, parse, rows, sizeof(rows) / sizeof((rows)[0]))

#endif
