/*
 * Who is meant by what was typed, or by a row of the log: under which rules, and by which names.
 *
 * Memory: texts belong to the roster, the policy or whoever gave them. Threads: one.
 */
#ifndef OPERATOR_WHOM_H
#define OPERATOR_WHOM_H

#include "base/text.h"
#include "operator/explain.h"
#include "operator/witness.h"

/* As it was typed; all that is NULL or false was not. */
struct whom_asked {
    bool has_client;
    struct ipaddr client;
    const char *user, *device, *group;
};

struct whom {
    struct judge_client client;
    bool has_address;
    struct ipaddr address;
    const char *user, *device; /* NULL: not known */
    bool is_person;            /* the policy has an entry for the user */
};

/*
 * The number that the log has for a user or device of this name; 0: none. A user is also found without domain and realm, and
 * without case, unless the policy tells users apart by them: of several the one who came last.
 */
uint32_t whom_user(const struct explain *explain, const char *name);
uint32_t whom_device(const struct explain *explain, const char *name);

/*
 * By what was typed. ERR_NOENT: why gets a sentence without full stop that says what is not known.
 */
ERR_CHECKED int whom_find(const struct explain *explain, const struct whom_asked *asked, struct whom *out,
                          struct text *why);

/* Of a row: whoever asked then, as the policy of explain has him. */
void whom_of_row(const struct explain *explain, const struct witness *row, struct whom *out);

#define WHOM_TEXT_MAX 512
/* "10.20.0.7, user jones, device toms-ipad", "group pupils", "any in no group". Returns out. */
char *whom_to_text(const struct whom *whom, const char *group, char out[WHOM_TEXT_MAX]);

#endif
