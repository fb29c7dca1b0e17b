#include "recipe/help.h"

#include <stdio.h>

#include "config/protected_help.h"

static int add_file(const char *path, struct text *out)
{
    char block[4096];
    size_t got;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? ERR_NOENT : errno == EACCES ? ERR_ACCESS : ERR_IO;
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        text_add(out, block, got);
    int err = ferror(file) ? ERR_IO : 0;
    fclose(file);
    return err;
}

int help_collect(const struct recipe *recipe, struct text *out)
{
    int err = 0;
    for (size_t i = 0; protected_help_shipped[i] != NULL; i++)
        text_printf(out, "%s\n", protected_help_shipped[i]);
    if (recipe != NULL && recipe->protected_help != NULL)
        err = add_file(recipe->protected_help, out);
    text_add(out, "\n", 1);
    return err < 0 ? err : text_ok(out) ? 0 : ERR_NOMEM;
}
