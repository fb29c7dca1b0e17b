#include "ship/ddl.h"

#include <string.h>

const struct ship_ddl *ship_ddl_find(const char *name)
{
    for (const struct ship_ddl *ddl = ship_ddls; ddl->name != NULL; ddl++)
        if (strcmp(ddl->name, name) == 0)
            return ddl;
    return NULL;
}
