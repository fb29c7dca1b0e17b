/*
 * URL lists, as the IWF and the CTIRU style them: one address a line, or in a column of a CSV file.
 *
 *   a.example, http://a.example/, //a.example      the feed lists the host: a and, unless the recipe says otherwise, below
 *   a.example/page, http://a.example/?id=7         the feed lists a page of it: DNS sees only the host, so it is refused
 *   a.example:8080                                 the same: one of the host's services
 *
 * A host of opts.whole_hosts is listed whole by any of its pages; that is a decision of the recipe, and counted. The
 * authority is found as browsers do it (WHATWG URL, 4.4): "\" is "/", the host begins behind the last "@", %XX in it are
 * bytes. The default port of the scheme is none.
 */
#include "feed/format.h"

#include <ctype.h>
#include <strings.h>

enum url_extent { URL_WHOLE, URL_PAGE, URL_SERVICE };

struct url {
    struct span host; /* as written, or in `decoded` */
    enum url_extent extent;
    uint8_t decoded[LISTED_NAME_MAX * 4];
};

/* What is known after the first line that says something. */
struct urls {
    bool begun;
    uint8_t separator; /* of columns; 0: a line is an address */
    unsigned column;
};

/* ---- one address ---- */

static bool is_slash(uint8_t c)
{
    return c == '/' || c == '\\';
}

static struct span cut_scheme(struct span *rest)
{
    size_t len = 0;
    struct span s = *rest;
    while (len < s.len && (isalnum(s.at[len]) || s.at[len] == '+' || s.at[len] == '-' || s.at[len] == '.'))
        len++;
    if (len > 0 && s.len - len >= 3 && s.at[len] == ':' && is_slash(s.at[len + 1]) && is_slash(s.at[len + 2])) {
        *rest = span_skip(s, len + 3);
        return (struct span){s.at, len};
    }
    if (s.len >= 2 && is_slash(s.at[0]) && is_slash(s.at[1]))
        *rest = span_skip(s, 2);
    return (struct span){s.at, 0};
}

static struct span cut_authority(struct span *rest)
{
    struct span s = *rest;
    size_t len = 0;
    while (len < s.len && !is_slash(s.at[len]) && s.at[len] != '?' && s.at[len] != '#')
        len++;
    *rest = span_skip(s, len);
    return (struct span){s.at, len};
}

/* "@" is for user names only where a scheme stands in front: else it is a mail address. */
static bool skip_user(struct span *authority, bool has_scheme)
{
    const uint8_t *at = authority->len == 0 ? NULL : memrchr(authority->at, '@', authority->len);
    if (at == NULL)
        return true;
    *authority = span_skip(*authority, (size_t)(at + 1 - authority->at));
    return has_scheme;
}

static bool is_scheme(struct span scheme, const char *name)
{
    return scheme.len == strlen(name) && strncasecmp((const char *)scheme.at, name, scheme.len) == 0;
}

static bool is_default_port(struct span port, struct span scheme)
{
    if (port.len == 0)
        return true;
    if (span_equals(port, "80"))
        return scheme.len == 0 || is_scheme(scheme, "http");
    if (span_equals(port, "443"))
        return scheme.len == 0 || is_scheme(scheme, "https");
    return span_equals(port, "21") && is_scheme(scheme, "ftp");
}

static bool is_digits(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!isdigit(s.at[i]))
            return false;
    }
    return true;
}

/* Cuts the host, without brackets, off the authority; what is left is the port. */
static bool cut_host(struct span authority, struct span *out_host, struct span *out_port)
{
    if (authority.len == 0 || authority.at[0] != '[') {
        *out_port = authority;
        *out_host = span_cut(out_port, ':');
        return true;
    }
    struct span rest = span_skip(authority, 1);
    size_t end = span_find(rest, ']');
    if (end == rest.len)
        return false;
    *out_host = (struct span){rest.at, end};
    rest = span_skip(rest, end + 1);
    if (rest.len > 0 && rest.at[0] != ':')
        return false;
    *out_port = rest.len == 0 ? rest : span_skip(rest, 1);
    return true;
}

