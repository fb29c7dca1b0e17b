#include "sheet/requests.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int answers_put(struct answers *answers, const struct answer *answer)
{
    if (answers->count == answers->cap) {
        const size_t cap = answers->cap == 0 ? 64 : answers->cap * 2;
        struct answer *items = realloc(answers->items, cap * sizeof *items);
        if (items == NULL)
            return ERR_NOMEM;
        answers->items = items;
        answers->cap = cap;
    }
    answers->items[answers->count++] = *answer;
    return 0;
}

void answers_done(struct answers *answers)
{
    free(answers->items);
    *answers = (struct answers){.items = NULL};
}

bool request_is_told(const struct sheet_request *request, const struct period *period)
{
    if (request->time_s >= period->to_s || request->time_s < period->from_s - REQUESTS_OLD_S)
        return false;
    return request->time_s >= period->from_s || request->answered_s == 0 || request->answered_s >= period->from_s;
}

static size_t name_bytes(const char *name)
{
    const size_t len = strlen(name);
    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

static bool covers(const struct answer *answer, const char *site)
{
    const size_t name = name_bytes(answer->name), asked = name_bytes(site);
    if (name == 0 || asked < name || strncasecmp(site + asked - name, answer->name, name) != 0)
        return false;
    return asked == name || (answer->below && site[asked - name - 1] == '.');
}

void request_answer(struct sheet_request *request, const struct answers *answers)
{
    for (size_t i = 0; i < answers->count; i++) {
        const struct answer *answer = &answers->items[i];
        if (answer->time_s < request->time_s)
            continue;
        if (answer->number != 0 ? answer->number != request->number : !covers(answer, request->site))
            continue;
        request->answered_s = answer->time_s > request->time_s ? answer->time_s : request->time_s + 1;
        request->answer = answer->what;
        request->answered_by = answer->by;
        return;
    }
}
