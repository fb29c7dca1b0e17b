#include "operator/session_lines.h"

#include <inttypes.h>
#include <stdbool.h>

#include "operator/figures.h"

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* Words of an object whose values are not 0: ", refused: 3 authenticator, 1 malformed". */
static void print_refused(FILE *to, const json_t *refused)
{
    const char *key;
    json_t *value;
    bool first = true;
    json_object_foreach((json_t *)(uintptr_t)refused, key, value)
    {
        if (json_integer_value(value) == 0)
            continue;
        fprintf(to, "%s%" PRId64 " ", first ? "; refused: " : ", ", (int64_t)json_integer_value(value));
        for (const char *at = key; *at != '\0'; at++)
            putc(*at == '_' ? ' ' : *at, to);
        first = false;
    }
    putc('\n', to);
}

static void print_nas(FILE *to, const json_t *nas, int64_t now_s)
{
    const json_t *heard = json_object_get(nas, "last_heard_s");
    const char *name = json_string_value(json_object_get(nas, "name"));
    fprintf(to, "            %s: ", name == NULL ? "?" : name);
    if (!json_is_integer(heard)) {
        fputs("not heard since the start\n", to);
        return;
    }
    int64_t ago_s = now_s - json_integer_value(heard);
    fputs("last heard ", to);
    figures_duration(to, ago_s < 0 ? 0 : ago_s);
    fputs(" ago, ", to);
    figures_count(to, number(nas, "requests"));
    fputs(" requests\n", to);
}

static void print_accounting(FILE *to, const json_t *accounting, int64_t now_s)
{
    size_t i;
    json_t *nas;
    if (!json_is_object(accounting))
        return;
    fputs("accounting  ", to);
    figures_count(to, number(accounting, "answered"));
    fputs(" requests answered", to);
    print_refused(to, json_object_get(accounting, "refused"));
    json_array_foreach(json_object_get(accounting, "nas"), i, nas) print_nas(to, nas, now_s);
}

static void print_api(FILE *to, const json_t *api)
{
    if (!json_is_object(api))
        return;
    fprintf(to, "local API   %" PRId64 " logons, %" PRId64 " logoffs; refused: %" PRId64 "\n", number(api, "on"),
            number(api, "off"),
            number(api, "unauthorized") + number(api, "forbidden") + number(api, "bad_request") +
                number(api, "too_many") + number(api, "unavailable"));
}

void session_lines_print(FILE *to, const json_t *sessions, int64_t now_s)
{
    const json_t *trouble = json_object_get(sessions, "trouble");
    if (!json_is_object(sessions))
        return;
    fputs("sessions    ", to);
    figures_count(to, number(sessions, "radius"));
    fputs(" by RADIUS, ", to);
    figures_count(to, number(sessions, "logon"));
    fputs(" by logon\n", to);
    if (json_is_string(trouble))
        fprintf(to, "            TROUBLE: they can't be kept: %s\n", json_string_value(trouble));
    if (number(sessions, "damaged_lines") > 0)
        fprintf(to, "            %" PRId64 " were lost: their lines were damaged\n", number(sessions, "damaged_lines"));
    print_accounting(to, json_object_get(sessions, "accounting"), now_s);
    print_api(to, json_object_get(sessions, "api"));
}
