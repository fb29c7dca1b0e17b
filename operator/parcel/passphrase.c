#include "parcel/passphrase.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>

#include <sodium.h>

#include "base/random.h"
#include "base/secret.h"

#define DIFFERENT_MIN 6
#define TERMINAL      "/dev/tty"

void passphrase_make(char out[PASSPHRASE_MAX])
{
    static const char letters[] = "23456789abcdefghjkmnpqrstuvwxyz"; /* 31 that differ at a glance */
    struct random_pool pool = {0};
    size_t len = 0;
    for (int i = 0; i < 20; i++) {
        if (i > 0 && i % 4 == 0)
            out[len++] = '-';
        out[len++] = letters[random_below(&pool, 31)];
    }
    out[len] = '\0';
    sodium_memzero(&pool, sizeof pool);
}

/* ---- what will not do ---- */

static bool is_plain_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

static size_t different(const char *text)
{
    bool seen[128] = {false};
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += !seen[(unsigned char)*text & 127];
        seen[(unsigned char)*text & 127] = true;
    }
    return count;
}

static bool only(const char *text, int (*is)(int))
{
    for (; *text != '\0'; text++)
        if (!is((unsigned char)*text))
            return false;
    return true;
}

/* Letters and digits that follow each other on the keyboard or in the alphabet: "abcdef", "123456", "qwerty". */
static bool is_run(const char *text, size_t len)
{
    static const char *const rows[] = {"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl",
                                       "zxcvbnm"};
    char piece[8];
    snprintf(piece, sizeof piece, "%.*s", (int)len, text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcasestr(rows[i], piece) != NULL)
            return true;
    return false;
}

/* How many characters are left when words that everybody tries first and runs are taken out. */
static size_t worth(const char *text)
{
    static const char *const words[] = {"password", "passw0rd", "school", "belisha",     "letmein",
                                        "welcome",  "admin",    "secret", "safeguarding"};
    size_t left = 0;
    while (*text != '\0') {
        size_t skip = strlen(text) >= 5 && is_run(text, 5) ? 5 : 0;
        for (size_t i = 0; i < sizeof words / sizeof words[0] && skip == 0; i++)
            if (strncasecmp(text, words[i], strlen(words[i])) == 0)
                skip = strlen(words[i]);
        left += skip == 0;
        text += skip == 0 ? 1 : skip;
    }
    return left;
}

const char *passphrase_wrong(const char *text)
{
    size_t len = strlen(text);
    if (!is_plain_ascii(text))
        return "the password may have letters without accents, digits and signs: other programs write others "
               "differently";
    if (len < PASSPHRASE_MIN)
        return "the password needs 12 characters or more: four words that have nothing to do with each other are good";
    if (len >= PASSPHRASE_MAX)
        return "the password may have 127 characters at most";
    if (only(text, isdigit) && len < 30)
        return "a password of digits alone is soon found: add letters";
    if (different(text) < DIFFERENT_MIN)
        return "the password repeats too few characters";
    if (worth(text) < PASSPHRASE_MIN / 2)
        return "this password is among those that are tried first";
    return NULL;
}

/* ---- where it comes from ---- */

const char *passphrase_read(const char *path, char out[PASSPHRASE_MAX])
{
    static char why[SECRET_WHY_MAX];
    struct secret secret;
    if (secret_read(path, &secret, why) < 0)
        return why;
    const char *wrong = passphrase_wrong(secret.text);
    if (wrong == NULL)
        memcpy(out, secret.text, strlen(secret.text) + 1);
    secret_wipe(&secret);
    return wrong;
}

static const char no_password[] = "no password was typed, or one of more than 127 characters";

static bool line_read(FILE *terminal, const char *prompt, char out[PASSPHRASE_MAX])
{
    char line[PASSPHRASE_MAX + 1] = ""; /* with the end of the line */
    fprintf(terminal, "%s", prompt);
    fflush(terminal);
    bool read = fgets(line, sizeof line, terminal) != NULL;
    fprintf(terminal, "\n");
    size_t len = strcspn(line, "\r\n");
    bool whole = read && line[len] != '\0';
    line[len] = '\0';
    if (whole)
        memcpy(out, line, len + 1);
    sodium_memzero(line, sizeof line);
    return whole;
}

static const char *ask(const char *const prompts[], size_t count, char out[PASSPHRASE_MAX])
{
    char again[PASSPHRASE_MAX];
    struct termios before, unseen;
    FILE *terminal = fopen(TERMINAL, "r+e");
    if (terminal == NULL || tcgetattr(fileno(terminal), &before) < 0) {
        if (terminal != NULL)
            fclose(terminal);
        return "there is no terminal to type a password at: use --password-file FILE";
    }
    setvbuf(terminal, NULL, _IONBF, 0);
    unseen = before;
    unseen.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    tcsetattr(fileno(terminal), TCSAFLUSH, &unseen);
    const char *wrong = line_read(terminal, prompts[0], out) ? NULL : no_password;
    if (wrong == NULL && count > 1)
        wrong = !line_read(terminal, prompts[1], again) ? no_password
                : strcmp(out, again) != 0               ? "the two passwords differ"
                                                        : NULL;
    tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    fclose(terminal);
    sodium_memzero(again, sizeof again);
    if (wrong != NULL)
        passphrase_wipe(out);
    return wrong;
}

const char *passphrase_ask(char out[PASSPHRASE_MAX])
{
    static const char *const prompts[] = {"Password for the zip: ", "The same again: "};
    const char *wrong = ask(prompts, 2, out);
    if (wrong == NULL)
        wrong = passphrase_wrong(out);
    if (wrong != NULL)
        passphrase_wipe(out);
    return wrong;
}

const char *passphrase_ask_once(char out[PASSPHRASE_MAX])
{
    static const char *const prompts[] = {"Password of the zip: "};
    return ask(prompts, 1, out);
}

const char *passphrase_tell(const char *text)
{
    FILE *terminal = fopen(TERMINAL, "we");
    if (terminal == NULL)
        return "there is no terminal to show a new password at: use --password-file FILE";
    fprintf(terminal,
            "Password of the zip, shown this once and kept nowhere:\n\n    %s\n\n"
            "Send it by another way than the file: by telephone, not in the same mail.\n",
            text);
    return fclose(terminal) == 0 ? NULL : "the new password could not be shown at the terminal";
}

void passphrase_wipe(char text[PASSPHRASE_MAX])
{
    sodium_memzero(text, PASSPHRASE_MAX);
}
