#include "control/who.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/err.h"
#include "control/record.h"
#include "base/mac.h"
#include "policy/person_table.h"

/* What is asked about, as everything that it can be. */
struct about {
    const char *text;
    bool is_address, is_mac;
    struct ipaddr address;
    uint8_t mac[MAC_LEN];
    uint32_t user, device; /* numbers in the roster; 0: it is no name of one */
    char folded[ROSTER_NAME_MAX + 1];
};

static void fold(const struct command_env *env, const char *name, char out[ROSTER_NAME_MAX + 1])
{
    char cut[ROSTER_NAME_MAX + 1];
    snprintf(cut, sizeof cut, "%.*s", ROSTER_NAME_MAX, name);
    person_name_fold(cut, env->users, out);
}

static struct about about_of(const struct command_env *env, const char *text)
{
    struct about about = {.text = text};
    about.is_address = ipaddr_from_text(text, &about.address) == 0;
    about.is_mac = mac_from_text(text, strlen(text), about.mac) == 0;
    fold(env, text, about.folded);
    if (env->roster != NULL) {
        about.user = roster_find(env->roster, ROSTER_USER, about.folded);
        about.device = roster_find(env->roster, ROSTER_DEVICE, text);
    }
    return about;
}

/* ---- writing ---- */

static void member(struct text *out, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    text_printf(out, ", \"%s\": ", key);
    text_add_json(out, value);
}

static void member_time(struct text *out, const char *key, int64_t time_s)
{
    if (time_s > 0 && time_s != INT64_MAX)
        text_printf(out, ", \"%s\": %" PRId64, key, time_s);
}

static void write_mac(const uint8_t mac[MAC_LEN], struct text *out)
{
    char text[MAC_TEXT_MAX];
    member(out, "mac", mac_to_text(mac, text));
    if (mac_is_local(mac))
        text_printf(out, ", \"made_up\": true");
}

static void write_client(const struct command_env *env, const struct ipaddr *address, const struct presence_who *who,
                         struct text *out)
{
    char text[IPADDR_TEXT_MAX];
    uint8_t card[MAC_LEN];
    struct policy_standing standing;
    policy_standing(env->policy, address, who->person, env->now_s, &standing);
    text_printf(out, "{\"address\": \"%s\", \"grade\": \"%c\"", ipaddr_to_text(address, text),
                "-ABCDE"[who->grade < PRESENCE_GRADES ? who->grade : 0]);
    if (env->roster != NULL) {
        member(out, "user", who->user == 0 ? NULL : roster_name(env->roster, ROSTER_USER, who->user));
        member(out, "device", who->device == 0 ? NULL : roster_name(env->roster, ROSTER_DEVICE, who->device));
        member(out, "called", roster_called(env->roster, who->device));
    }
    if (who->user != 0)
        text_printf(out, ", \"user_number\": %" PRIu32, who->user);
    if (who->device != 0)
        text_printf(out, ", \"device_number\": %" PRIu32, who->device);
    if (presence_find_card(env->presence, address, env->now_s, card))
        write_mac(card, out);
    member(out, "group", policy_group_name(env->policy, standing.group));
    text_printf(out, ", \"in_people\": %s", who->person == POLICY_NOBODY ? "false" : "true");
    member_time(out, "until", who->until_s);
    text_printf(out, "}");
}

static bool client_matches(const struct command_env *env, const struct about *about, const struct ipaddr *address,
                           const struct presence_who *who)
{
    uint8_t card[MAC_LEN];
    if (about->is_address)
        return ipaddr_equal(address, &about->address);
    if ((about->user != 0 && who->user == about->user) || (about->device != 0 && who->device == about->device))
        return true;
    return about->is_mac && presence_find_card(env->presence, address, env->now_s, card) &&
           memcmp(card, about->mac, MAC_LEN) == 0;
}

/* Of an address that nobody knows it is said that nobody does. */
static void write_clients(const struct command_env *env, const struct about *about, struct text *out)
{
    size_t written = 0;
    struct presence_who who;
    text_printf(out, "\"clients\": [");
    if (about->is_address) {
        (void)presence_find(env->presence, &about->address, env->now_s, &who);
        write_client(env, &about->address, &who, out);
        written++;
    }
    for (size_t i = 0; !about->is_address && i < presence_count(env->presence) && written < WHO_MAX; i++) {
        struct ipaddr address = presence_at(env->presence, i, env->now_s, &who);
        if (!client_matches(env, about, &address, &who))
            continue;
        text_printf(out, written++ == 0 ? "" : ", ");
        write_client(env, &address, &who, out);
    }
    text_printf(out, "]");
}

static bool claim_matches(const struct command_env *env, const struct about *about, const struct claim_view *claim)
{
    char folded[ROSTER_NAME_MAX + 1];
    uint8_t card[MAC_LEN];
    if (about->is_address) {
        if (claim->has_address && ipaddr_equal(&claim->address, &about->address))
            return true;
        return claim->has_mac && presence_find_card(env->presence, &about->address, env->now_s, card) &&
               memcmp(card, claim->mac, MAC_LEN) == 0;
    }
    if (about->is_mac)
        return claim->has_mac && memcmp(claim->mac, about->mac, MAC_LEN) == 0;
    fold(env, claim->user, folded);
    return (claim->user[0] != '\0' && strcmp(folded, about->folded) == 0) || strcasecmp(claim->host, about->text) == 0;
}

