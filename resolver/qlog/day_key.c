#include "qlog/day_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define MAGIC          "BLSHDAYK"
#define VERSION        1
#define ASIDE          "damaged-"
#define ASIDE_FILE_MAX (DAY_KEY_FILE_MAX + sizeof ASIDE)
#define FILE_MODE      0600 /* records are added and destroyed in place */
#define BYTES_MAX      ((size_t)64 * (DAY_KEY_SLOT_MAX + 1))

struct header {
    char magic[8];
    uint32_t version;
    uint32_t day;
    uint8_t key[DAY_KEY_LEN];
    uint64_t reserved;
    uint64_t check; /* xxh3-64 of the bytes before it */
};
static_assert(sizeof(struct header) == 64, "day key header");

/* Zero throughout: forgotten. */
struct person {
    uint32_t user;
    uint32_t slot;
    uint8_t key[DAY_KEY_LEN];
    uint8_t reserved[16];
    uint64_t check; /* the same */
};
static_assert(sizeof(struct person) == 64, "day key person");

struct day_key {
    int fd; /* -1: only read */
    struct header header;
    struct person *persons; /* by slot - 1 */
    uint32_t count, cap;
    uint32_t *slots; /* open addressing by user; 0: free. A power of two, at most half full */
    uint32_t slots_cap;
    bool unsynced;
};

/* ---- days and files ---- */

uint32_t day_key_day(int64_t time_ns)
{
    return time_ns < 0 ? 0 : (uint32_t)(time_ns / DAY_KEY_NS);
}

char *day_key_file(uint32_t day, char out[DAY_KEY_FILE_MAX])
{
    time_t start_s = (time_t)day * 86400;
    struct tm tm;
    if (gmtime_r(&start_s, &tm) == NULL || strftime(out, DAY_KEY_FILE_MAX, "%Y-%m-%d.key", &tm) == 0)
        snprintf(out, DAY_KEY_FILE_MAX, "day-%u.key", day);
    return out;
}

bool day_key_file_parse(const char *file, uint32_t *out_day)
{
    char again[DAY_KEY_FILE_MAX];
    struct tm tm = {0};
    if (strncmp(file, ASIDE, strlen(ASIDE)) == 0)
        file += strlen(ASIDE);
    const char *end = strptime(file, "%Y-%m-%d.key", &tm);
    time_t start_s = end == NULL || *end != '\0' ? -1 : timegm(&tm);
    if (start_s < 0 || strcmp(day_key_file((uint32_t)(start_s / 86400), again), file) != 0)
        return false;
    *out_day = (uint32_t)(start_s / 86400);
    return true;
}

static int bytes_write(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t written = pwrite(fd, bytes, len, at);
    if (written < 0)
        return -errno;
    return (size_t)written < len ? ERR_NOSPACE : 0;
}

static off_t person_at(uint32_t slot)
{
    return (off_t)(sizeof(struct header) + (size_t)(slot - 1) * sizeof(struct person));
}

