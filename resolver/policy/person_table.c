#include "policy/person_table.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#define USER_MAX 512 /* longer names are nobody's */

struct person_table {
    enum policy_users users;
    size_t mask;     /* slots - 1 */
    uint32_t *slots; /* index + 1; 0: free */
    char **names;    /* folded */
    size_t count;
};

/* Where the bare name begins, and how long it is. */
static const char *bare(const char *user, size_t *out_len)
{
    const char *domain = strrchr(user, '\\');
    const char *start = domain == NULL ? user : domain + 1;
    const char *realm = strchr(start, '@');
    *out_len = realm == NULL || realm == start ? strlen(start) : (size_t)(realm - start);
    return start;
}

size_t person_name_fold(const char *user, enum policy_users users, char *out)
{
    size_t len = strlen(user);
    const char *start = users == POLICY_USERS_BARE ? bare(user, &len) : user;
    for (size_t i = 0; i < len; i++)
        out[i] = start[i] >= 'A' && start[i] <= 'Z' ? (char)(start[i] | 0x20) : start[i];
    out[len] = '\0';
    return len;
}

/* The slot that has the name, or the free one where it would go. */
static size_t slot_of(const struct person_table *table, const char *folded, size_t len)
{
    size_t slot = XXH3_64bits(folded, len) & table->mask;
    while (table->slots[slot] != 0 && strcmp(table->names[table->slots[slot] - 1], folded) != 0)
        slot = (slot + 1) & table->mask;
    return slot;
}

static int add(struct person_table *table, const char *user, uint32_t index)
{
    char folded[USER_MAX];
    size_t len = strlen(user) < sizeof folded ? person_name_fold(user, table->users, folded) : 0;
    if (len == 0)
        return ERR_INVAL;
    size_t slot = slot_of(table, folded, len);
    if (table->slots[slot] != 0)
        return ERR_INVAL;
    table->names[index] = strdup(folded);
    if (table->names[index] == NULL)
        return ERR_NOMEM;
    table->slots[slot] = index + 1;
    return 0;
}

int person_table_new(const struct policy_person people[], size_t count, enum policy_users users,
                     struct person_table **out)
{
    struct person_table *table = calloc(1, sizeof *table);
    size_t slots = 16;
    while (slots < count * 2)
        slots *= 2;
    int rc = table == NULL ? ERR_NOMEM : 0;
    if (rc == 0) {
        table->users = users;
        table->mask = slots - 1;
        table->count = count;
        table->slots = calloc(slots, sizeof *table->slots);
        table->names = calloc(count + 1, sizeof *table->names);
        rc = table->slots == NULL || table->names == NULL ? ERR_NOMEM : 0;
    }
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = add(table, people[i].user, (uint32_t)i);
    if (rc < 0) {
        person_table_free(table);
        return rc;
    }
    *out = table;
    return 0;
}

void person_table_free(struct person_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; table->names != NULL && i < table->count; i++)
        free(table->names[i]);
    free(table->names);
    free(table->slots);
    free(table);
}

uint32_t person_table_find(const struct person_table *table, const char *user)
{
    char folded[USER_MAX];
    if (table->count == 0 || strlen(user) >= sizeof folded)
        return UINT32_MAX;
    size_t len = person_name_fold(user, table->users, folded);
    size_t slot = slot_of(table, folded, len);
    return table->slots[slot] == 0 ? UINT32_MAX : table->slots[slot] - 1;
}
