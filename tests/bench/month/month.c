/*
 * A month of a school in the query log, for tests of what reads it and for measuring.
 *
 *     month DIR [--rows NUMBER] [--pupils NUMBER] [--from DAY] [--days NUMBER] [--seed NUMBER] [--all-visits]
 *
 * Makes DIR with all that `belisha -c DIR/belisha.yaml` needs: configuration, policy, people, roster, log/ (sealed and
 * signed), keys/; and what really happened, truth.json and visits.tsv (truth.h). The same numbers make the same rows.
 *
 * --rows: about so many (100000000). --pupils: by default as many as so many rows are of, at least 80, at most 1500.
 * --from, --days: 30 days from 2026-10-30, a Friday in half-term. --all-visits: also those to sites that nobody lists.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "belisha/category.h"
#include "play.h"
#include "story.h"

/* What the model makes of a pupil in 30 days by itself, with the staff, guests and things that come with a pupil. */
#define ROWS_OF_A_PUPIL 68000.0
#define PUPILS_MIN      80u
#define PUPILS_MAX      1500u

struct month {
    const char *dir;
    double rows;
    uint32_t pupils, first_day, days;
    uint64_t seed;
    bool all_visits;
    struct book book;
    struct web web;
    struct school school;
    struct truth truth;
    struct scribe scribe;
    struct play play;
    struct stories stories;
};

static int fail(const char *what, int code)
{
    fprintf(stderr, "month: %s: %s\n", what, err_str(code));
    return 1;
}

/* ---- options ---- */

static bool option_take(struct month *m, const char *name, const char *value)
{
    if (strcmp(name, "--rows") == 0)
        m->rows = strtod(value, NULL);
    else if (strcmp(name, "--pupils") == 0)
        m->pupils = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--days") == 0)
        m->days = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--seed") == 0)
        m->seed = strtoull(value, NULL, 10);
    else if (strcmp(name, "--from") == 0)
        m->first_day = calendar_day(value);
    else
        return false;
    return true;
}

static bool options_read(struct month *m, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--all-visits") == 0)
            m->all_visits = true;
        else if (argv[i][0] != '-')
            m->dir = argv[i];
        else if (i + 1 >= argc || !option_take(m, argv[i], argv[i + 1]))
            return false;
        else
            i++;
    }
    if (m->pupils == 0) {
        double pupils = PUPILS_MAX * sqrt(m->rows / 1e8);
        m->pupils = pupils > PUPILS_MAX ? PUPILS_MAX : pupils < PUPILS_MIN ? PUPILS_MIN : (uint32_t)pupils;
    }
    return m->dir != NULL && m->rows > 0 && m->pupils >= PUPILS_MIN && m->pupils <= 60000 && m->first_day > 0 &&
           m->days > 0 && m->days <= 366;
}

/* ---- the files beside the log ---- */

static char *path_of(const struct month *m, const char *file)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", m->dir, file);
    return path;
}

