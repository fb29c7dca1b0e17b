#include "qlog/link.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int link_put(int dir_fd, const char *name, const char *path)
{
    char was[PATH_MAX];
    char target[PATH_MAX];
    if (realpath(path, target) == NULL)
        return -errno;
    ssize_t len = readlinkat(dir_fd, name, was, sizeof was - 1);
    was[len < 0 ? 0 : len] = '\0';
    if (len >= 0 && strcmp(was, target) == 0)
        return 0;
    if (len >= 0)
        unlinkat(dir_fd, name, 0);
    return symlinkat(target, dir_fd, name) < 0 ? -errno : 0;
}
