#include "feed/zone_origin.h"

bool zone_origin_set(struct zone_origin *origin, struct span name, const struct zone_origin *base)
{
    struct zone_origin made = {.known = true};
    bool relative = !zone_origin_is_absolute(name);
    name.len -= zone_origin_is_absolute(name);
    if (name.len + 1 + base->len > ORIGIN_MAX)
        return false;
    memcpy(made.text, name.at, name.len);
    made.len = name.len;
    if (relative && base->len > 0) {
        made.text[made.len++] = '.';
        memcpy(made.text + made.len, base->text, base->len);
        made.len += base->len;
    }
    *origin = made;
    return true;
}
