#include "web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "belisha/category.h"

#define NONSENSE 20000u

static const char *const words[] = {
    "amber",  "anchor", "apple",   "arch",   "badger",  "barley",  "basin",   "beacon",  "birch",  "bramble", "bridge",
    "brook",  "canal",  "castle",  "cedar",  "chalk",   "cherry",  "clover",  "comet",   "copper", "coral",   "cricket",
    "crown",  "daisy",  "delta",   "dune",   "eagle",   "ember",   "falcon",  "fern",    "fiddle", "field",   "finch",
    "flint",  "forest", "garden",  "ginger", "glen",    "granite", "harbour", "hazel",   "heron",  "hill",    "holly",
    "island", "ivory",  "ivy",     "jasper", "kestrel", "lagoon",  "lantern", "larch",   "lemon",  "lily",    "linen",
    "lotus",  "maple",  "marble",  "meadow", "mill",    "mint",    "moss",    "oak",     "ocean",  "olive",   "orchard",
    "otter",  "owl",    "paddock", "pearl",  "pepper",  "pine",    "plum",    "pond",    "poppy",  "quarry",  "quill",
    "rain",   "raven",  "reed",    "ridge",  "river",   "robin",   "rose",    "saffron", "sage",   "salt",    "sand",
    "shell",  "silver", "sky",     "slate",  "sparrow", "spruce",  "star",    "stone",   "swan",   "thistle", "thyme",
    "tide",   "timber", "tulip",   "valley", "velvet",  "violet",  "walnut",  "willow",  "wind",   "wren",    "yarrow"};

#define WORDS (sizeof words / sizeof words[0])

/* Kinds of small sites, and how the second word of their name sounds. */
static const struct {
    int category;
    double share;
    const char *ends[4];
} small_kinds[] = {
    {-1, .52, {"learning", "history", "science", "club"}},
    {CATEGORY_SHOPPING, .12, {"shop", "store", "outfitters", "deals"}},
    {CATEGORY_NEWS, .07, {"news", "gazette", "times", "post"}},
    {CATEGORY_GAMING, .08, {"games", "arcade", "quest", "blocks"}},
    {CATEGORY_SPORTS, .05, {"sports", "fc", "athletics", "rugby"}},
    {CATEGORY_SOCIAL_MEDIA, .04, {"social", "friends", "wall", "circle"}},
    {CATEGORY_VIDEO, .03, {"video", "clips", "tube", "reels"}},
    {CATEGORY_STREAMING, .02, {"music", "radio", "stream", "tunes"}},
    {CATEGORY_FINANCE, .02, {"bank", "money", "savings", "invest"}},
    {CATEGORY_NEW_DOMAINS, .02, {"new", "launch", "beta", "start"}},
    {CATEGORY_DOWNLOADS, .02, {"software", "download", "tools", "apps"}},
    {CATEGORY_ALCOHOL_TOBACCO, .01, {"brewery", "vapes", "wines", "bar"}},
};

/* A word that tells what a serious site would be about, in place of names that exist. */
static const struct {
    int category;
    const char *word;
} serious[] = {
    {CATEGORY_PORNOGRAPHY, "adult"},
    {CATEGORY_DISCRIMINATION, "discrimination"},
    {CATEGORY_DRUGS, "drugs"},
    {CATEGORY_EXTREMISM, "extremism"},
    {CATEGORY_GAMBLING, "wager"},
    {CATEGORY_MALWARE, "malware"},
    {CATEGORY_PIRACY, "piracy"},
    {CATEGORY_SELF_HARM, "self-harm"},
    {CATEGORY_VIOLENCE, "violence"},
    {CATEGORY_RACIAL_HATRED, "racial-hatred"},
    {CATEGORY_DATING, "dating"},
    {CATEGORY_ANONYMOUS_MESSAGING, "anonymous"},
    {CATEGORY_CIRCUMVENTION, "proxy"},
    {CATEGORY_REMOTE_CONTROL, "remote"},
    {CATEGORY_WEAPONS, "weapons"},
    {CATEGORY_PARKED, "parked"},
    {CATEGORY_DYNAMIC_DNS, "dynamic"},
    {CATEGORY_CRYPTO_MINING, "mining"},
    {CATEGORY_PHISHING, "phishing"},
    {CATEGORY_HACKING, "hacking"},
    {CATEGORY_ADULT_MIXED, "mixed"},
    {CATEGORY_SECTS, "sect"},
    {CATEGORY_MISINFORMATION, "misinformed"},
    {CATEGORY_FILE_SHARING, "file-sharing"},
    {CATEGORY_UNSAFE_SEARCH, "unsafe-search"},
};

static void *grown(void *old, size_t size)
{
    void *now = realloc(old, size);
    if (now != NULL)
        return now;
    fputs("month: no memory\n", stderr);
    exit(1);
}

static struct web_site *site_new(struct web *web, const char *domain, uint8_t category)
{
    if (web->count == web->cap) {
        web->cap = web->cap * 2 + 512;
        web->sites = grown(web->sites, web->cap * sizeof *web->sites);
    }
    struct web_site *site = &web->sites[web->count++];
    *site = (struct web_site){.category = category};
    snprintf(site->domain, sizeof site->domain, "%s", domain);
    return site;
}

