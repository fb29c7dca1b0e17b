/*
 * What the operator may tell a running belishad: one line in, text out.
 *
 *     status          JSON: version, uptime, health, generation, workers, counters, times, cache, query log, upstreams
 *     metrics         Prometheus text
 *     reload          reads the configuration anew and looks for a new generation
 *     decide JSON     records a block or an allow, or ends one (decision/decision.h has the object)
 *     change +BYTES   proposes, approves, activates... a policy; the body says what (control/change.h)
 *     note JSON       writes down in the ledger what is about to be read (control/record.h)
 *     silent          devices that renew their leases and ask nothing, as JSON
 *     flush NAME      forgets cached answers for NAME and everything below it ("." for all)
 *     who JSON        what is known of an address, a card, a user or a device (control/who.h)
 *     forget JSON     takes a name out of the roster
 *     log-flush       turns the query log's journals into segments
 *     stop            ends the program
 *     help            this list
 *
 * An answer begins with "ok" or "error: ..." unless it is the text that was asked for. A command is a row of the table
 * in command.c.
 *
 * Threads: the manager's. Only command_run_checked() of a command that command_is_slow() names may run in another; of what
 * env points to, it looks at nothing but the log: the rest may be gone by then.
 */
#ifndef CONTROL_COMMAND_H
#define CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "blockdb/blockdb.h"
#include "control/pace.h"
#include "control/rights.h"
#include "control/session_report.h"
#include "decision/docket.h"
#include "policy/policy.h"
#include "cache/cache.h"
#include "change/chronicle.h"
#include "change/rules.h"
#include "identity/claims.h"
#include "identity/presence.h"
#include "identity/roster.h"
#include "lease/silence.h"
#include "lease/source.h"
#include "ledger/ledger.h"
#include "metrics/metrics.h"
#include "qlog/writer.h"
#include "query/query.h"
#include "recursion/recursion.h"
#include "control/people_report.h"
#include "roles/roles.h"
#include "statutory/statutory.h"

#define COMMAND_BODY_MAX ((size_t)4 << 20) /* of one caller, of whom there are several at once */
#define COMMAND_LINE_MAX 14000             /* "decide " and the longest of all texts in escapes */

/* What commands look at, gathered by the caller for one command. */
struct command_env {
    const char *version;
    const char *state_dir;
    int64_t now_s;                     /* wall time */
    int64_t now_ms;                    /* monotonic, as the workers' */
    int64_t started_s;                 /* wall time of the program's start */
    const struct blockdb *blockdb;     /* NULL: no generation */
    const struct statutory *statutory; /* NULL: not set up, or see the next */
    bool statutory_missing;            /* it was set up, and its list can't be read */
    bool files_differ;                 /* what the files say is not what is in force */
    bool log_trouble;                  /* there is a query log, and it can't be written */
    bool knows_people;                 /* users and devices can be told from one another */
    uint32_t policy_version;
    const char *statutory_path; /* of its `current` link */
    const struct query_opts *query;
    struct recursion_status recursion;
    const struct session_report *sessions; /* NULL: nobody tells of any */
    const struct ledger *ledger;           /* where what is done is written down; NULL: nowhere */
    const struct roles *roles;             /* who may do what; NULL: everyone everything */
    struct caller caller;                  /* as the kernel says; root may say for whom it acts */
    struct chronicle *chronicle;           /* of the policy; NULL: it can't be kept, for chronicle_err */
    struct docket *docket;                 /* NULL: decisions can't be recorded, for docket_err */
    int chronicle_err, docket_err;
    const struct rules *rules; /* what a change needs; NULL with chronicle */
    const char *policy_dir;    /* texts of the policy (change/versions.h) */
    const struct people_report *people;
    const char *body; /* what came behind the line; NULL: nothing */
    size_t body_len;
    const struct metrics *const *workers;
    size_t worker_count;
    size_t workers_stuck;
    const struct pace *pace; /* NULL: not measured */
    struct cache *cache;
    struct qlog *log; /* NULL: no query log */
    const struct policy *policy;
    const struct decide_opts *decide;
    const struct claims *claims;     /* who is where; NULL: not kept, as the next two */
    const struct presence *presence; /* ... the table in force */
    struct roster *roster;
    enum policy_users users; /* how user names are compared */
    uint32_t uid;            /* of the caller, as the kernel says */
    int64_t presence_took_us;
    const struct lease_status *leases[LEASE_SOURCES_MAX];
    size_t lease_count;
    const struct silence_opts *silence_opts; /* NULL: not reported */
    const struct silence *silence;

    void *ctx; /* of the next ones */
    /*
     * Whether a text of the policy could be in force: adds its form as a version to out, and to words what it would change,
     * and says what it would open. Negative: why gets the reasons, whole lines.
     */
    int (*policy_check)(void *ctx, const char *text, size_t len, struct text *out, struct text *words,
                        uint64_t *out_opens, struct text *why);
    /* Puts the version in force that the chronicle says is. */
    int (*policy_use)(void *ctx, struct text *why);
    /* Puts what the docket says in force. */
    int (*decided)(void *ctx);
    /* 0, or negative with the reason, one or more lines, added to why. */
    int (*reload)(void *ctx, const struct caller *by, struct text *why);
    void (*stop)(void *ctx);
};

/* line has no newline. Always adds an answer to out. */
void command_run(const char *line, const struct command_env *env, struct text *out);

/* The two steps of it. Whether there is such a command, and the caller may do it; false: that is the answer, it is in out. */
bool command_check(const char *line, const struct command_env *env, struct text *out);
/* Only after command_check(). */
void command_run_checked(const char *line, const struct command_env *env, struct text *out);

/*
 * Bytes that come behind the line: "change +1234" has a body of so many. 0: none, also for more than COMMAND_BODY_MAX, which
 * command_run() refuses.
 */
size_t command_body_len(const char *line);

/* Whether it waits for the disk, so that the loop should not wait for it. */
bool command_is_slow(const char *line);

#endif
