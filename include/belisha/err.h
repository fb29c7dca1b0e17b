/*
 * Error codes of every Belisha program.
 *
 * A function that can fail returns int: 0 or a count on success, one of these (negative) on failure.
 * Errno kinds keep their value, so a libuv code passes through unchanged; our own start at -1001.
 * Codes of other libraries (LMDB, zstd, curl...) are mapped once, in the file that owns the library.
 */
#ifndef BELISHA_ERR_H
#define BELISHA_ERR_H

#include <errno.h>

#define ERR_CHECKED __attribute__((warn_unused_result))

enum err {
    ERR_OK = 0,
    ERR_NOMEM = -ENOMEM,
    ERR_INVAL = -EINVAL,
    ERR_IO = -EIO,
    ERR_NOENT = -ENOENT,
    ERR_EXIST = -EEXIST,
    ERR_ACCESS = -EACCES,
    ERR_NOSPACE = -ENOSPC,
    ERR_BUSY = -EBUSY,
    ERR_TIMEOUT = -ETIMEDOUT,
    ERR_CANCELED = -ECANCELED,

    ERR_MALFORMED = -1001,      /* bytes that break the format's rules */
    ERR_TRUNCATED = -1002,      /* the input ends too early */
    ERR_LIMIT = -1003,          /* a configured or built-in bound was reached */
    ERR_FORMAT_VERSION = -1004, /* well-formed, but of a version this program does not read */
    ERR_DAMAGED = -1005,        /* checksum or invariant broken */
    ERR_UNSUPPORTED = -1006,    /* understood, but not something we do */
    ERR_CONFIG = -1007,         /* refused configuration; the message was given to the caller */
    ERR_NETWORK = -1008,        /* fetching failed below HTTP */
    ERR_END = -1009,            /* nothing more to read */
};

#endif
