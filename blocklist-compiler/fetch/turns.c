#include "fetch/turns.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/url.h"

#define ROWS 64 /* transfers at the same time, from all servers */

struct turns {
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    unsigned most;
    char servers[ROWS][URL_SERVER_MAX]; /* one row for each turn that is taken; "" = free */
};

int turns_new(unsigned most, struct turns **out)
{
    struct turns *turns = calloc(1, sizeof *turns);
    if (turns == NULL)
        return ERR_NOMEM;
    pthread_mutex_init(&turns->lock, NULL);
    pthread_cond_init(&turns->given_back, NULL);
    turns->most = most;
    *out = turns;
    return 0;
}

void turns_free(struct turns *turns)
{
    if (turns == NULL)
        return;
    pthread_cond_destroy(&turns->given_back);
    pthread_mutex_destroy(&turns->lock);
    free(turns);
}

/* A row for one more turn; NULL: not now. */
static char *find_room(struct turns *turns, const char *server)
{
    char *room = NULL;
    unsigned taken = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (turns->servers[i][0] == '\0')
            room = turns->servers[i];
        taken += strcmp(turns->servers[i], server) == 0;
    }
    return taken < turns->most ? room : NULL;
}

void turns_take(struct turns *turns, const char *server)
{
    char *row;
    if (turns == NULL)
        return;
    pthread_mutex_lock(&turns->lock);
    while ((row = find_room(turns, server)) == NULL)
        pthread_cond_wait(&turns->given_back, &turns->lock);
    snprintf(row, URL_SERVER_MAX, "%s", server);
    pthread_mutex_unlock(&turns->lock);
}

void turns_give(struct turns *turns, const char *server)
{
    if (turns == NULL)
        return;
    pthread_mutex_lock(&turns->lock);
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(turns->servers[i], server) == 0) {
            turns->servers[i][0] = '\0';
            break;
        }
    }
    pthread_cond_broadcast(&turns->given_back);
    pthread_mutex_unlock(&turns->lock);
}
