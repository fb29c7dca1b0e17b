#include "sheaf/lines.h"

#include <stdlib.h>
#include <xxhash.h>

#define STEP         (64U << 10) /* bytes compared at once */
#define WINDOW_START 8           /* lines of both texts among which the next common ones are looked for first */
#define WINDOW_MAX   (1U << 20)

/* How many of eight bytes are line ends. */
static unsigned count_ends(uint64_t bytes)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t other = bytes ^ UINT64_C(0x0a0a0a0a0a0a0a0a); /* zero where a line ends */
    return (unsigned)__builtin_popcountll(~(((other & low) + low) | other | low));
}

uint64_t lines_count(struct span text)
{
    uint64_t count = 0;
    size_t i = 0;
    for (; text.len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t bytes;
        memcpy(&bytes, text.at + i, sizeof bytes);
        count += count_ends(bytes);
    }
    for (; i < text.len; i++)
        count += text.at[i] == '\n';
    return count + (text.len > 0 && text.at[text.len - 1] != '\n');
}

void lines_done(struct lines *lines)
{
    bytes_done(&lines->changes);
    *lines = (struct lines){0};
}

size_t lines_change_count(const struct lines *lines)
{
    return lines->changes.len / sizeof(struct lines_change);
}

const struct lines_change *lines_change_at(const struct lines *lines, size_t index)
{
    const void *changes = lines->changes.data;
    return (const struct lines_change *)changes + index;
}

/* ---- comparing ---- */

/* One text and how far it has been compared. */
struct side {
    struct span text;
    size_t at;
    uint64_t line; /* lines before at */
    /* The window: hashes of the lines from at on, each with its line end; the text's end counts as one more line. */
    uint64_t *hashes;
    size_t *starts; /* where they start */
    size_t count, cap;
};

struct comparison {
    struct side old_side, new_side;
    uint32_t *slots; /* line of the old window + 1 by hash, 0: free */
    size_t slot_count;
    uint64_t bytes_left, work_left;
    struct lines *out;
};

static struct span rest_of(const struct side *side)
{
    return span_skip(side->text, side->at);
}

static size_t common_len(struct span a, struct span b)
{
    size_t max = a.len < b.len ? a.len : b.len, len = 0;
    while (max - len >= STEP && memcmp(a.at + len, b.at + len, STEP) == 0)
        len += STEP;
    for (; max - len >= sizeof(uint64_t); len += sizeof(uint64_t)) {
        uint64_t x, y;
        memcpy(&x, a.at + len, sizeof x);
        memcpy(&y, b.at + len, sizeof y);
        if (x != y)
            break;
    }
    while (len < max && a.at[len] == b.at[len])
        len++;
    return len;
}

/* Passes the whole lines that both texts have next. */
static void pass_common(struct comparison *c)
{
    struct span a = rest_of(&c->old_side), b = rest_of(&c->new_side);
    size_t len = common_len(a, b);
    if (len < a.len || len < b.len) {
        const uint8_t *end = len == 0 ? NULL : memrchr(a.at, '\n', len);
        len = end == NULL ? 0 : (size_t)(end - a.at) + 1;
    }
    uint64_t lines = lines_count((struct span){a.at, len});
    c->old_side.at += len;
    c->new_side.at += len;
    c->old_side.line += lines;
    c->new_side.line += lines;
}

static int grow_window(struct side *side, size_t lines)
{
    if (lines + 1 > side->cap) {
        uint64_t *hashes = reallocarray(side->hashes, lines + 1, sizeof *hashes);
        if (hashes == NULL)
            return ERR_NOMEM;
        side->hashes = hashes;
        size_t *starts = reallocarray(side->starts, lines + 1, sizeof *starts);
        if (starts == NULL)
            return ERR_NOMEM;
        side->starts = starts;
        side->cap = lines + 1;
    }
    while (side->count < lines) {
        size_t at = side->count == 0 ? side->at : side->starts[side->count];
        struct span rest = span_skip(side->text, at);
        size_t len = span_find(rest, '\n');
        len += len < rest.len;
        side->starts[side->count] = at;
        side->hashes[side->count++] = rest.len == 0 ? 1 : XXH3_64bits(rest.at, len);
        side->starts[side->count] = at + len;
    }
    return 0;
}

/* A line together with the one behind it: blank lines and the like stand everywhere. */
static uint64_t pair_at(const struct side *side, size_t line)
{
    return side->hashes[line] * UINT64_C(0x9e3779b97f4a7c15) + side->hashes[line + 1];
}

