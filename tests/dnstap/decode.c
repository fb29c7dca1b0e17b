#include "dnstap/decode.h"

#include <string.h>

struct field {
    unsigned number;
    uint64_t value;
    struct piece bytes;
};

static bool read_varint(struct piece *from, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; from->len > 0 && shift < 64; shift += 7) {
        uint8_t byte = *from->at++;
        from->len--;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool read_field(struct piece *from, struct field *out)
{
    uint64_t tag;
    *out = (struct field){0};
    if (!read_varint(from, &tag))
        return false;
    out->number = (unsigned)(tag >> 3);
    switch (tag & 7) {
    case 0:
        return read_varint(from, &out->value);
    case 2:
        if (!read_varint(from, &out->value) || out->value > from->len)
            return false;
        out->bytes = (struct piece){from->at, out->value};
        from->at += out->value;
        from->len -= out->value;
        return true;
    case 5:
        if (from->len < 4)
            return false;
        for (int i = 0; i < 4; i++)
            out->value |= (uint64_t)from->at[i] << (8 * i);
        from->at += 4;
        from->len -= 4;
        return true;
    default:
        return false;
    }
}

static bool read_policy(struct piece from, struct told_policy *out)
{
    struct field f;
    out->there = true;
    while (from.len > 0) {
        if (!read_field(&from, &f))
            return false;
        switch (f.number) {
        case 1:
            out->type = f.bytes;
            break;
        case 2:
            out->rule = f.bytes;
            break;
        case 3:
            out->action = f.value;
            break;
        case 4:
            out->match = f.value;
            break;
        case 5:
            out->value = f.bytes;
            break;
        default:
            return false;
        }
    }
    return true;
}

static bool read_message(struct piece from, struct told *out)
{
    struct field f;
    uint64_t *const numbers[17] = {
        [1] = &out->type,          [2] = &out->family,  [3] = &out->protocol, [6] = &out->query_port,
        [7] = &out->response_port, [8] = &out->query_s, [9] = &out->query_ns, [12] = &out->response_s,
        [13] = &out->response_ns,  [16] = &out->http};
    struct piece *const pieces[17] = {[4] = &out->query_address,
                                      [5] = &out->response_address,
                                      [10] = &out->query,
                                      [11] = &out->zone,
                                      [14] = &out->response};
    while (from.len > 0) {
        if (!read_field(&from, &f) || f.number > 16)
            return false;
        if (f.number == 15) {
            if (!read_policy(f.bytes, &out->policy))
                return false;
        } else if (numbers[f.number] != NULL) {
            *numbers[f.number] = f.value;
        } else if (pieces[f.number] != NULL) {
            *pieces[f.number] = f.bytes;
        } else {
            return false;
        }
    }
    return true;
}

bool told_read(const uint8_t *bytes, size_t len, struct told *out)
{
    struct piece from = {bytes, len};
    struct field f;
    memset(out, 0, sizeof *out);
    while (from.len > 0) {
        if (!read_field(&from, &f))
            return false;
        if (f.number == 1)
            out->identity = f.bytes;
        else if (f.number == 2)
            out->version = f.bytes;
        else if (f.number == 15)
            out->kind = f.value;
        else if (f.number != 14 || !read_message(f.bytes, out))
            return false;
    }
    return out->kind == 1 && out->type > 0;
}
