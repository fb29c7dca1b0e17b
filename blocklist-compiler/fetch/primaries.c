#include "fetch/primaries.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"

#define RECORDS_MAX UINT64_C(50000000)

static int read_key(const struct primaries_access *access, struct tsig_key *out, char why[DOWNLOAD_WHY_MAX])
{
    struct secret secret;
    int err = secret_read(access->tsig_secret_file, &secret, why);
    if (err < 0)
        return err;
    err = tsig_key_make(access->tsig_name, access->tsig_algorithm, secret.text, out);
    secret_wipe(&secret);
    if (err < 0)
        snprintf(why, DOWNLOAD_WHY_MAX, "%.150s does not hold a secret in base64, or the key's name is none",
                 access->tsig_secret_file);
    return err;
}

int primaries_fetch(const char *source, const char *path, const char *kept, const struct download_opts *opts,
                    const struct primaries_access *access, struct zone_reply *out, char why[DOWNLOAD_WHY_MAX])
{
    struct source parsed;
    struct tsig_key key;
    bool has_key = access->tsig_name != NULL;
    int err = source_parse(source, &parsed);
    if (err < 0) {
        snprintf(why, DOWNLOAD_WHY_MAX, "not like dns://192.0.2.1/zone.example");
        return err;
    }
    if (has_key)
        err = read_key(access, &key, why);
    if (err < 0)
        return err;
    struct zone_request request = {.source = &parsed,
                                   .key = has_key ? &key : NULL,
                                   .incremental = !access->whole,
                                   .kept = kept,
                                   .path = path,
                                   .records_max = RECORDS_MAX,
                                   .limits = {.connect_ms = opts->connect_ms,
                                              .idle_ms = opts->stall_s * 1000,
                                              .total_ms = opts->total_ms,
                                              .bytes_max = opts->bytes_max}};
    err = zone_fetch(&request, out, why);
    sodium_memzero(&key, sizeof key);
    return err;
}
