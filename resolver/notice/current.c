#include "notice/current.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"
#include "blockdb/blockdb.h"
#include "decision/docket.h"
#include "identity/bulletin.h"
#include "statutory/statutory.h"

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

static int tier_open(const char *path, void **out, char *why, size_t why_cap)
{
    struct statutory *list;
    int err = statutory_open(path, &list, why, why_cap);
    if (err == 0)
        *out = list;
    return err;
}

static void tier_close(void *list)
{
    statutory_close(list);
}

static int decisions_open(const char *path, void **out, char *why, size_t why_cap)
{
    struct docket *docket;
    int err = docket_read(path, NULL, NULL, &docket);
    if (err == 0)
        *out = docket;
    else if (why != NULL)
        snprintf(why, why_cap, "%s", err_str(err));
    return err;
}

static void decisions_close(void *list)
{
    docket_close(list);
}

static int presence_open(const char *path, void **out, char *why, size_t why_cap)
{
    struct bulletin *bulletin;
    int err = bulletin_open(path, &bulletin);
    if (err == 0)
        *out = bulletin;
    else if (why != NULL)
        snprintf(why, why_cap, "%s", err_str(err));
    return err;
}

static void presence_close(void *list)
{
    bulletin_close(list);
}

const struct current_kind current_presence = {presence_open, presence_close};
const struct current_kind current_decisions = {decisions_open, decisions_close};
const struct current_kind current_blocklist = {blocklist_open, blocklist_close};
const struct current_kind current_statutory = {tier_open, tier_close};

static bool current_is_seen(const struct current *c, const struct stat *file)
{
    return file->st_dev == c->device && file->st_ino == c->inode && file->st_mtim.tv_sec == c->modified.tv_sec &&
           file->st_mtim.tv_nsec == c->modified.tv_nsec;
}

enum current_news current_follow(struct current *c, char *why, size_t why_cap)
{
    struct stat file;
    void *list;
    /* No link, or one that leads nowhere: a school that has not compiled yet, or the moment of a rename. */
    if (stat(c->path, &file) < 0 || current_is_seen(c, &file))
        return CURRENT_SAME;
    c->device = file.st_dev;
    c->inode = file.st_ino;
    c->modified = file.st_mtim;
    if (c->kind->open(c->path, &list, why, why_cap) < 0)
        return CURRENT_REFUSED;
    c->kind->close(c->list);
    c->list = list;
    return CURRENT_NEW;
}

void current_done(struct current *c)
{
    if (c->list != NULL)
        c->kind->close(c->list);
    c->list = NULL;
}