static void write_claim(const struct claim_view *claim, struct text *out)
{
    char text[IPADDR_TEXT_MAX];
    text_printf(out, "{\"source\": \"%s\"", claim_source_name(claim->source));
    if (claim->has_address)
        member(out, "address", ipaddr_to_text(&claim->address, text));
    if (claim->has_mac)
        write_mac(claim->mac, out);
    member(out, "user", claim->user);
    member(out, "host", claim->host);
    member_time(out, "from", claim->from_s);
    member_time(out, "until", claim->until_s);
    text_printf(out, "}");
}

static void write_claims(const struct command_env *env, const struct about *about, struct text *out)
{
    size_t written = 0;
    text_printf(out, "\"claims\": [");
    for (size_t i = 0; i < claims_count(env->claims) && written < WHO_MAX; i++) {
        struct claim_view claim = claims_at(env->claims, i);
        if (!claim_matches(env, about, &claim))
            continue;
        text_printf(out, written++ == 0 ? "" : ", ");
        write_claim(&claim, out);
    }
    text_printf(out, "]");
}

/* ---- the commands ---- */

/* Notes in the ledger what is about to happen; false: it must not, out says why. */
static bool note(struct command_env *env, const json_t *object, enum act act, const char *kind, const char *what,
                 struct text *out)
{
    const char *by = json_string_value(json_object_get(object, "by"));
    if (by != NULL && caller_act_for(&env->caller, by) < 0) {
        text_printf(out, "error: the system knows nobody of the name %.64s\n", by);
        return false;
    }
    if (!record_may(env, act, out))
        return false;
    int err = record_entry(
        env,
        &(struct entry){.kind = kind, .object = what, .reason = json_string_value(json_object_get(object, "reason"))});
    if (err < 0)
        text_printf(out, "error: the ledger can't be written, so nothing is done: %s\n", err_str(err));
    return err == 0;
}

static void tell(const json_t *object, const struct command_env *env, struct text *out)
{
    struct command_env own = *env;
    const char *text = json_string_value(json_object_get(object, "about"));
    if (text == NULL || text[0] == '\0') {
        text_printf(out, "error: about whom?\n");
        return;
    }
    if (!note(&own, object, ACT_READ_LOG, "log.who", text, out))
        return;
    struct about about = about_of(env, text);
    text_printf(out, "{\"about\": ");
    text_add_json(out, text);
    text_printf(out, ", \"known\": %s, ",
                about.is_address || about.is_mac || about.user + about.device > 0 ? "true" : "false");
    write_clients(env, &about, out);
    text_printf(out, ", ");
    write_claims(env, &about, out);
    text_printf(out, "}\n");
}

void who_run(const char *argument, const struct command_env *env, struct text *out)
{
    json_t *object = json_loads(argument, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object))
        text_printf(out, "error: not understood\n");
    else if (env->presence == NULL || env->claims == NULL)
        text_printf(out, "error: nothing is known yet\n");
    else
        tell(object, env, out);
    json_decref(object);
}

static void forget(const json_t *object, const struct command_env *env, struct text *out)
{
    struct command_env own = *env;
    char what[ROSTER_NAME_MAX + 32], folded[ROSTER_NAME_MAX + 1];
    const char *kind_word = json_string_value(json_object_get(object, "kind"));
    const char *name = json_string_value(json_object_get(object, "name"));
    if (kind_word == NULL || name == NULL || (strcmp(kind_word, "user") != 0 && strcmp(kind_word, "device") != 0)) {
        text_printf(out, "error: not understood\n");
        return;
    }
    enum roster_kind kind = strcmp(kind_word, "user") == 0 ? ROSTER_USER : ROSTER_DEVICE;
    fold(env, name, folded);
    uint32_t number = roster_find(env->roster, kind, kind == ROSTER_USER ? folded : name);
    if (number == 0) {
        text_printf(out, "error: no %s of this name is known\n", kind_word);
        return;
    }
    /* the ledger keeps the number: it can't forget */
    snprintf(what, sizeof what, "%s #%" PRIu32, kind_word, number);
    if (!note(&own, object, ACT_OPERATE, "identity.forget", what, out))
        return;
    struct text why = {0};
    int err = roster_forget(env->roster, kind, number);
    /* Whoever is here now has the number still: the table of who is where must be another one before the answer. */
    int renewed = err < 0 || env->reload == NULL ? 0 : env->reload(env->ctx, &own.caller, &why);
    if (err < 0)
        text_printf(out, "error: %s\n", err_str(err));
    else if (renewed < 0)
        text_printf(out,
                    "error: %s has no name any more, but what is asked now still goes by the number: the configuration "
                    "is refused: %s",
                    what, why.bytes == NULL ? "no memory\n" : why.bytes);
    else
        text_printf(out, "ok: %s is a number without a name from now on\n", what);
    text_done(&why);
}

void who_forget(const char *argument, const struct command_env *env, struct text *out)
{
    json_t *object = json_loads(argument, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object))
        text_printf(out, "error: not understood\n");
    else if (env->roster == NULL)
        text_printf(out, "error: there is no roster\n");
    else
        forget(object, env, out);
    json_decref(object);
}
