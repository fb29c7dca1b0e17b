#include "notice/shipped.h"

#include <string.h>

const struct shipped_file *shipped_find(const char *name)
{
    for (const struct shipped_file *file = shipped_files; file->name != NULL; file++)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}
