#include "feed/refusal.h"

static const struct {
    const char *name, *sentence;
} rows[REFUSAL_COUNT] = {
#define X(suffix, text, words) [REFUSED_##suffix] = {text, words},
    REFUSAL_LIST(X)
#undef X
};

const char *refusal_name(enum refusal refusal)
{
    return rows[refusal].name;
}

const char *refusal_sentence(enum refusal refusal)
{
    return rows[refusal].sentence;
}
