#include "operator/log_pack.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "operator/log_leaving.h"
#include "operator/log_send.h"
#include "operator/pack_request.h"
#include "operator/pack_text.h"
#include "operator/reading.h"
#include "operator/unveil.h"
#include "qlog/segment_list.h"

#define CONTEXT_NS (INT64_C(3600) * 1000000000)
#define PIECE      ((size_t)1 << 20)

struct packing {
    const struct log_pack *pack;
    struct log_export export;
    int64_t from_ns, to_ns; /* as asked for */
    struct unveil *unveil;
    const char *unveil_why; /* why there is none */
    struct pack_request request;
    size_t segments;
};

static int say(const struct log_pack *pack, const char *what, const char *why)
{
    fprintf(pack->env->err, "belisha log: %s%s%s\n", what, why == NULL ? "" : ": ", why == NULL ? "" : why);
    return OPERATOR_FAILED;
}

/* ---- what may be asked for ---- */

#define V4_BITS_MIN (96u + 24) /* a classroom */
#define V6_BITS_MIN 64u

/* A network of everybody, or all names below "com", would be about nobody. */
static bool is_narrow(const struct prefix *client)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool v4 = memcmp(client->addr.bytes, mapped, sizeof mapped) == 0;
    return client->bits >= (v4 ? V4_BITS_MIN : V6_BITS_MIN);
}

static bool names_somebody(const struct log_options *o)
{
    const struct qlog_filter *f = &o->filter;
    return o->user != NULL || o->device != NULL || f->code != NULL || (f->client != NULL && is_narrow(f->client)) ||
           (f->name != NULL && (!f->name_below || name_label_count(f->name) >= 2));
}

static const char *wrong_of(const struct log_options *o)
{
    const struct qlog_filter *f = &o->filter;
    if (o->pack_for == LOG_PACK_NONE)
        return "a pack needs --for police or --for dsl";
    if (f->from_ns == 0 || f->to_ns == 0 || f->from_ns >= f->to_ns)
        return "a pack needs --from TIME and a later --to TIME";
    if (!names_somebody(o))
        return "a pack is about somebody or something: --user, --device, --client (a network of at most /24, or /64 of "
               "IPv6), --code or --name is needed";
    if (o->reason == NULL || strlen(o->reason) < 10)
        return "a pack needs --reason TEXT that another person will understand: the ledger keeps it";
    if (o->output == NULL)
        return "a pack needs -o FILE.zip";
    if (o->plain || o->without_identities)
        return "a pack is always a zip with a password, and tells who asked";
    return NULL;
}

/* What is asked for, so that what was approved can be told from what is made. */
static void wanted_write(const struct log_options *o, struct text *out)
{
    const struct qlog_filter *f = &o->filter;
    char from[LOG_TIME_MAX], to[LOG_TIME_MAX], name[NAME_TEXT_MAX], address[IPADDR_TEXT_MAX];
    text_printf(out, "for %s, %s to %s", o->pack_for == LOG_PACK_POLICE ? "police" : "dsl",
                log_time_to_text(f->from_ns, from), log_time_to_text(f->to_ns, to));
    if (o->user != NULL)
        text_printf(out, ", user %s", o->user);
    if (o->device != NULL)
        text_printf(out, ", device %s", o->device);
    if (f->client != NULL)
        text_printf(out, ", client %s/%u", ipaddr_to_text(&f->client->addr, address), f->client->bits);
    if (f->code != NULL)
        text_printf(out, ", code %s", f->code);
    if (f->name != NULL)
        text_printf(out, ", name %s%s", name_to_text(f->name, name), f->name_below ? " and below" : "");
    if (f->group != NULL)
        text_printf(out, ", group %s", f->group);
    if (f->categories != 0)
        text_printf(out, ", categories %" PRIx64, f->categories);
    if (f->action >= 0 || f->blocked_only)
        text_printf(out, ", verdict %d%s", f->action, f->blocked_only ? " blocked" : "");
    if (o->segments)
        text_printf(out, ", with segments");
}

/* ---- the second person ---- */

static int request_put(const struct log_pack *pack, const char *wanted)
{
    struct caller caller;
    uint64_t number = 0;
    json_t *detail = json_pack("{ss}", "wanted", wanted);
    bool done = reading_note(pack->env, "pack.request", pack->dir, pack->options->reason, detail);
    json_decref(detail);
    if (!done)
        return OPERATOR_FAILED;
    reading_caller(&caller);
    int code = pack_request_newest(pack->env->config->ledger.folder, wanted, &caller, &number);
    if (code < 0 || number == 0)
        return say(pack, "the ledger can't be read back", err_str(code));
    fprintf(pack->env->out,
            "request %" PRIu64 " waits for another person who may make packs:\n"
            "    belisha log pack --approve %" PRIu64 "\n"
            "then give the same command again with --request %" PRIu64 "\n",
            number, number, number);
    return OPERATOR_FAILED; /* there is no pack yet */
}

