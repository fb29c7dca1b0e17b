#include "operator/figures.h"

#include <inttypes.h>
#include <stddef.h>

void figures_duration(FILE *to, int64_t s)
{
    if (s >= 86400)
        fprintf(to, "%" PRId64 " d %" PRId64 " h", s / 86400, s % 86400 / 3600);
    else if (s >= 3600)
        fprintf(to, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        fprintf(to, "%" PRId64 " min", s / 60);
    else
        fprintf(to, "%" PRId64 " s", s);
}

void figures_count(FILE *to, int64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
            putc(',', to);
        putc(digits[i], to);
    }
}

void figures_bytes(FILE *to, int64_t n)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)n;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    fprintf(to, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}
