#include "blocklist-compiler/inputs.h"

/* Raised when the same inputs would give another list than before. */
#define COMPILER_REVISION 5

static void add_guard(struct digest_state *state, const struct guard *guard)
{
    enum refusal why;
    for (size_t i = 0; i < guard_name_count(guard); i++) {
        digest_add_text(state, guard_name(guard, i, &why));
        digest_add_number(state, why);
    }
    for (size_t i = 0; i < guard_address_count(guard); i++) {
        const struct prefix *own = guard_address(guard, i);
        digest_add(state, own->addr.bytes, sizeof own->addr.bytes);
        digest_add_number(state, own->bits);
    }
    digest_add_number(state, suffix_digest(guard_suffixes(guard)));
}

static void add_program(struct digest_state *state, const struct guard *guard)
{
    digest_add_text(state, BELISHA_VERSION);
    digest_add_number(state, COMPILER_REVISION);
    add_guard(state, guard);
}

static void add_reading(struct digest_state *state, const struct job *job)
{
    const struct recipe_feed *feed = job->feed;
    digest_add_text(state, feed->name);
    digest_add_text(state, feed->zone);
    digest_add_text(state, job->format->name);
    digest_add_number(state, feed->categories);
    digest_add_number(state, feed->subdomains | feed->single_labels << 1 | feed->public_suffixes << 2);
    for (size_t i = 0; i < feed->folder_count; i++) {
        digest_add_text(state, feed->folders[i].folder);
        digest_add_number(state, feed->folders[i].categories);
    }
    for (size_t i = 0; i < feed->widen_count; i++)
        digest_add_text(state, feed->widen[i].host);
    for (size_t i = 0; i < feed->test_host_count; i++)
        digest_add_text(state, feed->test_hosts[i]);
}

/* They are flagged in what reading came to. */
static void add_popular(struct digest_state *state, const struct popular *popular)
{
    for (size_t i = 0; popular != NULL && i < popular_count(popular); i++) {
        const struct popular_name *name = popular_at(popular, i);
        digest_add_text(state, name->text);
        digest_add_number(state, (uint64_t)name->rank << 1 | name->ours);
    }
}

int inputs_of_reading(const struct job *job, struct digest *out)
{
    struct digest_state *state = digest_new();
    if (state == NULL)
        return ERR_NOMEM;
    add_program(state, job->env->guard);
    add_popular(state, job->env->popular);
    add_reading(state, job);
    digest_add_number(state, (uint64_t)job->feed->limits.lines);
    digest_add_number(state, (uint64_t)job->feed->limits.bytes);
    *out = digest_end(state);
    return 0;
}

int inputs_of_list(const struct job *jobs, size_t count, const struct guard *guard, struct digest *out)
{
    struct digest_state *state = digest_new();
    if (state == NULL)
        return ERR_NOMEM;
    add_program(state, guard);
    for (size_t i = 0; i < count; i++) {
        digest_add_text(state, jobs[i].feed->source);
        digest_add_text(state, jobs[i].feed->licence);
        add_reading(state, &jobs[i]);
        digest_add(state, jobs[i].digest.bytes, sizeof jobs[i].digest.bytes);
    }
    *out = digest_end(state);
    return 0;
}
