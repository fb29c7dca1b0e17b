/*
 * Help services (data/help-services.yaml) and their markup. Memory: the caller's arena. Threads: immutable once read.
 */
#ifndef NOTICE_SERVICE_H
#define NOTICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"
#include "belisha/err.h"
#include "config/errors.h"
#include "config/schema.h"
#include "config/yaml.h"
#include "policy/policy.h"

struct service {
    const char *id;
    const char *name;
    const char *whom;            /* for whom it is */
    struct schema_list wordings; /* of int: enum policy_wording */
    const char *phone;
    struct schema_list text; /* of const char *: word, number */
    const char *web;
    const char *hours;
    const char *last_verified;
    struct config_place at;
};

struct service_list {
    const struct service *items;
    size_t count;
};

ERR_CHECKED int service_read(const struct yaml_node *file, struct arena *arena, struct config_errors *errors,
                             struct service_list *out);

/* NULL: there is none. */
const struct service *service_find(const struct service_list *list, const char *id);

bool service_is_for(const struct service *service, enum policy_wording wording);

/* One <li>. */
void service_write(const struct service *service, struct text *out);

#endif
