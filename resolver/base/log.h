/*
 * What the programs say to their operator: one line an event on stderr.
 *
 *     <6>belishad: generation in force generation=42 names=1500000
 *
 * The number is the priority that the systemd journal reads (sd-daemon(3)); it is left out on a terminal. A message is a
 * short sentence, then key=value pairs. Control bytes in it are written as '?', so outside text cannot forge lines.
 *
 * Threads: any; a line is written by one write(2).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_INFO = 6 };

#define LOG_LINE_MAX 1024 /* longer lines are cut */

/* program: static storage. Before the first call lines are headed "belisha". */
void log_init(const char *program);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
