// SPDX-License-Identifier: MIT
// xlu KEY... - reads domain configs with libxlutil, as xl does, and prints what it reads of these
// keys. The input has the path of one config on each line. Prints for each config one line of JSON:
// an object with the values, strings and lists of strings; null if libxlutil refuses the config.
#include <libxlutil.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void print_string(const char *string)
{
    putchar('"');
    for (const unsigned char *at = (const unsigned char *)string; *at; at++)
        if (*at < ' ' || *at >= 0x7f || *at == '"' || *at == '\\')
            printf("\\u%04x", *at); // each byte is a character
        else
            putchar(*at);
    putchar('"');
}

// Prints the items up to the first that is no string, where xl stops too.
static void print_list(const XLU_ConfigList *list)
{
    const char *item;
    putchar('[');
    for (int i = 0; (item = xlu_cfg_get_listitem(list, i)); i++) {
        fputs(i ? ", " : "", stdout);
        print_string(item);
    }
    putchar(']');
}

static void print_values(const XLU_Config *config, char *const *keys)
{
    const char *comma = "";
    putchar('{');
    for (; *keys; keys++) {
        const char *string;
        XLU_ConfigList *list;
        int status = xlu_cfg_get_string(config, *keys, &string, 1);
        if (status == ESRCH)
            continue;
        fputs(comma, stdout);
        comma = ", ";
        print_string(*keys);
        fputs(": ", stdout);
        if (status == 0)
            print_string(string);
        else if (xlu_cfg_get_list(config, *keys, &list, NULL, 1) == 0)
            print_list(list);
        else
            fputs("null", stdout);
    }
    puts("}");
}

int main(int argc, char **argv)
{
    char *path = NULL;
    size_t size = 0;
    FILE *report = fopen("/dev/null", "w");
    if (argc < 2 || !report)
        return 2;
    while (getline(&path, &size, stdin) > 0) {
        path[strcspn(path, "\n")] = '\0';
        XLU_Config *config = xlu_cfg_init(report, path);
        if (config && xlu_cfg_readfile(config, path) == 0)
            print_values(config, argv + 1);
        else
            puts("null");
        if (config)
            xlu_cfg_destroy(config);
    }
    free(path);
    fclose(report);
    return 0;
}
