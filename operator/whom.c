#include "operator/whom.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

/* DOMAIN\user and user@realm without the rest. */
static const char *bare(const char *name, size_t *out_len)
{
    const char *slash = strrchr(name, '\\');
    const char *begin = slash == NULL ? name : slash + 1;
    *out_len = strcspn(begin, "@");
    return begin;
}

static bool is_same_user(const char *a, const char *b)
{
    size_t a_len, b_len;
    a = bare(a, &a_len);
    b = bare(b, &b_len);
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

uint32_t whom_user(const struct explain *explain, const char *name)
{
    const struct roster *roster = explain->roster;
    uint32_t number = roster == NULL || name == NULL ? 0 : roster_find(roster, ROSTER_USER, name);
    if (number != 0 || roster == NULL || name == NULL || explain->config->policy.users == POLICY_USERS_WHOLE)
        return number;
    for (number = roster_count(roster, ROSTER_USER); number > 0; number--) {
        const char *known = roster_name(roster, ROSTER_USER, number);
        if (known != NULL && known[0] != '\0' && is_same_user(known, name))
            break;
    }
    return number;
}

uint32_t whom_device(const struct explain *explain, const char *name)
{
    return explain->roster == NULL || name == NULL ? 0 : roster_find(explain->roster, ROSTER_DEVICE, name);
}

static void set_numbers(const struct explain *explain, struct whom *out)
{
    out->client.user = whom_user(explain, out->user);
    out->client.device = whom_device(explain, out->device);
}

static int find_group(const struct explain *explain, const char *name, struct whom *out, struct text *why)
{
    int group = policy_group_find(explain->policy, name);
    if (group < 0) {
        text_printf(why, "the policy has no group '%s'", name);
        return ERR_NOENT;
    }
    out->client = judge_group(explain->policy, (uint16_t)group);
    return 0;
}

/* Where somebody has rules of his own, it is of no matter at which of our addresses he is. */
static int find_person_anywhere(const struct explain *explain, uint32_t person, struct whom *out, struct text *why)
{
    const struct policy_opts *policy = &explain->config->policy;
    struct policy_standing standing;
    if (person == POLICY_NOBODY || policy->access_count == 0) {
        text_printf(why, "the policy has no entry for the user '%s', so the network decides: add --client", out->user);
        return ERR_NOENT;
    }
    policy_standing(explain->policy, &policy->access[0].addr, person, explain->now_s, &standing);
    out->client.profile = standing.profile;
    out->client.group = standing.group;
    return 0;
}

int whom_find(const struct explain *explain, const struct whom_asked *asked, struct whom *out, struct text *why)
{
    uint32_t person = asked->user == NULL ? POLICY_NOBODY : policy_person_find(explain->policy, asked->user);
    struct policy_standing standing;
    int err = 0;
    *out = (struct whom){.user = asked->user,
                         .device = asked->device,
                         .has_address = asked->has_client,
                         .address = asked->client,
                         .is_person = person != POLICY_NOBODY};
    if (asked->group != NULL) {
        err = find_group(explain, asked->group, out, why);
    } else if (asked->has_client) {
        policy_standing(explain->policy, &asked->client, person, explain->now_s, &standing);
        out->client.profile = standing.profile;
        out->client.group = standing.group;
    } else if (asked->user != NULL) {
        err = find_person_anywhere(explain, person, out, why);
    } else {
        out->client = judge_group(explain->policy, POLICY_GROUP_DEFAULT);
    }
    set_numbers(explain, out);
    return err;
}

static const char *name_of(const struct roster *roster, enum roster_kind kind, uint32_t number)
{
    const char *name = roster == NULL || number == 0 ? NULL : roster_name(roster, kind, number);
    return name == NULL || name[0] == '\0' ? NULL : name;
}

void whom_of_row(const struct explain *explain, const struct witness *row, struct whom *out)
{
    static const struct ipaddr none;
    const struct qlog_record *r = &row->record;
    struct policy_standing standing;
    *out = (struct whom){.has_address = !ipaddr_equal(&r->client, &none),
                         .address = r->client,
                         .user = name_of(explain->roster, ROSTER_USER, r->user),
                         .device = name_of(explain->roster, ROSTER_DEVICE, r->device)};
    if (!out->has_address) { /* not attributed, or not to be known any longer */
        int group = policy_group_find(explain->policy, row->group);
        out->client = judge_group(explain->policy, group < 0 ? POLICY_GROUP_DEFAULT : (uint16_t)group);
        return;
    }
    uint32_t person = out->user == NULL ? POLICY_NOBODY : policy_person_find(explain->policy, out->user);
    policy_standing(explain->policy, &r->client, person, explain->now_s, &standing);
    out->is_person = person != POLICY_NOBODY;
    out->client = (struct judge_client){
        .profile = standing.profile, .group = standing.group, .user = r->user, .device = r->device};
}

char *whom_to_text(const struct whom *whom, const char *group, char out[WHOM_TEXT_MAX])
{
    char address[IPADDR_TEXT_MAX] = "";
    size_t used = 0;
    if (whom->has_address)
        used += (size_t)snprintf(out, WHOM_TEXT_MAX, "%s", ipaddr_to_text(&whom->address, address));
    if (whom->user != NULL)
        used += (size_t)snprintf(out + used, WHOM_TEXT_MAX - used, "%suser %.190s", used > 0 ? ", " : "", whom->user);
    if (whom->device != NULL)
        used +=
            (size_t)snprintf(out + used, WHOM_TEXT_MAX - used, "%sdevice %.190s", used > 0 ? ", " : "", whom->device);
    if (used == 0)
        snprintf(out, WHOM_TEXT_MAX, "any in %s%s", group == NULL ? "no group" : "group ", group == NULL ? "" : group);
    return out;
}