static int fill_slots(struct comparison *c, size_t lines)
{
    size_t needed = lines * 4;
    if (c->slot_count < needed) {
        free(c->slots);
        c->slots = malloc(needed * sizeof *c->slots);
        c->slot_count = c->slots == NULL ? 0 : needed;
    }
    if (c->slots == NULL)
        return ERR_NOMEM;
    memset(c->slots, 0, needed * sizeof *c->slots);
    for (size_t line = 0; line < lines; line++) {
        uint64_t pair = pair_at(&c->old_side, line);
        size_t at = pair & (needed - 1);
        while (c->slots[at] != 0 && pair_at(&c->old_side, c->slots[at] - 1) != pair)
            at = (at + 1) & (needed - 1);
        if (c->slots[at] == 0)
            c->slots[at] = (uint32_t)line + 1;
    }
    return 0;
}

/* The nearest place within the window where both texts go on alike. */
static bool find_common(const struct comparison *c, size_t lines, size_t *out_old, size_t *out_new)
{
    size_t mask = lines * 4 - 1, best = SIZE_MAX;
    for (size_t line = 0; line < lines && line < best; line++) {
        uint64_t pair = pair_at(&c->new_side, line);
        size_t at = pair & mask;
        while (c->slots[at] != 0 && pair_at(&c->old_side, c->slots[at] - 1) != pair)
            at = (at + 1) & mask;
        if (c->slots[at] == 0 || c->slots[at] - 1 + line >= best)
            continue;
        best = c->slots[at] - 1 + line;
        *out_old = c->slots[at] - 1;
        *out_new = line;
    }
    return best != SIZE_MAX;
}

static int resume(struct comparison *c, size_t *out_old, size_t *out_new)
{
    c->old_side.count = c->new_side.count = 0;
    for (size_t lines = WINDOW_START; lines <= WINDOW_MAX; lines *= 4) {
        if (c->work_left < lines)
            return ERR_LIMIT;
        c->work_left -= lines;
        int err = grow_window(&c->old_side, lines + 1);
        if (err == 0)
            err = grow_window(&c->new_side, lines + 1);
        if (err == 0)
            err = fill_slots(c, lines);
        if (err < 0)
            return err;
        if (find_common(c, lines, out_old, out_new))
            return 0;
    }
    return ERR_LIMIT;
}

/* Passes `lines` lines of the window, which are not in the other text. */
static struct span pass_changed(struct side *side, size_t lines, uint64_t *out_count)
{
    struct span passed = {side->text.at + side->at, side->starts[lines] - side->at};
    *out_count = lines_count(passed);
    side->at = side->starts[lines];
    side->line += *out_count;
    return passed;
}

static int add_change(struct comparison *c)
{
    size_t old_lines = 0, new_lines = 0;
    struct lines_change change = {.old_line = c->old_side.line, .new_line = c->new_side.line};
    int err = resume(c, &old_lines, &new_lines);
    if (err < 0)
        return err;
    change.went = pass_changed(&c->old_side, old_lines, &change.went_count);
    change.came = pass_changed(&c->new_side, new_lines, &change.came_count);
    if (change.went.len + change.came.len > c->bytes_left)
        return ERR_LIMIT;
    c->bytes_left -= change.went.len + change.came.len;
    bytes_add(&c->out->changes, &change, sizeof change);
    return bytes_ok(&c->out->changes) ? 0 : ERR_NOMEM;
}

static void side_done(struct side *side)
{
    free(side->hashes);
    free(side->starts);
}

int lines_compare(struct span old_text, struct span new_text, uint64_t bytes_max, struct lines *out)
{
    *out = (struct lines){0};
    struct comparison c = {.old_side.text = old_text,
                           .new_side.text = new_text,
                           .bytes_left = bytes_max,
                           .work_left = (old_text.len + new_text.len) / 4 + WINDOW_MAX,
                           .out = out};
    int err = 0;
    for (;;) {
        pass_common(&c);
        if (rest_of(&c.old_side).len == 0 && rest_of(&c.new_side).len == 0)
            break;
        err = add_change(&c);
        if (err < 0)
            break;
    }
    out->new_count = c.new_side.line;
    side_done(&c.old_side);
    side_done(&c.new_side);
    free(c.slots);
    return err;
}

/* ---- numbers ---- */

uint64_t lines_number_now(const struct lines *lines, uint64_t old_number)
{
    uint64_t moved_old = 0, moved_new = 0; /* where both texts went on alike */
    for (size_t i = 0; i < lines_change_count(lines); i++) {
        const struct lines_change *change = lines_change_at(lines, i);
        if (old_number <= change->old_line)
            break;
        if (old_number <= change->old_line + change->went_count)
            return 0;
        moved_old = change->old_line + change->went_count;
        moved_new = change->new_line + change->came_count;
    }
    return old_number - moved_old + moved_new;
}

uint64_t lines_number_of_new(const struct lines *lines, uint64_t number)
{
    uint64_t before = 0;
    for (size_t i = 0; i < lines_change_count(lines); i++) {
        const struct lines_change *change = lines_change_at(lines, i);
        if (number <= before + change->came_count)
            return change->new_line + (number - before);
        before += change->came_count;
    }
    return 0;
}
