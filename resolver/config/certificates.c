#include "config/config.h"
#include "tls/identity.h"
#include "tls/trust.h"

int config_check_certificates(const struct config *config, char *why)
{
    const struct tls_identity_opts opts = {config->tls.certificate, config->tls.key};
    struct tls_identity *identity = NULL;
    struct tls_trust *trust = NULL;
    int err = opts.certificate == NULL ? 0 : tls_identity_load(&opts, &identity, why);
    if (err == 0 && config->needs_trust)
        err = tls_trust_load(config->upstream_ca, &trust, why);
    tls_identity_free(identity);
    tls_trust_free(trust);
    return err;
}
