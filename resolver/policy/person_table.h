/*
 * From a user's name to the entry of the people file.
 *
 * Compared without case (ASCII letters), and by POLICY_USERS_BARE without domain or realm. One probe, however many there
 * are.
 *
 * Threads: immutable once made; any thread.
 */
#ifndef POLICY_PERSON_TABLE_H
#define POLICY_PERSON_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "policy/opts.h"

struct person_table;

/* Copies the names. ERR_NOMEM; ERR_INVAL: a name is empty, or there twice. */
ERR_CHECKED int person_table_new(const struct policy_person people[], size_t count, enum policy_users users,
                                 struct person_table **out);
void person_table_free(struct person_table *table);

/* Index in people, or UINT32_MAX. */
uint32_t person_table_find(const struct person_table *table, const char *user);

/* The part of a user's name that is compared, in lower case; out has room for len + 1. Returns its length. */
size_t person_name_fold(const char *user, enum policy_users users, char *out);

#endif