static uint32_t ttl_of(const char *name)
{
    static const uint32_t usual[] = {60, 60, 300, 300, 300, 900, 3600, 3600};
    uint64_t mix = 7;
    for (const char *at = name; *at != '\0'; at++)
        mix = dice_mix(mix, (uint8_t)*at);
    return usual[mix % 8];
}

static void host_add(struct web *web, struct web_site *site, const char *host, enum book_kind kind)
{
    if (site->host_count < WEB_HOSTS_MAX)
        site->hosts[site->host_count++] = book_put(web->book, host, kind, site->category, ttl_of(host));
}

/* ---- strangers ---- */

static uint32_t foreign_name(struct web *web, uint32_t number)
{
    bool advertiser = number >= web_foreign_plain;
    return book_put(web->book, web_foreign[number], BOOK_PLAIN, advertiser ? CATEGORY_ADVERTISING : CATEGORY_NONE,
                    ttl_of(web_foreign[number]));
}

/* The same ones for a site each time, the popular ones on most pages; of three, two are advertisers. */
static void foreign_choose(struct web *web, struct web_site *site, uint64_t mix, uint32_t wanted)
{
    for (uint32_t i = 0; i < wanted && site->foreign_count < WEB_FOREIGN_MAX; i++) {
        uint64_t x = dice_mix(mix, i);
        bool advertiser = i % 3 != 0;
        uint32_t bound = advertiser ? web_foreign_count - web_foreign_plain : web_foreign_plain;
        uint32_t a = (uint32_t)(x % bound);
        uint32_t b = (uint32_t)((x >> 32) % bound);
        site->foreign[site->foreign_count++] =
            foreign_name(web, (a < b ? a : b) + (advertiser ? web_foreign_plain : 0));
    }
}

/* A counter that hides behind a name of the site. */
static void cloak_add(struct web *web, struct web_site *site)
{
    char host[96];
    uint32_t target = book_put(web->book, "collect.adtrack.example", BOOK_PLAIN, CATEGORY_ADVERTISING, 300);
    snprintf(host, sizeof host, "smetrics.%s", site->domain);
    uint32_t name = book_put(web->book, host, BOOK_CLOAKED, CATEGORY_ADVERTISING, 300);
    web->book->names[name].matched = target;
    if (site->foreign_count < WEB_FOREIGN_MAX)
        site->foreign[site->foreign_count++] = name;
}

/* ---- sites by heart ---- */

static void known_host(struct web *web, struct web_site *site, const char *word, size_t len)
{
    char host[160];
    if (word[0] == '=' && len > 1)
        snprintf(host, sizeof host, "%.*s", (int)len - 1, word + 1);
    else if (word[0] == '=')
        return;
    else if (memchr(word, '.', len) != NULL)
        snprintf(host, sizeof host, "%.*s", (int)len, word);
    else
        snprintf(host, sizeof host, "%.*s.%s", (int)len, word, site->domain);
    host_add(web, site, host, site->searches && site->host_count == 0 ? BOOK_SEARCH : BOOK_PLAIN);
}

static void known_add(struct web *web, const struct web_known *known, uint32_t number)
{
    uint8_t category = known->category < 0 ? CATEGORY_NONE : (uint8_t)known->category;
    struct web_site *site = site_new(web, known->domain, category);
    site->searches = strcmp(known->domain, "google.com") == 0 || strcmp(known->domain, "bing.com") == 0;
    for (const char *word = known->hosts; *word != '\0';) {
        size_t len = strcspn(word, " ");
        known_host(web, site, word, len);
        word += len + (word[len] == ' ');
    }
    foreign_choose(web, site, dice_mix(number, 1), known->foreign);
    if (known->foreign > 20)
        cloak_add(web, site);
}

/* ---- small ones ---- */

static void small_add(struct web *web, struct dice *dice, uint32_t rank)
{
    char domain[64];
    char host[96];
    double share = dice_unit(dice);
    size_t kind = 0;
    while (kind + 1 < sizeof small_kinds / sizeof small_kinds[0] && (share -= small_kinds[kind].share) >= 0)
        kind++;
    const char *first = words[dice_below(dice, WORDS)];
    const char *second = words[dice_below(dice, WORDS)];
    const char *end = small_kinds[kind].ends[dice_below(dice, 4)];
    snprintf(domain, sizeof domain, "%s-%s-%s%.0u.example", first, second, end, rank < 200 ? 0 : rank);
    int category = small_kinds[kind].category;
    struct web_site *site = site_new(web, domain, category < 0 ? CATEGORY_NONE : (uint8_t)category);
    static const char *const hosts[] = {"www", "cdn", "img", "api", "static", "media"};
    uint32_t count = 1 + dice_below(dice, 5);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(host, sizeof host, "%s.%s", hosts[i], domain);
        host_add(web, site, host, BOOK_PLAIN);
    }
    foreign_choose(web, site, dice_mix(rank, 77), 4 + dice_below(dice, 26));
}

