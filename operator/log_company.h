/*
 * Who else used the devices of a person, as far as the log says: whose names must not leave with that person's rows.
 *
 * Memory:  heap, owned by the struct, which begins as {0}. Threads: one.
 */
#ifndef OPERATOR_LOG_COMPANY_H
#define OPERATOR_LOG_COMPANY_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/reader.h"

struct company {
    uint8_t *own;    /* a bit for each device: the person used it */
    uint8_t *others; /* ... and somebody else did */
    uint32_t *days;  /* of which who asked can't be said any more, ascending */
    size_t day_count, day_cap;
};

/* Reads who asked of all rows in the filter's time; its users are the person. ERR_NOENT: no log. ERR_NOMEM, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int company_read(struct company *company, const char *dir, const struct qlog_filter *filter);
/* Whether the device's name may be somebody else's. */
bool company_shares(const struct company *company, uint32_t device);
void company_done(struct company *company);

#endif
