/*
 * The part of a configuration that is under change control: what decides who may see what. Its text is a version of the policy
 * (change/versions.h): the members below, in the form that `belisha config show` prints, so that equal policies have equal texts.
 *
 * Threads: pure over the arena, but for version_read().
 */
#ifndef CONFIG_VERSION_H
#define CONFIG_VERSION_H

#include <stdbool.h>
#include <stdio.h>

#include "config/yaml.h"

/* Whether the files ask for change control. Read from the text as it is: everything else may be wrong in it. */
bool version_is_controlled(const struct yaml_node *tree);

/*
 * Puts a policy in the place of that of the files. A mapping with a member `policy` is a version's text and replaces all that is
 * under change control, and may have no other members; any other mapping is a policy alone. ERR_CONFIG, ERR_NOMEM.
 */
ERR_CHECKED int version_lay(struct arena *arena, struct yaml_node **tree, struct yaml_node *policy,
                            struct config_errors *errors);

/* Writes the text of the policy that a tree has. */
void version_write(const struct yaml_node *tree, FILE *to);

/* Writes who may change what: operators, rights, change_control. */
void version_write_rights(const struct yaml_node *tree, FILE *to);

#endif