static const char *state_wrong(enum pack_state state)
{
    switch (state) {
    case PACK_UNKNOWN:
        return "there is no such request in the ledger";
    case PACK_WAITS:
        return "nobody else has approved of it yet";
    case PACK_OLD:
        return "it was approved more than 7 days ago: ask once more";
    case PACK_MADE:
        return "that pack was made already: ask once more for another";
    case PACK_APPROVED:
        break;
    }
    return NULL;
}

static int request_load(const struct log_pack *pack, uint64_t number, struct pack_request *out)
{
    char what[64];
    int code = pack_request_find(pack->env->config->ledger.folder, number, pack->now_ns / 1000000000, out);
    snprintf(what, sizeof what, "request %" PRIu64, number);
    if (code == ERR_DAMAGED)
        return say(pack, what,
                   "the ledger is not whole (belisha ledger verify), so no approval in it can be relied on");
    return code < 0 ? say(pack, what, err_str(code)) : OPERATOR_OK;
}

static int approve_run(const struct log_pack *pack)
{
    struct pack_request request;
    struct caller caller;
    char object[32];
    int code = request_load(pack, pack->options->approve, &request);
    if (code != OPERATOR_OK)
        return code;
    snprintf(object, sizeof object, "request %" PRIu64, pack->options->approve);
    if (request.state != PACK_WAITS)
        return say(pack, object,
                   request.state == PACK_APPROVED ? "it is approved already" : state_wrong(request.state));
    reading_caller(&caller);
    if (strcmp(request.by, caller.name) == 0)
        return say(pack, object, "whoever asked for a pack can't approve of it");
    json_t *detail = json_pack("{ss}", "wanted", request.wanted);
    bool done = reading_note(pack->env, "pack.approve", object, pack->options->reason, detail);
    json_decref(detail);
    if (done)
        fprintf(pack->env->out, "%s is approved: %s\n", object, request.wanted);
    return done ? OPERATOR_OK : OPERATOR_FAILED;
}

/* OPERATOR_OK: it may be made now. */
static int second_person(struct packing *p, const char *wanted)
{
    const struct log_pack *pack = p->pack;
    if (!pack->env->config->log_pack_approval)
        return OPERATOR_OK;
    if (pack->options->request == 0)
        return request_put(pack, wanted);
    int code = request_load(pack, pack->options->request, &p->request);
    if (code != OPERATOR_OK)
        return code;
    const char *wrong = state_wrong(p->request.state);
    if (wrong == NULL && strcmp(p->request.wanted, wanted) != 0)
        wrong = "something else was approved";
    if (wrong != NULL)
        return say(pack, wrong, p->request.wanted[0] == '\0' ? NULL : p->request.wanted);
    p->export.approved_by = &p->request.approved_by;
    return OPERATOR_OK;
}

/* ---- what is in it ---- */

static int segment_put(struct parcel *parcel, int dir_fd, const char *file)
{
    int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC);
    char *piece = fd < 0 ? NULL : malloc(PIECE);
    ssize_t got = 0;
    int code = fd < 0 ? err_from_errno(errno) : piece == NULL ? ERR_NOMEM : parcel_file(parcel, file, true);
    while (code == 0 && (got = read(fd, piece, PIECE)) > 0)
        code = parcel_write(parcel, piece, (size_t)got);
    if (code == 0 && got < 0)
        code = err_from_errno(errno);
    free(piece);
    if (fd >= 0)
        close(fd);
    return code;
}

static bool is_of_time(const struct segment *segment, const struct qlog_filter *f)
{
    return segment->footer_damaged || (segment->footer.first_ns < f->to_ns && segment->footer.last_ns >= f->from_ns);
}

