/* What is in a folder of the log. Threads: any. */
#ifndef QLOG_FOLDER_H
#define QLOG_FOLDER_H

#include <dirent.h>

#include "belisha/err.h"

/* Opens the folder at path, seen from dir_fd, for readdir(); the caller closes it. ERR_NOENT and other errno kinds. */
ERR_CHECKED int folder_opendir(int dir_fd, const char *path, DIR **out);

#endif
