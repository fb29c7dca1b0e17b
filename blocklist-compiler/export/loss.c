#include "export/loss.h"

static const char *const sentences[LOSS_COUNT] = {
#define X(suffix, sentence) [LOSS_##suffix] = sentence,
    LOSS_LIST(X)
#undef X
};

const char *loss_sentence(enum loss loss)
{
    return sentences[loss];
}

/* It will stand in a comment: a line break would end that. */
static void keep(char to[LOSS_TEXT_MAX], const char *text)
{
    unsigned len = 0;
    for (; text[len] != '\0' && len + 1 < LOSS_TEXT_MAX; len++)
        to[len] = text[len] >= ' ' && text[len] <= '~' ? text[len] : '?';
    to[len] = '\0';
}

void losses_add(struct losses *losses, enum loss loss, const char *text)
{
    uint64_t count = losses->rows[loss].count++;
    if (count < LOSS_SAMPLES)
        keep(losses->rows[loss].samples[count], text);
}
