#include "base/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The open file, or an error. */
static int open_secret(const char *path, char why[SECRET_WHY_MAX])
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        int err = errno == ENOENT ? ERR_NOENT : errno == EACCES ? ERR_ACCESS : ERR_IO;
        snprintf(why, SECRET_WHY_MAX, "the secret in '%.160s' can't be read: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return err;
    }
    if (!S_ISREG(st.st_mode) || (st.st_mode & S_IRWXO) != 0) {
        snprintf(why, SECRET_WHY_MAX,
                 S_ISREG(st.st_mode) ? "everybody may read the secret in '%.160s': chmod o= it"
                                     : "the secret '%.160s' is no file",
                 path);
        close(fd);
        return ERR_CONFIG;
    }
    return fd;
}

int secret_check(const char *path, char why[SECRET_WHY_MAX])
{
    int fd = open_secret(path, why);
    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}

static int refuse(int err, const char *path, const char *what, char why[SECRET_WHY_MAX])
{
    snprintf(why, SECRET_WHY_MAX, "the secret in '%.160s' %s", path, what);
    return err;
}

int secret_read(const char *path, struct secret *out, char why[SECRET_WHY_MAX])
{
    struct secret secret;
    int fd = open_secret(path, why);
    if (fd < 0)
        return fd;
    ssize_t got = read(fd, secret.text, sizeof secret.text);
    close(fd);
    size_t len = got < 0 ? 0 : (size_t)got;
    int err = 0;
    if (got < 0)
        err = refuse(ERR_IO, path, "can't be read", why);
    else if (len == sizeof secret.text)
        err = refuse(ERR_LIMIT, path, "is longer than 4095 bytes", why);
    while (err == 0 && len > 0 && strchr("\r\n", secret.text[len - 1]) != NULL && secret.text[len - 1] != '\0')
        len--;
    if (err == 0 && (len == 0 || memchr(secret.text, '\0', len) != NULL || memchr(secret.text, '\r', len) != NULL))
        err = refuse(ERR_MALFORMED, path, len == 0 ? "is empty" : "is no text with plain ends of line", why);
    if (err == 0) {
        secret.text[len] = '\0';
        *out = secret;
    }
    secret_wipe(&secret);
    return err;
}

void secret_wipe(struct secret *secret)
{
    explicit_bzero(secret, sizeof *secret);
}
