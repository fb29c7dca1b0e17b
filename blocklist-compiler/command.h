/*
 * What `blocklist-compiler` can be told to do. Each command is a file of its own and reads its own options; argv[0] is
 * the command's name. Returns the exit code of the program.
 */
#ifndef COMPILER_COMMAND_H
#define COMPILER_COMMAND_H

#define COMMAND_PROGRAM     "blocklist-compiler"
#define COMMAND_DEFAULT_OUT "/var/lib/belisha/blocklist"

/* A generation for other resolvers. */
int export_command(int argc, char **argv);

#endif
