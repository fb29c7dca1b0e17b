#include "operator/log_manifest.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include <sodium.h>

#include "base/category.h"
#include "base/err.h"
#include "base/verdict.h"
#include "qlog/segment_list.h"

int log_tail_read(const char *dir, struct log_tail *out)
{
    struct segment_list list = {.count = 0};
    struct segment *last = NULL;
    struct log_tail tail = {0};
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = dir_fd < 0 ? err_from_errno(errno) : segment_list(dir_fd, &list);
    if (code == 0 && list.count > 0) {
        tail.first_sequence = list.files[0].first_sequence;
        tail.last_sequence = list.files[list.count - 1].sequence;
        if (segment_open(dir_fd, list.files[list.count - 1].file, &last) == 0) { /* a damaged one has no chain */
            memcpy(tail.chain, last->trailer.chain, sizeof tail.chain);
            tail.is_signed = (last->trailer.flags & SEGMENT_SIGNED) != 0;
            segment_close(last);
        }
    }
    if (code == 0) {
        segment_list_done(&list);
        *out = tail;
    }
    if (dir_fd >= 0)
        close(dir_fd);
    return code;
}

static void member_number(struct text *out, const char *key, uint64_t value)
{
    text_printf(out, ",\"%s\":%" PRIu64, key, value);
}

static void member_bool(struct text *out, const char *key, bool value)
{
    text_printf(out, ",\"%s\":%s", key, value ? "true" : "false");
}

static void member_time(struct text *out, const char *key, int64_t time_ns)
{
    char time[LOG_TIME_MAX];
    text_add_json_member(out, key, log_time_to_text(time_ns, time));
}

/* ---- what was asked for ---- */

static void filter_client(const struct prefix *client, struct text *out)
{
    char address[IPADDR_TEXT_MAX];
    bool v4 = ipaddr_is_v4(&client->addr) && client->bits >= 96;
    text_printf(out, ",\"client\":\"%s/%u\"", ipaddr_to_text(&client->addr, address),
                v4 ? client->bits - 96u : client->bits);
}

static void filter_categories(uint64_t categories, struct text *out)
{
    bool first = true;
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        if ((categories & CATEGORY_BIT(id)) == 0)
            continue;
        text_printf(out, "%s\"%s\"", first ? ",\"categories\":[" : ",", category_name(id));
        first = false;
    }
    text_printf(out, "%s", first ? "" : "]");
}

static void filter_write(const struct log_options *o, struct text *out)
{
    const struct qlog_filter *f = &o->filter;
    char name[NAME_TEXT_MAX];
    text_printf(out, ",\"filter\":{\"limit\":%" PRIu64, o->limit);
    if (f->from_ns != 0)
        member_time(out, "from", f->from_ns);
    if (f->to_ns != 0)
        member_time(out, "to", f->to_ns);
    if (f->client != NULL)
        filter_client(f->client, out);
    if (f->name != NULL) {
        text_add_json_member(out, "name", name_to_text(f->name, name));
        member_bool(out, "below", f->name_below);
    }
    if (f->group != NULL)
        text_add_json_member(out, "group", f->group);
    if (o->user != NULL)
        text_add_json_member(out, "user", o->user);
    if (o->device != NULL)
        text_add_json_member(out, "device", o->device);
    filter_categories(f->categories, out);
    if (f->action >= 0)
        text_add_json_member(out, "verdict", verdict_action_name((unsigned)f->action));
    member_bool(out, "blocked", f->blocked_only);
    if (f->code != NULL)
        text_add_json_member(out, "code", f->code);
    text_add(out, "}", 1);
}

static void person_write(const char *key, const struct caller *who, struct text *out)
{
    text_printf(out, ",\"%s\":{\"name\":", key);
    text_add_json(out, who->name);
    text_printf(out, ",\"uid\":%u}", who->uid);
}

/* ---- what is in it ---- */

static void set_write(const char *key, const struct log_rows_set *set, struct text *out)
{
    text_printf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < set->count; i++)
        text_printf(out, "%s%" PRIu64, i == 0 ? "" : ",", set->numbers[i]);
    text_add(out, "]", 1);
    if (set->more > 0)
        text_printf(out, ",\"%s_not_listed\":%" PRIu64, key, set->more);
}

static void gaps_write(const struct log_rows_sum *sum, struct text *out)
{
    text_printf(out, ",\"gaps\":[");
    for (size_t i = 0; i < sum->gap_count; i++) {
        const struct log_rows_gap *gap = &sum->gaps[i];
        char from[LOG_TIME_MAX], to[LOG_TIME_MAX];
        text_printf(out, "%s{\"from\":\"%s\",\"to\":\"%s\",\"lost\":%" PRIu64 "}", i == 0 ? "" : ",",
                    log_time_to_text(gap->from_ns, from), log_time_to_text(gap->to_ns, to), gap->lost);
    }
    text_add(out, "]", 1);
    if (sum->more_gaps > 0)
        member_number(out, "gaps_not_listed", sum->more_gaps);
}

