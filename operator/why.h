/* What `belisha why` was asked. Threads: one. */
#ifndef OPERATOR_WHY_H
#define OPERATOR_WHY_H

#include "operator/command.h"
#include "operator/whom.h"

struct why_asked {
    const char *name;
    struct whom_asked whom;
    bool has_type;
    uint16_t type; /* A when none was said */
    bool json;
    bool provenance;
    const char *recipe;       /* NULL: the one in use */
    bool then;                /* what was decided at a time */
    int64_t at_ns, at_end_ns; /* [at, at_end): a minute, when a minute was said */
    int64_t within_s;         /* how far from it the log is looked at */
};

/* The answer about a time that is over (why_then.c). Returns an enum operator_exit. */
int why_then(const struct operator_env *env, const struct why_asked *q);

/* "  label        value", when there is one. What others wrote can't steer a terminal. */
void why_print_row(FILE *to, const char *label, const char *value);

/* What besides the level has a part in it: active schedules, and the user's own rules. */
void why_print_circumstances(FILE *to, const struct explain *explain, const struct whom *whom);
void why_add_circumstances(const struct explain *explain, const struct whom *whom, struct text *out);

#endif
