#include "recipe/access.h"

#include <string.h>

#define ACCESS(field) offsetof(struct recipe_access, field)
const struct schema_option access_options[] = {
    {.key = "header_file",
     .type = &schema_string,
     .offset = ACCESS(header_file),
     .help = "a file of header lines, such as Authorization: Bearer ..."},
    {.key = "user_file", .type = &schema_string, .offset = ACCESS(user_file), .help = "a file with user:password"},
    {.key = "client_certificate",
     .type = &schema_string,
     .offset = ACCESS(client_certificate),
     .help = "a file with our certificate, in PEM form"},
    {.key = "client_key",
     .type = &schema_string,
     .offset = ACCESS(client_key),
     .help = "a file with its key; not needed where the certificate's file has it"},
    {0}};

/* Whether "user:password@" stands in front of the host. */
static bool has_user(const char *address)
{
    const char *host = strstr(address, "://");
    host = host == NULL ? address : host + 3;
    const char *at = strchr(host, '@');
    return at != NULL && (size_t)(at - host) < strcspn(host, "/?#");
}

static bool is_proxy(const char *text)
{
    static const char *const schemes[] = {"http://", "https://", "socks5h://"};
    if (strcmp(text, "none") == 0 || strcmp(text, "environment") == 0)
        return true;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
            return true;
    }
    return false;
}

void access_check_proxy(const char *proxy, const char *user_file, const struct config_place *place,
                        struct config_errors *errors)
{
    /* The text may hold a password, so it is not repeated. */
    if (proxy != NULL && has_user(proxy))
        config_errors_add(errors, place, "the password of a proxy belongs into a file: see 'proxy_user_file'");
    else if (proxy != NULL && !is_proxy(proxy))
        config_errors_add(errors, place,
                          "'proxy' must be http://..., https://..., socks5h://..., none or environment, not '%s'",
                          proxy);
    if (user_file != NULL && (proxy == NULL || strstr(proxy, "://") == NULL))
        config_errors_add(errors, place, "'proxy_user_file' needs a 'proxy' with an address beside it");
}

void access_check(const struct recipe_access *access, const char *source, const char *feed,
                  const struct config_place *place, struct config_errors *errors)
{
    bool https = strncmp(source, "https://", 8) == 0;
    bool any = access->header_file != NULL || access->user_file != NULL || access->client_certificate != NULL ||
               access->client_key != NULL;
    if (https && has_user(source))
        config_errors_add(errors, place, "the password of '%s' belongs into a file: see 'credentials'", feed);
    if (!https && any)
        config_errors_add(errors, place, "'credentials' are for https:// sources, and '%s' is a file", feed);
    if (access->client_key != NULL && access->client_certificate == NULL)
        config_errors_add(errors, place, "'client_key' of '%s' needs 'client_certificate'", feed);
    access_check_proxy(access->proxy, access->proxy_user_file, place, errors);
}
