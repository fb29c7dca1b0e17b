#include "config/times.h"

#include <string.h>

/* The word itself, where the text stands in the file as it is. */
static void report(struct build *b, const struct config_place *at, const char *text, const struct window_fault *fault)
{
    const char *word = arena_text(b->arena, text + fault->at, fault->len);
    if (fault->len == 0)
        config_errors_add(b->errors, at, "`when` says nothing: %s", fault->want);
    else
        config_errors_add(b->errors, at, "'%s' is not understood: %s", word == NULL ? text : word, fault->want);
}

int times_build(struct build *b, const struct schema_list *when, const struct calendar *calendar,
                const struct window **out, size_t *out_count)
{
    const char *const *texts = when->items;
    struct window *windows = NULL;
    size_t count = 0;
    for (size_t i = 0; i < when->count; i++) {
        struct window read[WINDOWS_MAX];
        struct window_fault fault;
        int n = window_parse(texts[i], calendar == NULL ? NULL : calendar->lessons,
                             calendar == NULL ? 0 : calendar->lesson_count, read, &fault);
        if (n == ERR_MALFORMED)
            report(b, &when->places[i], texts[i], &fault);
        else if (n < 0)
            config_errors_add(b->errors, &when->places[i], "these are more than %d times", WINDOWS_MAX);
        if (n <= 0)
            continue;
        struct window *grown = arena_alloc(b->arena, (count + (size_t)n) * sizeof *grown);
        if (grown == NULL)
            return ERR_NOMEM;
        if (count > 0)
            memcpy(grown, windows, count * sizeof *grown);
        memcpy(grown + count, read, (size_t)n * sizeof *grown);
        windows = grown;
        count += (size_t)n;
    }
    *out = windows;
    *out_count = count;
    return 0;
}
