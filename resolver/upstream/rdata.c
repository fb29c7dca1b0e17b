#include "upstream/rdata.h"

static const struct rdata_layout layouts[] = {
    {1, 4, 0, 0},          /* A */
    {2, 0, 1, 0},          /* NS */
    {3, 0, 1, 0},          /* MD */
    {4, 0, 1, 0},          /* MF */
    {5, 0, 1, 0},          /* CNAME */
    {6, 0, 2, 20},         /* SOA */
    {7, 0, 1, 0},          /* MB */
    {8, 0, 1, 0},          /* MG */
    {9, 0, 1, 0},          /* MR */
    {12, 0, 1, 0},         /* PTR */
    {14, 0, 2, 0},         /* MINFO */
    {15, 2, 1, 0},         /* MX */
    {17, 0, 2, 0},         /* RP */
    {18, 2, 1, 0},         /* AFSDB */
    {21, 2, 1, 0},         /* RT */
    {26, 2, 2, 0},         /* PX */
    {28, 16, 0, 0},        /* AAAA */
    {30, 0, 1, RDATA_ANY}, /* NXT */
    {33, 6, 1, 0},         /* SRV */
    {36, 2, 1, 0},         /* KX */
    {39, 0, 1, 0},         /* DNAME */
};

const struct rdata_layout *rdata_layout_of(uint16_t type)
{
    static const struct rdata_layout any = {0, 0, 0, RDATA_ANY};
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0] && layouts[i].type <= type; i++)
        if (layouts[i].type == type)
            return &layouts[i];
    return &any;
}

int rdata_check(const uint8_t *msg, size_t len, const struct msg_rr *rr)
{
    const struct rdata_layout *layout = rdata_layout_of(rr->type);
    size_t pos = (size_t)rr->rdata_pos + layout->before;
    size_t end = (size_t)rr->rdata_pos + rr->rdata_len;
    uint8_t name[NAME_MAX_LEN];
    for (unsigned i = 0; i < layout->names; i++) {
        int used = pos < end ? msg_name_unpack(msg, len, pos, name) : ERR_MALFORMED;
        if (used < 0)
            return used;
        pos += (size_t)used;
    }
    if (pos > end || (layout->after != RDATA_ANY && pos + layout->after != end))
        return ERR_MALFORMED;
    return 0;
}
