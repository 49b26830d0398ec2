// SPDX-License-Identifier: MIT
#include "terminal.h"

#include "base/text.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

size_t terminal_width(int fd)
{
    enum { USUAL = 80, MOST = 10000 };
    struct winsize size = { .ws_col = 0 };
    uint64_t columns = 0;
    if (!isatty(fd))
        return 0;
    if (text_number(text_of(getenv("COLUMNS")), 10, 1, MOST, &columns) == NUMBER_OK)
        return (size_t)columns;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : USUAL;
}

bool terminal_is_ascii(int fd)
{
    const locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    const bool utf8 = locale && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    if (locale)
        freelocale(locale);
    return !utf8 && isatty(fd);
}

bool terminal_can_erase(int fd)
{
    const char *kind = getenv("TERM");
    return kind && *kind && strcmp(kind, "dumb") != 0 && isatty(fd);
}
