#include "notice/generation.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

static bool generation_is_seen(const struct generation *g, const struct stat *file)
{
    return file->st_dev == g->device && file->st_ino == g->inode && file->st_mtim.tv_sec == g->modified.tv_sec &&
           file->st_mtim.tv_nsec == g->modified.tv_nsec;
}

enum generation_news generation_follow(struct generation *g, char *why, size_t why_cap)
{
    struct stat file;
    struct blockdb *db;
    /* No link, or one that leads nowhere: a school that has not compiled yet, or the moment of a rename. */
    if (stat(g->path, &file) < 0 || generation_is_seen(g, &file))
        return GENERATION_SAME;
    g->device = file.st_dev;
    g->inode = file.st_ino;
    g->modified = file.st_mtim;
    if (blockdb_open(g->path, &db, why, why_cap) < 0)
        return GENERATION_REFUSED;
    blockdb_close(g->db);
    g->db = db;
    return GENERATION_NEW;
}

void generation_done(struct generation *g)
{
    blockdb_close(g->db);
    g->db = NULL;
}
