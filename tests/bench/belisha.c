#include "subject.h"
#include "tool.h"

#define BATCH 64

static void belisha_look_up(const void *data, const struct name_key *const keys[], size_t count, bool out_listed[])
{
    struct blockdb_match matches[BATCH];
    if (count == 1)
        blockdb_lookup(data, keys[0], &matches[0]);
    else
        blockdb_lookup_batch(data, keys, count, matches);
    for (size_t i = 0; i < count; i++)
        out_listed[i] = matches[i].listed != 0;
}

static void belisha_done(struct subject *subject)
{
    blockdb_close(subject->data);
}

struct subject subject_belisha(struct blockdb *db, const char *path)
{
    return (struct subject){
        .name = "belisha",
        .data = db,
        .path = path,
        .batches = true,
        .look_up = belisha_look_up,
        .done = belisha_done,
    };
}
