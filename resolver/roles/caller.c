#include "roles/caller.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#define ROOT_UID 0
#define ROOM     4096 /* of an entry of the user database */

static void set_name(struct caller *caller)
{
    char room[ROOM];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(caller->uid, &entry, room, sizeof room, &found) == 0 && found != NULL)
        snprintf(caller->name, sizeof caller->name, "%s", found->pw_name);
    else
        snprintf(caller->name, sizeof caller->name, "uid %" PRIu32, caller->uid);
}

static void add_group(struct caller *caller, uint32_t gid)
{
    if (caller->gid_count < CALLER_GROUPS_MAX)
        caller->gids[caller->gid_count++] = gid;
}

/* The kernel knows the groups of the peer, also of one that the user database does not know. */
static void add_peer_groups(int fd, struct caller *caller)
{
    gid_t gids[CALLER_GROUPS_MAX];
    socklen_t len = sizeof gids;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gids, &len) < 0)
        return;
    for (size_t i = 0; i < len / sizeof gids[0]; i++)
        add_group(caller, gids[i]);
}

void caller_of_socket(int fd, struct caller *out)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    *out = (struct caller){.uid = CALLER_NOBODY, .process_uid = CALLER_NOBODY};
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0) {
        out->uid = peer.uid;
        out->process_uid = peer.uid;
        add_group(out, peer.gid);
        add_peer_groups(fd, out);
    }
    set_name(out);
}

void caller_of_self(struct caller *out)
{
    gid_t gids[CALLER_GROUPS_MAX];
    *out = (struct caller){.uid = (uint32_t)getuid(), .process_uid = (uint32_t)getuid()};
    int count = getgroups(CALLER_GROUPS_MAX, gids);
    add_group(out, (uint32_t)getgid());
    for (int i = 0; i < count; i++)
        add_group(out, gids[i]);
    set_name(out);
}

int caller_act_for(struct caller *caller, const char *name)
{
    char room[ROOM];
    gid_t gids[CALLER_GROUPS_MAX];
    int count = CALLER_GROUPS_MAX;
    struct passwd entry, *found = NULL;
    if (caller->process_uid != ROOT_UID || name[0] == '\0')
        return 0;
    if (getpwnam_r(name, &entry, room, sizeof room, &found) != 0 || found == NULL)
        return ERR_NOENT;
    if (found->pw_uid == ROOT_UID)
        return 0;
    caller->uid = found->pw_uid;
    caller->gid_count = 0;
    if (getgrouplist(found->pw_name, found->pw_gid, gids, &count) < 0)
        count = CALLER_GROUPS_MAX;
    for (int i = 0; i < count; i++)
        add_group(caller, gids[i]);
    snprintf(caller->name, sizeof caller->name, "%s", found->pw_name);
    return 0;
}
