/*
 * The shipped names of protected help services, built into the program from data/protected-help.txt so that no file of
 * an installation can shorten them. Threads: constant.
 */
#ifndef CONFIG_PROTECTED_HELP_H
#define CONFIG_PROTECTED_HELP_H

/* Texts; NULL behind the last. */
extern const char *const protected_help_shipped[];

#endif
