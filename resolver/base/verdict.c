#include "base/verdict.h"

#include <stddef.h>
#include <string.h>

#define X(value, suffix, name) [value] = name,
static const char *const actions[] = {VERDICT_ACTION_LIST(X)};
static const char *const reasons[] = {VERDICT_REASON_LIST(X)};
static const char *const matches[] = {VERDICT_MATCH_LIST(X)};
#undef X

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *pick(const char *const *names, size_t count, unsigned value)
{
    return value < count ? names[value] : "unknown";
}

const char *verdict_action_name(unsigned action)
{
    return pick(actions, COUNT(actions), action);
}

const char *verdict_reason_name(unsigned reason)
{
    return pick(reasons, COUNT(reasons), reason);
}

const char *verdict_match_name(unsigned match)
{
    return pick(matches, COUNT(matches), match);
}

int verdict_action_from_name(const char *name)
{
    for (size_t i = 0; i < COUNT(actions); i++)
        if (strcmp(actions[i], name) == 0)
            return (int)i;
    return -1;
}
