#include "report/progress.h"

#include <unistd.h>

#define BAR_WIDTH 30

void progress_init(struct progress *progress, FILE *to, size_t total)
{
    *progress = (struct progress){.to = to, .total = total == 0 ? 1 : total, .lock = PTHREAD_MUTEX_INITIALIZER};
    progress->terminal = to != NULL && isatty(fileno(to)) == 1;
}

static void draw(const struct progress *progress, const char *what, const char *detail)
{
    char bar[BAR_WIDTH + 1];
    size_t full = progress->done * BAR_WIDTH / progress->total;
    for (size_t i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(progress->to, "\r\x1b[K[%s] %3zu %%  %s %.40s", bar, progress->done * 100 / progress->total, what, detail);
    fflush(progress->to);
}

void progress_step(struct progress *progress, const char *what, const char *detail)
{
    if (progress->to == NULL)
        return;
    pthread_mutex_lock(&progress->lock);
    if (progress->done < progress->total)
        progress->done++;
    if (progress->terminal)
        draw(progress, what, detail);
    else
        fprintf(progress->to, "blocklist-compiler: %s%s%s\n", what, detail[0] == '\0' ? "" : " ", detail);
    pthread_mutex_unlock(&progress->lock);
}

void progress_done(struct progress *progress)
{
    if (progress->to != NULL && progress->terminal)
        fputs("\r\x1b[K", progress->to);
    pthread_mutex_destroy(&progress->lock);
}
