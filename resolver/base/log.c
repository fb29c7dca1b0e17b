#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static const char *log_program = "belisha";
static bool log_with_priority = true;

void log_init(const char *program)
{
    log_program = program;
    log_with_priority = !isatty(STDERR_FILENO);
}

static void __attribute__((format(printf, 2, 0))) log_line(enum log_level level, const char *format, va_list args)
{
    char line[LOG_LINE_MAX];
    size_t len = 0;
    if (log_with_priority)
        len = (size_t)snprintf(line, sizeof line, "<%d>", (int)level);
    len += (size_t)snprintf(line + len, sizeof line - len, "%s: ", log_program);
    int wrote = vsnprintf(line + len, sizeof line - len, format, args);
    if (wrote > 0)
        len += (size_t)wrote;
    if (len > sizeof line - 1)
        len = sizeof line - 1;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[len++] = '\n';
    /* Nobody to tell when stderr itself is broken. */
    ssize_t ignored = write(STDERR_FILENO, line, len);
    (void)ignored;
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LOG_LEVEL_ERROR, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LOG_LEVEL_WARNING, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_line(LOG_LEVEL_INFO, format, args);
    va_end(args);
}
