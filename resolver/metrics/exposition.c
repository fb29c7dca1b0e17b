#include "metrics/exposition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_TEXT_MAX 32

void exposition_family(struct text *out, const char *name, enum exposition_type type, const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

/* What is no UTF-8 becomes a question mark: the format knows nothing else, and one bad byte would cost all figures. */
static void add_escaped(struct text *out, const char *value)
{
    size_t len;
    for (const char *at = value; *at != '\0'; at += len == 0 ? 1 : len) {
        len = text_utf8_len(at);
        if (len == 0)
            text_add(out, "?", 1);
        else if (*at == '\n')
            text_add(out, "\\n", 2);
        else if (*at == '\\' || *at == '"')
            text_printf(out, "\\%c", *at);
        else
            text_add(out, at, len);
    }
}

void exposition_label(struct text *labels, const char *name, const char *value)
{
    text_printf(labels, "%s%s=\"", labels->len > 0 ? "," : "", name);
    add_escaped(labels, value);
    text_add(labels, "\"", 1);
}

/* "name{labels} " up to the value. */
static void begin(struct text *out, const char *name, const char *suffix, const char *labels, const char *le)
{
    bool has_labels = labels != NULL && labels[0] != '\0';
    text_printf(out, "%s%s", name, suffix);
    if (has_labels && le != NULL)
        text_printf(out, "{%s,le=\"%s\"}", labels, le);
    else if (le != NULL)
        text_printf(out, "{le=\"%s\"}", le);
    else if (has_labels)
        text_printf(out, "{%s}", labels);
    text_add(out, " ", 1);
}

/* Without zeros at the end: "0.0025", "10". */
static const char *seconds(int64_t ns, char text[SECONDS_TEXT_MAX])
{
    int len = snprintf(text, SECONDS_TEXT_MAX, "%" PRId64 ".%09" PRId64, ns / 1000000000, ns % 1000000000);
    while (text[len - 1] == '0')
        text[--len] = '\0';
    if (text[len - 1] == '.')
        text[--len] = '\0';
    return text;
}

void exposition_sample(struct text *out, const char *name, const char *labels, uint64_t value)
{
    begin(out, name, "", labels, NULL);
    text_printf(out, "%" PRIu64 "\n", value);
}

void exposition_sample_ns(struct text *out, const char *name, const char *labels, int64_t ns)
{
    char text[SECONDS_TEXT_MAX];
    begin(out, name, "", labels, NULL);
    text_printf(out, "%s\n", seconds(ns, text));
}

void exposition_histogram(struct text *out, const char *name, const char *labels, const struct histogram *h)
{
    char text[SECONDS_TEXT_MAX];
    uint64_t total = 0;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        total += h->count[i];
        begin(out, name, "_bucket", labels, i == HISTOGRAM_BOUNDS ? "+Inf" : seconds(histogram_bounds_ns[i], text));
        text_printf(out, "%" PRIu64 "\n", total);
    }
    begin(out, name, "_sum", labels, NULL);
    text_printf(out, "%s\n", seconds((int64_t)h->sum_ns, text));
    begin(out, name, "_count", labels, NULL);
    text_printf(out, "%" PRIu64 "\n", total);
}