static int hex_value(uint8_t c)
{
    if (!isxdigit(c))
        return -1;
    return isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

static bool decode_host(struct url *url)
{
    size_t len = 0;
    struct span host = url->host;
    if (span_find(host, '%') == host.len)
        return true;
    if (host.len > sizeof url->decoded)
        return false;
    for (size_t i = 0; i < host.len; i++) {
        int high = 0, low = 0;
        if (host.at[i] == '%' &&
            (host.len - i < 3 || (high = hex_value(host.at[i + 1])) < 0 || (low = hex_value(host.at[i + 2])) < 0))
            return false;
        bool escaped = host.at[i] == '%';
        url->decoded[len++] = (uint8_t)(escaped ? high << 4 | low : host.at[i]);
        i += escaped ? 2 : 0;
    }
    url->host = (struct span){url->decoded, len};
    return true;
}

/* Nothing, the root, an empty query or fragment, or a star below the root, by which some lists say "all of it". */
static bool is_whole(struct span path)
{
    if (path.len > 0 && is_slash(path.at[0]))
        path = span_skip(path, 1);
    return path.len == 0 || (path.len == 1 && (path.at[0] == '*' || path.at[0] == '?' || path.at[0] == '#'));
}

static bool url_parse(struct span text, struct url *out)
{
    struct span rest = text, port;
    struct span scheme = cut_scheme(&rest);
    struct span authority = cut_authority(&rest);
    if (!skip_user(&authority, scheme.len > 0) || !cut_host(authority, &out->host, &port) || !is_digits(port) ||
        !decode_host(out))
        return false;
    out->extent = !is_whole(rest) ? URL_PAGE : is_default_port(port, scheme) ? URL_WHOLE : URL_SERVICE;
    return true;
}

/* ---- what becomes of it ---- */

static bool is_whole_host(const struct intake *in, const struct listed_name *name)
{
    for (size_t i = 0; i < in->opts.whole_host_count; i++) {
        if (strcmp(in->opts.whole_hosts[i], name->text) == 0)
            return true;
    }
    return false;
}

/* A public suffix that is listed as a host means that host: those below it belong to others. */
static enum feed_scope scope_of(const struct intake *in, struct span host)
{
    struct listed_name name;
    enum suffix_kind kind;
    if (!in->opts.subdomains)
        return FEED_SELF;
    bool suffix = in->guard != NULL && normalise_name(host, &name) == REFUSED_NONE &&
                  guard_check(in->guard, &name, true, in->opts.public_suffixes, &kind) == REFUSED_PUBLIC_SUFFIX;
    return suffix ? FEED_SELF : FEED_SELF_AND_BELOW;
}

static int take_host(struct intake *in, struct span host)
{
    enum feed_scope scope = FEED_BELOW;
    if (span_starts(host, "*."))
        host = span_skip(host, 2);
    else
        scope = scope_of(in, host);
    int err = intake_rule(in, host, FEED_BLOCK, scope, false);
    return err < 0 ? err : 0;
}

static int take_page(struct intake *in, const struct url *url, struct span text)
{
    struct listed_name name;
    enum refusal refusal = normalise_name(url->host, &name);
    if (refusal != REFUSED_NONE && refusal != REFUSED_ADDRESS && !normalise_is_address(url->host))
        return intake_refuse(in, refusal, text);
    if (refusal == REFUSED_NONE && is_whole_host(in, &name)) {
        in->stats->widened++;
        return take_host(in, url->host);
    }
    return intake_refuse(in, url->extent == URL_SERVICE ? REFUSED_PORT : REFUSED_URL, text);
}

static int take_url(struct intake *in, struct span text)
{
    struct url url;
    struct span rest = text;
    struct span first = span_word(&rest);
    rest = span_trim(rest);
    if (rest.len > 0 && (rest.at[0] == '#' || rest.at[0] == ';'))
        text = first;
    else if (rest.len > 0 && (!url_parse(first, &url) || url.extent != URL_PAGE))
        return intake_refuse(in, REFUSED_SYNTAX, text); /* only a path has been seen with a blank in it */
    if (!url_parse(text, &url))
        return intake_refuse(in, REFUSED_SYNTAX, text);
    return url.extent == URL_WHOLE ? take_host(in, url.host) : take_page(in, &url, text);
}

/* ---- columns ---- */

/* Cuts the next field, without its quotes, off *rest. False: the quotes don't fit. */
static bool cut_field(struct span *rest, uint8_t separator, struct span *out)
{
    struct span s = span_trim(*rest);
    if (s.len == 0 || s.at[0] != '"') {
        *out = span_trim(span_cut(rest, separator));
        return true;
    }
    s = span_skip(s, 1);
    size_t end = span_find(s, '"');
    if (end == s.len)
        return false;
    *out = span_trim((struct span){s.at, end});
    s = span_trim(span_skip(s, end + 1));
    if (s.len > 0 && s.at[0] != separator)
        return false;
    *rest = s.len == 0 ? s : span_skip(s, 1);
    return true;
}

static uint8_t separator_of(struct span line)
{
    static const uint8_t separators[] = {',', '\t', ';'};
    for (size_t i = 0; i < sizeof separators; i++) {
        if (span_find(line, separators[i]) < line.len)
            return separators[i];
    }
    return 0;
}

static bool is_url_column(struct span field)
{
    return field.len == 3 && strncasecmp((const char *)field.at, "url", 3) == 0;
}

/*
 * Whether the first line is a header; then urls says how to go on. A header names a column "url", or its first field can't
 * be an address: it has neither dot nor colon. Without one, columns are seen by the quotes around the first.
 */
static bool read_header(struct urls *urls, struct span line)
{
    struct span rest = line, field, first = {NULL, 0};
    uint8_t separator = separator_of(line);
    urls->begun = true;
    if (separator == 0 && is_url_column(line))
        return true;
    if (separator == 0 && line.at[0] != '"')
        return false;
    for (unsigned column = 0; rest.len > 0 && cut_field(&rest, separator, &field); column++) {
        if (column == 0)
            first = field;
        if (!is_url_column(field) || span_has(line, "://"))
            continue;
        urls->separator = separator == 0 ? ',' : separator;
        urls->column = column;
        return true;
    }
    bool header = first.len > 0 && span_find(first, '.') == first.len && span_find(first, ':') == first.len;
    if (header || line.at[0] == '"')
        urls->separator = separator == 0 ? ',' : separator;
    return header;
}

static int urls_line(struct intake *in, struct span line)
{
    struct urls *urls = in->parser;
    struct span field = line, rest = line;
    if (line.at[0] == '#' || line.at[0] == '!' || line.at[0] == ';') {
        intake_comment(in, line);
        return 0;
    }
    if (!urls->begun && read_header(urls, line))
        return 0;
    for (unsigned i = 0; urls->separator != 0 && i <= urls->column; i++) {
        if ((i > 0 && rest.len == 0) || !cut_field(&rest, urls->separator, &field))
            return intake_refuse(in, REFUSED_SYNTAX, line);
    }
    return take_url(in, field);
}

int urls_parse(struct intake *in, struct span text)
{
    struct urls urls = {0};
    in->parser = &urls;
    int err = intake_each_line(in, text, urls_line);
    in->parser = NULL;
    return err;
}
