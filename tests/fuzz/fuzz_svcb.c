/*
 * Any bytes as the data of an SVCB record: what is read is inside of it, and what is left without ECH is read again, with
 * the same target and hints and no ECH.
 */
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "dns/svcb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_value(const struct svcb_value *value, const uint8_t *data, size_t size, size_t unit)
{
    if (value->bytes == NULL)
        return;
    must(value->bytes >= data + 3 && value->bytes + value->len <= data + size);
    must(value->len > 0 && value->len % unit == 0);
}

static bool same(const struct svcb_value *a, const struct svcb_value *b)
{
    return (a->bytes == NULL) == (b->bytes == NULL) && a->len == b->len &&
           (a->len == 0 || memcmp(a->bytes, b->bytes, a->len) == 0);
}

static void check_stripped(const struct svcb *was, const uint8_t *data, size_t len)
{
    struct svcb left;
    must(svcb_parse(data, len, &left) == 0);
    must(left.ech.bytes == NULL && left.priority == was->priority && left.target_len == was->target_len);
    must(name_equal(left.target, was->target));
    if (was->priority == 0 && was->ech.bytes != NULL)
        return;
    must(same(&left.ipv4hint, &was->ipv4hint) && same(&left.ipv6hint, &was->ipv6hint));
    must(same(&left.mandatory, &was->mandatory));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct svcb s;
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, data, size);
    int code = svcb_parse(data, size, &s);
    size_t left = svcb_strip_ech(copy, size);
    must(left <= size);
    if (code < 0) {
        must(left == 0);
    } else {
        must(name_check(s.target, size - 2) == (int)s.target_len);
        check_value(&s.mandatory, data, size, 2);
        check_value(&s.ipv4hint, data, size, 4);
        check_value(&s.ipv6hint, data, size, 16);
        check_value(&s.ech, data, size, 1);
        must(s.ech.bytes != NULL || left == size);
        if (left > 0)
            check_stripped(&s, copy, left);
    }
    free(copy);
    return 0;
}
