#include "qlog/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int folder_opendir(int dir_fd, const char *path, DIR **out)
{
    int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        int code = -errno;
        if (fd >= 0)
            close(fd);
        return code;
    }
    *out = dir;
    return 0;
}
