#include "qlog/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/file.h"

#define TEMPORARY HOLD_FILE ".tmp"
#define LOCK      HOLD_FILE ".lock"
#define FILE_MAX  ((size_t)2 << 20)
#define DAY_S     86400

/* ---- days ---- */

char *hold_day_to_text(uint32_t day, char out[HOLD_DAY_MAX])
{
    time_t start_s = (time_t)day * DAY_S;
    struct tm tm;
    if (gmtime_r(&start_s, &tm) == NULL || strftime(out, HOLD_DAY_MAX, "%Y-%m-%d", &tm) == 0)
        snprintf(out, HOLD_DAY_MAX, "?");
    return out;
}

int hold_day_from_text(const char *text, uint32_t *out)
{
    char again[HOLD_DAY_MAX];
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    time_t start_s = end == NULL || *end != '\0' ? -1 : timegm(&tm);
    if (start_s < 0 || strcmp(hold_day_to_text((uint32_t)(start_s / DAY_S), again), text) != 0)
        return ERR_MALFORMED;
    *out = (uint32_t)(start_s / DAY_S);
    return 0;
}

/* ---- lines ---- */

static bool text_take(const json_t *object, const char *member, char *out, size_t cap)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text != NULL && (size_t)snprintf(out, cap, "%s", text) < cap;
}

static bool object_take(const json_t *object, struct hold *out)
{
    char from[HOLD_DAY_MAX];
    char to[HOLD_DAY_MAX];
    json_int_t id = json_integer_value(json_object_get(object, "id"));
    out->id = (uint32_t)id;
    return id > 0 && id <= UINT32_MAX && text_take(object, "from", from, sizeof from) &&
           text_take(object, "to", to, sizeof to) && hold_day_from_text(from, &out->from_day) == 0 &&
           hold_day_from_text(to, &out->to_day) == 0 && out->from_day <= out->to_day &&
           text_take(object, "by", out->by, sizeof out->by) &&
           text_take(object, "reason", out->reason, sizeof out->reason);
}

static bool line_parse(const char *line, size_t len, struct hold *out)
{
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    bool whole = json_is_object(object) && object_take(object, out);
    json_decref(object);
    return whole;
}

static void line_write(const struct hold *hold, struct text *out)
{
    char from[HOLD_DAY_MAX];
    char to[HOLD_DAY_MAX];
    text_printf(out, "{\"id\": %" PRIu32 ", \"from\": \"%s\", \"to\": \"%s\", \"by\": ", hold->id,
                hold_day_to_text(hold->from_day, from), hold_day_to_text(hold->to_day, to));
    text_add_json(out, hold->by);
    text_printf(out, ", \"reason\": ");
    text_add_json(out, hold->reason);
    text_printf(out, "}\n");
}

/* ---- the file ---- */

static int list_add(struct hold_list *list, const struct hold *hold)
{
    struct hold *holds = realloc(list->holds, (list->count + 1) * sizeof *holds);
    if (holds == NULL)
        return ERR_NOMEM;
    list->holds = holds;
    list->holds[list->count++] = *hold;
    if (hold->id > list->last_id)
        list->last_id = hold->id;
    return 0;
}

static int list_parse(struct hold_list *list, const char *bytes, size_t len)
{
    const char *end = bytes + len;
    while (bytes < end) {
        struct hold hold;
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        if (newline == NULL || list->count == HOLD_MAX || !line_parse(bytes, (size_t)(newline - bytes), &hold))
            return ERR_DAMAGED;
        if (list_add(list, &hold) < 0)
            return ERR_NOMEM;
        bytes = newline + 1;
    }
    return 0;
}

static int lines_read(int fd, struct hold_list *list)
{
    char *bytes = malloc(FILE_MAX);
    size_t len = 0;
    ssize_t got = 1;
    if (bytes == NULL)
        return ERR_NOMEM;
    while (len < FILE_MAX && (got = read(fd, bytes + len, FILE_MAX - len)) > 0)
        len += (size_t)got;
    int err = got < 0 ? -errno : len == FILE_MAX ? ERR_DAMAGED : list_parse(list, bytes, len);
    free(bytes);
    return err;
}

int hold_list_load(int dir_fd, struct hold_list *out)
{
    struct hold_list list = {0};
    int fd = openat(dir_fd, HOLD_FILE, O_RDONLY | O_CLOEXEC);
    int err = fd < 0 ? -errno : lines_read(fd, &list);
    if (fd >= 0)
        close(fd);
    if (err == ERR_NOMEM) {
        hold_list_done(&list);
        return err;
    }
    list.unreadable = err < 0 && err != ERR_NOENT;
    *out = list;
    return 0;
}

void hold_list_done(struct hold_list *list)
{
    free(list->holds);
    *list = (struct hold_list){0};
}

bool hold_list_covers(const struct hold_list *list, uint32_t from_day, uint32_t to_day)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->holds[i].from_day <= to_day && from_day <= list->holds[i].to_day)
            return true;
    return list->unreadable;
}

static int list_save(int dir_fd, const struct hold_list *list)
{
    struct text bytes = {.max = FILE_MAX};
    for (size_t i = 0; i < list->count; i++)
        line_write(&list->holds[i], &bytes);
    int err = text_ok(&bytes) ? file_save_at(dir_fd, HOLD_FILE, TEMPORARY, bytes.bytes, bytes.len, 0640) : ERR_NOMEM;
    if (err == 0 && fsync(dir_fd) < 0)
        err = -errno;
    text_done(&bytes);
    return err;
}

/* One change at a time; closing the file ends it. */
static int lock(int dir_fd)
{
    int fd = openat(dir_fd, LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return fd;
    int err = -errno;
    if (fd >= 0)
        close(fd);
    return err;
}

int hold_add(int dir_fd, const struct hold *hold, uint32_t *out_id)
{
    struct hold_list list = {0};
    struct hold added = *hold;
    int lock_fd = lock(dir_fd);
    int err = lock_fd < 0 ? lock_fd : hold_list_load(dir_fd, &list);
    if (err == 0)
        err = list.unreadable ? ERR_DAMAGED : list.count == HOLD_MAX ? ERR_LIMIT : 0;
    added.id = list.last_id + 1;
    if (err == 0)
        err = list_add(&list, &added);
    if (err == 0)
        err = list_save(dir_fd, &list);
    hold_list_done(&list);
    if (lock_fd >= 0)
        close(lock_fd);
    if (err == 0)
        *out_id = added.id;
    return err;
}

int hold_remove(int dir_fd, uint32_t id)
{
    struct hold_list list = {0};
    size_t kept = 0;
    int lock_fd = lock(dir_fd);
    int err = lock_fd < 0 ? lock_fd : hold_list_load(dir_fd, &list);
    if (err == 0 && list.unreadable)
        err = ERR_DAMAGED;
    for (size_t i = 0; i < list.count; i++)
        if (list.holds[i].id != id)
            list.holds[kept++] = list.holds[i];
    if (err == 0 && kept == list.count)
        err = ERR_NOENT;
    list.count = kept;
    if (err == 0)
        err = list_save(dir_fd, &list);
    hold_list_done(&list);
    if (lock_fd >= 0)
        close(lock_fd);
    return err;
}
