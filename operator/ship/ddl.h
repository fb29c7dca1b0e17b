/* The tables that ClickHouse needs: the files of data/clickhouse/, as they are. Threads: pure data. */
#ifndef SHIP_DDL_H
#define SHIP_DDL_H

#include <stddef.h>

struct ship_ddl {
    const char *name; /* "current", "debian"; NULL ends the list */
    const char *text;
    size_t len;
};

extern const struct ship_ddl ship_ddls[];

/* NULL: there is none of that name. */
const struct ship_ddl *ship_ddl_find(const char *name);

#endif