/* Whole or not at all; whoever was quicker has made the key that counts. */
static int file_make(int dir_fd, const char *file, uint32_t day)
{
    char beside[DAY_KEY_FILE_MAX + 16];
    struct header header = {.version = VERSION, .day = day};
    snprintf(beside, sizeof beside, "%s.%ld.tmp", file, (long)getpid());
    memcpy(header.magic, MAGIC, sizeof header.magic);
    randombytes_buf(header.key, sizeof header.key);
    header.check = XXH3_64bits(&header, offsetof(struct header, check));
    int fd = openat(dir_fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    int err = fd < 0 ? -errno : bytes_write(fd, &header, sizeof header, 0);
    sodium_memzero(&header, sizeof header);
    if (err == 0 && fsync(fd) < 0)
        err = -errno;
    if (fd >= 0)
        close(fd);
    if (err == 0 && linkat(dir_fd, beside, dir_fd, file, 0) < 0 && errno != EEXIST)
        err = -errno;
    unlinkat(dir_fd, beside, 0);
    if (err == 0 && fsync(dir_fd) < 0)
        err = -errno;
    return err;
}

/* ---- persons ---- */

static uint32_t slot_place(const struct day_key *key, uint32_t user)
{
    uint32_t at = (user * 2654435761u) & (key->slots_cap - 1);
    while (key->slots[at] != 0 && key->persons[key->slots[at] - 1].user != user)
        at = (at + 1) & (key->slots_cap - 1);
    return at;
}

static int slots_grow(struct day_key *key)
{
    uint32_t cap = key->slots_cap == 0 ? 256 : key->slots_cap * 2;
    uint32_t *slots = calloc(cap, sizeof *slots);
    if (slots == NULL)
        return ERR_NOMEM;
    free(key->slots);
    key->slots = slots;
    key->slots_cap = cap;
    for (uint32_t slot = 1; slot <= key->count; slot++)
        if (key->persons[slot - 1].user != 0)
            slots[slot_place(key, key->persons[slot - 1].user)] = slot;
    return 0;
}

static int persons_grow(struct day_key *key)
{
    if (key->count < key->cap)
        return 0;
    uint32_t cap = key->cap * 2 + 64;
    struct person *persons = sodium_malloc(cap * sizeof *persons);
    if (persons == NULL)
        return ERR_NOMEM;
    if (key->count > 0)
        memcpy(persons, key->persons, key->count * sizeof *persons);
    sodium_free(key->persons);
    key->persons = persons;
    key->cap = cap;
    return 0;
}

static int person_add(struct day_key *key, const struct person *person)
{
    if (persons_grow(key) < 0 || ((key->count + 1) * 2 > key->slots_cap && slots_grow(key) < 0))
        return ERR_NOMEM;
    key->persons[key->count++] = *person;
    if (person->user != 0)
        key->slots[slot_place(key, person->user)] = key->count;
    return 0;
}

static bool person_is_whole(const struct person *person, uint32_t slot)
{
    return person->slot == slot && person->user != 0 &&
           person->check == XXH3_64bits(person, offsetof(struct person, check));
}

static uint32_t slot_find(const struct day_key *key, uint32_t user)
{
    return key->slots_cap == 0 ? 0 : key->slots[slot_place(key, user)];
}

int day_key_slot(struct day_key *key, uint32_t user, uint32_t *out_slot)
{
    uint32_t slot = slot_find(key, user);
    if (slot != 0) {
        *out_slot = slot;
        return 0;
    }
    if (key->count == DAY_KEY_SLOT_MAX)
        return ERR_LIMIT;
    struct person person = {.user = user, .slot = key->count + 1};
    randombytes_buf(person.key, sizeof person.key);
    person.check = XXH3_64bits(&person, offsetof(struct person, check));
    int err = bytes_write(key->fd, &person, sizeof person, person_at(person.slot));
    key->unsynced = true;
    if (err == 0)
        err = person_add(key, &person);
    sodium_memzero(&person, sizeof person);
    if (err == 0)
        *out_slot = key->count;
    return err;
}

bool day_key_person(const struct day_key *key, uint32_t slot, uint32_t *out_user, const uint8_t **out_key)
{
    if (slot == 0 || slot > key->count || key->persons[slot - 1].user == 0)
        return false;
    *out_user = key->persons[slot - 1].user;
    *out_key = key->persons[slot - 1].key;
    return true;
}

/* ---- opening ---- */

/* A record that was cut or damaged is a person who can't be named; its number is not given again. */
static int persons_read(struct day_key *key, const uint8_t *bytes, size_t len)
{
    int err = 0;
    for (uint32_t slot = 1; err == 0 && (size_t)person_at(slot) < len && slot <= DAY_KEY_SLOT_MAX; slot++) {
        struct person person = {0};
        size_t at = (size_t)person_at(slot);
        memcpy(&person, bytes + at, len - at < sizeof person ? len - at : sizeof person);
        if (!person_is_whole(&person, slot))
            person = (struct person){0};
        err = person_add(key, &person);
        sodium_memzero(&person, sizeof person);
    }
    return err;
}

static int file_parse(struct day_key *key, const uint8_t *bytes, size_t len, uint32_t day)
{
    struct header *h = &key->header;
    if (len < sizeof *h)
        return ERR_DAMAGED;
    memcpy(h, bytes, sizeof *h);
    if (memcmp(h->magic, MAGIC, sizeof h->magic) != 0 || h->check != XXH3_64bits(h, offsetof(struct header, check)) ||
        h->day != day)
        return ERR_DAMAGED;
    return h->version == VERSION ? persons_read(key, bytes, len) : ERR_FORMAT_VERSION;
}

static int file_read(struct day_key *key, int fd, uint32_t day)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size <= 0 || (size_t)st.st_size > BYTES_MAX)
        return ERR_DAMAGED;
    size_t len = (size_t)st.st_size;
    uint8_t *bytes = sodium_malloc(len);
    if (bytes == NULL)
        return ERR_NOMEM;
    ssize_t got = pread(fd, bytes, len, 0);
    int err = got < 0 ? -errno : file_parse(key, bytes, (size_t)got, day);
    sodium_free(bytes);
    return err;
}