static int folders_make(const struct month *m)
{
    static const char *const folders[] = {"", "state", "keys", "log"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (mkdir(path_of(m, folders[i]), 0750) < 0 && errno != EEXIST)
            return err_from_errno(errno);
    return 0;
}

static int config_write(const struct month *m)
{
    FILE *file = fopen(path_of(m, "belisha.yaml"), "w");
    char *dir = realpath(m->dir, NULL);
    if (file == NULL || dir == NULL)
        return err_from_errno(errno);
    fprintf(file,
            "# A school that does not exist.\nstate_dir: \"%s\"\nlisten: [\"127.0.0.1:5399\"]\n"
            "access: [127.0.0.0/8, 10.0.0.0/8, 198.18.0.0/15, \"fd10::/16\"]\nupstreams: [\"127.0.0.1:5398\"]\n"
            "policy: policy.yaml\nlog:\n  node: beacon-hill-1\n  retention: 0\n"
            "notice:\n  ipv4: 10.1.0.80\n  school: Beacon Hill School\n"
            "control:\n  socket: control.sock\n",
            dir);
    free(dir);
    return fclose(file) == 0 ? 0 : ERR_IO;
}

static int people_write(const struct month *m)
{
    FILE *file = fopen(path_of(m, "people.csv"), "w");
    if (file == NULL)
        return err_from_errno(errno);
    fprintf(file, "user,group,year,form\n");
    for (uint32_t i = 0; i < m->school.people_count; i++) {
        const struct person *person = &m->school.people[i];
        fprintf(file, "%s,%s,", person->user, school_groups[person->group]);
        if (person->year > 0)
            fprintf(file, "%u,%u%c", person->year, person->year, person->form);
        else
            fprintf(file, ",");
        fprintf(file, "\n");
    }
    return fclose(file) == 0 ? 0 : ERR_IO;
}

static int papers_write(struct month *m)
{
    int code = config_write(m);
    if (code == 0)
        code = rules_write(path_of(m, "policy.yaml"));
    if (code == 0)
        code = people_write(m);
    m->truth.visits = fopen(path_of(m, "visits.tsv"), "w");
    if (m->truth.visits == NULL)
        return err_from_errno(errno);
    fprintf(m->truth.visits, "time\tuser\tdevice\tsite\tcategory\tverdict\tkind\tstory\n");
    return code;
}

/* ---- the play ---- */

static void truth_begin(struct month *m)
{
    int64_t from_ns = (int64_t)m->first_day * DAY_NS;
    m->truth.school = &m->school;
    m->truth.web = &m->web;
    m->truth.all_visits = m->all_visits;
    m->truth.seed = m->seed;
    m->truth.from_ns = from_ns;
    m->truth.to_ns = from_ns + (int64_t)m->days * DAY_NS;
    m->truth.restart_from_ns = from_ns + 12 * DAY_NS + 12600 * INT64_C(1000000000);
    m->truth.restart_to_ns = m->truth.restart_from_ns + 38 * INT64_C(1000000000);
    m->truth.gap_from_ns = from_ns + 17 * DAY_NS + 50820 * INT64_C(1000000000);
    m->truth.gap_to_ns = m->truth.gap_from_ns + 41 * INT64_C(1000000000);
    m->truth.first_generation = SCRIBE_GENERATION;
    m->truth.last_generation = SCRIBE_GENERATION + m->days;
    m->truth.first_policy = SCRIBE_POLICY;
    m->truth.last_policy = SCRIBE_POLICY + (m->days > 9) + (m->days > 20);
}

static int play_begin(struct month *m)
{
    struct play *play = &m->play;
    *play = (struct play){.book = &m->book,
                          .web = &m->web,
                          .school = &m->school,
                          .truth = &m->truth,
                          .scribe = &m->scribe,
                          .scale = m->rows / (ROWS_OF_A_PUPIL * m->pupils * m->days / 30.0),
                          .from_ns = m->truth.from_ns,
                          .silent_device = NOBODY};
    dice_init(&play->dice, m->seed + 3);
    play->agenda.now = m->truth.from_ns / MINUTE_NS;
    play->notice = book_put(&m->book, "why.school.example", BOOK_LOCAL, CATEGORY_NONE, 60);
    play->home_from = calloc(m->school.people_count, sizeof *play->home_from);
    play->home_to = calloc(m->school.people_count, sizeof *play->home_to);
    if (play->home_from == NULL || play->home_to == NULL)
        return ERR_NOMEM;
    if (!stories_init(&m->stories, play, m->first_day, m->rows > 5e6 ? 61 : 601)) {
        fprintf(stderr, "month: nobody in this school suits a story: another --seed, or more --pupils\n");
        return ERR_INVAL;
    }
    m->scribe.book = &m->book;
    m->scribe.school = &m->school;
    m->scribe.truth = &m->truth;
    m->scribe.first_day = m->first_day;
    dice_init(&m->scribe.dice, m->seed + 4);
    return scribe_open(&m->scribe, m->dir);
}

static int setting_make(struct month *m)
{
    struct dice dice;
    dice_init(&dice, m->seed + 1);
    int code = folders_make(m);
    web_init(&m->web, &m->book, &dice, 4000);
    dice_init(&dice, m->seed + 2);
    if (code == 0)
        code = school_init(&m->school, &dice, m->pupils, path_of(m, "state/roster"));
    truth_begin(m);
    if (code == 0)
        code = papers_write(m);
    return code == 0 ? play_begin(m) : code;
}

static int minute_play(struct month *m, uint32_t day, uint32_t minute)
{
    size_t count;
    int code = 0;
    struct moment moment = calendar_at(day, minute);
    stories_play(&m->stories, (int64_t)day * DAY_NS + (minute + 1) * MINUTE_NS);
    play_minute(&m->play, &moment);
    const struct ask *asks = agenda_minute(&m->play.agenda, &count);
    for (size_t i = 0; i < count && code == 0; i++)
        code = scribe_write(&m->scribe, &asks[i]);
    return code;
}

static int month_play(struct month *m)
{
    int code = 0;
    for (uint32_t day = m->first_day; code == 0 && day < m->first_day + m->days; day++) {
        stories_day(&m->stories, day);
        play_day(&m->play, day);
        for (uint32_t minute = 0; code == 0 && minute < DAY_MINUTES; minute++) {
            code = minute_play(m, day, minute);
            if (code == 0 && minute % 60 == 59)
                code = scribe_hour(&m->scribe);
        }
    }
    int closed = scribe_close(&m->scribe);
    return code < 0 ? code : closed;
}

static void month_done(struct month *m)
{
    stories_done(&m->stories);
    agenda_done(&m->play.agenda);
    free(m->play.home_from);
    free(m->play.home_to);
    truth_done(&m->truth);
    school_done(&m->school);
    web_done(&m->web);
    book_done(&m->book);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct month m = {.rows = 1e8, .days = 30, .seed = 1};
    double begin = seconds();
    m.first_day = calendar_day("2026-10-30");
    if (!options_read(&m, argc, argv)) {
        fprintf(stderr, "month DIR [--rows NUMBER] [--pupils NUMBER] [--from DAY] [--days NUMBER] [--seed NUMBER] "
                        "[--all-visits]\n");
        return 2;
    }
    int code = setting_make(&m);
    if (code == 0)
        code = month_play(&m);
    if (code == 0)
        code = truth_write(&m.truth, path_of(&m, "truth.json"));
    if (code < 0)
        return fail(m.dir, code);
    printf("%llu rows of %u people, %llu visits, in %s; %.1f s\n", (unsigned long long)m.truth.rows,
           m.school.people_count, (unsigned long long)m.truth.visit_count[TRUTH_VISIT], m.dir, seconds() - begin);
    month_done(&m);
    return 0;
}
