/*
 * The file with the register of lent devices (identity/loans.h): read when belishad starts, and when it has changed and has
 * been left alone for a second, so that nobody's half-saved spreadsheet is taken for the whole.
 *
 * A file that is gone or can't be understood leaves the loans that were read before; it is said once, and again when it changes.
 *
 * Threads: the manager's. Waits for the disk.
 */
#ifndef SERVICE_LOAN_FILE_H
#define SERVICE_LOAN_FILE_H

#include <sys/stat.h>

#include "identity/claims.h"
#include "policy/calendar.h"

struct loan_file {
    const char *path;                /* NULL: there is none */
    const struct calendar *calendar; /* by whose clocks its times are; NULL: UTC */
    struct stat seen;                /* when it was last looked at */
    struct stat read;                /* when it was last read; all zero: never */
    bool missing;                    /* and it was said */
};

/* Reads it at once. path and calendar must stay until the next call. path NULL: from now on there are no loans. */
void loan_file_use(struct loan_file *file, const char *path, const struct calendar *calendar, struct claims *claims);
/* To be called each second. */
void loan_file_look(struct loan_file *file, struct claims *claims);

#endif
