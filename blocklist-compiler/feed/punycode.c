#include "feed/punycode.h"

/* RFC 3492, section 5 */
#define BASE         36U
#define T_MIN        1U
#define T_MAX        26U
#define SKEW         38U
#define DAMP         700U
#define INITIAL_BIAS 72U
#define INITIAL_N    0x80U

struct writer {
    char *out;
    size_t len, cap;
};

static int put(struct writer *w, uint32_t digit)
{
    if (w->len == w->cap)
        return ERR_LIMIT;
    w->out[w->len++] = (char)(digit < 26 ? 'a' + digit : '0' + (digit - 26));
    return 0;
}

/* RFC 3492, 6.1 */
static uint32_t adapt(uint32_t delta, uint32_t done, int first)
{
    uint32_t k = 0;
    delta = first ? delta / DAMP : delta / 2;
    delta += delta / done;
    for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
        delta /= BASE - T_MIN;
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* A delta as a generalised variable-length integer (RFC 3492, 3.3). */
static int put_delta(struct writer *w, uint32_t delta, uint32_t bias)
{
    uint32_t q = delta;
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
        if (q < t)
            return put(w, q);
        int err = put(w, t + (q - t) % (BASE - t));
        if (err < 0)
            return err;
        q = (q - t) / (BASE - t);
    }
}

static int put_basic(struct writer *w, const uint32_t *points, size_t count, uint32_t *out_basic)
{
    for (size_t i = 0; i < count; i++) {
        if (points[i] > 0x10ffff)
            return ERR_INVAL;
        if (points[i] >= INITIAL_N)
            continue;
        if (w->len == w->cap)
            return ERR_LIMIT;
        w->out[w->len++] = (char)points[i];
    }
    *out_basic = (uint32_t)w->len;
    if (w->len > 0) {
        if (w->len == w->cap)
            return ERR_LIMIT;
        w->out[w->len++] = '-';
    }
    return 0;
}

static uint32_t smallest_from(const uint32_t *points, size_t count, uint32_t n)
{
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        if (points[i] >= n && points[i] < least)
            least = points[i];
    }
    return least;
}

int punycode_write(const uint32_t *points, size_t count, char *out, size_t out_cap)
{
    struct writer w = {out, 0, out_cap};
    uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS, basic, done;
    /* A label has 63 bytes: with so few points the deltas below can't overflow 32 bits (64 * 0x110000 < 2^27). */
    if (count == 0 || count > 64)
        return ERR_INVAL;
    int err = put_basic(&w, points, count, &basic);
    if (err < 0)
        return err;
    for (done = basic; done < count; delta++, n++) {
        uint32_t m = smallest_from(points, count, n);
        delta += (m - n) * (done + 1);
        n = m;
        for (size_t i = 0; i < count; i++) {
            if (points[i] < n)
                delta++;
            if (points[i] != n)
                continue;
            err = put_delta(&w, delta, bias);
            if (err < 0)
                return err;
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    return (int)w.len;
}
