#include "agenda.h"

#include <stdio.h>
#include <stdlib.h>

void agenda_put(struct agenda *agenda, const struct ask *ask)
{
    int64_t minute = ask->time_ns / MINUTE_NS;
    struct ask kept = *ask;
    if (minute >= agenda->now + AGENDA_MINUTES) {
        minute = agenda->now + AGENDA_MINUTES - 1;
        kept.time_ns = minute * MINUTE_NS;
    }
    struct agenda_page *page = &agenda->pages[minute % AGENDA_MINUTES];
    if (page->count == page->cap) {
        page->cap = page->cap * 2 + 1024;
        page->asks = realloc(page->asks, page->cap * sizeof *page->asks);
        if (page->asks == NULL) {
            fputs("month: no memory\n", stderr);
            exit(1);
        }
    }
    page->asks[page->count++] = kept;
}

/* Of two at the same moment the order is told by what they are, so that it is the same on every machine. */
static int by_time(const void *a, const void *b)
{
    const struct ask *x = a;
    const struct ask *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    return x->type < y->type ? -1 : x->type > y->type;
}

struct ask *agenda_minute(struct agenda *agenda, size_t *out_count)
{
    struct agenda_page *page = &agenda->pages[agenda->now % AGENDA_MINUTES];
    *out_count = page->count;
    if (page->count > 1)
        qsort(page->asks, page->count, sizeof *page->asks, by_time);
    page->count = 0;
    agenda->now++;
    return page->asks;
}

void agenda_done(struct agenda *agenda)
{
    for (size_t i = 0; i < AGENDA_MINUTES; i++)
        free(agenda->pages[i].asks);
    *agenda = (struct agenda){0};
}
