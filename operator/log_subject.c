#include "operator/log_subject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "operator/log_company.h"
#include "operator/log_cover.h"
#include "operator/log_send.h"
#include "operator/reading.h"
#include "qlog/keyring.h"

#define COVER "cover.html"

struct subject {
    const struct operator_env *env;
    const struct log_options *options;
    int64_t now_ns;
    struct company company;
};

const char *log_subject_wrong(const struct operator_env *env, struct log_options *o)
{
    const struct qlog_filter *f = &o->filter;
    if (o->output == NULL)
        return "subject-access needs -o FILE: what it makes is for one person, and for nobody's screen";
    if (f->client != NULL || f->name != NULL || f->group != NULL || f->device != 0 || f->categories != 0 ||
        f->action >= 0 || f->blocked_only || f->code != NULL || o->limit > 0)
        return "subject-access takes --from, --to and --also alone: the person has a right to all of it";
    if (o->without_identities)
        return "without who asked it is nobody's";
    o->zip = !o->plain;
    return log_send_wrong(env, o);
}

static bool device_is_hidden(void *ctx, uint32_t device)
{
    const struct subject *subject = ctx;
    return company_shares(&subject->company, device);
}

static int cover_put(void *ctx, struct parcel *parcel, const struct log_rows_sum *sum)
{
    const struct subject *s = ctx;
    const struct log_cover cover = {.config = s->env->config,
                                    .user = s->options->user,
                                    .format = grid_format_name(s->options->format),
                                    .from_ns = s->options->filter.from_ns,
                                    .to_ns = s->options->filter.to_ns,
                                    .made_ns = s->now_ns,
                                    .company = &s->company,
                                    .sum = sum};
    char *bytes = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&bytes, &len);
    if (memory == NULL)
        return ERR_NOMEM;
    log_cover_write(&cover, memory);
    int code = fclose(memory) == 0 ? parcel_put(parcel, COVER, bytes, len) : ERR_NOMEM;
    free(bytes);
    return code;
}

/* By number: the ledger is kept, and may outlive the name. */
static bool write_down(const struct operator_env *env, const char *dir, const struct log_options *o)
{
    char time[GRID_TIME_MAX];
    json_t *users = json_array();
    json_array_append_new(users, json_integer(o->filter.user));
    for (size_t i = 0; i < o->filter.also_count; i++)
        json_array_append_new(users, json_integer(o->filter.also_users[i]));
    json_t *detail = json_pack("{so sb}", "users", users, "encrypted", o->zip);
    if (detail != NULL && o->filter.from_ns != 0 && grid_time_to_text(o->filter.from_ns, time) > 0)
        json_object_set_new(detail, "from", json_string(time));
    if (detail != NULL && o->filter.to_ns != 0 && grid_time_to_text(o->filter.to_ns, time) > 0)
        json_object_set_new(detail, "to", json_string(time));
    bool done = reading_note(env, "log.subject-access", dir, o->reason, detail);
    json_decref(detail);
    return done;
}

/* Without the keys the log would seem to have nothing about anybody. */
static bool keys_are_readable(const struct operator_env *env, const char *dir)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int keys_fd = dir_fd < 0 ? -1 : openat(dir_fd, KEYRING_LINK, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err = keys_fd < 0 ? -errno : 0;
    if (keys_fd >= 0)
        close(keys_fd);
    if (dir_fd >= 0)
        close(dir_fd);
    if (err == ERR_ACCESS)
        fprintf(env->err,
                "belisha log: %s/" KEYRING_LINK
                ": who asked may not be read: do this as the user that belishad runs as\n",
                dir);
    return err != ERR_ACCESS;
}

int log_subject_run(const struct operator_env *env, const char *dir, const struct log_options *options,
                    struct log_names *names, int64_t now_ns)
{
    struct subject subject = {.env = env, .options = options, .now_ns = now_ns};
    const struct log_send_more more = {.kind = "subject access", .more = cover_put, .ctx = &subject};
    if (!keys_are_readable(env, dir) || !write_down(env, dir, options))
        return OPERATOR_FAILED;
    int err = company_read(&subject.company, dir, &options->filter);
    int code = OPERATOR_FAILED;
    if (err < 0) {
        fprintf(env->err, "belisha log: %s: %s\n", dir, err_str(err));
    } else {
        names->device_is_hidden = device_is_hidden;
        names->ctx = &subject;
        code = log_send_more(env, dir, options, names, now_ns, &more);
    }
    company_done(&subject.company);
    return code;
}
