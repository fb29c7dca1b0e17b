#include "control/lease_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "base/mac.h"
#include "control/record.h"
#include "identity/roster.h"
#include "metrics/exposition.h"

/* ---- how sources are ---- */

static void write_source(const struct lease_status *s, struct text *out)
{
    text_printf(out, "{\"kind\": \"%s\", \"path\": ", lease_kind_name(s->source.kind));
    text_add_json(out, s->source.path);
    text_printf(out,
                ", \"leases\": %zu, \"read_s\": %" PRId64 ", \"refused\": %" PRIu64 ", \"no_place\": %" PRIu64
                ", \"trouble\": ",
                s->lease_count, s->read_s, s->refused_count, s->full_count);
    if (s->trouble[0] == '\0')
        text_printf(out, "null}");
    else {
        text_add_json(out, s->trouble);
        text_printf(out, "}");
    }
}

void lease_report_status(const struct command_env *env, struct text *out)
{
    bool reports = env->silence_opts != NULL && env->silence_opts->enabled;
    text_printf(out, "  \"leases\": {\"silent\": ");
    if (reports)
        text_printf(out, "%zu", env->silence->now_count);
    else
        text_printf(out, "null");
    text_printf(out, ", \"sources\": [");
    for (size_t i = 0; i < env->lease_count; i++) {
        text_printf(out, i == 0 ? "\n    " : ",\n    ");
        write_source(env->leases[i], out);
    }
    text_printf(out, env->lease_count == 0 ? "]},\n" : "\n  ]},\n");
}

/* ---- figures ---- */

static void sample(struct text *out, const char *family, const struct lease_status *s, uint64_t value)
{
    struct text labels = {0};
    text_printf(&labels, "kind=\"%s\",path=", lease_kind_name(s->source.kind));
    text_add_json(&labels, s->source.path);
    if (text_ok(&labels))
        exposition_sample(out, family, labels.bytes, value);
    text_done(&labels);
}

void lease_report_metrics(const struct command_env *env, struct text *out)
{
    static const char held[] = "belisha_leases", up[] = "belisha_lease_source_up";
    if (env->lease_count == 0)
        return;
    exposition_family(out, held, EXPOSITION_GAUGE, "DHCP leases that hold, by where they are read");
    for (size_t i = 0; i < env->lease_count; i++)
        sample(out, held, env->leases[i], env->leases[i]->lease_count);
    exposition_family(out, up, EXPOSITION_GAUGE, "1: its leases can be read");
    for (size_t i = 0; i < env->lease_count; i++)
        sample(out, up, env->leases[i], env->leases[i]->trouble[0] == '\0');
    if (env->silence_opts == NULL || !env->silence_opts->enabled)
        return;
    exposition_family(out, "belisha_silent_devices", EXPOSITION_GAUGE,
                      "Devices that renew their leases and ask nothing");
    exposition_sample(out, "belisha_silent_devices", NULL, env->silence->now_count);
}

/* ---- silent devices ---- */

static void write_card(const struct lease *lease, struct text *out)
{
    char mac[MAC_TEXT_MAX];
    if (lease->has_mac)
        text_printf(out, "\"%s\"", mac_to_text(lease->mac, mac));
    else
        text_printf(out, "null");
}

static void write_time(const char *key, int64_t seconds, struct text *out)
{
    if (seconds == 0)
        text_printf(out, ", \"%s\": null", key);
    else
        text_printf(out, ", \"%s\": %" PRId64, key, seconds);
}

static void write_device(const struct command_env *env, const struct silent *s, struct text *out)
{
    char address[IPADDR_TEXT_MAX];
    const char *name = env->roster == NULL ? NULL : roster_name(env->roster, ROSTER_DEVICE, s->device);
    text_printf(out, "{\"device\": ");
    text_add_json(out, name == NULL ? "" : name);
    text_printf(out, ", \"host\": ");
    text_add_json(out, s->lease.host);
    text_printf(out, ", \"address\": \"%s\", \"mac\": ", ipaddr_to_text(&s->lease.address, address));
    write_card(&s->lease, out);
    write_time("asked_s", s->asked_s, out);
    write_time("from_s", s->from_s, out);
    write_time("renewed_s", s->lease.renewed_s, out);
    write_time("lease_until_s", s->lease.until_s, out);
    write_time("reported_s", s->reported_s, out);
    write_time("over_s", s->over_s, out);
    text_printf(out, ", \"steps\": %u, \"evaded\": %s}", s->steps, s->evaded ? "true" : "false");
}

void lease_report_silent(const char *argument, const struct command_env *env, struct text *out)
{
    (void)argument;
    if (env->silence_opts == NULL || !env->silence_opts->enabled) {
        text_printf(out, "error: silent devices are not reported; identity.silence.report switches it on\n");
        return;
    }
    if (!record_may(env, ACT_READ_LOG, out))
        return;
    int err = record_entry(env, &(struct entry){.kind = "silent.show", .object = "silent devices"});
    if (err < 0) {
        text_printf(out, "error: the ledger can't be written, so nothing is shown: %s\n", err_str(err));
        return;
    }
    const struct silence *silence = env->silence;
    text_printf(out,
                "{\"listening_s\": %" PRId64 ", \"looked_s\": %" PRId64 ", \"after_s\": %" PRId64 ", \"devices\": [",
                env->started_s, silence->looked_s, env->silence_opts->after_s);
    for (size_t i = 0; i < silence->count; i++) {
        text_printf(out, i == 0 ? "\n  " : ",\n  ");
        write_device(env, &silence->devices[i], out);
    }
    text_printf(out, "\n]}\n");
}
