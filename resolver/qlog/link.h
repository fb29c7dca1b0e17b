/* Links from the log folder to folders elsewhere, by which its readers find them. */
#ifndef QLOG_LINK_H
#define QLOG_LINK_H

#include "belisha/err.h"

/* Makes the link `name` lead to the folder at path, whatever it led to. ERR_NOENT, ERR_ACCESS, ERR_NOSPACE, ERR_IO. */
ERR_CHECKED int link_put(int dir_fd, const char *name, const char *path);

#endif
