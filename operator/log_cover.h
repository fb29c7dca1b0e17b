/*
 * The cover sheet of what a person gets about themselves: one page of HTML in plain words, that asks for nothing else and can be
 * printed: what this is, what its columns mean, what is not in it and why, and what article 15 of the UK GDPR asks to be told.
 *
 * Threads: one for each file.
 */
#ifndef OPERATOR_LOG_COVER_H
#define OPERATOR_LOG_COVER_H

#include <stdio.h>

#include "config/config.h"
#include "operator/log_company.h"
#include "operator/log_rows.h"

struct log_cover {
    const struct config *config;
    const char *user;       /* as it was asked for */
    const char *format;     /* of the rows: "csv" */
    int64_t from_ns, to_ns; /* as asked for; 0: not bounded */
    int64_t made_ns;
    const struct company *company;
    const struct log_rows_sum *sum;
};

void log_cover_write(const struct log_cover *cover, FILE *to);

#endif