static int file_open(int dir_fd, uint32_t day, int flags)
{
    char file[DAY_KEY_FILE_MAX];
    int fd = openat(dir_fd, day_key_file(day, file), flags | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

int day_key_open(int dir_fd, uint32_t day, enum day_key_use use, struct day_key **out)
{
    char file[DAY_KEY_FILE_MAX];
    if (sodium_init() < 0)
        return ERR_IO;
    int fd = file_open(dir_fd, day, use == DAY_KEY_READ ? O_RDONLY : O_RDWR);
    if (fd == ERR_NOENT && use == DAY_KEY_WRITE) {
        int err = file_make(dir_fd, day_key_file(day, file), day);
        fd = err < 0 ? err : file_open(dir_fd, day, O_RDWR);
    }
    if (fd < 0)
        return fd;
    struct day_key *key = calloc(1, sizeof *key);
    int err = key == NULL ? ERR_NOMEM : file_read(key, fd, day);
    if (err < 0 || use == DAY_KEY_READ)
        close(fd);
    if (key != NULL)
        key->fd = err < 0 || use == DAY_KEY_READ ? -1 : fd;
    if (err < 0) {
        day_key_close(key);
        return err;
    }
    *out = key;
    return 0;
}

void day_key_close(struct day_key *key)
{
    if (key == NULL)
        return;
    if (key->fd >= 0)
        close(key->fd);
    sodium_free(key->persons);
    free(key->slots);
    sodium_memzero(key, sizeof *key);
    free(key);
}

bool day_key_is_whole(const struct day_key *key, int dir_fd)
{
    char file[DAY_KEY_FILE_MAX];
    struct stat st;
    return fstatat(dir_fd, day_key_file(key->header.day, file), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           st.st_size <= person_at(key->count + 1);
}

uint32_t day_key_of(const struct day_key *key)
{
    return key->header.day;
}

const uint8_t *day_key_bytes(const struct day_key *key)
{
    return key->header.key;
}

int day_key_sync(struct day_key *key)
{
    if (!key->unsynced)
        return 0;
    if (fdatasync(key->fd) < 0)
        return -errno;
    key->unsynced = false;
    return 0;
}

/* ---- destroying ---- */

int day_key_forget(int dir_fd, uint32_t day, uint32_t user)
{
    static const struct person nobody;
    struct day_key *key;
    int err = day_key_open(dir_fd, day, DAY_KEY_CHANGE, &key); /* one that was destroyed must not come back */
    if (err < 0)
        return err;
    uint32_t slot = slot_find(key, user);
    if (slot != 0)
        err = bytes_write(key->fd, &nobody, sizeof nobody, person_at(slot));
    if (err == 0 && slot != 0 && fdatasync(key->fd) < 0)
        err = -errno;
    day_key_close(key);
    return err < 0 ? err : slot != 0;
}

static char *file_aside(uint32_t day, char out[ASIDE_FILE_MAX])
{
    char file[DAY_KEY_FILE_MAX];
    snprintf(out, ASIDE_FILE_MAX, "%s%s", ASIDE, day_key_file(day, file));
    return out;
}

int day_key_set_aside(int dir_fd, uint32_t day)
{
    char file[DAY_KEY_FILE_MAX];
    char aside[ASIDE_FILE_MAX];
    if (renameat(dir_fd, day_key_file(day, file), dir_fd, file_aside(day, aside)) < 0)
        return -errno;
    return fsync(dir_fd) < 0 ? -errno : 0;
}

static int file_destroy(int dir_fd, const char *file)
{
    static const uint8_t zeros[4096];
    struct stat st;
    int fd = openat(dir_fd, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    int err = fstat(fd, &st) < 0 ? -errno : 0;
    for (off_t at = 0; err == 0 && at < st.st_size; at += (off_t)sizeof zeros)
        err = bytes_write(fd, zeros, sizeof zeros, at);
    if (err == 0 && fdatasync(fd) < 0)
        err = -errno;
    close(fd);
    return err == 0 && unlinkat(dir_fd, file, 0) < 0 ? -errno : err;
}

int day_key_destroy(int dir_fd, uint32_t day)
{
    char file[DAY_KEY_FILE_MAX];
    char aside[ASIDE_FILE_MAX];
    int aside_err = file_destroy(dir_fd, file_aside(day, aside));
    int err = file_destroy(dir_fd, day_key_file(day, file));
    if (err == ERR_NOENT)
        err = aside_err;
    else if (err == 0 && aside_err != ERR_NOENT)
        err = aside_err;
    return err == 0 && fsync(dir_fd) < 0 ? -errno : err;
}
