#include "base/secret.h"
#include "config/config.h"
#include "radius/nas.h"
#include "session/token.h"

int config_load_secrets(const struct config *config, struct radius_nas_table **out_nas, struct token_table **out_tokens,
                        char *why)
{
    struct radius_nas_table *nas;
    struct token_table *tokens;
    int err = radius_nas_table_new(config->radius.nas, config->radius.nas_count, &nas, why);
    if (err < 0)
        return err;
    err = token_table_new(config->api.tokens, config->api.token_count, &tokens, why);
    if (err < 0) {
        radius_nas_table_free(nas);
        return err;
    }
    *out_nas = nas;
    *out_tokens = tokens;
    return 0;
}

int config_check_secrets(const struct config *config, char *why)
{
    struct radius_nas_table *nas;
    struct token_table *tokens;
    int err = config_load_secrets(config, &nas, &tokens, why);
    if (err < 0)
        return err;
    radius_nas_table_free(nas);
    token_table_free(tokens);
    return 0;
}
