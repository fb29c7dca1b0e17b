#include "alert/condition.h"

#include <stdio.h>
#include <string.h>

static void see(struct conditions *c, const char *line, size_t len, int64_t now_s)
{
    char text[CONDITION_TEXT_MAX];
    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->items[i].text, text) == 0) {
            c->items[i].seen = true;
            return;
        }
    if (c->count == CONDITIONS_MAX)
        return;
    struct condition *new = &c->items[c->count++];
    *new = (struct condition){.since_s = now_s, .seen = true};
    memcpy(new->text, text, sizeof text);
}

static void forget(struct conditions *c, size_t i)
{
    c->count--;
    memmove(&c->items[i], &c->items[i + 1], (c->count - i) * sizeof c->items[0]);
}

void conditions_look(struct conditions *c, const char *lines, int64_t now_s)
{
    for (size_t i = 0; i < c->count; i++)
        c->items[i].seen = false;
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n");
        if (len > 0)
            see(c, lines, len, now_s);
        lines += len + (lines[len] == '\n');
    }
    for (size_t i = c->count; i-- > 0;)
        if (!c->items[i].seen && !c->items[i].told)
            forget(c, i);
}

bool conditions_next(struct conditions *c, int64_t after_s, int64_t now_s, char *text, bool *out_over)
{
    for (size_t i = 0; i < c->count; i++) {
        struct condition *item = &c->items[i];
        bool lasts = item->seen && !item->told && now_s - item->since_s >= after_s;
        bool over = !item->seen && item->told;
        if (!lasts && !over)
            continue;
        memcpy(text, item->text, sizeof item->text);
        *out_over = over;
        item->told = true;
        if (over)
            forget(c, i);
        return true;
    }
    return false;
}
