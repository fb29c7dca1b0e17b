#include "base/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

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
