#include "operator/policy_status.h"

#include <inttypes.h>
#include <stdbool.h>
#include <time.h>

#include "base/plain.h"

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void print_string(FILE *to, const json_t *value)
{
    plain_print(json_string_value(value), to);
}

static void print_in_force(FILE *to, const json_t *policy)
{
    char when[64] = "?";
    struct tm tm;
    time_t since = (time_t)number(policy, "since_s");
    if (localtime_r(&since, &tm) != NULL)
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    if (number(policy, "version") == 0) {
        fputs("policy      no version is kept\n", to);
        return;
    }
    fprintf(to, "policy      version %" PRId64 " since %s, by ", number(policy, "version"), when);
    print_string(to, json_object_get(policy, "by"));
    fputs(json_is_true(json_object_get(policy, "controlled")) ? ", under change control\n" : ", as the files say\n",
          to);
}

static void print_waiting(FILE *to, const json_t *waiting)
{
    size_t i, k;
    const json_t *change, *role;
    json_array_foreach(waiting, i, change)
    {
        const json_t *missing = json_object_get(change, "missing");
        fprintf(to, "            change %" PRId64 " of ", number(change, "number"));
        print_string(to, json_object_get(change, "by"));
        fputs(json_array_size(missing) > 0   ? " waits for: "
              : number(change, "when_s") > 0 ? " is planned"
                                             : " may be activated",
              to);
        json_array_foreach(missing, k, role)
        {
            fputs(k == 0 ? "" : ", ", to);
            print_string(to, role);
        }
        putc('\n', to);
    }
}

static void print_overdue(FILE *to, const json_t *overdue)
{
    size_t i;
    const json_t *change;
    json_array_foreach(overdue, i, change)
    {
        fprintf(to, "WARNING     the review of version %" PRId64 " of the policy is overdue since ",
                number(change, "number"));
        print_string(to, json_object_get(change, "review"));
        putc('\n', to);
    }
}

static void print_people(FILE *to, const json_t *people)
{
    size_t i;
    const json_t *line, *told = json_object_get(people, "told");
    int64_t refused = number(people, "refused");
    if (!json_is_object(people))
        return;
    fprintf(to,
            "people      %" PRId64 " in the people file %.12s; rules of their own open something to %" PRId64
            " and block something for %" PRId64 "\n",
            number(people, "count"), json_string_value(json_object_get(people, "sha256")), number(people, "opening"),
            number(people, "closing"));
    if (refused == 0)
        return;
    fprintf(to, "WARNING     %" PRId64 " %s of the people file %s not count:\n", refused,
            refused == 1 ? "cell" : "cells", refused == 1 ? "does" : "do");
    json_array_foreach(told, i, line)
    {
        fputs("            ", to);
        print_string(to, line);
        putc('\n', to);
    }
}

void policy_status_print(FILE *to, const json_t *status)
{
    const json_t *policy = json_object_get(status, "policy");
    const json_t *operators = json_object_get(status, "operators");
    if (json_is_object(policy)) {
        print_in_force(to, policy);
        print_waiting(to, json_object_get(policy, "waiting"));
        if (json_is_true(json_object_get(policy, "files_differ")))
            fputs("            the files say something else, which is not in force: belisha policy propose\n", to);
        print_overdue(to, json_object_get(policy, "overdue"));
        print_people(to, json_object_get(policy, "people"));
    }
    if (json_is_integer(operators) && json_integer_value(operators) == 0)
        fputs("operators   none are configured: everyone who reaches the control socket may do everything\n", to);
}
