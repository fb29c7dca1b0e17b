/*
 * The people file: who is in which group, has which level, and which rules of their own (docs/formats/people.md).
 *
 *     user,group,level,year,notes,block,allow,until,accepted
 *     ann,,,9,,,,,yes
 *     bob@school.example,sixth-form,,12,,gaming,,2027-07-20,2026-09-03
 *
 * The header names the columns, in any order; columns of other names are passed over, as an export from elsewhere has
 * more. `reason` is refused: why somebody has rules of his own is not for everybody who reads this file.
 *
 * Memory:  everything is in the arena. Threads: pure over the arena.
 */
#ifndef CONFIG_PEOPLE_H
#define CONFIG_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "belisha/err.h"
#include "config/errors.h"

#define PEOPLE_MAX      1000000
#define PEOPLE_FILE_MAX (256u << 20)
#define PEOPLE_USER_MAX 128 /* bytes */

enum people_column {
    PEOPLE_USER,
    PEOPLE_GROUP,
    PEOPLE_LEVEL,
    PEOPLE_YEAR,
    PEOPLE_NOTES,
    PEOPLE_BLOCK,
    PEOPLE_ALLOW,
    PEOPLE_UNTIL,
    PEOPLE_ACCEPTED,
    PEOPLE_SPONSOR,
    PEOPLE_PURPOSE,
    PEOPLE_COLUMNS,
};

struct people_row {
    const char *text[PEOPLE_COLUMNS]; /* NULL: empty, or no such column */
    struct config_place at[PEOPLE_COLUMNS];
    uint64_t block, allow;
    bool accepted;
    bool has_until;
    int32_t until_day;     /* with the next: local time from which on the entry holds no longer */
    uint32_t until_second; /* of the day */
};

struct people {
    const struct people_row *rows;
    size_t count;
};

/* name stands in messages; the text is copied. ERR_CONFIG: refused, the reasons are in errors; ERR_NOMEM. */
ERR_CHECKED int people_read(struct arena *arena, const char *name, const char *text, size_t len,
                            struct config_errors *errors, struct people *out);

#endif
