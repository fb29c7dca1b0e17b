/*
 * What is known of sessions, in status and figures: how many by source, which NAS was heard when, what was refused and why.
 *
 * No user is named here, nor is any address.
 *
 * Threads: the manager's.
 */
#ifndef CONTROL_SESSION_REPORT_H
#define CONTROL_SESSION_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "radius/tally.h"
#include "session/logon.h"

struct session_report {
    size_t lasting[SESSION_SOURCES];
    size_t damaged;                    /* lines of the journal that were skipped at the start */
    int last_error;                    /* 0: all is kept */
    const struct radius_tally *radius; /* NULL: accounting is not taken */
    const struct radius_heard *heard;
    size_t heard_count;
    const struct logon_tally *logons; /* NULL: there is no local API */
};

/* The member "sessions" of the status, with its comma. report NULL: nothing is configured. */
void session_report_status(const struct session_report *report, struct text *out);

/* Families of figures; none when report is NULL. */
void session_report_figures(const struct session_report *report, struct text *out);

#endif
