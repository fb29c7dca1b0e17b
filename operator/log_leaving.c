#include "operator/log_leaving.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

/* Something that another person could make sense of later. */
static bool is_reason(const char *text)
{
    size_t letters = 0;
    for (; text != NULL && *text != '\0'; text++)
        letters += isalpha((unsigned char)*text) || (unsigned char)*text >= 0x80;
    return letters >= 5;
}

static const char *contradiction(const struct log_options *o, bool terminal)
{
    bool binary = o->zip || o->format == GRID_SQLITE || o->format == GRID_PARQUET;
    if (o->zip + o->plain + o->without_identities > 1)
        return "one of --zip, --without-identities and --plain is enough";
    if (!o->zip && (o->password_file != NULL || o->ask_password))
        return "--password-file and --ask-password belong to --zip";
    if (o->password_file != NULL && o->ask_password)
        return "--password-file or --ask-password, not both";
    if (binary && o->output == NULL && terminal)
        return "this format is nothing for a terminal: say -o FILE";
    if (o->bom && o->format != GRID_CSV)
        return "--bom belongs to --format csv";
    if (o->without_identities &&
        (o->user != NULL || o->device != NULL || o->filter.client != NULL || o->filter.code != NULL))
        return "with --user, --device, --client or --code all rows are of somebody who is known, and "
               "--without-identities "
               "would hide nothing";
    return NULL;
}

const char *log_leaving_wrong(const struct log_options *o, const struct roles *roles, FILE *out)
{
    bool terminal = isatty(fileno(out)) == 1;
    const char *wrong = contradiction(o, terminal);
    if (wrong != NULL)
        return wrong;
    if (o->plain && !is_reason(o->reason))
        return "--plain needs --reason TEXT, a few words: why who asked may leave without a password; the ledger keeps it";
    if (o->zip || o->without_identities || o->plain)
        return NULL;
    if (o->output == NULL && (terminal || !roles_configured(roles)))
        return NULL;
    return "who asked leaves this machine encrypted only: say --zip (a password is made, or --password-file FILE), "
           "--without-identities, or --plain --reason TEXT";
}

const char *log_leaving_password(const struct log_options *o, char out[PASSPHRASE_MAX])
{
    if (o->password_file != NULL)
        return passphrase_read(o->password_file, out);
    if (o->ask_password)
        return passphrase_ask(out);
    passphrase_make(out);
    return passphrase_tell(out);
}
