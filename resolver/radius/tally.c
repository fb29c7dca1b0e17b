#include "radius/tally.h"

const char *radius_kind_name(enum radius_kind kind)
{
    static const char *const names[] = {
#define X(name, suffix) name,
        RADIUS_KINDS(X)
#undef X
    };
    return names[kind];
}

const char *radius_cause_name(enum radius_cause cause)
{
    static const char *const names[] = {
#define X(name, suffix, sentence) name,
        RADIUS_CAUSES(X)
#undef X
    };
    return names[cause];
}

const char *radius_cause_text(enum radius_cause cause)
{
    static const char *const texts[] = {
#define X(name, suffix, sentence) sentence,
        RADIUS_CAUSES(X)
#undef X
    };
    return texts[cause];
}
