#include "base/markup.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* One character at text, which may be none; returns its bytes. */
static size_t put_character(const char *text, FILE *to)
{
    size_t len = text_utf8_len(text);
    if (len == 0 || (unsigned char)*text < 0x20 || *text == 0x7f)
        fputs(REPLACEMENT, to);
    else
        fwrite(text, 1, len, to);
    return len == 0 ? 1 : len;
}

void markup_text(const char *text, FILE *to)
{
    while (*text != '\0') {
        switch (*text) {
        case '&':
            fputs("&amp;", to);
            break;
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        case '\'':
            fputs("&#39;", to);
            break;
        default:
            text += put_character(text, to);
            continue;
        }
        text++;
    }
}

void markup_count(uint64_t count, FILE *to)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            fputc(',', to);
        fputc(digits[i], to);
    }
}

void markup_age(int64_t age_s, FILE *to)
{
    if (age_s < 0)
        age_s = 0;
    if (age_s < 7200)
        fprintf(to, "%" PRId64 " min", age_s / 60);
    else if (age_s < 2 * 86400)
        fprintf(to, "%" PRId64 " h", age_s / 3600);
    else
        fprintf(to, "%" PRId64 " days", age_s / 86400);
}

void markup_time(int64_t time_s, FILE *to)
{
    struct tm tm;
    char text[64];
    time_t at = (time_t)time_s;
    if (gmtime_r(&at, &tm) != NULL && strftime(text, sizeof text, "%-d %B %Y, %H:%M UTC", &tm) > 0)
        fputs(text, to);
}

void markup_bytes(uint64_t bytes, FILE *to)
{
    if (bytes < 10000)
        fprintf(to, "%" PRIu64 " bytes", bytes);
    else if (bytes < 1000000)
        fprintf(to, "%.1f kB", (double)bytes / 1e3);
    else
        fprintf(to, "%.1f MB", (double)bytes / 1e6);
}

void markup_table(const char *id, const char *caption, const char *heads, FILE *to)
{
    fprintf(to,
            "<div class=\"scroll\" role=\"region\" aria-labelledby=\"%s\" tabindex=\"0\">\n<table><caption id=\"%s\">%s"
            "</caption>\n<thead><tr>",
            id, id, caption);
    while (*heads != '\0') {
        size_t len = strcspn(heads, "|");
        bool figures = heads[0] == '#';
        fprintf(to, "<th scope=\"col\"%s>%.*s</th>", figures ? " class=\"n\"" : "", (int)(len - figures),
                heads + figures);
        heads += len + (heads[len] == '|');
    }
    fputs("</tr></thead>\n<tbody>\n", to);
}

void markup_table_end(FILE *to)
{
    fputs("</tbody></table></div>\n", to);
}

void markup_figure(uint64_t count, FILE *to)
{
    fputs("<td class=\"n\">", to);
    markup_count(count, to);
    fputs("</td>", to);
}
