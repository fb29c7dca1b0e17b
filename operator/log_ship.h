/*
 * belisha log ship: rows to where a trust or a region looks (operator/ship/, docs/shipping.md).
 *
 * Threads: one.
 */
#ifndef OPERATOR_LOG_SHIP_H
#define OPERATOR_LOG_SHIP_H

#include "operator/command.h"

/* argv[0] is "ship". Returns an enum operator_exit. */
int log_ship_run(const struct operator_env *env, int argc, char *argv[]);

#define LOG_SHIP_SYNOPSIS                                                                                              \
    "log ship --to NAME [--follow] [--dir DIR]\n"                                                                      \
    "log ship --status|--metrics [--to NAME] [--dir DIR]\n"                                                            \
    "log ship --print-ddl current|debian|cluster\n"                                                                    \
    "log ship --make-key FILE\n"                                                                                       \
    "log ship --to NAME --pseudonym-of USER|--who-is NUMBER"

#define LOG_SHIP_DETAILS                                                                                               \
    "\nSending to a trust or a region (`shipping` in belisha.yaml, docs/shipping.md):\n"                               \
    "  ship --to NAME            sends the closed segments that have not arrived yet, and ends\n"                      \
    "  --follow                  goes on as segments are closed, and never gives up\n"                                 \
    "  --status                  how far each destination is; exit code 1 when one is too far behind\n"                \
    "  --metrics                 the same for Prometheus\n"                                                            \
    "  --print-ddl current|debian|cluster\n"                                                                           \
    "                            the tables for a ClickHouse server of today, or Debian's; what a cluster needs "      \
    "besides\n"                                                                                                        \
    "  --make-key FILE           draws a key for pseudonyms\n"                                                         \
    "  --pseudonym-of USER       the number that a user has at a destination\n"                                        \
    "  --who-is NUMBER           the other way round: whose number it is, here\n"

#endif
