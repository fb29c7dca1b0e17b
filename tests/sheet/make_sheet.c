/* make_sheet weekly|daily|governors [hostile|empty]: a page of the sample, for tests in a browser. */
#include <stdio.h>
#include <string.h>

#include "sample.h"
#include "sheet/weekly.h"

int main(int argc, char *argv[])
{
    const char *how = argc > 2 ? argv[2] : "";
    const struct sheet *sheet = strcmp(how, "empty") == 0 ? sample_empty() : sample_sheet(strcmp(how, "hostile") == 0);
    if (argc > 1 && strcmp(argv[1], "weekly") == 0)
        weekly_write(sheet, "weekly.csv", stdout);
    else
        return 2;
    return fflush(stdout) == 0 ? 0 : 1;
}
