#include "feed/normalise.h"

#include <arpa/inet.h>
#include <idn2.h>

#include "feed/punycode.h"

#define LABEL_MAX 63

enum class { BAD, PLAIN, UPPER, HYPHEN, DOT, SLASH, COLON, STAR, ZERO, HIGH };

static const uint8_t classes[256] = {
    ['a' ... 'z'] = PLAIN,  ['0' ... '9'] = PLAIN,
    ['_'] = PLAIN,          ['A' ... 'Z'] = UPPER,
    ['-'] = HYPHEN,         ['.'] = DOT,
    ['/'] = SLASH,          [':'] = COLON,
    ['*'] = STAR,           [0] = ZERO,
    [0x80 ... 0xff] = HIGH,
};

bool normalise_is_address(struct span text)
{
    char copy[INET6_ADDRSTRLEN + 1];
    uint8_t addr[16];
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return inet_pton(AF_INET, copy, addr) == 1 || inet_pton(AF_INET6, copy, addr) == 1;
}

/* Tells what a name with a forbidden byte was meant to be. */
static enum refusal refuse_byte(struct span text, enum class found)
{
    struct span host = {text.at, span_find(text, '/')};
    struct span without_port = {text.at, span_find(text, ':')};
    switch (found) {
    case ZERO:
        return REFUSED_NUL_BYTE;
    case SLASH:
        return normalise_is_address(host) ? REFUSED_ADDRESS : REFUSED_URL;
    case COLON:
        if (span_has(text, "://"))
            return REFUSED_URL;
        return normalise_is_address(host) || normalise_is_address(without_port) ? REFUSED_ADDRESS : REFUSED_PORT;
    case STAR:
        return REFUSED_WILDCARD;
    case BAD:
    case PLAIN:
    case UPPER:
    case HYPHEN:
    case DOT:
    case HIGH:
        break;
    }
    return REFUSED_CHARACTER;
}

static bool is_number(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
    }
    return true;
}

static enum refusal check_top_level(const struct listed_name *name, size_t start)
{
    const char *label = name->text + start;
    size_t len = name->text_len - start;
    if (is_number(label, len)) {
        struct span all = {(const uint8_t *)name->text, name->text_len};
        return normalise_is_address(all) ? REFUSED_ADDRESS : REFUSED_TLD;
    }
    return label[0] == '-' || label[len - 1] == '-' ? REFUSED_TLD : REFUSED_NONE;
}

/* starts: where each of the count labels of name->text begins. */
static void make_key(struct listed_name *name, const uint8_t *starts, unsigned count)
{
    struct name_key *key = &name->key;
    size_t at = 0, end = name->text_len;
    for (unsigned i = count; i-- > 0;) {
        size_t len = end - starts[i];
        memcpy(key->bytes + at, name->text + starts[i], len);
        at += len;
        if (i > 0) {
            key->bytes[at++] = 0;
            end = starts[i] - 1U;
        }
    }
    key->len = (uint16_t)at;
    key->labels = (uint8_t)count;
    key->whole = true;
}

/* The whole way for ASCII; text has no closing dot. */
static enum refusal normalise_ascii(struct span text, struct listed_name *out)
{
    uint8_t starts[128];
    unsigned count = 1;
    size_t start = 0;
    if (text.len == 0)
        return REFUSED_EMPTY_LABEL;
    if (text.len > LISTED_NAME_MAX)
        return REFUSED_NAME_LENGTH;
    starts[0] = 0;
    for (size_t i = 0; i < text.len; i++) {
        enum class class = classes[text.at[i]];
        out->text[i] = (char)(class == UPPER ? text.at[i] | 0x20 : text.at[i]);
        if (class == PLAIN || class == UPPER || class == HYPHEN)
            continue;
        if (class != DOT)
            return refuse_byte(text, class);
        if (i == start)
            return REFUSED_EMPTY_LABEL;
        if (i - start > LABEL_MAX)
            return REFUSED_LABEL_LENGTH;
        start = i + 1;
        starts[count++] = (uint8_t)start; /* at most 127 labels fit in 253 bytes */
    }
    if (start == text.len)
        return REFUSED_EMPTY_LABEL;
    if (text.len - start > LABEL_MAX)
        return REFUSED_LABEL_LENGTH;
    out->text[text.len] = '\0';
    out->text_len = (uint8_t)text.len;
    enum refusal refusal = check_top_level(out, start);
    if (refusal == REFUSED_NONE)
        make_key(out, starts, count);
    return refusal;
}

