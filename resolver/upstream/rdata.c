#include "upstream/rdata.h"

static const struct rdata_layout layouts[] = {
    {1, 4, 0, 0, 0},           /* A */
    {2, 0, 0, 1, 0},           /* NS */
    {3, 0, 0, 1, 0},           /* MD */
    {4, 0, 0, 1, 0},           /* MF */
    {5, 0, 0, 1, 0},           /* CNAME */
    {6, 0, 0, 2, 20},          /* SOA */
    {7, 0, 0, 1, 0},           /* MB */
    {8, 0, 0, 1, 0},           /* MG */
    {9, 0, 0, 1, 0},           /* MR */
    {12, 0, 0, 1, 0},          /* PTR */
    {14, 0, 0, 2, 0},          /* MINFO */
    {15, 2, 0, 1, 0},          /* MX */
    {17, 0, 0, 2, 0},          /* RP */
    {18, 2, 0, 1, 0},          /* AFSDB */
    {21, 2, 0, 1, 0},          /* RT */
    {24, 18, 0, 1, RDATA_ANY}, /* SIG */
    {26, 2, 0, 2, 0},          /* PX */
    {28, 16, 0, 0, 0},         /* AAAA */
    {30, 0, 0, 1, RDATA_ANY},  /* NXT */
    {33, 6, 0, 1, 0},          /* SRV */
    {35, 4, 3, 1, 0},          /* NAPTR */
    {36, 2, 0, 1, 0},          /* KX */
    {39, 0, 0, 1, 0},          /* DNAME */
};

/* Of types whose names are never compressed: of interest to those who look for names, and otherwise any bytes. */
static const struct rdata_layout plain_layouts[] = {
    {23, 0, 0, 1, 0},          /* NSAP-PTR */
    {46, 18, 0, 1, RDATA_ANY}, /* RRSIG */
    {47, 0, 0, 1, RDATA_ANY},  /* NSEC */
    {58, 0, 0, 2, 0},          /* TALINK */
    {64, 2, 0, 1, RDATA_ANY},  /* SVCB */
    {65, 2, 0, 1, RDATA_ANY},  /* HTTPS */
    {107, 2, 0, 1, 0},         /* LP */
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct rdata_layout *layout_find(const struct rdata_layout *table, size_t count, uint16_t type)
{
    for (size_t i = 0; i < count && table[i].type <= type; i++)
        if (table[i].type == type)
            return &table[i];
    return NULL;
}

const struct rdata_layout *rdata_layout_of(uint16_t type)
{
    static const struct rdata_layout any = {0, 0, 0, 0, RDATA_ANY};
    const struct rdata_layout *found = layout_find(layouts, COUNT(layouts), type);
    return found == NULL ? &any : found;
}

int rdata_names_at(const struct rdata_layout *layout, const uint8_t *msg, const struct msg_rr *rr)
{
    size_t pos = (size_t)rr->rdata_pos + layout->before;
    size_t end = (size_t)rr->rdata_pos + rr->rdata_len;
    for (unsigned i = 0; i < layout->strings; i++) {
        if (pos >= end)
            return ERR_MALFORMED;
        pos += 1u + msg[pos];
    }
    return pos > end ? ERR_MALFORMED : (int)pos;
}

static int walk_begin(struct rdata_walk *walk, const struct rdata_layout *layout, const uint8_t *msg, size_t len,
                      const struct msg_rr *rr)
{
    int pos = rdata_names_at(layout, msg, rr);
    if (pos < 0)
        return pos;
    *walk = (struct rdata_walk){.msg = msg,
                                .len = len,
                                .pos = (size_t)pos,
                                .end = (size_t)rr->rdata_pos + rr->rdata_len,
                                .left = layout->names};
    return 0;
}

int rdata_walk_begin(struct rdata_walk *walk, const uint8_t *msg, size_t len, const struct msg_rr *rr)
{
    const struct rdata_layout *plain = layout_find(plain_layouts, COUNT(plain_layouts), rr->type);
    return walk_begin(walk, plain == NULL ? rdata_layout_of(rr->type) : plain, msg, len, rr);
}

int rdata_walk_next(struct rdata_walk *walk, uint8_t out[NAME_MAX_LEN])
{
    if (walk->left == 0)
        return 0;
    int used = walk->pos < walk->end ? msg_name_unpack(walk->msg, walk->len, walk->pos, out) : ERR_MALFORMED;
    if (used < 0)
        return used;
    walk->pos += (size_t)used;
    walk->left--;
    return walk->pos > walk->end ? ERR_MALFORMED : 1;
}

int rdata_check(const uint8_t *msg, size_t len, const struct msg_rr *rr)
{
    const struct rdata_layout *layout = rdata_layout_of(rr->type);
    struct rdata_walk walk;
    uint8_t name[NAME_MAX_LEN];
    int code = walk_begin(&walk, layout, msg, len, rr);
    if (code < 0)
        return code;
    while ((code = rdata_walk_next(&walk, name)) > 0)
        ;
    if (code < 0)
        return code;
    return layout->after != RDATA_ANY && walk.pos + layout->after != walk.end ? ERR_MALFORMED : 0;
}
