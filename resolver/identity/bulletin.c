#include "identity/bulletin.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/err.h"
#include "base/file.h"

#define MODE 0644

static const char magic[8] = {'B', 'L', 'S', 'H', 'W', 'H', 'O', 1};

struct header {
    char magic[8];
    uint32_t policy_version;
    uint32_t count;
    uint64_t checksum;
    uint64_t zero;
};

struct row {
    uint8_t address[16];
    uint32_t person, user, device;
    uint8_t grade;
    uint8_t zero[3];
    int64_t until_s;
};

static_assert(sizeof(struct header) == 32 && sizeof(struct row) == 40, "the layout is the header's");

struct bulletin {
    uint32_t policy_version;
    uint32_t count;
    struct row rows[];
};

/* ---- writing ---- */

static int compare_rows(const void *a, const void *b)
{
    return memcmp(((const struct row *)a)->address, ((const struct row *)b)->address, 16);
}

static size_t fill(const struct presence *table, int64_t now_s, struct row rows[])
{
    size_t count = 0;
    for (size_t i = 0; i < presence_count(table); i++) {
        struct presence_who who;
        struct ipaddr address = presence_at(table, i, now_s, &who);
        struct row *row = &rows[count++];
        *row = (struct row){
            .person = who.person, .user = who.user, .device = who.device, .grade = who.grade, .until_s = who.until_s};
        memcpy(row->address, address.bytes, sizeof row->address);
    }
    qsort(rows, count, sizeof *rows, compare_rows);
    return count;
}

/* Who reads it looks again soon: it need not last beyond a power cut. */
static int put_file(const char *path, const struct header *header, const struct row rows[])
{
    char made[PATH_MAX];
    if (snprintf(made, sizeof made, "%s.new", path) >= (int)sizeof made)
        return ERR_LIMIT;
    int fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
    if (fd < 0)
        return err_from_errno(errno);
    int err = file_write_at(fd, header, sizeof *header, 0);
    if (err == 0)
        err = file_write_at(fd, rows, header->count * sizeof *rows, sizeof *header);
    if (err == 0 && (fchmod(fd, MODE) < 0 || rename(made, path) < 0))
        err = err_from_errno(errno);
    close(fd);
    if (err < 0)
        unlink(made);
    return err;
}

int bulletin_write(const char *path, const struct presence *table, uint32_t policy_version, int64_t now_s)
{
    struct header header = {.policy_version = policy_version};
    struct row *rows = malloc((presence_count(table) + 1) * sizeof *rows);
    if (rows == NULL)
        return ERR_NOMEM;
    memcpy(header.magic, magic, sizeof magic);
    header.count = (uint32_t)fill(table, now_s, rows);
    header.checksum = XXH3_64bits(rows, header.count * sizeof *rows);
    int err = put_file(path, &header, rows);
    free(rows);
    return err;
}

/* ---- reading ---- */

int bulletin_parse(const void *bytes, size_t len, struct bulletin **out)
{
    struct header header;
    if (len < sizeof header)
        return ERR_DAMAGED;
    memcpy(&header, bytes, sizeof header);
    if (memcmp(header.magic, magic, sizeof magic) != 0)
        return memcmp(header.magic, magic, sizeof magic - 1) == 0 ? ERR_FORMAT_VERSION : ERR_DAMAGED;
    const char *rows = (const char *)bytes + sizeof header;
    size_t rows_len = len - sizeof header;
    if (rows_len != header.count * sizeof(struct row) || XXH3_64bits(rows, rows_len) != header.checksum)
        return ERR_DAMAGED;
    struct bulletin *bulletin = malloc(sizeof *bulletin + rows_len);
    if (bulletin == NULL)
        return ERR_NOMEM;
    bulletin->policy_version = header.policy_version;
    bulletin->count = header.count;
    memcpy(bulletin->rows, rows, rows_len);
    *out = bulletin;
    return 0;
}

int bulletin_open(const char *path, struct bulletin **out)
{
    char *bytes;
    size_t len;
    int err = file_read_path(path, SIZE_MAX - 1, &bytes, &len);
    if (err < 0)
        return err;
    err = bulletin_parse(bytes, len, out);
    free(bytes);
    return err;
}

void bulletin_close(struct bulletin *bulletin)
{
    free(bulletin);
}

bool bulletin_find(const struct bulletin *bulletin, const struct ipaddr *address, uint32_t policy_version,
                   int64_t now_s, struct presence_who *out)
{
    struct row key;
    memcpy(key.address, address->bytes, sizeof key.address);
    const struct row *row = bulletin->count == 0
                                ? NULL
                                : bsearch(&key, bulletin->rows, bulletin->count, sizeof *bulletin->rows, compare_rows);
    *out = PRESENCE_UNKNOWN;
    if (row == NULL || now_s >= row->until_s)
        return false;
    *out = (struct presence_who){.device = row->device,
                                 .user = row->user,
                                 .person = bulletin->policy_version == policy_version ? row->person : PRESENCE_NOBODY,
                                 .grade = row->grade < PRESENCE_GRADES ? row->grade : (uint8_t)PRESENCE_ADDRESS,
                                 .until_s = row->until_s};
    return true;
}
