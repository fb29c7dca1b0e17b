#include "episode/lookalike.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "dns/name.h"
#include "episode/shipped.h"

#define LABEL_MAX 63
#define KNOWN_MIN 4
#define SHORT     5 /* of shorter names, one letter more or less makes another one */

/* Letters that look like another one become it. */
static size_t fold(const char *label, size_t len, char out[LABEL_MAX + 1])
{
    static const char pairs[][2] = {{'0', 'o'}, {'1', 'l'}, {'3', 'e'}, {'5', 's'}, {'4', 'a'}, {'i', 'l'}, {'q', 'g'}};
    size_t count = 0;
    for (size_t i = 0; i < len && count < LABEL_MAX; i++) {
        char c = label[i];
        if (c == 'r' && i + 1 < len && label[i + 1] == 'n') {
            c = 'm';
            i++;
        } else if (c == 'v' && i + 1 < len && label[i + 1] == 'v') {
            c = 'w';
            i++;
        }
        for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++)
            c = c == pairs[k][0] ? pairs[k][1] : c;
        if (c != '-')
            out[count++] = c;
    }
    out[count] = '\0';
    return count;
}

/* One letter more, less, other, or two that have changed places. */
static bool is_one_off(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t i = 0;
    if (a_len > b_len + 1 || b_len > a_len + 1)
        return false;
    while (i < a_len && i < b_len && a[i] == b[i])
        i++;
    if (a_len == b_len && i + 1 < a_len && a[i] == b[i + 1] && a[i + 1] == b[i] &&
        memcmp(a + i + 2, b + i + 2, a_len - i - 2) == 0)
        return true;
    size_t skip_a = a_len >= b_len, skip_b = b_len >= a_len;
    return i + skip_a <= a_len && i + skip_b <= b_len && a_len - i - skip_a == b_len - i - skip_b &&
           memcmp(a + i + skip_a, b + i + skip_b, a_len - i - skip_a) == 0;
}

/* ---- what is known ---- */

struct known {
    const char *name;
    char label[LABEL_MAX + 1], folded[LABEL_MAX + 1];
    size_t label_len, folded_len;
};

struct lookalikes {
    struct arena *arena;
    struct known *items;
    size_t count, cap;
};

static int known_add(struct lookalikes *l, const char *name, size_t len)
{
    size_t label_len = strcspn(name, ".");
    if (label_len < KNOWN_MIN || label_len > LABEL_MAX || label_len >= len || strncmp(name, "www.", 4) == 0)
        return 0;
    if (l->count == l->cap) {
        size_t cap = l->cap * 2 + 512;
        struct known *items = realloc(l->items, cap * sizeof *items);
        if (items == NULL)
            return ERR_NOMEM;
        l->items = items;
        l->cap = cap;
    }
    struct known *known = &l->items[l->count++];
    *known = (struct known){.name = arena_text(l->arena, name, len), .label_len = label_len};
    memcpy(known->label, name, label_len);
    known->folded_len = fold(name, label_len, known->folded);
    return known->name == NULL ? ERR_NOMEM : 0;
}

static int popular_add(struct lookalikes *l)
{
    int err = 0;
    for (const struct shipped_text *file = shipped_tables; file->name != NULL; file++) {
        const char *line = strcmp(file->name, "popular-names.txt") == 0 ? file->text : "";
        for (; *line != '\0' && err == 0; line += strcspn(line, "\n"), line += *line == '\n')
            err = known_add(l, line, strcspn(line, " \t\r\n#"));
    }
    return err;
}

int lookalikes_new(const struct tables *tables, struct lookalikes **out)
{
    char text[NAME_TEXT_MAX];
    const uint8_t *name;
    struct lookalikes *l = calloc(1, sizeof *l);
    if (l == NULL)
        return ERR_NOMEM;
    l->arena = arena_new();
    int err = l->arena == NULL ? ERR_NOMEM : popular_add(l);
    for (size_t i = 0; err == 0 && (name = tables_service_name(tables, i)) != NULL; i++) {
        name_to_text(name, text);
        err = known_add(l, text, strlen(text));
    }
    if (err < 0) {
        lookalikes_free(l);
        return err;
    }
    *out = l;
    return 0;
}

void lookalikes_free(struct lookalikes *l)
{
    if (l == NULL)
        return;
    arena_free(l->arena);
    free(l->items);
    free(l);
}

/* ---- asking ---- */

const char *lookalike_find(const struct lookalikes *l, const char *domain)
{
    char folded[LABEL_MAX + 1];
    size_t label_len = strcspn(domain, ".");
    size_t len = fold(domain, label_len, folded);
    const char *found = NULL;
    for (size_t i = 0; i < l->count; i++) {
        const struct known *known = &l->items[i];
        if (label_len == known->label_len && memcmp(domain, known->label, label_len) == 0)
            return NULL; /* the same under another ending is common, and no trick */
        bool same = len == known->folded_len && memcmp(folded, known->folded, len) == 0;
        bool near =
            len > SHORT && known->folded_len > SHORT && is_one_off(folded, len, known->folded, known->folded_len);
        if (found == NULL && (same || near))
            found = known->name;
    }
    return found;
}

bool lookalike_is_random(const char *domain)
{
    size_t len = strcspn(domain, ".");
    unsigned letters = 0, vowels = 0, digits = 0, row = 0, longest = 0;
    for (size_t i = 0; i < len; i++) {
        bool vowel = strchr("aeiouy", domain[i]) != NULL;
        letters += isalpha((unsigned char)domain[i]) != 0;
        digits += isdigit((unsigned char)domain[i]) != 0;
        vowels += vowel;
        row = vowel || domain[i] == '-' ? 0 : row + 1;
        longest = row > longest ? row : longest;
    }
    if (len < 10 || strncmp(domain, "xn--", 4) == 0)
        return false;
    return longest >= 6 || vowels * 6 < letters || (digits >= 4 && digits * 3 >= letters);
}

bool lookalike_is_foreign(const char *domain)
{
    for (const char *at = domain; at != NULL; at = strchr(at, '.')) {
        at += *at == '.';
        if (strncmp(at, "xn--", 4) == 0)
            return true;
    }
    return false;
}

bool lookalike_is_way_round(const char *domain)
{
    static const char *const words[] = {"proxy",  "unblock", "vpn",    "bypass", "tunnel",
                                        "mirror", "doh",     "anonym", "hidemy"};
    size_t len = strcspn(domain, ".");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *at = strstr(domain, words[i]);
        bool whole = strcmp(words[i], "doh") != 0 || (at != NULL && (at[3] == '.' || at[3] == '-'));
        if (at != NULL && at < domain + len && whole)
            return true;
    }
    return false;
}
