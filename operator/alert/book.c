#include "alert/book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/category.h"

#define HOUR_S 3600

int book_init(struct book *book)
{
    memset(book, 0, sizeof *book);
    book->next = 1;
    return spells_init(&book->spells);
}

void book_done(struct book *book)
{
    spells_done(&book->spells);
    for (size_t i = 0; i < book->batch_count; i++)
        free(book->batches[i].numbers);
    free(book->alerts);
    memset(book, 0, sizeof *book);
}

/* ---- raising ---- */

static int make_room(struct book *book)
{
    if (book->alert_count < book->alert_cap)
        return 0;
    size_t cap = book->alert_cap == 0 ? 16 : 2 * book->alert_cap;
    struct alert *alerts = realloc(book->alerts, cap * sizeof *alerts);
    if (alerts == NULL)
        return ERR_NOMEM;
    book->alerts = alerts;
    book->alert_cap = cap;
    return 0;
}

static void put_roles(struct alert *alert, const char *const roles[], size_t count)
{
    for (size_t i = 0; i < count && i < ALERT_ROLES_MAX; i++)
        snprintf(alert->roles[alert->role_count++], ALERT_ROLE_MAX, "%s", roles[i]);
}

/* Takes the number, and the place if there is one. */
static int raise_alert(struct book *book, struct alert *alert, int64_t now_s)
{
    int err = make_room(book);
    if (err < 0)
        return err;
    alert->raised_s = now_s;
    book->dirty = true;
    if (book->alert_count == BOOK_ALERTS_MAX) {
        for (unsigned i = 0; i < alert->role_count; i++) {
            struct book_budget *budget = book_budget(book, alert->roles[i], now_s);
            if (budget != NULL)
                budget->more++;
        }
        return 1;
    }
    alert->number = book->next++;
    book->alerts[book->alert_count++] = *alert;
    return 1;
}

/* In its first seconds a log has numbers for groups: better none than that. */
static void put_group(struct alert *alert, const struct sighting *s)
{
    char number[8];
    snprintf(number, sizeof number, "%u", s->record->group);
    if (strcmp(number, s->group) != 0)
        snprintf(alert->group, sizeof alert->group, "%s", s->group);
}

int book_see(struct book *book, const struct sighting *s, const struct config_alert_rule *rule, const char *site,
             int64_t now_s)
{
    const struct qlog_record *r = s->record;
    char name[NAME_TEXT_MAX];
    uint32_t hash = (uint32_t)XXH3_64bits(r->qname, r->qname_len);
    unsigned questions = 0;
    book->dirty = true;
    int reached = spells_see(&book->spells, s->rule, rule, &s->person, r->time_ns, hash, &questions);
    if (reached != 1)
        return reached;
    struct alert alert = {.category = s->category,
                          .urgent = rule->urgent,
                          .blocked = s->blocked,
                          .statutory = s->statutory,
                          .time_ns = r->time_ns,
                          .questions = questions,
                          .person = s->person};
    snprintf(alert.rule, sizeof alert.rule, "%s", rule->name);
    put_group(&alert, s);
    snprintf(alert.name, sizeof alert.name, "%.255s", name_to_text(r->qname, name));
    snprintf(alert.site, sizeof alert.site, "%.255s", site[0] == '\0' ? alert.name : site);
    put_roles(&alert, rule->roles, rule->role_count);
    return raise_alert(book, &alert, now_s);
}

int book_raise_service(struct book *book, const char *text, const char *const roles[], size_t role_count, int64_t now_s)
{
    struct alert alert = {.rule = ALERT_RULE_SERVICE, .category = CATEGORY_NONE, .time_ns = now_s * 1000000000};
    snprintf(alert.text, sizeof alert.text, "%s", text);
    put_roles(&alert, roles, role_count);
    return raise_alert(book, &alert, now_s);
}

/* ---- what is in it ---- */

struct alert *book_alert(struct book *book, uint64_t number)
{
    size_t low = 0, high = book->alert_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (book->alerts[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < book->alert_count && book->alerts[low].number == number ? &book->alerts[low] : NULL;
}

struct book_budget *book_budget(struct book *book, const char *role, int64_t now_s)
{
    for (size_t i = 0; i < book->budget_count; i++)
        if (strcmp(book->budgets[i].role, role) == 0)
            return &book->budgets[i];
    if (book->budget_count == BOOK_BUDGETS_MAX)
        return NULL;
    struct book_budget *budget = &book->budgets[book->budget_count++];
    *budget = (struct book_budget){.level_s = HOUR_S, .at_s = now_s};
    snprintf(budget->role, sizeof budget->role, "%s", role);
    return budget;
}

static bool is_in_a_batch(const struct book *book, uint64_t number)
{
    for (size_t i = 0; i < book->batch_count; i++)
        for (size_t k = 0; k < book->batches[i].count; k++)
            if (book->batches[i].numbers[k] == number)
                return true;
    return false;
}

static void drop_told(struct book *book)
{
    size_t kept = 0;
    for (size_t i = 0; i < book->alert_count; i++) {
        const struct alert *alert = &book->alerts[i];
        bool told = alert->planned == (1u << alert->role_count) - 1;
        if (!told || alert->number > book->registered || is_in_a_batch(book, alert->number))
            book->alerts[kept++] = *alert;
    }
    book->alert_count = kept;
}

void book_drop_batch(struct book *book, size_t i)
{
    free(book->batches[i].numbers);
    book->batch_count--;
    memmove(&book->batches[i], &book->batches[i + 1], (book->batch_count - i) * sizeof book->batches[0]);
    drop_told(book);
    book->dirty = true;
}
