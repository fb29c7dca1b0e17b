#include "config/errors.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_LINE_MAX 200 /* bytes of a source line that are shown */

void config_errors_done(struct config_errors *errors)
{
    for (size_t i = 0; i < errors->count && i < CONFIG_ERRORS_MAX; i++)
        free(errors->text[i]);
    *errors = (struct config_errors){0};
}

/* The start of a line (from 1), or NULL past the end. */
static const char *line_find(const struct config_source *source, uint32_t line, size_t *out_len)
{
    const char *at = source->text;
    const char *end = source->text + source->text_len;
    for (uint32_t n = 1; n < line; n++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (at == NULL)
            return NULL;
        at++;
    }
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    size_t len = (size_t)((newline == NULL ? end : newline) - at);
    *out_len = len < SOURCE_LINE_MAX ? len : SOURCE_LINE_MAX;
    return at;
}

static void write_caret(FILE *to, const char *line, size_t line_len, const struct config_place *place)
{
    uint32_t column = 1;
    for (size_t i = 0; i < line_len && column < place->column; i++) {
        if (((unsigned char)line[i] & 0xc0) == 0x80)
            continue; /* UTF-8 continuation: the same character */
        putc(line[i] == '\t' ? '\t' : ' ', to);
        column++;
    }
    putc('^', to);
    for (uint32_t i = 1; i < place->width && i < 60; i++)
        putc('~', to);
    putc('\n', to);
}

static void write_place(FILE *to, const struct config_place *place)
{
    if (place == NULL || place->source == NULL)
        return;
    fprintf(to, "%s:", place->source->name);
    if (place->line > 0)
        fprintf(to, "%u:%u:", place->line, place->column);
    putc(' ', to);
}

static void write_source(FILE *to, const struct config_place *place)
{
    size_t len;
    const char *line;
    if (place == NULL || place->source == NULL || place->source->text == NULL || place->line == 0)
        return;
    line = line_find(place->source, place->line, &len);
    if (line == NULL)
        return;
    fprintf(to, "%.*s\n", (int)len, line);
    write_caret(to, line, len, place);
}

void config_errors_add(struct config_errors *errors, const struct config_place *place, const char *format, ...)
{
    size_t index = errors->count++;
    size_t len;
    if (index >= CONFIG_ERRORS_MAX)
        return;
    errors->text[index] = NULL;
    FILE *to = open_memstream(&errors->text[index], &len);
    if (to == NULL)
        return;
    write_place(to, place);
    fputs("error: ", to);
    va_list args;
    va_start(args, format);
    vfprintf(to, format, args);
    va_end(args);
    putc('\n', to);
    write_source(to, place);
    fclose(to);
}

void config_errors_print(const struct config_errors *errors, FILE *to)
{
    for (size_t i = 0; i < errors->count && i < CONFIG_ERRORS_MAX; i++)
        if (errors->text[i] != NULL)
            fputs(errors->text[i], to);
    if (errors->count > CONFIG_ERRORS_MAX)
        fprintf(to, "%zu more errors are not shown\n", errors->count - CONFIG_ERRORS_MAX);
}