static void serious_add(struct web *web)
{
    char domain[64];
    for (size_t i = 0; i < sizeof serious / sizeof serious[0]; i++) {
        uint8_t category = (uint8_t)serious[i].category;
        web->serious_at[category] = web->count;
        for (uint32_t n = 0; n < 20; n++) {
            uint64_t mix = dice_mix(category, n);
            snprintf(domain, sizeof domain, "%s-%s-%s.example", serious[i].word, words[mix % WORDS],
                     words[mix / WORDS % WORDS]);
            (void)web_site(web, domain, category, BOOK_PLAIN);
        }
        web->serious_count[category] = web->count - web->serious_at[category];
    }
}

uint32_t web_site(struct web *web, const char *domain, uint8_t category, enum book_kind kind)
{
    char host[96];
    for (uint32_t i = 0; i < web->count; i++)
        if (strcmp(web->sites[i].domain, domain) == 0)
            return i;
    struct web_site *site = site_new(web, domain, category);
    if (kind == BOOK_STATUTORY) {
        host_add(web, site, domain, kind);
        return web->count - 1;
    }
    snprintf(host, sizeof host, "www.%s", domain);
    host_add(web, site, host, kind);
    host_add(web, site, domain, kind);
    foreign_choose(web, site, dice_mix(web->count, 99), 6);
    return web->count - 1;
}

/* ---- what devices do by themselves ---- */

static uint32_t pulse_name(struct web *web, const char *name)
{
    uint8_t category = CATEGORY_NONE;
    enum book_kind kind = name[0] == '!'   ? BOOK_MISSING
                          : name[0] == '@' ? BOOK_LOCAL
                          : name[0] == '?' ? BOOK_CANARY
                                           : BOOK_PLAIN;
    const char *text = name + (kind != BOOK_PLAIN);
    if (strstr(text, "tiktokv") || strstr(text, "snapchat") || strstr(text, "facebook") || strstr(text, "instagram"))
        category = CATEGORY_SOCIAL_MEDIA;
    else if (strstr(text, "whatsapp") || strstr(text, "discord"))
        category = CATEGORY_CHAT;
    else if (strstr(text, "spotify"))
        category = CATEGORY_STREAMING;
    else if (strcmp(text, "app-measurement.com") == 0)
        category = CATEGORY_ADVERTISING;
    return book_put(web->book, text, kind, category, ttl_of(text));
}

static void pulses_add(struct web *web)
{
    for (int system = 0; system < WEB_SYSTEMS; system++) {
        uint32_t count = 0;
        web->pulse[system] = grown(NULL, sizeof web_pulse[system] / sizeof web_pulse[system][0] * sizeof(uint32_t));
        for (size_t i = 0; i < sizeof web_pulse[system] / sizeof web_pulse[system][0]; i++)
            if (web_pulse[system][i] != NULL)
                web->pulse[system][count++] = pulse_name(web, web_pulse[system][i]);
        web->pulse_count[system] = count;
    }
}

/* Seven to fifteen letters: how browsers find out whether a network answers for names that do not exist. */
static void nonsense_add(struct web *web, struct dice *dice)
{
    char name[16];
    web->nonsense = grown(NULL, NONSENSE * sizeof *web->nonsense);
    for (web->nonsense_count = 0; web->nonsense_count < NONSENSE; web->nonsense_count++) {
        uint32_t len = 7 + dice_below(dice, 9);
        for (uint32_t i = 0; i < len; i++)
            name[i] = (char)('a' + dice_below(dice, 26));
        name[len] = '\0';
        web->nonsense[web->nonsense_count] = book_put(web->book, name, BOOK_MISSING, CATEGORY_NONE, 60);
    }
}

static void urns_make(struct web *web, uint32_t known, uint32_t count)
{
    double *weights = grown(NULL, count * sizeof *weights);
    for (int audience = 0; audience < WEB_AUDIENCES; audience++) {
        for (uint32_t i = 0; i < known; i++)
            weights[i] = web_known[i].weight[audience];
        for (uint32_t i = known; i < count; i++)
            weights[i] = 900.0 / (i - known + 8);
        if (!dice_urn_make(&web->urns[audience], weights, count))
            exit(1);
    }
    free(weights);
}

void web_init(struct web *web, struct book *book, struct dice *dice, uint32_t small)
{
    *web = (struct web){.book = book};
    for (uint32_t i = 0; i < web_known_count; i++)
        known_add(web, &web_known[i], i);
    for (uint32_t i = 0; i < small; i++)
        small_add(web, dice, i);
    urns_make(web, web_known_count, web->count);
    serious_add(web);
    pulses_add(web);
    nonsense_add(web, dice);
}

void web_done(struct web *web)
{
    free(web->sites);
    for (int i = 0; i < WEB_AUDIENCES; i++)
        dice_urn_done(&web->urns[i]);
    for (int i = 0; i < WEB_SYSTEMS; i++)
        free(web->pulse[i]);
    free(web->nonsense);
    *web = (struct web){0};
}
