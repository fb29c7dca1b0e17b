#include "dns/rr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct mnemonic {
    uint16_t number;
    const char *text;
};

/* In the order of their numbers. Obsolete and experimental types have only TYPEnnn. */
static const struct mnemonic types[] = {
    {1, "A"},           {2, "NS"},        {5, "CNAME"},    {6, "SOA"},      {12, "PTR"},   {13, "HINFO"},
    {14, "MINFO"},      {15, "MX"},       {16, "TXT"},     {17, "RP"},      {18, "AFSDB"}, {24, "SIG"},
    {25, "KEY"},        {28, "AAAA"},     {29, "LOC"},     {33, "SRV"},     {35, "NAPTR"}, {36, "KX"},
    {37, "CERT"},       {39, "DNAME"},    {41, "OPT"},     {42, "APL"},     {43, "DS"},    {44, "SSHFP"},
    {45, "IPSECKEY"},   {46, "RRSIG"},    {47, "NSEC"},    {48, "DNSKEY"},  {49, "DHCID"}, {50, "NSEC3"},
    {51, "NSEC3PARAM"}, {52, "TLSA"},     {53, "SMIMEA"},  {55, "HIP"},     {59, "CDS"},   {60, "CDNSKEY"},
    {61, "OPENPGPKEY"}, {62, "CSYNC"},    {63, "ZONEMD"},  {64, "SVCB"},    {65, "HTTPS"}, {66, "DSYNC"},
    {99, "SPF"},        {108, "EUI48"},   {109, "EUI64"},  {128, "NXNAME"}, {249, "TKEY"}, {250, "TSIG"},
    {251, "IXFR"},      {252, "AXFR"},    {253, "MAILB"},  {254, "MAILA"},  {255, "ANY"},  {256, "URI"},
    {257, "CAA"},       {261, "RESINFO"}, {262, "WALLET"},
};

static const struct mnemonic rcodes[] = {
    {0, "NOERROR"},  {1, "FORMERR"},    {2, "SERVFAIL"}, {3, "NXDOMAIN"},  {4, "NOTIMP"},
    {5, "REFUSED"},  {6, "YXDOMAIN"},   {7, "YXRRSET"},  {8, "NXRRSET"},   {9, "NOTAUTH"},
    {10, "NOTZONE"}, {11, "DSOTYPENI"}, {16, "BADVERS"}, {17, "BADKEY"},   {18, "BADTIME"},
    {19, "BADMODE"}, {20, "BADNAME"},   {21, "BADALG"},  {22, "BADTRUNC"}, {23, "BADCOOKIE"},
};

#define COUNT(array)    (sizeof(array) / sizeof((array)[0]))
#define TYPE_PREFIX     "TYPE"
#define TYPE_PREFIX_LEN 4
#define TYPE_DIGITS_MAX 5

static const char *find(const struct mnemonic *table, size_t count, unsigned number)
{
    for (size_t i = 0; i < count && table[i].number <= number; i++)
        if (table[i].number == number)
            return table[i].text;
    return NULL;
}

static char *to_text(const char *text, const char *prefix, unsigned number, char *out)
{
    if (text != NULL)
        snprintf(out, DNS_TYPE_TEXT_MAX, "%s", text);
    else
        snprintf(out, DNS_TYPE_TEXT_MAX, "%s%u", prefix, number);
    return out;
}

char *dns_type_to_text(uint16_t type, char out[DNS_TYPE_TEXT_MAX])
{
    return to_text(find(types, COUNT(types), type), TYPE_PREFIX, type, out);
}

char *dns_rcode_to_text(unsigned rcode, char out[DNS_TYPE_TEXT_MAX])
{
    return to_text(find(rcodes, COUNT(rcodes), rcode), "RCODE", rcode, out);
}

int dns_type_from_text(const char *text)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (strcasecmp(types[i].text, text) == 0)
            return types[i].number;
    if (strncasecmp(text, TYPE_PREFIX, TYPE_PREFIX_LEN) != 0)
        return -1;
    const char *digits = text + TYPE_PREFIX_LEN;
    size_t digit_count = strspn(digits, "0123456789");
    if (digit_count == 0 || digit_count > TYPE_DIGITS_MAX || digits[digit_count] != '\0')
        return -1;
    unsigned long number = strtoul(digits, NULL, 10);
    return number <= UINT16_MAX ? (int)number : -1;
}
