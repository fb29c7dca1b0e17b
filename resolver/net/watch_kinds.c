/* The kinds of lists that are watched for. */
#include "blockdb/blockdb.h"
#include "net/watch.h"
#include "statutory/enrolled.h"
#include "statutory/statutory.h"

/* ---- blocklist ---- */

static int blocklist_open(const char *path, void **out, char *why, size_t why_cap)
{
    struct blockdb *db;
    int err = blockdb_open(path, &db, why, why_cap);
    if (err == 0)
        *out = db;
    return err;
}

static void blocklist_close(void *list)
{
    blockdb_close(list);
}

static uint64_t blocklist_generation(const void *list)
{
    return blockdb_generation(list);
}

static int64_t blocklist_built_s(const void *list)
{
    return blockdb_built_s(list);
}

static bool always(const char *path)
{
    (void)path;
    return true;
}

const struct watch_kind watch_blocklist = {.name = "blocklist generation",
                                           .open = blocklist_open,
                                           .close = blocklist_close,
                                           .generation = blocklist_generation,
                                           .built_s = blocklist_built_s,
                                           .is_expected = always};

/* ---- statutory list ---- */

static int list_open(const char *path, void **out, char *why, size_t why_cap)
{
    struct statutory *list;
    int err = statutory_open(path, &list, why, why_cap);
    if (err == 0)
        *out = list;
    return err;
}

static void list_close(void *list)
{
    statutory_close(list);
}

static uint64_t list_generation(const void *list)
{
    return statutory_generation(list);
}

static int64_t list_built_s(const void *list)
{
    return statutory_built_s(list);
}

const struct watch_kind watch_statutory = {.name = "statutory list",
                                           .open = list_open,
                                           .close = list_close,
                                           .generation = list_generation,
                                           .built_s = list_built_s,
                                           .is_expected = enrolled_is_set_up};
