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

/*
 * What every match has, as PCRE2 knows it: most names are ruled out by it, which spares them the matcher and the memory
 * that it takes.
 */
struct needs {
    size_t len;         /* bytes at least */
    bool at_start;      /* a match begins where the text does */
    uint8_t first[256]; /* 0: no match begins with this byte */
    int letter;         /* stands somewhere, in either case; -1: no such letter is known */
};

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
    struct needs needs;
};

static void first_read(const pcre2_code *code, struct needs *out)
{
    uint32_t type = 0;
    uint32_t first = 0;
    const uint8_t *bitmap = NULL;
    memset(out->first, true, sizeof out->first);
    (void)pcre2_pattern_info(code, PCRE2_INFO_FIRSTCODETYPE, &type);
    (void)pcre2_pattern_info(code, PCRE2_INFO_FIRSTCODEUNIT, &first);
    (void)pcre2_pattern_info(code, PCRE2_INFO_FIRSTBITMAP, &bitmap);
    for (unsigned byte = 0; byte < 256 && type == 1; byte++)
        out->first[byte] = tolower((int)byte) == tolower((int)(first & 0xff));
    for (unsigned byte = 0; byte < 256 && type == 0 && bitmap != NULL; byte++)
        out->first[byte] = bitmap[byte / 8] >> byte % 8 & 1;
}

static void needs_read(const pcre2_code *code, struct needs *out)
{
    uint32_t len = 0;
    uint32_t options = 0;
    uint32_t type = 0;
    uint32_t letter = 0;
    (void)pcre2_pattern_info(code, PCRE2_INFO_MINLENGTH, &len);
    (void)pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options);
    (void)pcre2_pattern_info(code, PCRE2_INFO_LASTCODETYPE, &type);
    (void)pcre2_pattern_info(code, PCRE2_INFO_LASTCODEUNIT, &letter);
    out->len = len;
    out->at_start = (options & PCRE2_ANCHORED) != 0;
    out->letter = type == 1 ? (int)(letter & 0xff) : -1;
    first_read(code, out);
}

static bool needs_are_met(const struct needs *needs, const char *text, size_t len)
{
    if (len < needs->len)
        return false;
    if (needs->at_start && len > 0 && !needs->first[(uint8_t)text[0]])
        return false;
    return needs->letter < 0 || memchr(text, tolower(needs->letter), len) != NULL ||
           memchr(text, toupper(needs->letter), len) != NULL;
}

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
    if (p->code == NULL)
        return ERR_MALFORMED;
    needs_read(p->code, &p->needs);
    return 0;
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

bool pattern_may_begin(const struct pattern *pattern, uint8_t byte)
{
    return !pattern->needs.at_start || pattern->needs.first[byte];
}

bool pattern_matches(const struct pattern *pattern, const char *text, size_t len)
{
    unsigned exhausted = 0;
    return pattern_matches_or_counts(pattern, text, len, &exhausted);
}

bool pattern_matches_or_counts(const struct pattern *pattern, const char *text, size_t len, unsigned *exhausted)
{
    if (!needs_are_met(&pattern->needs, text, len))
        return false;
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
