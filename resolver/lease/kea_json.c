#include "lease/kea_json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "identity/clean.h"
#include "lease/field.h"

#define RESULT_DONE    0
#define RESULT_UNKNOWN 2
#define RESULT_EMPTY   3

#define LIFETIME_FOR_EVER INT64_C(0xffffffff)
#define STATE_HELD        0
#define STATE_REGISTERED  4 /* kea_csv.c tells of the others */

size_t kea_page_command(int family, const struct ipaddr *after, char out[KEA_COMMAND_MAX])
{
    char from[IPADDR_TEXT_MAX] = "start";
    if (after != NULL)
        ipaddr_to_text(after, from);
    return (size_t)snprintf(out, KEA_COMMAND_MAX,
                            "{\"command\": \"lease%d-get-page\", \"arguments\": {\"from\": \"%s\", \"limit\": %d}}",
                            family == AF_INET6 ? 6 : 4, from, KEA_PAGE_LEASES);
}

static struct field text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? (struct field){json_string_value(value), json_string_length(value)}
                                 : (struct field){"", 0};
}

static bool number_of(const json_t *object, const char *key, int64_t missing, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    *out = value == NULL ? missing : json_integer_value(value);
    return (value == NULL || json_is_integer(value)) && *out >= 0 && *out <= FIELD_NUMBER_MAX;
}

/* false: it can't be read. Where there is no device's address in it, out->address is not told to anybody. */
static bool read_lease(const json_t *object, struct lease *out, bool *out_is_device)
{
    uint8_t duid[128];
    int64_t lifetime_s, state;
    struct field host = text_of(object, "hostname");
    *out = (struct lease){.active = true};
    *out_is_device = !field_is(text_of(object, "type"), "IA_PD");
    if (field_address(text_of(object, "ip-address"), &out->address) < 0 ||
        !number_of(object, "valid-lft", 0, &lifetime_s) || !number_of(object, "cltt", 0, &out->renewed_s) ||
        !number_of(object, "state", STATE_HELD, &state))
        return false;
    out->active = lifetime_s > 0 && (state == STATE_HELD || state == STATE_REGISTERED);
    out->until_s = lifetime_s == LIFETIME_FOR_EVER ? 0 : out->renewed_s + lifetime_s;
    out->has_mac = field_mac(text_of(object, "hw-address"), out->mac);
    int len = field_hex(text_of(object, "duid"), duid, sizeof duid);
    if (!out->has_mac && len > 0)
        out->has_mac = duid_mac(duid, (size_t)len, out->mac);
    if (host.len > 0 && host.bytes[host.len - 1] == '.')
        host.len--;
    clean_name(host.bytes, host.len, out->host, sizeof out->host);
    return true;
}

static void read_leases(const json_t *leases, lease_sink sink, void *ctx, struct kea_page *page)
{
    for (size_t i = 0; i < json_array_size(leases); i++) {
        struct lease lease;
        bool is_device;
        page->count++;
        if (!read_lease(json_array_get(leases, i), &lease, &is_device)) {
            page->refused++;
            continue;
        }
        page->last = lease.address;
        if (is_device)
            sink(ctx, &lease);
    }
}

static int read_answer(const json_t *root, lease_sink sink, void *ctx, struct kea_page *page)
{
    int64_t result;
    struct field text = text_of(root, "text");
    if (!json_is_object(root) || json_object_get(root, "result") == NULL || !number_of(root, "result", 0, &result))
        return ERR_MALFORMED;
    clean_name(text.bytes, text.len, page->text, sizeof page->text);
    if (result == RESULT_UNKNOWN)
        return ERR_UNSUPPORTED;
    if (result != RESULT_DONE && result != RESULT_EMPTY)
        return ERR_INVAL;
    read_leases(json_object_get(json_object_get(root, "arguments"), "leases"), sink, ctx, page);
    return page->count > 0 && page->refused == page->count ? ERR_MALFORMED : 0;
}

int kea_page_read(const char *bytes, size_t len, lease_sink sink, void *ctx, struct kea_page *out)
{
    json_error_t where;
    *out = (struct kea_page){0};
    json_t *root = json_loadb(bytes, len, JSON_ALLOW_NUL, &where);
    if (root == NULL)
        return ERR_MALFORMED;
    int err = read_answer(root, sink, ctx, out);
    json_decref(root);
    return err;
}
