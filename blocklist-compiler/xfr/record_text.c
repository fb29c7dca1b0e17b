#include "xfr/record_text.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 512 /* most lines are shorter; the buffer grows */

static int to_text(const ldns_rr *rr, char **out, size_t *out_len)
{
    ldns_buffer *buffer = ldns_buffer_new(ROOM);
    int err = buffer == NULL ? ERR_NOMEM : 0;
    if (err == 0 && ldns_rr2buffer_str_fmt(buffer, ldns_output_format_nocomments, rr) != LDNS_STATUS_OK)
        err = ERR_MALFORMED;
    if (err == 0) {
        *out_len = ldns_buffer_position(buffer);
        *out = ldns_buffer_export(buffer);
    }
    ldns_buffer_free(buffer);
    return err;
}

/*
 * ldns lets a name run on behind the record's data, and a record do with fewer fields than its type has; both would be
 * read as something else than they are.
 */
static bool is_whole(const ldns_rr *record, size_t end, const struct msg_rr *rr)
{
    const ldns_rr_descriptor *descriptor = ldns_rr_descript(rr->type);
    return end == (size_t)rr->rdata_pos + rr->rdata_len &&
           ldns_rr_rd_count(record) >= ldns_rr_descriptor_minimum(descriptor);
}

int record_text(const uint8_t *msg, size_t len, const struct msg_rr *rr, char **out, size_t *out_len)
{
    ldns_rr *record = NULL;
    char *text = NULL;
    size_t text_len = 0, end = rr->name_pos;
    ldns_status status = ldns_wire2rr(&record, msg, len, &end, LDNS_SECTION_ANSWER);
    if (status != LDNS_STATUS_OK)
        return status == LDNS_STATUS_MEM_ERR ? ERR_NOMEM : ERR_MALFORMED;
    ldns_rr2canonical(record);
    int err = is_whole(record, end, rr) ? to_text(record, &text, &text_len) : ERR_MALFORMED;
    ldns_rr_free(record);
    if (err < 0)
        return err;
    while (text_len > 0 && (text[text_len - 1] == '\n' || text[text_len - 1] == ' '))
        text_len--;
    /* One record is one line, whatever a library makes of odd bytes. */
    if (text_len == 0 || memchr(text, '\n', text_len) != NULL || memchr(text, '\0', text_len) != NULL) {
        free(text);
        return ERR_MALFORMED;
    }
    *out = text;
    *out_len = text_len;
    return 0;
}
