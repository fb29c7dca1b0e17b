#include "base/category.h"

#include <string.h>

static const char *const names[CATEGORY_MAX] = {
#define X(id, suffix, name) [id] = name,
    CATEGORY_LIST(X)
#undef X
};

const char *category_name(unsigned id)
{
    return id < CATEGORY_MAX ? names[id] : NULL;
}

int category_from_name(const char *name, size_t name_len)
{
    for (int id = 0; id < CATEGORY_MAX; id++)
        if (names[id] != NULL && strlen(names[id]) == name_len &&
            memcmp(names[id], name, name_len) == 0)
            return id;
    return -1;
}

unsigned category_first(uint64_t mask)
{
    return mask == 0 ? CATEGORY_NONE : (unsigned)__builtin_ctzll(mask);
}