/* Decodes one code point (RFC 3629: no overlong forms, no surrogates). Returns its bytes, 0 for invalid UTF-8. */
static size_t utf8_next(struct span text, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = text.at[0];
    size_t len = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (len == 0 || len > text.len)
        return 0;
    uint32_t point = len == 1 ? first : first & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if (text.at[i] >> 6 != 2)
            return 0;
        point = point << 6 | (text.at[i] & 0x3f);
    }
    if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    *out = point;
    return len;
}

static bool is_dot(uint32_t point)
{
    return point == '.' || point == 0x3002 || point == 0xff0e || point == 0xff61; /* RFC 3490, 3.1 */
}

struct ascii_text {
    char bytes[LISTED_NAME_MAX + 1];
    size_t len;
};

static enum refusal append(struct ascii_text *to, const char *bytes, size_t len)
{
    if (len > sizeof to->bytes - to->len)
        return REFUSED_NAME_LENGTH;
    memcpy(to->bytes + to->len, bytes, len);
    to->len += len;
    return REFUSED_NONE;
}

/* A label that IDNA refuses, encoded as it stands; its ASCII letters in lower case. */
static enum refusal append_raw(struct ascii_text *to, struct span label)
{
    uint32_t points[LABEL_MAX];
    size_t count = 0;
    char encoded[4 + LABEL_MAX] = "xn--";
    for (size_t at = 0; at < label.len; count++) {
        if (count == LABEL_MAX)
            return REFUSED_LABEL_LENGTH;
        at += utf8_next(span_skip(label, at), &points[count]);
        if (points[count] < 0x80) {
            enum class class = classes[points[count]];
            if (class != PLAIN && class != UPPER && class != HYPHEN)
                return refuse_byte(label, class);
            points[count] |= class == UPPER ? 0x20 : 0;
        } else if (points[count] < 0xa1 || (points[count] >= 0x2000 && points[count] <= 0x200c)) {
            return REFUSED_IDNA; /* controls and blanks: a slip of an editor, not a name */
        }
    }
    int len = punycode_write(points, count, encoded + 4, sizeof encoded - 4);
    return len < 0 ? REFUSED_LABEL_LENGTH : append(to, encoded, (size_t)len + 4);
}

static enum refusal append_label(struct ascii_text *to, struct span label)
{
    uint8_t text[LABEL_MAX * 4 + 1];
    uint8_t *mapped = NULL;
    bool ascii = true;
    for (size_t i = 0; i < label.len; i++)
        ascii &= label.at[i] < 0x80;
    if (ascii)
        return append(to, (const char *)label.at, label.len);
    if (label.len >= sizeof text)
        return REFUSED_LABEL_LENGTH;
    if (memchr(label.at, 0, label.len) != NULL)
        return REFUSED_NUL_BYTE;
    memcpy(text, label.at, label.len);
    text[label.len] = '\0';
    int err = idn2_lookup_u8(text, &mapped, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (err == IDN2_TOO_BIG_LABEL || err == IDN2_TOO_BIG_DOMAIN)
        return REFUSED_LABEL_LENGTH;
    if (err == IDN2_DISALLOWED || err == IDN2_UNASSIGNED)
        return append_raw(to, label);
    if (err != IDN2_OK)
        return REFUSED_IDNA;
    enum refusal refusal = append(to, (const char *)mapped, strlen((const char *)mapped));
    idn2_free(mapped);
    return refusal;
}

static enum refusal normalise_unicode(struct span text, struct listed_name *out)
{
    struct ascii_text ascii = {.len = 0};
    size_t start = 0;
    for (size_t at = 0; at <= text.len;) {
        uint32_t point = '.';
        size_t len = at == text.len ? 1 : utf8_next(span_skip(text, at), &point);
        if (len == 0)
            return REFUSED_ENCODING;
        if (is_dot(point)) {
            enum refusal refusal = append_label(&ascii, (struct span){text.at + start, at - start});
            if (refusal == REFUSED_NONE && at < text.len)
                refusal = append(&ascii, ".", 1);
            if (refusal != REFUSED_NONE)
                return refusal;
            start = at + len;
        }
        at += len;
    }
    struct span mapped = {(const uint8_t *)ascii.bytes, ascii.len};
    if (mapped.len > 1 && mapped.at[mapped.len - 1] == '.')
        mapped.len--;
    return normalise_ascii(mapped, out);
}

enum refusal normalise_name(struct span text, struct listed_name *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] >= 0x80)
            return normalise_unicode(text, out);
    }
    if (text.len > 1 && text.at[text.len - 1] == '.')
        text.len--;
    return normalise_ascii(text, out);
}
