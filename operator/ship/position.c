#include "ship/position.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/err.h"
#include "base/file.h"
#include "base/outfile.h"

#define FILE_MAX_BYTES 65536
#define VERSION        1

static int path_of(const char *log_dir, const char *name, const char *ending, char out[PATH_MAX])
{
    int len = snprintf(out, PATH_MAX, "%s/" POSITION_DIR "/%s%s", log_dir, name, ending);
    return len < 0 || len >= PATH_MAX ? ERR_LIMIT : 0;
}

/* ---- fields ---- */

#define FIELD(member)                                                                                                  \
    {                                                                                                                  \
#member, offsetof(struct position, member)                                                                     \
    }

static const struct field {
    const char *key;
    size_t offset; /* of 64 bits */
} fields[] = {FIELD(segment),     FIELD(rows),       FIELD(gaps),    FIELD(newest_ns),        FIELD(rows_sent),
              FIELD(bytes_sent),  FIELD(batches),    FIELD(retries), FIELD(segments_removed), FIELD(rows_damaged),
              FIELD(rows_closed), FIELD(begun_anew), FIELD(sent_s),  FIELD(failing_s),        FIELD(wait_s)};

static int fields_read(const json_t *object, struct position *out)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const json_t *value = json_object_get(object, fields[i].key);
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return ERR_MALFORMED;
        int64_t number = json_integer_value(value);
        memcpy((char *)out + fields[i].offset, &number, sizeof number);
    }
    return 0;
}

static int text_read(const json_t *object, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || strlen(text) >= size)
        return ERR_MALFORMED;
    strcpy(out, text);
    return 0;
}

static int read_object(const json_t *object, struct position *out)
{
    struct position read = {0};
    int code = json_integer_value(json_object_get(object, "version")) == VERSION ? 0 : ERR_FORMAT_VERSION;
    if (code == 0)
        code = fields_read(object, &read);
    if (code == 0)
        code = text_read(object, "node", read.node, sizeof read.node);
    if (code == 0)
        code = text_read(object, "why", read.why, sizeof read.why);
    if (code == 0)
        *out = read;
    return code;
}

int position_load(const char *log_dir, const char *name, struct position *out)
{
    char path[PATH_MAX];
    char *bytes;
    size_t len;
    int code = path_of(log_dir, name, ".json", path);
    if (code == 0)
        code = file_read_path(path, FILE_MAX_BYTES, &bytes, &len);
    if (code == ERR_NOENT) {
        *out = (struct position){0};
        return 0;
    }
    if (code < 0)
        return code;
    json_t *object = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
    free(bytes);
    code = object == NULL ? ERR_MALFORMED : read_object(object, out);
    json_decref(object);
    return code;
}

/* ---- writing ---- */

static json_t *write_object(const struct position *position)
{
    json_t *object = json_pack("{si ss}", "version", VERSION, "node", position->node);
    json_t *why = json_string(position->why);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        int64_t number;
        memcpy(&number, (const char *)position + fields[i].offset, sizeof number);
        json_object_set_new(object, fields[i].key, json_integer(number));
    }
    json_object_set_new(object, "why", why != NULL ? why : json_string("(no text)"));
    return object;
}

static int folder_make(const char *log_dir)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/" POSITION_DIR, log_dir) >= (int)sizeof path)
        return ERR_LIMIT;
    if (mkdir(path, 0750) < 0)
        return errno == EEXIST ? 0 : err_from_errno(errno);
    return file_sync_folder_of(path);
}

int position_save(const char *log_dir, const char *name, const struct position *position)
{
    struct outfile file;
    char path[PATH_MAX];
    int code = path_of(log_dir, name, ".json", path);
    if (code == 0)
        code = folder_make(log_dir);
    if (code == 0)
        code = outfile_open(&file, path, 0640);
    if (code < 0)
        return code;
    json_t *object = write_object(position);
    if (object == NULL || json_dumpf(object, file.file, JSON_INDENT(1) | JSON_PRESERVE_ORDER) < 0 ||
        fputc('\n', file.file) == EOF) {
        outfile_abort(&file);
        code = object == NULL ? ERR_NOMEM : ERR_IO;
    } else {
        code = outfile_commit(&file);
    }
    json_decref(object);
    return code;
}

int position_lock(const char *log_dir, const char *name, int *out_fd)
{
    char path[PATH_MAX];
    int code = path_of(log_dir, name, ".lock", path);
    if (code == 0)
        code = folder_make(log_dir);
    if (code < 0)
        return code;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_from_errno(errno);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        code = err_from_errno(errno);
        close(fd);
        return code;
    }
    *out_fd = fd;
    return 0;
}
