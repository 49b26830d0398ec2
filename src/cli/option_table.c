// SPDX-License-Identifier: MIT
#include "option_table.h"

#include "config/policy.h"

const struct option_row option_rows[OPTION_ROWS] = {
    { OPTION_ALL, "all", 0, true, NULL, "all that was attached to it; park, unpark: all guests" },
    { OPTION_AS_CONFIG, "as-config", 0, false, NULL,
      "print what the domain has as a config, for apply and watch" },
    { OPTION_COLOR, "color", 0, false, "WHEN",
      "have colours: always, never or auto, which is on a terminal" },
    { OPTION_COMMAND, "command", 0, false, "LINE",
      "translate a USB command of xm or xl, not a file" },
    { OPTION_CONTROLLERS, "controllers", 0, false, "WHEN",
      "hot (default): xl adds them while QEMU runs; cold: QEMU is started with them" },
    { OPTION_DEVICES, "devices", 0, false, "FILE",
      "with --controllers cold: a new file for the devices" },
    { OPTION_DOMAIN, "domain", 0, false, "DOMAIN",
      "name or id of the domain; default: the file's name=" },
    { OPTION_DRY_RUN, "dry-run", 'n', false, NULL, "show what would be done; change nothing" },
    { OPTION_EXIT_CODE, "exit-code", 0, false, NULL, "exit with 10 if there is something to do" },
    { OPTION_FORGET, "forget", 0, true, NULL, "remove journals that cannot be read" },
    { OPTION_FORCE, "force", 'f', true, NULL, "attach a device even if this host uses it" },
    { OPTION_FROM, "from", 0, false, "FORM", "format of FILE if not a config: libvirt or sxp" },
    { OPTION_HYPERVISOR, "hypervisor", 0, false, "NAME",
      "libvirt driver to write for: xen (default) or qemu" },
    { OPTION_IN_PLACE, "in-place", 0, false, NULL,
      "rewrite FILE; the old one is kept as FILE.bak" },
    { OPTION_JSON, "json", 'j', false, NULL, "print JSON for scripts instead of text" },
    { OPTION_KEEP, "keep", 0, false, NULL,
      "keep it attached, also over reboots of the guest, until detach" },
    { OPTION_NO_COMMENTS, "no-comments", 0, false, NULL,
      "omit the comments with the original statements" },
    { OPTION_NOHEADINGS, "noheadings", 0, false, NULL, "print no titles of columns" },
    { OPTION_NO_SAVE, "no-save", 0, false, NULL,
      "do not update libxl's saved config (lost at xl reboot)" },
    { OPTION_ONCE, "once", 0, false, NULL, "bring everything up to date, then end" },
    { OPTION_OUTPUT, "output", 'o', false, "COLUMNS",
      "print these columns: titles, or the names that they have in JSON" },
    { OPTION_POLICY, "policy", 0, false, "FILE", "use this policy instead of " POLICY_PATH },
    { OPTION_PRUNE, "prune", 0, true, NULL, "remove what the file does not name" },
    { OPTION_QMP, "qmp", 0, false, "SOCKET",
      "use the QEMU at this QMP socket, with or without Xen" },
    { OPTION_QUIET, "quiet", 'q', false, NULL, "print nothing but errors and warnings" },
    { OPTION_RAW, "raw", 0, false, NULL, "print cells between single blanks, for scripts" },
    { OPTION_REQUIRE_GUEST, "require-guest", 0, false, NULL,
      "take a device back if the guest does not use it" },
    { OPTION_RESOLVE, "resolve", 0, false, NULL, "look devices up on this host" },
    { OPTION_SKIP_MISSING, "skip-missing", 0, false, NULL, "skip devices that are not plugged in" },
    { OPTION_START_BACKEND, "start-backend", 0, false, NULL,
      "start a PVUSB QEMU if the guest has none" },
    { OPTION_TIMEOUT, "timeout", 0, false, "TIME",
      "how long to wait for a guest or a QEMU; default 10s" },
    { OPTION_TO, "to", 0, false, "DIALECT", "dialect to translate to" },
    { OPTION_TREE, "tree", 0, false, NULL, "print a tree instead of a table" },
    { OPTION_UDEV, "udev", 0, false, "BUSID",
      "print the udev properties of a device that is kept for guests" },
    { OPTION_USB_ONLY, "usb-only", 0, false, NULL, "print only the USB statements" },
    { OPTION_VERBOSE, "verbose", 'v', false, NULL, "print everything that was checked" },
    { OPTION_HELP, "help", 'h', false, NULL, "this text" },
    { OPTION_VERSION, "version", 'V', false, NULL, "the version, and what it was built with" },
};

bool option_is_of(const struct option_row *row, const struct command *command)
{
    return !command ||
           row->option & (command->options | OPTION_HELP | OPTION_VERSION | OPTION_COLOR);
}

bool options_about(const struct command *command, size_t number, struct option_about *about)
{
    for (size_t i = 0; i < OPTION_ROWS; i++) {
        const struct option_row *row = &option_rows[i];
        // Every verb takes it, and it is not about the verb.
        if (!option_is_of(row, command) || row->option == OPTION_VERSION || number--)
            continue;
        *about = (struct option_about){ row->name, row->letter, row->argument, row->help };
        return true;
    }
    return false;
}

void options_print_help(const struct command *command, FILE *stream)
{
    enum { HELP_COLUMN = 26 };
    struct option_about about;
    fprintf(stream, "usage: xenusb %s [options]%s%s\n\n%s\n", command->name,
            *command->arguments ? " " : "", command->arguments, command->summary);
    if (command->details)
        fprintf(stream, "\n%s\n", command->details);
    fputs("\noptions:\n", stream);
    for (size_t i = 0; options_about(command, i, &about); i++) {
        const char letter[] = { '-', about.letter, ',', '\0' };
        int width = fprintf(stream, "  %3s --%s%s%s", about.letter ? letter : "", about.name,
                            about.argument ? " " : "", about.argument ? about.argument : "");
        fprintf(stream, "%*s%s\n", width < HELP_COLUMN ? HELP_COLUMN - width : 1, "", about.help);
    }
}
