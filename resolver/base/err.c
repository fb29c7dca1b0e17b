#include "base/err.h"

#include <string.h>

const char *err_str(int code)
{
    switch (code) {
    case ERR_OK:
        return "success";
    case ERR_MALFORMED:
        return "malformed input";
    case ERR_TRUNCATED:
        return "input ends too early";
    case ERR_LIMIT:
        return "a limit was reached";
    case ERR_FORMAT_VERSION:
        return "format version not supported";
    case ERR_DAMAGED:
        return "damaged data";
    case ERR_UNSUPPORTED:
        return "not supported";
    case ERR_CONFIG:
        return "configuration refused";
    case ERR_NETWORK:
        return "network failure";
    case ERR_END:
        return "end of data";
    default:
        break;
    }
    if (code < 0 && code > -1000) {
        const char *text = strerrordesc_np(-code);
        if (text != NULL)
            return text;
    }
    return "unknown error";
}

int err_from_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOENT;
    case ENOMEM:
        return ERR_NOMEM;
    case EEXIST:
        return ERR_EXIST;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_ACCESS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ERR_NOSPACE;
    case EWOULDBLOCK:
        return ERR_BUSY;
    case ENAMETOOLONG:
        return ERR_LIMIT;
    default:
        return ERR_IO;
    }
}
