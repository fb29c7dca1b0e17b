#include "sheet/from_inbox.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "notice/inbox.h"

struct walk {
    struct arena *arena;
    const struct answers *answers;
    struct sheet *sheet;
};

static const char *keep(struct arena *arena, const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    const char *kept = value == NULL ? NULL : arena_text(arena, value, strlen(value));
    return kept == NULL ? "" : kept;
}

static int64_t time_of(const json_t *object)
{
    struct tm tm = {0};
    const char *text = json_string_value(json_object_get(object, "time"));
    return text == NULL || strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL ? 0 : timegm(&tm);
}

static const char *about_words(const char *about)
{
    static const char *const words[][2] = {{"website", "a website"},
                                           {"bullying", "bullying"},
                                           {"contact", "somebody who made contact"},
                                           {"illegal", "something against the law"},
                                           {"other", "something else"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(about, words[i][0]) == 0)
            return words[i][1];
    return about;
}

bool from_inbox_parse(struct arena *arena, uint64_t id, const char *json, size_t json_len, struct sheet_request *out)
{
    json_t *object = json_loadb(json, json_len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
        return false;
    }
    const char *kind = json_string_value(json_object_get(object, "kind"));
    *out = (struct sheet_request){.number = id,
                                  .kind = kind != NULL && strcmp(kind, "unblock") == 0 ? SHEET_UNBLOCK : SHEET_CONCERN,
                                  .time_s = time_of(object),
                                  .site = keep(arena, object, "host"),
                                  .about = about_words(keep(arena, object, "about")),
                                  .words = keep(arena, object, "words"),
                                  .name = keep(arena, object, "name"),
                                  .group = keep(arena, object, "group"),
                                  .answer = "",
                                  .answered_by = ""};
    json_decref(object);
    return true;
}

static int take(void *ctx, uint64_t id, const char *json, size_t json_len)
{
    const struct walk *walk = ctx;
    struct sheet *sheet = walk->sheet;
    struct sheet_request request;
    if (!from_inbox_parse(walk->arena, id, json, json_len, &request))
        return 0;
    request_answer(&request, walk->answers);
    if (request_is_told(&request, &sheet->period) && sheet->request_count < INBOX_ENTRIES_MAX)
        sheet->requests[sheet->request_count++] = request;
    return 0;
}

static int newest(const void *a, const void *b)
{
    const struct sheet_request *x = a, *y = b;
    return x->number < y->number ? 1 : x->number > y->number ? -1 : 0;
}

int from_inbox(struct arena *arena, const char *dir, const struct answers *answers, struct sheet *sheet)
{
    struct walk walk = {.arena = arena, .answers = answers, .sheet = sheet};
    struct inbox *inbox;
    sheet->requests = arena_alloc(arena, INBOX_ENTRIES_MAX * sizeof *sheet->requests);
    if (sheet->requests == NULL)
        return ERR_NOMEM;
    int err = inbox_open_readonly(dir, &inbox);
    if (err == ERR_NOENT)
        return 0;
    if (err < 0)
        return err;
    err = inbox_walk(inbox, 0, take, &walk);
    inbox_close(inbox);
    if (sheet->request_count > 0)
        qsort(sheet->requests, sheet->request_count, sizeof *sheet->requests, newest);
    return err;
}
