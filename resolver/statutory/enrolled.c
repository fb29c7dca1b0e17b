#include "statutory/enrolled.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "belisha/statutory_format.h"

#define PATH_MAX_LEN 4096

/* The path without its last `parts` parts, with name behind it. */
static bool exists_beside(const char *path, int parts, const char *name)
{
    char other[PATH_MAX_LEN];
    size_t len = strlen(path);
    for (; parts > 0; parts--) {
        while (len > 0 && path[len - 1] != '/')
            len--;
        len -= len > 0 && parts > 1;
    }
    return snprintf(other, sizeof other, "%.*s%s", (int)len, path, name) < (int)sizeof other &&
           access(other, F_OK) == 0;
}

bool enrolled_is_set_up(const char *path)
{
    return exists_beside(path, 1, STATUTORY_MARKER_FILE) || exists_beside(path, 2, STATUTORY_MARKER_COPY);
}
