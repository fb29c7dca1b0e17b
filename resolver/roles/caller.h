/*
 * Who gives a command: the user and the groups of the process at the other end of the control socket, as the kernel says.
 *
 * Threads: any; names are looked up in the system's user database, which may wait for a directory server.
 */
#ifndef ROLES_CALLER_H
#define ROLES_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define CALLER_GROUPS_MAX 1024 /* groups beyond are as if the caller was in none of them */
#define CALLER_NAME_MAX   64
#define CALLER_NOBODY     UINT32_MAX

struct caller {
    uint32_t uid;         /* of the person; CALLER_NOBODY: nobody knows */
    uint32_t process_uid; /* of the process: another one only where root says for whom it acts */
    size_t gid_count;
    uint32_t gids[CALLER_GROUPS_MAX];
    char name[CALLER_NAME_MAX + 1]; /* what the system calls the user, or "uid 1001" */
};

/* Of the process at the other end of a connected UNIX socket. */
void caller_of_socket(int fd, struct caller *out);

/* Of this process. */
void caller_of_self(struct caller *out);

/*
 * The person for whom root acts (sudo names it): for anybody else, "" or root itself nothing changes. ERR_NOENT: the system
 * knows nobody of that name.
 */
ERR_CHECKED int caller_act_for(struct caller *caller, const char *name);

#endif
