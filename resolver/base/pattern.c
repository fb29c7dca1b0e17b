#include "base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define HEAP_KIB  256
#define DEPTH_MAX 500
#define NEST_MAX  20
#define COMPILE_AS                                                                                                     \
    (PCRE2_CASELESS | PCRE2_NO_AUTO_CAPTURE | PCRE2_NEVER_UCP | PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C)

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
};

static int compile(struct pattern *p, const char *text, size_t len)
{
    int code;
    PCRE2_SIZE at;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    p->limits = pcre2_match_context_create(NULL);
    if (context == NULL || p->limits == NULL) {
        pcre2_compile_context_free(context);
        return ERR_NOMEM;
    }
    (void)pcre2_set_parens_nest_limit(context, NEST_MAX);
    (void)pcre2_set_match_limit(p->limits, PATTERN_STEPS_MAX);
    (void)pcre2_set_depth_limit(p->limits, DEPTH_MAX);
    (void)pcre2_set_heap_limit(p->limits, HEAP_KIB);
    p->code = pcre2_compile((PCRE2_SPTR)text, len, COMPILE_AS, &code, &at, context);
    pcre2_compile_context_free(context);
    return p->code == NULL ? ERR_MALFORMED : 0;
}

int pattern_new(const char *text, size_t len, struct pattern **out)
{
    if (len > PATTERN_TEXT_MAX)
        return ERR_LIMIT;
    struct pattern *p = calloc(1, sizeof *p);
    int err = p == NULL ? ERR_NOMEM : compile(p, text, len);
    if (err < 0) {
        pattern_free(p);
        return err;
    }
    *out = p;
    return 0;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_code_free(pattern->code);
    pcre2_match_context_free(pattern->limits);
    free(pattern);
}

bool pattern_matches(const struct pattern *pattern, const char *text, size_t len)
{
    unsigned exhausted = 0;
    return pattern_matches_or_counts(pattern, text, len, &exhausted);
}

bool pattern_matches_or_counts(const struct pattern *pattern, const char *text, size_t len, unsigned *exhausted)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (data == NULL)
        return false;
    int found = pcre2_match(pattern->code, (PCRE2_SPTR)text, len, 0, 0, data, pattern->limits);
    pcre2_match_data_free(data);
    *exhausted += found < 0 && found != PCRE2_ERROR_NOMATCH;
    return found >= 0;
}

/* ---- dear expressions ---- */

#define NAME_LEN  253
#define LABEL_LEN 63
#define TAIL_MAX  40 /* "_" and each character that names have once */

/* What names are tried that are made for one expression. */
struct bait {
    const char *letters; /* over and over */
    size_t count, label_len;
    const char *tail; /* put over the end */
    size_t tail_len;
};

static bool exhausts(const struct pattern *pattern, const struct bait *bait)
{
    char name[NAME_LEN];
    unsigned exhausted = 0;
    size_t letter = 0;
    for (size_t at = 0; at < NAME_LEN; at++)
        name[at] = at % (bait->label_len + 1) == bait->label_len ? '.' : bait->letters[letter++ % bait->count];
    memcpy(name + NAME_LEN - bait->tail_len, bait->tail, bait->tail_len);
    (void)pattern_matches_or_counts(pattern, name, name[NAME_LEN - 1] == '.' ? NAME_LEN - 1 : NAME_LEN, &exhausted);
    return exhausted > 0;
}

/* tail: a matcher that sees that the last letter of an expression is missing gives up at once, so it is there. */
static bool exhausts_in_some_form(const struct pattern *pattern, const char *letters, size_t count, const char *tail)
{
    static const size_t label_lens[] = {LABEL_LEN, 1, 7};
    size_t tail_len = strlen(tail);
    size_t tails[] = {0, 1, tail_len};
    for (size_t i = 0; i < sizeof label_lens / sizeof label_lens[0]; i++)
        for (size_t j = 0; j < sizeof tails / sizeof tails[0]; j++)
            if (exhausts(pattern, &(struct bait){letters, count, label_lens[i], tail, tails[j]}))
                return true;
    return false;
}

/* The characters of an expression that names have; some more, so that there is one. Returns their number. */
static size_t letters_of(const char *text, size_t len, char out[PATTERN_TEXT_MAX + 4])
{
    size_t count = 0;
    for (size_t i = 0; i < len && i < PATTERN_TEXT_MAX; i++)
        if (isalnum((unsigned char)text[i]) || text[i] == '-' || text[i] == '_')
            out[count++] = (char)tolower((unsigned char)text[i]);
    memcpy(out + count, "a0-", 4);
    return count + 3;
}

bool pattern_is_dear(const struct pattern *pattern, const char *text, size_t len)
{
    char letters[PATTERN_TEXT_MAX + 4], tail[TAIL_MAX] = "_";
    size_t count = letters_of(text, len, letters);
    for (size_t i = 0; i < count; i++)
        if (letters[i] != '_' && strchr(tail, letters[i]) == NULL)
            tail[strlen(tail)] = letters[i];
    if ((count > 3 && exhausts_in_some_form(pattern, letters, count - 3, tail)) ||
        exhausts_in_some_form(pattern, letters, count, tail))
        return true;
    for (const char *letter = tail; *letter != '\0'; letter++)
        if (exhausts_in_some_form(pattern, letter, 1, tail))
            return true;
    return false;
}
