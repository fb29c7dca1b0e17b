/*
 * The running belishad: wires configuration, query log, cache, blocklist generations, workers and the control socket.
 *
 *     start:       configuration → cache → query log → first generation → sockets → workers → "ready"
 *     reload:      a new configuration is loaded and checked; refused, the running one stays
 *     generation:  a new one is opened off the loop, handed to the workers, and the old one closed after the last
 *                  worker has let go of it
 *     stop:        workers end, the query log is closed into segments
 *
 * Threads: the one that calls service_run(), the manager's.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stddef.h>

/* Runs until SIGTERM, SIGINT or the stop command. Returns the program's exit code: 0, or 1 when it could not start. */
int service_run(const char *const files[], size_t file_count);

#endif
