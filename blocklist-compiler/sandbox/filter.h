/*
 * The system calls that a worker may make, as a seccomp filter (seccomp(2)).
 *
 *   let through   on open files: read, write, seek, look; memory, never executable; clocks; its own end
 *   refused       opening and looking up files: EACCES, since libraries try it and can do without
 *   the rest      raises SIGSYS instead: sockets, programs, processes, other processes' affairs, new calls
 *
 * With may_read, opening for reading is let through.
 */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include <stdbool.h>

#include "belisha/err.h"

/* For the calling thread, for ever. Needs no_new_privs. ERR_NOMEM, ERR_UNSUPPORTED (a kernel without it). */
ERR_CHECKED int filter_install(bool may_read);

#endif
