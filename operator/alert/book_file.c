/* The book as a file: JSON, replaced whole. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "alert/book.h"
#include "base/err.h"
#include "base/file.h"
#include "base/outfile.h"

#define VERSION  1
#define FILE_MAX ((size_t)64 << 20)

/* ---- writing ---- */

static void write_person(const struct alert_person *p, struct text *out)
{
    char client[IPADDR_TEXT_MAX];
    text_printf(out, "\"user\":%" PRIu32 ",\"device\":%" PRIu32 ",\"grade\":%u,\"client\":\"%s\"", p->user, p->device,
                p->grade, ipaddr_to_text(&p->client, client));
}

static void write_spell(const struct spell *s, const char *rule, struct text *out)
{
    text_printf(out, "\n{");
    write_person(&s->person, out);
    text_printf(out, ",\"last\":%" PRId64 ",\"told\":%" PRId64, s->last_ns, s->told_ns);
    text_add_json_member(out, "rule", rule);
    text_printf(out, ",\"hits\":[");
    for (unsigned i = 0; i < s->hit_count; i++)
        text_printf(out, "%s%" PRId64 ",%" PRIu32, i == 0 ? "" : ",", s->hits[i].time_ns, s->hits[i].name);
    text_printf(out, "]}");
}

static void write_alert(const struct alert *a, struct text *out)
{
    text_printf(out, "\n{");
    write_person(&a->person, out);
    text_printf(out,
                ",\"number\":%" PRIu64
                ",\"category\":%u,\"urgent\":%s,\"blocked\":%s,\"statutory\":%s,\"time\":%" PRId64
                ",\"raised\":%" PRId64 ",\"questions\":%u,\"planned\":%u",
                a->number, a->category, a->urgent ? "true" : "false", a->blocked ? "true" : "false",
                a->statutory ? "true" : "false", a->time_ns, a->raised_s, a->questions, a->planned);
    text_add_json_member(out, "rule", a->rule);
    text_add_json_member(out, "group", a->group);
    text_add_json_member(out, "name", a->name);
    text_add_json_member(out, "site", a->site);
    text_add_json_member(out, "text", a->text);
    text_printf(out, ",\"roles\":[");
    for (unsigned i = 0; i < a->role_count; i++) {
        text_add(out, ",", i > 0);
        text_add_json(out, a->roles[i]);
    }
    text_printf(out, "]}");
}

static void write_batch(const struct book_batch *b, struct text *out)
{
    text_printf(out, "\n{\"more\":%" PRIu64 ",\"held\":%s", b->more, b->held ? "true" : "false");
    text_add_json_member(out, "id", b->id);
    text_add_json_member(out, "role", b->role);
    text_printf(out, ",\"alerts\":[");
    for (size_t i = 0; i < b->count; i++)
        text_printf(out, "%s%" PRIu64, i == 0 ? "" : ",", b->numbers[i]);
    text_printf(out, "]}");
}

static void write_budget(const struct book_budget *b, struct text *out)
{
    text_printf(out, "\n{\"level\":%" PRId64 ",\"at\":%" PRId64 ",\"more\":%" PRIu64, b->level_s, b->at_s, b->more);
    text_add_json_member(out, "role", b->role);
    text_printf(out, "}");
}

void book_write(const struct book *book, const struct config_alert_rule rules[], struct text *out)
{
    text_printf(out,
                "{\"version\":%d,\"position\":%" PRId64 ",\"gap\":%" PRId64 ",\"next\":%" PRIu64
                ",\"registered\":%" PRIu64 ",\"spells\":[",
                VERSION, book->position_ns, book->gap_ns, book->next, book->registered);
    for (size_t i = 0; i < book->spells.count; i++) {
        text_add(out, ",", i > 0);
        write_spell(&book->spells.items[i], rules[book->spells.items[i].rule].name, out);
    }
    text_printf(out, "],\"alerts\":[");
    for (size_t i = 0; i < book->alert_count; i++) {
        text_add(out, ",", i > 0);
        write_alert(&book->alerts[i], out);
    }
    text_printf(out, "],\"batches\":[");
    for (size_t i = 0; i < book->batch_count; i++) {
        text_add(out, ",", i > 0);
        write_batch(&book->batches[i], out);
    }
    text_printf(out, "],\"budgets\":[");
    for (size_t i = 0; i < book->budget_count; i++) {
        text_add(out, ",", i > 0);
        write_budget(&book->budgets[i], out);
    }
    text_printf(out, "]}\n");
}

