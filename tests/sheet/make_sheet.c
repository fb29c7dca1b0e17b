/* make_sheet weekly|daily|governors [hostile|empty|full]: a page of the sample, for tests in a browser. */
#include <stdio.h>
#include <string.h>

#include "sample.h"
#include "sheet/daily.h"
#include "sheet/governors.h"
#include "sheet/weekly.h"

int main(int argc, char *argv[])
{
    const char *how = argc > 2 ? argv[2] : "";
    const struct sheet *sheet = strcmp(how, "empty") == 0  ? sample_empty()
                                : strcmp(how, "full") == 0 ? sample_full()
                                                           : sample_sheet(strcmp(how, "hostile") == 0);
    if (argc > 1 && strcmp(argv[1], "weekly") == 0)
        weekly_write(sheet, "weekly.csv", stdout);
    else if (argc > 1 && strcmp(argv[1], "daily") == 0)
        daily_write(sheet, stdout);
    else if (argc > 1 && strcmp(argv[1], "governors") == 0)
        governors_write(sheet, stdout);
    else
        return 2;
    return fflush(stdout) == 0 ? 0 : 1;
}
