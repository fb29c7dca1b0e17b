#include "qlog/shipped.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/err.h"
#include "base/file.h"
#include "qlog/folder.h"

#define FILE_BYTES_MAX 65536
#define PLACES_MAX     64

/* false: it is none. */
static bool place_parse(const char *bytes, size_t len, struct shipped_place *out)
{
    json_t *object = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *segment = json_object_get(object, "segment");
    const json_t *wait = json_object_get(object, "wait_s");
    bool good = json_is_integer(segment) && json_is_integer(wait) && json_integer_value(segment) >= 0;
    if (good)
        *out = (struct shipped_place){(uint64_t)json_integer_value(segment), json_integer_value(wait)};
    json_decref(object);
    return good;
}

static bool place_read(int fd, const char *name, struct shipped_place *out)
{
    char *bytes;
    size_t len;
    int file = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int code = file < 0 ? ERR_NOENT : file_read(file, FILE_BYTES_MAX, &bytes, &len);
    if (file >= 0)
        close(file);
    if (code < 0)
        return false;
    bool good = place_parse(bytes, len, out);
    free(bytes);
    return good;
}

static bool is_place(const char *name)
{
    size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, ".json") == 0;
}

static int places_read(DIR *dir, struct shipped *out)
{
    struct dirent *entry;
    out->places = calloc(PLACES_MAX, sizeof *out->places);
    if (out->places == NULL)
        return ERR_NOMEM;
    while (out->count < PLACES_MAX && (entry = readdir(dir)) != NULL)
        out->count += is_place(entry->d_name) && place_read(dirfd(dir), entry->d_name, &out->places[out->count]);
    return 0;
}

int shipped_load(int dir_fd, struct shipped *out)
{
    DIR *dir;
    *out = (struct shipped){0};
    int code = folder_opendir(dir_fd, SHIPPED_DIR, &dir);
    if (code < 0)
        return code == ERR_NOENT ? 0 : code;
    code = places_read(dir, out);
    closedir(dir);
    return code;
}

bool shipped_waits(const struct shipped *shipped, uint64_t sequence, int64_t last_s, int64_t now_s)
{
    for (size_t i = 0; i < shipped->count; i++) {
        const struct shipped_place *place = &shipped->places[i];
        if (place->wait_s > 0 && sequence >= place->segment && last_s > now_s - place->wait_s)
            return true;
    }
    return false;
}

void shipped_done(struct shipped *shipped)
{
    free(shipped->places);
    *shipped = (struct shipped){0};
}