/* The log's own files of that time, as they were signed when they were closed. */
static int segments_put(struct packing *p, struct parcel *parcel)
{
    struct segment_list list = {.count = 0};
    int dir_fd = open(p->pack->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = dir_fd < 0 ? err_from_errno(errno) : segment_list(dir_fd, &list);
    for (size_t i = 0; code == 0 && i < list.count; i++) {
        struct segment *segment;
        if (segment_open(dir_fd, list.files[i].file, &segment) < 0)
            continue;
        bool wanted = is_of_time(segment, &p->pack->options->filter);
        segment_close(segment);
        if (wanted)
            code = segment_put(parcel, dir_fd, list.files[i].file);
        p->segments += wanted;
    }
    segment_list_done(&list);
    if (dir_fd >= 0)
        close(dir_fd);
    return code;
}

static int more_put(void *ctx, struct parcel *parcel, const struct log_rows_sum *sum)
{
    struct packing *p = ctx;
    struct text text = {0};
    int code = p->pack->options->segments ? segments_put(p, parcel) : 0;
    const struct pack_text about = {.options = p->pack->options,
                                    .sum = sum,
                                    .from_ns = p->from_ns,
                                    .to_ns = p->to_ns,
                                    .made_ns = p->pack->now_ns,
                                    .asked_by = &p->export.asked_by,
                                    .approved_by = p->export.approved_by,
                                    .hosts_told = p->unveil == NULL ? 0 : unveil_count(p->unveil),
                                    .hosts_why = p->unveil_why,
                                    .segments = p->segments};
    pack_text_write(&about, &text);
    if (code == 0)
        code = text_ok(&text) ? parcel_put(parcel, "READ-ME.txt", text.bytes, text.len) : ERR_NOMEM;
    text_done(&text);
    return code;
}

static const char *unveil_more(void *ctx, const char *name, size_t len)
{
    const struct packing *p = ctx;
    return p->unveil == NULL ? NULL : unveil_name(p->unveil, name, len);
}

/* Where there is no list there is no id. */
static void unveil_begin(struct packing *p)
{
    int code = unveil_open(p->pack->env->config->statutory_path, &p->unveil);
    p->unveil_why = code == ERR_NOENT || code == 0 ? NULL : err_str(code);
    if (p->unveil_why != NULL)
        fprintf(p->pack->env->err, "belisha log: names of the statutory list stay ids: its vault can't be opened: %s\n",
                p->unveil_why);
}

/* ---- the pack ---- */

static bool packed(struct packing *p, const struct log_export_result *result)
{
    const struct log_options *o = p->pack->options;
    char object[32] = "pack", hex[IMPRINT_TEXT_MAX];
    if (o->request > 0)
        snprintf(object, sizeof object, "request %" PRIu64, o->request);
    json_t *detail = json_pack("{ss ss sI sI}", "file", o->output, "sha256", imprint_to_text(result->sha256, hex),
                               "rows", (json_int_t)result->stats.rows, "statutory_names",
                               (json_int_t)(p->unveil == NULL ? 0 : unveil_count(p->unveil)));
    bool done = reading_note(p->pack->env, "log.packed", object, o->reason, detail);
    json_decref(detail);
    return done;
}

static void hold_tell(const struct packing *p)
{
    char from[LOG_TIME_MAX], to[LOG_TIME_MAX];
    fprintf(p->pack->env->err,
            "belisha log: keep what this is from, before retention takes it:\n"
            "    belisha log hold --days-from %.10s --days-to %.10s --reason \"...\"\n",
            log_time_to_text(p->pack->options->filter.from_ns, from),
            log_time_to_text(p->pack->options->filter.to_ns, to));
}

static int pack_make(struct packing *p, const char *password)
{
    struct log_options *o = p->pack->options;
    struct log_export_result result;
    o->filter.from_ns -= CONTEXT_NS;
    o->filter.to_ns += CONTEXT_NS;
    p->export.password = password;
    unveil_begin(p);
    int code = log_export_run(&p->export, &result);
    int exit_code = code < 0 ? say(p->pack, o->output, err_str(code)) : OPERATOR_OK;
    if (code == 0) {
        log_send_tell(p->pack->env, &p->export, &result);
        exit_code = packed(p, &result) ? OPERATOR_OK : OPERATOR_FAILED;
        hold_tell(p);
    }
    unveil_close(p->unveil);
    return exit_code;
}

static int pack_begin(struct packing *p, const char *wanted)
{
    char password[PASSPHRASE_MAX];
    const struct log_pack *pack = p->pack;
    int code = second_person(p, wanted);
    if (code != OPERATOR_OK)
        return code;
    if (access(pack->options->output, F_OK) == 0)
        return say(pack, pack->options->output, err_str(ERR_EXIST));
    json_t *detail = json_pack("{ss}", "wanted", wanted);
    /* Whoever has the right makes it; with another's approval it is enough to be one who reads the log. */
    const char *kind = p->export.approved_by != NULL ? "log.pack-approved" : "log.pack";
    bool noted = reading_note(pack->env, kind, pack->dir, pack->options->reason, detail);
    json_decref(detail);
    if (!noted)
        return OPERATOR_FAILED;
    const char *wrong = log_leaving_password(pack->options, password);
    if (wrong != NULL)
        return say(pack, "password", wrong);
    code = pack_make(p, password);
    passphrase_wipe(password);
    return code;
}

int log_pack_run(const struct log_pack *pack)
{
    struct text wanted = {0};
    const struct config *config = pack->env->config;
    struct log_options *o = pack->options;
    struct packing p = {.pack = pack,
                        .from_ns = o->filter.from_ns,
                        .to_ns = o->filter.to_ns,
                        .export = {.dir = pack->dir,
                                   .options = o,
                                   .names = pack->names,
                                   .kind = o->pack_for == LOG_PACK_POLICE ? "police pack" : "dsl pack",
                                   .now_ns = pack->now_ns,
                                   .time_zone = config->time_zone,
                                   .key_path = config->log.key_path,
                                   .unveil = unveil_more,
                                   .more = more_put}};
    if (o->approve > 0)
        return approve_run(pack);
    const char *wrong = wrong_of(o);
    if (wrong != NULL) {
        say(pack, wrong, NULL);
        return OPERATOR_USAGE;
    }
    o->zip = true;
    p.export.ctx = &p;
    reading_caller(&p.export.asked_by);
    wanted_write(o, &wanted);
    int code = text_ok(&wanted) && wanted.len < PACK_WANTED_MAX ? pack_begin(&p, wanted.bytes)
                                                                : say(pack, "pack", err_str(ERR_LIMIT));
    text_done(&wanted);
    return code;
}
