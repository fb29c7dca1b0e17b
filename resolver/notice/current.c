#include "notice/current.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

static bool current_is_seen(const struct current *c, const struct stat *file)
{
    return file->st_dev == c->device && file->st_ino == c->inode && file->st_mtim.tv_sec == c->modified.tv_sec &&
           file->st_mtim.tv_nsec == c->modified.tv_nsec;
}

enum current_news current_follow(struct current *c, char *why, size_t why_cap)
{
    struct stat file;
    struct blockdb *db;
    /* No link, or one that leads nowhere: a school that has not compiled yet, or the moment of a rename. */
    if (stat(c->path, &file) < 0 || current_is_seen(c, &file))
        return CURRENT_SAME;
    c->device = file.st_dev;
    c->inode = file.st_ino;
    c->modified = file.st_mtim;
    if (blockdb_open(c->path, &db, why, why_cap) < 0)
        return CURRENT_REFUSED;
    blockdb_close(c->db);
    c->db = db;
    return CURRENT_NEW;
}

void current_done(struct current *c)
{
    blockdb_close(c->db);
    c->db = NULL;
}
