#include "delivery/mime.h"

#include <string.h>
#include <time.h>

#include <sodium.h>

#define LINE_MAX_LEN 76
#define WORD_BYTES   42 /* of UTF-8 in one encoded word: 56 of base64, 68 with its frame */

/* ---- headers ---- */

static bool is_plain(const char *value)
{
    for (const char *c = value; *c != '\0'; c++)
        if ((unsigned char)*c > 0x7e)
            return false;
    /* what looks like an encoded word would be decoded */
    return strstr(value, "=?") == NULL && strlen(value) <= 700;
}

static char without_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c;
}

/* Folded before a blank where the line becomes too long. */
static void write_plain(const char *value, size_t used, struct text *out)
{
    for (const char *c = value; *c != '\0'; c++) {
        char byte = without_control(*c);
        size_t word = 1 + strcspn(c + 1, " \t\r\n");
        if (byte == ' ' && used > 1 && used + word > LINE_MAX_LEN && c[1] != '\0' && without_control(c[1]) != ' ') {
            text_add(out, "\r\n", 2);
            used = 0;
        }
        text_add(out, &byte, 1);
        used++;
    }
}

/* One word of RFC 2047 in base64. */
static void write_word(const char *bytes, size_t len, struct text *out)
{
    char clean[WORD_BYTES];
    char packed[sodium_base64_ENCODED_LEN(WORD_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    for (size_t i = 0; i < len; i++)
        clean[i] = without_control(bytes[i]);
    sodium_bin2base64(packed, sizeof packed, (const unsigned char *)clean, len, sodium_base64_VARIANT_ORIGINAL);
    text_printf(out, "=?UTF-8?B?%s?=", packed);
}

/* The bytes of whole characters that fit; of what is no UTF-8, bytes. */
static size_t word_len(const char *at)
{
    size_t len = 0;
    while (at[len] != '\0') {
        size_t one = text_utf8_len(at + len);
        one = one == 0 ? 1 : one;
        if (len + one > WORD_BYTES)
            break;
        len += one;
    }
    return len;
}

void mime_write_words(const char *value, size_t used, struct text *out)
{
    if (is_plain(value)) {
        write_plain(value, used, out);
        return;
    }
    for (size_t len; (len = word_len(value)) > 0; value += len) {
        write_word(value, len, out);
        if (value[len] != '\0')
            text_add(out, "\r\n ", 3);
    }
}

void mime_write_date(int64_t time_s, struct text *out)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t time = (time_t)time_s;
    struct tm t;
    if (gmtime_r(&time, &t) == NULL)
        return;
    text_printf(out, "%s, %02d %s %d %02d:%02d:%02d +0000", days[t.tm_wday], t.tm_mday, months[t.tm_mon],
                t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

/* ---- bodies ---- */

static bool must_quote(const char *c)
{
    unsigned char byte = (unsigned char)*c;
    if (byte == '\t' || byte == ' ')
        return c[1] == '\n' || c[1] == '\0'; /* at the end of a line, some servers take it away */
    return byte < 0x21 || byte > 0x7e || byte == '=';
}

void mime_write_quoted(const char *value, struct text *out)
{
    size_t used = 0;
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\n') {
            text_add(out, "\r\n", 2);
            used = 0;
            continue;
        }
        /* "From " and a dot at the beginning of a line mean something to some */
        bool quote = must_quote(c) || (used == 0 && (*c == '.' || *c == 'F'));
        size_t one = quote ? 3 : 1;
        if (used + one > LINE_MAX_LEN - 1) {
            text_add(out, "=\r\n", 3);
            used = 0;
        }
        if (quote)
            text_printf(out, "=%02X", (unsigned char)*c);
        else
            text_add(out, c, 1);
        used += one;
    }
    text_add(out, "\r\n", 2);
}

void mime_write_base64(const char *bytes, size_t len, struct text *out)
{
    enum { LINE_BYTES = LINE_MAX_LEN / 4 * 3 };
    char packed[LINE_MAX_LEN + 1];
    for (size_t at = 0; at < len; at += LINE_BYTES) {
        size_t part = len - at < LINE_BYTES ? len - at : LINE_BYTES;
        sodium_bin2base64(packed, sizeof packed, (const unsigned char *)bytes + at, part,
                          sodium_base64_VARIANT_ORIGINAL);
        text_add(out, packed, strlen(packed));
        text_add(out, "\r\n", 2);
    }
}

/* ---- parts ---- */

/* A boundary that can't stand in what it divides: bodies are quoted-printable or base64, where "=_" never occurs. */
static void boundary(const struct message *m, const char *which, struct text *out)
{
    text_printf(out, "=_%s_%.50s", which, m->id);
}

static void divide(const struct message *m, const char *which, const char *end, struct text *out)
{
    text_printf(out, "--");
    boundary(m, which, out);
    text_printf(out, "%s\r\n", end);
}

static void begin_multipart(const struct message *m, const char *kind, const char *which, struct text *out)
{
    text_printf(out, "Content-Type: multipart/%s;\r\n boundary=\"", kind);
    boundary(m, which, out);
    text_printf(out, "\"\r\n\r\n");
}

static void write_body(const char *type, const char *value, struct text *out)
{
    text_printf(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", type);
    mime_write_quoted(value, out);
}

/* RFC 2231: every byte of the name that could mean something is written as %XX. */
static void write_file_name(const char *name, struct text *out)
{
    text_printf(out, "Content-Disposition: attachment;\r\n filename*=UTF-8''");
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-' ||
                     *c == '_' || *c == '.';
        if (plain)
            text_add(out, (const char *)c, 1);
        else
            text_printf(out, "%%%02X", *c);
    }
    text_printf(out, "\r\n");
}

static void write_said(const struct message *m, struct text *out)
{
    if (m->html == NULL) {
        write_body("text/plain", m->text, out);
        return;
    }
    begin_multipart(m, "alternative", "a", out);
    divide(m, "a", "", out);
    write_body("text/plain", m->text, out);
    divide(m, "a", "", out);
    write_body("text/html", m->html, out);
    divide(m, "a", "--", out);
}

static void write_with_files(const struct message *m, struct text *out)
{
    begin_multipart(m, "mixed", "m", out);
    divide(m, "m", "", out);
    write_said(m, out);
    for (size_t i = 0; i < m->file_count; i++) {
        divide(m, "m", "", out);
        text_printf(out, "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n", m->files[i].type);
        write_file_name(m->files[i].name, out);
        text_printf(out, "\r\n");
        mime_write_base64(m->files[i].bytes, m->files[i].len, out);
    }
    divide(m, "m", "--", out);
}

/* A display name in quotes, or as encoded words. */
static void write_from(const struct mime_envelope *e, struct text *out)
{
    text_printf(out, "From: ");
    if (e->from_name != NULL && is_plain(e->from_name)) {
        text_add(out, "\"", 1);
        for (const char *c = e->from_name; *c != '\0'; c++) {
            char byte = without_control(*c);
            text_add(out, "\\", byte == '"' || byte == '\\');
            text_add(out, &byte, 1);
        }
        text_printf(out, "\"\r\n ");
    } else if (e->from_name != NULL) {
        mime_write_words(e->from_name, 6, out);
        text_printf(out, "\r\n ");
    }
    text_printf(out, "<%s>\r\n", e->from);
}

void mime_write(const struct message *m, const struct mime_envelope *e, struct text *out)
{
    const char *domain = strchr(e->from, '@');
    text_printf(out, "Date: ");
    mime_write_date(m->time_s, out);
    text_printf(out, "\r\n");
    write_from(e, out);
    text_printf(out, "To: <%s>\r\nSubject: ", e->to);
    mime_write_words(m->subject, 9, out);
    text_printf(out,
                "\r\nMessage-ID: <%s%s>\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"
                "MIME-Version: 1.0\r\n",
                m->id, domain == NULL ? "@localhost" : domain);
    if (m->file_count > 0)
        write_with_files(m, out);
    else
        write_said(m, out);
}
