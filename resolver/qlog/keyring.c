#include "qlog/keyring.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void keyring_init(struct keyring *ring, int log_fd)
{
    *ring = (struct keyring){.dir_fd = openat(log_fd, KEYRING_LINK, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

void keyring_done(struct keyring *ring)
{
    for (size_t i = 0; i < ring->count; i++)
        day_key_close(ring->days[i].key);
    free(ring->days);
    if (ring->dir_fd >= 0)
        close(ring->dir_fd);
    *ring = (struct keyring){.dir_fd = -1};
}

static struct keyring_day *day_place(struct keyring *ring, uint32_t day)
{
    for (size_t i = ring->count; i > 0; i--) /* the next block is of the same day, or of one just after it */
        if (ring->days[i - 1].day == day)
            return &ring->days[i - 1];
    if (ring->count == ring->cap) {
        size_t cap = ring->cap * 2 + 8;
        struct keyring_day *days = realloc(ring->days, cap * sizeof *days);
        if (days == NULL)
            return NULL;
        ring->days = days;
        ring->cap = cap;
    }
    ring->days[ring->count] = (struct keyring_day){.day = day};
    return &ring->days[ring->count++];
}

const struct day_key *keyring_find(struct keyring *ring, uint32_t day)
{
    struct keyring_day *place = ring == NULL || ring->dir_fd < 0 ? NULL : day_place(ring, day);
    if (place == NULL)
        return NULL;
    if (place->key != NULL && day_key_is_whole(place->key, ring->dir_fd))
        return place->key;
    day_key_close(place->key);
    if (day_key_open(ring->dir_fd, day, DAY_KEY_READ, &place->key) < 0)
        place->key = NULL;
    return place->key;
}
