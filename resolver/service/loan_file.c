#include "service/loan_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "identity/loans.h"
#include "policy/civil.h"

/* By the school's clocks. A time that they jump over is the one that they show then; of one they show twice, the first. */
static int64_t to_utc(void *ctx, const struct loans_moment *m)
{
    static const struct calendar utc = {.zone = NULL};
    const struct calendar *calendar = ctx == NULL ? &utc : ctx;
    const struct civil_date first = {.year = m->year, .month = (uint8_t)m->month, .day = 1};
    int32_t day = civil_day(first) + m->day - 1; /* the 32nd is the next month's first */
    uint32_t second = (uint32_t)((m->hour * 60 + m->minute) * 60 + m->second);
    return calendar_instant_after(calendar, day, second, (int64_t)(day - 2) * CIVIL_DAY_S);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int read_bytes(const char *path, char **out, size_t *out_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    size_t len = 0;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (size_t)st.st_size > LOANS_BYTES_MAX) {
        int err = fd < 0 ? -errno : ERR_LIMIT;
        if (fd >= 0)
            close(fd);
        return err;
    }
    char *bytes = malloc((size_t)st.st_size + 1);
    ssize_t got = bytes == NULL ? -1 : 1;
    while (got > 0 && len < (size_t)st.st_size) {
        got = read(fd, bytes + len, (size_t)st.st_size - len);
        len += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    if (bytes == NULL || got < 0) {
        free(bytes);
        return bytes == NULL ? ERR_NOMEM : ERR_IO;
    }
    *out = bytes;
    *out_len = len;
    return 0;
}

static void tell(const char *path, const struct loans *loans)
{
    const char *at = loans->complaints.bytes;
    while (at != NULL && *at != '\0') {
        int len = (int)strcspn(at, "\n");
        log_warning("loan register file=%s %.*s", path, len, at);
        at += len + (at[len] == '\n');
    }
    size_t more = loans->refused + loans->overlaps;
    if (more > loans->complained)
        log_warning("loan register file=%s has more mistakes than these count=%zu", path, more);
}

static void read_file(struct loan_file *file, struct claims *claims)
{
    char *bytes = NULL;
    size_t len = 0;
    struct loans loans = {.claims = NULL};
    int err = read_bytes(file->path, &bytes, &len);
    if (err == 0)
        err = loans_parse(bytes, len, to_utc, (void *)(uintptr_t)file->calendar, &loans);
    tell(file->path, &loans);
    if (err < 0) {
        log_error("loan register is not read, what was read before counts file=%s: %s", file->path, err_str(err));
    } else {
        if (claims_replace(claims, CLAIM_LOAN, 0, loans.claims, loans.count) < 0)
            log_error("loan register: there is no room for all of it file=%s", file->path);
        log_info("loan register in force file=%s loans=%zu refused=%zu", file->path, loans.count, loans.refused);
    }
    loans_done(&loans);
    free(bytes);
}

static bool is_there(struct loan_file *file, struct stat *out)
{
    if (stat(file->path, out) == 0) {
        file->missing = false;
        return true;
    }
    if (!file->missing)
        log_error("loan register can't be read, what was read before counts file=%s: %s", file->path, strerror(errno));
    file->missing = true;
    return false;
}

void loan_file_use(struct loan_file *file, const char *path, const struct calendar *calendar, struct claims *claims)
{
    file->path = path;
    file->calendar = calendar;
    file->missing = false;
    memset(&file->read, 0, sizeof file->read);
    if (path == NULL) {
        if (claims_replace(claims, CLAIM_LOAN, 0, NULL, 0) < 0)
            log_error("loans that are no longer configured still count");
        return;
    }
    if (!is_there(file, &file->seen))
        return;
    file->read = file->seen;
    read_file(file, claims);
}

void loan_file_look(struct loan_file *file, struct claims *claims)
{
    struct stat now;
    if (file->path == NULL || !is_there(file, &now))
        return;
    bool quiet = is_same(&now, &file->seen);
    file->seen = now;
    if (!quiet || is_same(&now, &file->read))
        return;
    file->read = now;
    read_file(file, claims);
}