/* ---- reading ---- */

static int64_t number_in(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void copy_string(const json_t *object, const char *name, char *out, size_t size)
{
    const char *value = json_string_value(json_object_get(object, name));
    snprintf(out, size, "%s", value == NULL ? "" : value);
}

static int parse_person(const json_t *from, struct alert_person *out)
{
    const char *client = json_string_value(json_object_get(from, "client"));
    *out = (struct alert_person){.user = (uint32_t)number_in(from, "user"),
                                 .device = (uint32_t)number_in(from, "device"),
                                 .grade = (uint8_t)number_in(from, "grade")};
    return client == NULL || ipaddr_from_text(client, &out->client) < 0 ? ERR_MALFORMED : 0;
}

static size_t rule_find(const struct config_alert_rule rules[], size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && (name == NULL || strcmp(rules[i].name, name) != 0))
        i++;
    return i;
}

static int parse_hits(const json_t *from, struct spell *out)
{
    size_t count = json_array_size(from) / 2;
    if (count == 0)
        return 0;
    if (count > SPELL_HITS)
        return ERR_MALFORMED;
    out->hits = calloc(SPELL_HITS, sizeof *out->hits);
    if (out->hits == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        out->hits[i] = (struct spell_hit){.time_ns = json_integer_value(json_array_get(from, 2 * i)),
                                          .name = (uint32_t)json_integer_value(json_array_get(from, 2 * i + 1))};
    out->hit_count = (unsigned)count;
    return 0;
}

static int parse_spell(const json_t *from, const struct config_alert_rule rules[], size_t rule_count, struct book *book)
{
    struct spell spell = {.rule = rule_find(rules, rule_count, json_string_value(json_object_get(from, "rule"))),
                          .last_ns = number_in(from, "last"),
                          .told_ns = number_in(from, "told")};
    int err = parse_person(from, &spell.person);
    if (err < 0 || spell.rule == rule_count)
        return err;
    err = parse_hits(json_object_get(from, "hits"), &spell);
    if (err == 0)
        err = spells_add(&book->spells, &spell);
    if (err < 0)
        free(spell.hits);
    return err;
}

static int parse_roles(const json_t *from, struct alert *out)
{
    if (json_array_size(from) > ALERT_ROLES_MAX)
        return ERR_MALFORMED;
    for (size_t i = 0; i < json_array_size(from); i++) {
        const char *role = json_string_value(json_array_get(from, i));
        if (role == NULL)
            return ERR_MALFORMED;
        snprintf(out->roles[out->role_count++], ALERT_ROLE_MAX, "%s", role);
    }
    return 0;
}

static int parse_alert(const json_t *from, struct book *book)
{
    struct alert a = {.number = (uint64_t)number_in(from, "number"),
                      .category = (uint8_t)number_in(from, "category"),
                      .urgent = json_is_true(json_object_get(from, "urgent")),
                      .blocked = json_is_true(json_object_get(from, "blocked")),
                      .statutory = json_is_true(json_object_get(from, "statutory")),
                      .time_ns = number_in(from, "time"),
                      .raised_s = number_in(from, "raised"),
                      .questions = (unsigned)number_in(from, "questions"),
                      .planned = (unsigned)number_in(from, "planned")};
    copy_string(from, "rule", a.rule, sizeof a.rule);
    copy_string(from, "group", a.group, sizeof a.group);
    copy_string(from, "name", a.name, sizeof a.name);
    copy_string(from, "site", a.site, sizeof a.site);
    copy_string(from, "text", a.text, sizeof a.text);
    if (parse_person(from, &a.person) < 0 || parse_roles(json_object_get(from, "roles"), &a) < 0 || a.number == 0 ||
        (book->alert_count > 0 && book->alerts[book->alert_count - 1].number >= a.number))
        return ERR_MALFORMED;
    book->alerts[book->alert_count++] = a;
    return 0;
}

static int parse_alerts(const json_t *list, struct book *book)
{
    size_t count = json_array_size(list);
    if (count > BOOK_ALERTS_MAX)
        return ERR_MALFORMED;
    book->alerts = calloc(count + 1, sizeof *book->alerts);
    if (book->alerts == NULL)
        return ERR_NOMEM;
    book->alert_cap = count + 1;
    for (size_t i = 0; i < count; i++) {
        int err = parse_alert(json_array_get(list, i), book);
        if (err < 0)
            return err;
    }
    return 0;
}

static int parse_batch(const json_t *from, struct book *book)
{
    const json_t *alerts = json_object_get(from, "alerts");
    size_t count = json_array_size(alerts);
    struct book_batch *b = &book->batches[book->batch_count];
    if (count > BOOK_BATCH_MAX)
        return ERR_MALFORMED;
    *b = (struct book_batch){.numbers = calloc(count + 1, sizeof *b->numbers),
                             .count = count,
                             .more = (uint64_t)number_in(from, "more"),
                             .held = json_is_true(json_object_get(from, "held"))};
    if (b->numbers == NULL)
        return ERR_NOMEM;
    book->batch_count++;
    copy_string(from, "id", b->id, sizeof b->id);
    copy_string(from, "role", b->role, sizeof b->role);
    for (size_t i = 0; i < count; i++)
        b->numbers[i] = (uint64_t)json_integer_value(json_array_get(alerts, i));
    return message_id_is_good(b->id) ? 0 : ERR_MALFORMED;
}

static int parse_batches(const json_t *list, struct book *book)
{
    if (json_array_size(list) > BOOK_BATCHES_MAX)
        return ERR_MALFORMED;
    for (size_t i = 0; i < json_array_size(list); i++) {
        int err = parse_batch(json_array_get(list, i), book);
        if (err < 0)
            return err;
    }
    return 0;
}

static int parse_budgets(const json_t *list, struct book *book)
{
    if (json_array_size(list) > BOOK_BUDGETS_MAX)
        return ERR_MALFORMED;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *from = json_array_get(list, i);
        struct book_budget *b = &book->budgets[book->budget_count++];
        *b = (struct book_budget){.level_s = number_in(from, "level"),
                                  .at_s = number_in(from, "at"),
                                  .more = (uint64_t)number_in(from, "more")};
        copy_string(from, "role", b->role, sizeof b->role);
    }
    return 0;
}