static void rows_write(const struct log_manifest *m, struct text *out)
{
    const struct log_rows_sum *sum = m->sum;
    member_number(out, "rows", sum->rows);
    if (sum->rows > 0) {
        member_time(out, "first", sum->first_ns);
        member_time(out, "last", sum->last_ns);
    }
    member_number(out, "lost", sum->lost);
    gaps_write(sum, out);
    member_number(out, "damaged_blocks", m->stats->damaged_blocks);
    member_number(out, "closed_blocks", m->stats->closed_blocks);
    member_number(out, "segments", m->stats->segments);
    member_number(out, "segments_skipped", m->stats->skipped);
    if (sum->generations.count > 0) {
        member_number(out, "first_generation", sum->generations.numbers[0]);
        member_number(out, "last_generation", sum->generations.numbers[sum->generations.count - 1]);
    }
    set_write("generations", &sum->generations, out);
    set_write("policies", &sum->versions, out);
    text_printf(out, ",\"nodes\":[");
    for (size_t i = 0; i < sum->node_count; i++) {
        text_add(out, ",", i > 0);
        text_add_json(out, sum->nodes[i]);
    }
    text_add(out, "]", 1);
}

static void chain_write(const struct log_manifest *m, struct text *out)
{
    char hex[2 * QLOG_HASH_LEN + 1];
    if (m->tail->last_sequence > 0) {
        text_printf(out, ",\"log\":{\"first_segment\":%" PRIu64 ",\"last_segment\":%" PRIu64, m->tail->first_sequence,
                    m->tail->last_sequence);
        text_add_json_member(out, "last_chain", sodium_bin2hex(hex, sizeof hex, m->tail->chain, QLOG_HASH_LEN));
        member_bool(out, "last_signed", m->tail->is_signed);
        text_add(out, "}", 1);
    }
    member_number(out, "rows_not_in_segments_yet", m->sum->journal_rows);
}

/* Whether the kernel knows that its clock follows another one, and how far off it may be. */
static void clock_write(struct text *out)
{
    struct timex clock = {.modes = 0};
    int state = adjtimex(&clock);
    bool known = state >= 0;
    text_printf(out, ",\"clock\":{\"synchronised\":%s",
                !known                                                ? "null"
                : state != TIME_ERROR && !(clock.status & STA_UNSYNC) ? "true"
                                                                      : "false");
    if (known)
        text_printf(out, ",\"error_us\":%ld", clock.maxerror);
    text_add(out, "}", 1);
}

static void hash_write(const struct log_manifest *m, enum log_manifest_of of, struct parcel *parcel, struct text *out)
{
    uint8_t hash[IMPRINT_LEN];
    char hex[IMPRINT_TEXT_MAX];
    char id[SIGNING_ID_TEXT_MAX];
    if (of == LOG_MANIFEST_OF_LINE) {
        parcel_so_far(parcel, hash);
        text_add_json_member(out, "blake2b_256", imprint_to_text(hash, hex));
    } else if (of == LOG_MANIFEST_OF_FILES) {
        size_t count;
        const struct parcel_file *files = parcel_files(parcel, &count);
        text_add_json_member(out, "blake2b_256", imprint_to_text(files[0].imprint.blake2b, hex));
        text_printf(out, ",\"files\":");
        parcel_files_write(parcel, out);
        if (m->key != NULL)
            text_add_json_member(out, "signed_by_key", signing_id_to_text(m->key->public.id, id));
    }
}

void log_manifest_write(const struct log_manifest *m, enum log_manifest_of of, struct parcel *parcel, struct text *out)
{
    text_printf(out, "{\"manifest\":{\"program\":\"belisha " BELISHA_VERSION "\"");
    text_add_json_member(out, "kind", m->kind);
    text_add_json_member(out, "format", grid_format_name(m->options->format));
    member_time(out, "made", m->made_ns);
    text_add_json_member(out, "times_are", "UTC");
    text_add_json_member(out, "time_zone_of_the_school", m->time_zone == NULL ? "that of the machine" : m->time_zone);
    clock_write(out);
    person_write("asked_by", m->asked_by, out);
    if (m->approved_by != NULL)
        person_write("approved_by", m->approved_by, out);
    if (m->options->reason != NULL)
        text_add_json_member(out, "reason", m->options->reason);
    if (m->options->reference != NULL)
        text_add_json_member(out, "reference", m->options->reference);
    text_add_json_member(out, "identities",
                         m->options->without_identities ? "replaced by a word for each person" : "in full");
    member_bool(out, "encrypted", m->encrypted);
    filter_write(m->options, out);
    rows_write(m, out);
    chain_write(m, out);
    hash_write(m, of, parcel, out);
    text_add(out, "}}\n", 3);
}
