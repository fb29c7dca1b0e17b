/*
 * The stream of a transfer: what was asked, whether it must be signed, then messages with their length in front. However
 * it goes, it ends, and what it says to be done is a zone that can be written and read back.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns/msg.h"
#include "xfr/tsig.h"
#include "xfr/xfr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_S INT64_C(1700000000)

static const uint8_t zone[] = "\3rpz\4test";

static void check_written(const struct xfr *xfr)
{
    char path[] = "/tmp/belisha-fuzz-xfr-XXXXXX";
    struct zonecopy *again;
    uint64_t bytes;
    uint32_t serial;
    int fd = mkstemp(path);
    if (fd < 0 || zonecopy_new(UINT64_MAX, UINT64_MAX, &again) < 0)
        abort();
    close(fd);
    if (zonecopy_write(xfr->copy, xfr->soa, xfr->soa_len, path, &bytes) < 0 ||
        zonecopy_load(again, path, zone, &serial) < 0 || serial != xfr->serial ||
        zonecopy_count(again) != zonecopy_count(xfr->copy))
        abort();
    unlink(path);
    zonecopy_free(again);
}

/* One message of the stream; false: it goes no further. */
static bool take(struct xfr *xfr, struct tsig *tsig, uint8_t *msg, size_t len)
{
    char why[TSIG_WHY_MAX] = "";
    bool is_signed;
    enum xfr_step step = XFR_MORE;
    size_t left = len;
    if (tsig != NULL && tsig_verify(tsig, msg, len, NOW_S, &left, &is_signed, why) < 0) {
        if (why[0] == '\0')
            abort();
        return false;
    }
    int err = xfr_message(xfr, msg, left, &step);
    if (err == 0 && step == XFR_DONE && xfr->copy != NULL)
        check_written(xfr);
    return err == 0 && step == XFR_MORE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xfr xfr;
    struct tsig tsig;
    struct tsig_key key;
    struct zonecopy *copy;
    uint8_t request[XFR_REQUEST_MAX];
    if (size < 1)
        return 0;
    enum xfr_kind kind = (enum xfr_kind)(data[0] % 3);
    bool is_signed = data[0] & 0x80;
    if (zonecopy_new(1 << 20, 10000, &copy) < 0 || tsig_key_make("key.example", "hmac-sha256", "MDEy", &key) < 0 ||
        zonecopy_add(copy, "a.rpz.test.\t60\tIN\tCNAME\t.", 25) < 0)
        abort();
    xfr_init(&xfr, kind, zone, kind == XFR_SOA ? NULL : copy, 1, 0);
    size_t len = xfr_request(&xfr, request);
    if (is_signed && tsig_sign(&tsig, &key, request, &len, sizeof request, NOW_S) < 0)
        abort();
    for (size_t at = 1; at + 2 <= size;) {
        size_t msg_len = msg_u16(data + at);
        at += 2;
        msg_len = msg_len < size - at ? msg_len : size - at;
        uint8_t *msg = malloc(msg_len + 1);
        if (msg == NULL)
            abort();
        memcpy(msg, data + at, msg_len);
        bool more = take(&xfr, is_signed ? &tsig : NULL, msg, msg_len);
        free(msg);
        if (!more)
            break;
        at += msg_len;
    }
    xfr_done(&xfr);
    zonecopy_free(copy);
    return 0;
}
