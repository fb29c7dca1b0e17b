#include "notice/template.h"

#include <stdio.h>
#include <string.h>

#include "notice/html.h"

/* Literal text, and what follows it. */
struct part {
    const char *literal;
    size_t literal_len;
    int slot; /* -1: none */
    bool markup;
    struct part *next;
};

struct template
{
    struct part *first;
};

struct reader {
    struct arena *arena;
    const struct template_files *files;
    const struct template_name *names;
    size_t name_count;
    struct part **tail;
    char *why;
    size_t why_cap;
};

static int reader_part(struct reader *r, const char *literal, size_t len, int slot)
{
    struct part *part = arena_alloc(r->arena, sizeof *part);
    if (part == NULL)
        return ERR_NOMEM;
    part->literal = literal;
    part->literal_len = len;
    part->slot = slot;
    part->markup = slot >= 0 && r->names[slot].markup;
    *r->tail = part;
    r->tail = &part->next;
    return 0;
}

static int reader_constant(struct reader *r, const struct template_name *name)
{
    struct text escaped = {0};
    if (name->markup)
        return reader_part(r, name->value, strlen(name->value), -1);
    html_add(&escaped, name->value);
    char *kept =
        text_ok(&escaped) ? arena_text(r->arena, escaped.bytes == NULL ? "" : escaped.bytes, escaped.len) : NULL;
    size_t len = escaped.len;
    text_done(&escaped);
    return kept == NULL ? ERR_NOMEM : reader_part(r, kept, len, -1);
}

static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static int reader_name(struct reader *r, const char *text, size_t len)
{
    for (size_t i = 0; i < r->name_count; i++) {
        const struct template_name *name = &r->names[i];
        if (strlen(name->name) == len && memcmp(name->name, text, len) == 0)
            return name->value == NULL ? reader_part(r, "", 0, (int)i) : reader_constant(r, name);
    }
    return ERR_NOENT;
}

static int reader_file(struct reader *r, const char *file, unsigned depth);

/* What stands between {{ and }}. */
static int reader_tag(struct reader *r, const char *tag, size_t len, unsigned depth)
{
    char file[64];
    if (len == 0 || tag[0] != '>')
        return reader_name(r, tag, len);
    if (len >= sizeof file || depth == TEMPLATE_DEPTH_MAX)
        return ERR_NOENT;
    memcpy(file, tag + 1, len - 1);
    file[len - 1] = '\0';
    return reader_file(r, file, depth + 1);
}

static int reader_file(struct reader *r, const char *file, unsigned depth)
{
    size_t len = 0;
    const char *text = r->files->find(r->files->ctx, file, &len);
    if (text == NULL) {
        snprintf(r->why, r->why_cap, "there is no template '%s'", file);
        return ERR_MALFORMED;
    }
    const char *at = text;
    const char *end = text + len;
    for (;;) {
        const char *open = memmem(at, (size_t)(end - at), "{{", 2);
        const char *close = open == NULL ? NULL : memmem(open, (size_t)(end - open), "}}", 2);
        int err = reader_part(r, at, (size_t)((open == NULL ? end : open) - at), -1);
        if (err < 0 || open == NULL)
            return err;
        err = close == NULL ? ERR_NOENT : reader_tag(r, open + 2, (size_t)(close - open - 2), depth);
        if (err == ERR_NOENT) {
            int shown = close == NULL ? 2 : (int)(close - open) + 2;
            snprintf(r->why, r->why_cap, "%s:%d: nothing is known as '%.*s'", file, line_of(text, open), shown, open);
            return ERR_MALFORMED;
        }
        if (err < 0)
            return err;
        at = close + 2;
    }
}

int template_new(struct arena *arena, const struct template_files *files, const char *file,
                 const struct template_name names[], size_t name_count, const struct template **out, char *why,
                 size_t why_cap)
{
    struct template *page = arena_alloc(arena, sizeof *page);
    if (page == NULL || name_count > TEMPLATE_SLOTS_MAX)
        return page == NULL ? ERR_NOMEM : ERR_LIMIT;
    struct reader reader = {arena, files, names, name_count, &page->first, why, why_cap};
    int err = reader_file(&reader, file, 0);
    if (err < 0)
        return err;
    *out = page;
    return 0;
}

void template_write(const struct template *page, const char *const values[], struct text *out)
{
    for (const struct part *part = page->first; part != NULL; part = part->next) {
        text_add(out, part->literal, part->literal_len);
        const char *value = part->slot < 0 ? NULL : values[part->slot];
        if (value == NULL)
            continue;
        if (part->markup)
            text_add(out, value, strlen(value));
        else
            html_add(out, value);
    }
}
