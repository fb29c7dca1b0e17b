#include "operator/log_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "policy/person_table.h"

static const char *why(const char *before, const char *name, const char *behind)
{
    static char sentence[ROSTER_NAME_MAX + 128];
    snprintf(sentence, sizeof sentence, "%s%.190s%s", before, name, behind);
    return sentence;
}

/* "#17" is number 17, whatever it stands for. */
static bool number_from_text(const char *text, uint32_t *out)
{
    char *end;
    unsigned long long value = text[0] == '#' ? strtoull(text + 1, &end, 10) : 0;
    if (value == 0 || value > ROSTER_MAX || *end != '\0')
        return false;
    *out = (uint32_t)value;
    return true;
}

static uint32_t user_find(const struct roster *roster, const struct config *config, const char *name)
{
    char folded[ROSTER_NAME_MAX + 1];
    if (strlen(name) > ROSTER_NAME_MAX)
        return 0;
    person_name_fold(name, config->policy.users, folded);
    return roster_find(roster, ROSTER_USER, folded);
}

/* Other names that the person had. */
static const char *resolve_also(const struct log_names *names, const struct config *config, struct log_options *o)
{
    for (size_t i = 0; i < o->also_count; i++) {
        uint32_t *number = &o->also_users[i];
        if (number_from_text(o->also[i], number))
            continue;
        *number = names->roster == NULL ? 0 : user_find(names->roster, config, o->also[i]);
        if (*number == 0)
            return why("'", o->also[i], "' was never seen as a user, or there is no roster");
    }
    o->filter.also_users = o->also_users;
    o->filter.also_count = o->also_count;
    return NULL;
}

static const char *resolve(const struct log_names *names, const struct config *config, struct log_options *o)
{
    struct qlog_filter *f = &o->filter;
    if (o->user != NULL && !number_from_text(o->user, &f->user)) {
        if (names->roster == NULL)
            return "--user needs the roster, or a number such as #17";
        f->user = user_find(names->roster, config, o->user);
        if (f->user == 0)
            return why("'", o->user, "' was never seen as a user");
    }
    if (o->device != NULL && !number_from_text(o->device, &f->device)) {
        if (names->roster == NULL)
            return "--device needs the roster, or a number such as #4";
        f->device = roster_find(names->roster, ROSTER_DEVICE, o->device);
        if (f->device == 0)
            return why("'", o->device, "' was never seen as a device");
    }
    return resolve_also(names, config, o);
}

const char *log_names_open(struct log_names *names, const struct config *config, struct log_options *o)
{
    const char *path = o->roster != NULL ? o->roster : o->dir != NULL ? NULL : config->identity.roster;
    *names = (struct log_names){.roster = NULL};
    int err = path == NULL ? 0 : roster_read(path, NULL, NULL, &names->roster);
    if (err < 0 && o->roster != NULL)
        return why("that roster can't be read: ", err_str(err), "");
    return resolve(names, config, o);
}

void log_names_close(struct log_names *names)
{
    roster_close(names->roster);
}

static const char *name_of(const struct roster *roster, enum roster_kind kind, uint32_t number, char *out, size_t size)
{
    const char *name = roster == NULL ? NULL : roster_name(roster, kind, number);
    if (number == 0)
        return "";
    if (name == NULL || name[0] == '\0')
        snprintf(out, size, "#%" PRIu32, number);
    else
        snprintf(out, size, "%s", name);
    return out;
}

void log_names_put(struct log_names *names, struct qlog_row *row)
{
    const struct qlog_record *r = &row->record;
    row->user = name_of(names->roster, ROSTER_USER, r->user, names->user, sizeof names->user);
    row->device = name_of(names->roster, ROSTER_DEVICE, r->device, names->device, sizeof names->device);
    row->called = names->roster == NULL ? "" : roster_called(names->roster, r->device);
    if (names->device_is_hidden == NULL)
        return;
    row->called = "";
    if (names->device_is_hidden(names->ctx, r->device))
        row->device = "";
}
