#include "feed/refusal.h"

static const struct {
    const char *name, *sentence;
} rows[REFUSAL_COUNT] = {
#define X(suffix, text, words) [REFUSED_##suffix] = {text, words},
    REFUSAL_LIST(X)
#undef X
};

static const struct {
    const char *name, *sentence;
} flags[FLAG_COUNT] = {
#define X(suffix, text, words) [FLAG_##suffix] = {text, words},
    FLAG_LIST(X)
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

const char *feed_flag_name(enum feed_flag flag)
{
    return flags[flag].name;
}

const char *feed_flag_sentence(enum feed_flag flag)
{
    return flags[flag].sentence;
}
