#include "xfr/zone.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/random.h"
#include "xfr/xfr.h"

/* One attempt to get the zone. */
struct attempt {
    const struct zone_request *request;
    struct primary primary;
    struct zonecopy *copy;
    bool has_copy; /* copy is the kept one, of serial have */
    uint32_t have;
    char why[ZONE_WHY_MAX];
};

static int fail(struct attempt *a, int err, const char *sentence)
{
    snprintf(a->why, sizeof a->why, "%s", sentence);
    return err;
}

static int open_primary(struct attempt *a, const struct endpoint *at)
{
    int err = primary_open(&a->primary, at, &a->request->limits);
    return err < 0 ? fail(a, err, err == ERR_TIMEOUT ? "no connection in time" : "no connection") : 0;
}

/* ---- one request and its answer ---- */

static int send_request(struct attempt *a, const struct xfr *xfr, struct tsig *tsig)
{
    uint8_t msg[XFR_REQUEST_MAX];
    size_t len = xfr_request(xfr, msg);
    int err = 0;
    if (a->request->key != NULL)
        err = tsig_sign(tsig, a->request->key, msg, &len, sizeof msg, time(NULL));
    if (err == 0)
        err = primary_send(&a->primary, msg, len);
    return err < 0 ? fail(a, err, "the request could not be sent") : 0;
}

static int receive(struct attempt *a, size_t *out_len)
{
    int err = primary_receive(&a->primary, out_len);
    switch (err) {
    case 0:
        return 0;
    case ERR_TIMEOUT:
        return fail(a, err, "the answer did not come, or not to its end, in time");
    case ERR_TRUNCATED:
        return fail(a, err, "the connection ended before the answer did");
    case ERR_LIMIT:
        snprintf(a->why, sizeof a->why, "more than the allowed %" PRIu64 " bytes", a->request->limits.bytes_max);
        return err;
    default:
        return fail(a, err, "the connection broke");
    }
}

static int message_take(struct attempt *a, struct xfr *xfr, struct tsig *tsig, enum xfr_step *out_step)
{
    size_t len = 0;
    bool is_signed = true;
    char why[TSIG_WHY_MAX] = "";
    int err = receive(a, &len);
    if (err < 0)
        return err;
    if (a->request->key != NULL)
        err = tsig_verify(tsig, a->primary.bytes, len, time(NULL), &len, &is_signed, why);
    if (err < 0)
        return fail(a, err, why);
    err = xfr_message(xfr, a->primary.bytes, len, out_step);
    if (err < 0)
        return fail(a, err, xfr->why[0] != '\0' ? xfr->why : err_str(err));
    if (*out_step != XFR_MORE && !is_signed)
        return fail(a, ERR_ACCESS, "the end of the answer is not signed");
    return 0;
}

static int ask(struct attempt *a, enum xfr_kind kind, struct xfr *xfr, enum xfr_step *out_step)
{
    struct random_pool pool = {.left = 0};
    struct tsig tsig;
    *out_step = XFR_MORE;
    xfr_init(xfr, kind, a->request->source->zone, a->copy, a->have, (uint16_t)random_u32(&pool));
    int err = send_request(a, xfr, &tsig);
    while (err == 0 && *out_step == XFR_MORE)
        err = message_take(a, xfr, &tsig, out_step);
    return err;
}

/* ---- what is asked ---- */

static int write_copy(struct attempt *a, const struct xfr *xfr, struct zone_reply *out)
{
    uint64_t bytes;
    int err = zonecopy_write(a->copy, xfr->soa, xfr->soa_len, a->request->path, &bytes);
    if (err < 0)
        return fail(a, err, "the copy could not be written");
    *out = (struct zone_reply){.incremental = xfr->incremental, .serial = xfr->serial, .bytes = bytes};
    return 0;
}

static int transfer(struct attempt *a, enum xfr_kind kind, struct zone_reply *out)
{
    struct xfr xfr;
    enum xfr_step step;
    int err = ask(a, kind, &xfr, &step);
    if (err == 0 && step == XFR_CURRENT)
        *out = (struct zone_reply){.unchanged = true, .serial = a->have};
    else if (err == 0)
        err = write_copy(a, &xfr, out);
    xfr_done(&xfr);
    return err;
}

/* Whatever became of the copy, all of it comes now. */
static int transfer_all(struct attempt *a, struct zone_reply *out)
{
    zonecopy_clear(a->copy);
    a->has_copy = false;
    return transfer(a, XFR_AXFR, out);
}

static int transfer_changes(struct attempt *a, const struct endpoint *at, struct zone_reply *out)
{
    int err = transfer(a, XFR_IXFR, out);
    a->has_copy = err == 0;
    if (err == 0 || err == ERR_ACCESS || err == ERR_NOMEM || err == ERR_NOSPACE || err == ERR_IO)
        return err;
    primary_close(&a->primary);
    err = open_primary(a, at);
    return err < 0 ? err : transfer_all(a, out);
}

static int look(struct attempt *a, uint32_t *out_serial)
{
    struct xfr xfr;
    enum xfr_step step;
    int err = ask(a, XFR_SOA, &xfr, &step);
    if (err == 0)
        *out_serial = xfr.serial;
    xfr_done(&xfr);
    return err;
}

static int ask_primary(struct attempt *a, const struct endpoint *at, struct zone_reply *out)
{
    uint32_t serial = 0;
    int err = open_primary(a, at);
    if (err == 0)
        err = look(a, &serial);
    if (err < 0)
        return err;
    if (a->has_copy && serial == a->have) {
        *out = (struct zone_reply){.unchanged = true, .serial = serial};
        return 0;
    }
    if (a->has_copy && !xfr_is_later(serial, a->have)) {
        snprintf(a->why, sizeof a->why, "it has serial %" PRIu32 ", and the copy is %" PRIu32, serial, a->have);
        return ERR_UNSUPPORTED;
    }
    return a->has_copy && a->request->incremental ? transfer_changes(a, at, out) : transfer_all(a, out);
}

/* ---- all primaries ---- */

static void load_kept(struct attempt *a)
{
    a->has_copy =
        a->request->kept != NULL && zonecopy_load(a->copy, a->request->kept, a->request->source->zone, &a->have) == 0;
}

static int ask_all(struct attempt *a, struct zone_reply *out, char why[ZONE_WHY_MAX])
{
    const struct source *source = a->request->source;
    int err = ERR_NETWORK;
    load_kept(a);
    for (size_t i = 0; i < source->primary_count; i++) {
        char text[ENDPOINT_TEXT_MAX];
        err = ask_primary(a, &source->primaries[i], out);
        primary_close(&a->primary);
        if (err == 0)
            return 0;
        snprintf(why, ZONE_WHY_MAX, "%s: %.180s", endpoint_to_text(&source->primaries[i], text), a->why);
        if (!a->has_copy) { /* it may have gone wrong half-way */
            zonecopy_clear(a->copy);
            load_kept(a);
        }
    }
    return err;
}

int zone_fetch(const struct zone_request *request, struct zone_reply *out, char why[ZONE_WHY_MAX])
{
    struct attempt *a = calloc(1, sizeof *a);
    snprintf(why, ZONE_WHY_MAX, "no memory");
    if (a == NULL)
        return ERR_NOMEM;
    a->request = request;
    a->primary.fd = -1;
    int err = zonecopy_new(request->limits.bytes_max, request->records_max, &a->copy);
    if (err == 0)
        err = ask_all(a, out, why);
    zonecopy_free(a->copy);
    free(a);
    return err;
}
