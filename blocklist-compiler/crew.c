#include "blocklist-compiler/crew.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS_MAX 16

struct crew {
    struct job *jobs;
    size_t count;
    crew_work work;
    struct progress *progress;
    const char *what;
    atomic_size_t next;
};

static void *member(void *ctx)
{
    struct crew *crew = ctx;
    for (size_t i = atomic_fetch_add(&crew->next, 1); i < crew->count; i = atomic_fetch_add(&crew->next, 1)) {
        crew->work(&crew->jobs[i]);
        if (crew->progress != NULL)
            progress_step(crew->progress, crew->what, crew->jobs[i].feed->name);
    }
    return NULL;
}

void crew_run(struct job *jobs, size_t count, unsigned threads, crew_work work, struct progress *progress,
              const char *what)
{
    struct crew crew = {.jobs = jobs, .count = count, .work = work, .progress = progress, .what = what};
    pthread_t started[THREADS_MAX];
    unsigned wanted = threads > THREADS_MAX ? THREADS_MAX : threads, running = 0;
    while (running + 1 < wanted && pthread_create(&started[running], NULL, member, &crew) == 0)
        running++;
    member(&crew);
    while (running > 0)
        pthread_join(started[--running], NULL);
}