static int parse_tree(const json_t *tree, const struct config_alert_rule rules[], size_t rule_count, struct book *book)
{
    size_t i;
    const json_t *spell;
    if (number_in(tree, "version") != VERSION || number_in(tree, "next") < 1)
        return ERR_MALFORMED;
    book->position_ns = number_in(tree, "position");
    book->gap_ns = number_in(tree, "gap");
    book->next = (uint64_t)number_in(tree, "next");
    book->registered = (uint64_t)number_in(tree, "registered");
    json_array_foreach(json_object_get(tree, "spells"), i, spell)
    {
        int err = parse_spell(spell, rules, rule_count, book);
        if (err < 0)
            return err;
    }
    int err = parse_alerts(json_object_get(tree, "alerts"), book);
    if (err == 0)
        err = parse_batches(json_object_get(tree, "batches"), book);
    return err < 0 ? err : parse_budgets(json_object_get(tree, "budgets"), book);
}

int book_parse(const char *bytes, size_t len, const struct config_alert_rule rules[], size_t rule_count,
               struct book *book)
{
    json_error_t error;
    json_t *tree = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    int err = tree == NULL ? ERR_MALFORMED : parse_tree(tree, rules, rule_count, book);
    json_decref(tree);
    return err;
}

/* ---- the file ---- */

int book_save(struct book *book, const struct config_alert_rule rules[], const char *path)
{
    struct text text = {.max = FILE_MAX};
    book_write(book, rules, &text);
    int err = text_ok(&text) ? outfile_save(path, text.bytes, text.len, 0600) : ERR_NOMEM;
    text_done(&text);
    book->dirty = err < 0;
    return err;
}

int book_load(const char *path, const struct config_alert_rule rules[], size_t rule_count, struct book *book)
{
    char *bytes;
    size_t len;
    int err = file_read_path(path, FILE_MAX, &bytes, &len);
    if (err < 0)
        return err;
    err = book_parse(bytes, len, rules, rule_count, book);
    free(bytes);
    return err;
}
