// SPDX-License-Identifier: MIT
// The grammar of files: what is parsed, what is skipped, where parsing continues after an error.
#include "compiled.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const char *name;
    const char *text;
    const char *words; // all diagnostics
    const char *dump;  // NULL: not compared
};

#define TABLET                                                                                     \
    "controller 0 usb: emulated version 1, ports 2, model piix3-uhci, made at creation (usb, "     \
    "line "                                                                                        \
    "1)\ndevice tablet on usb, made at creation (usb, line 1)\n"
#define UNKNOWN "domain unknown\n"

static const struct row rows[] = {
    { "an empty file", "", "", UNKNOWN },
    { "a comment without a newline", "usbdevice='tablet' # x", "", UNKNOWN TABLET },
    { "an assignment without a newline", "usbdevice='tablet'", "", UNKNOWN TABLET },
    { "CRLF line ends", "usbdevice=[\r\n'tablet']\r\n#\r\n", "", NULL },
    { "a carriage return in a string", "a='x\ry'\nb=[\"\r\"]\nusbdevice='tablet'\r\n", "", NULL },
    { "a carriage return after an open string", "a='x\r\nusb=1\n",
      "1:3 error: this string is never closed (a string must end on its line)\n", NULL },
    { "a byte order mark", "\xef\xbb\xbfusbdevice='tablet'\n", "", UNKNOWN TABLET },
    { "a byte order mark elsewhere",
      "a=1\n\xef\xbb\xbf"
      "b=1\n",
      "2:1 error: unexpected U+FEFF, a byte order mark (replace it with a blank, or delete it)\n",
      NULL },
    { "semicolons", ";;usbdevice='tablet';;a=1;\n", "", UNKNOWN TABLET },
    { "double quotes", "usbdevice = \"tablet\"\n", "", UNKNOWN TABLET },
    { "adjacent strings", "usbdevice='tab' \"let\"\n", "", UNKNOWN TABLET },
    { "adjacent strings in a list of another key", "cpus=['1' '2'];usbdevice='tablet'\n", "",
      UNKNOWN TABLET },
    { "a sum of strings", "usbdevice='ta'+'bl' + 'et'\n", "", UNKNOWN TABLET },
    { "a sum of lists", "usbdevice=['tablet']+[]\n", "", UNKNOWN TABLET },
    { "triple quotes", "usbdevice='''tablet'''\n", "", UNKNOWN TABLET },
    { "triple quotes over lines", "a=\"\"\"x\n'''\nusb=1\"\"\"\nusbdevice='tablet'\n", "", NULL },
    { "prefixes of strings", "usbdevice=[u'tablet',]\n", "", UNKNOWN TABLET },
    { "a sum that starts with an empty list", "usbdevice=[]+['tablet']\n", "", UNKNOWN TABLET },
    { "a sum with a broken string", "usbdevice='tab' 'let\nusbctrl='a'+'b\nusb=-'\n",
      "1:17 error: this string is never closed (a string must end on its line)\n"
      "2:13 error: this string is never closed (a string must end on its line)\n"
      "3:6 error: this string is never closed (a string must end on its line)\n",
      UNKNOWN },
    { "a sum that continues after a broken string", "usbdevice=['tab' 'let\n'x']\n",
      "1:18 error: this string is never closed (a string must end on its line)\n", UNKNOWN },
    { "a tuple", "usbdevice=('tablet',)\n", "", UNKNOWN TABLET },
    { "a tuple of two", "usbdevice=('tablet','mouse')\n", "", NULL },
    { "parentheses", "usbdevice=('tablet')\n", "", UNKNOWN TABLET },
    { "a backslash at the end of a line", "usbdevice= \\\n'tablet'\n", "", NULL },
    { "signs and fractions", "memory=-1\nmaxmem=+1.5e3\na=10L\n", "", "domain pv\n" },
    { "None is an empty value", "usbdevice=None\nusb=None\n",
      "2:5 warning: 'usb' is None: treated as not set\n"
      "1:11 warning: 'usbdevice' is None: treated as not set\n",
      UNKNOWN },
    { "+= creates and extends a list", "usbdevice+=['tab'+'let']\nusbdevice+=['mouse']\n", "",
      NULL },
    { "+= of strings", "usbdevice='tab'\nusbdevice+='let'\n", "", UNKNOWN TABLET },

    { "import", "import os;usb=0\n",
      "1:1 warning: skipping this statement: 'import' is Python, which is not run (xl refuses the "
      "file)\n",
      NULL },
    { "a block",
      "if x:\n  a=1\n\n# no end\n  b=2\nelif y:\n  a=1\nelse:\n  a=2\nusbdevice='tablet'\n",
      "1:1 warning: skipping this statement and its block: 'if' is Python, which is not run (xl "
      "refuses the file)\n",
      NULL },
    { "a block with tabs", "  def f():\n\tx=1\n  usb=1\n",
      "1:3 warning: skipping this statement and its block: 'def' is Python, which is not run (xl "
      "refuses the file)\n",
      NULL },
    { "a block at the end of the file", "while 1:\n  pass\n  #x",
      "1:1 warning: skipping this statement and its block: 'while' is Python, which is not run (xl "
      "refuses the file)\n",
      UNKNOWN },
    { "brackets, strings and a backslash in Python",
      "print('usb=1', # usb=2\n  \"usb=3\"), \\\n  '''\nusb=4'''\nusb=1\n",
      "1:1 warning: skipping this statement: 'print' is Python, which is not run (xl refuses the "
      "file)\n",
      NULL },
    { "a slice is not a block", "x[1:2]\nusb=1\n",
      "1:1 warning: skipping this statement: 'x' is Python, which is not run (xl refuses the "
      "file)\n",
      NULL },
    { "an unclosed bracket in Python", "f(\nusb=1\n",
      "2:1 error: 'usb' is set by Python, which is not run (set it on a line of its own, to a "
      "literal value)\n"
      "1:1 error: a bracket in this statement is never closed\n",
      UNKNOWN },
    { "a keyword argument is not a key", "f(1, usb=1)\n",
      "1:1 warning: skipping this statement: 'f' is Python, which is not run (xl refuses the "
      "file)\n",
      UNKNOWN },
    { "a comparison is not an assignment", "if usb == 1: pass\n",
      "1:1 warning: skipping this statement: 'if' is Python, which is not run (xl refuses the "
      "file)\n",
      UNKNOWN },
    { "a USB key in a block", "if x:\n  usb = 1\n",
      "2:3 error: 'usb' is set by Python, which is not run (set it on a line of its own, to a "
      "literal value)\n"
      "1:1 warning: skipping this statement and its block: 'if' is Python, which is not run (xl "
      "refuses the file)\n",
      UNKNOWN },
    { "several targets", "a, usb = 1, 2\n",
      "1:4 error: 'usb' is set by Python, which is not run (set it on a line of its own, to a "
      "literal value)\n",
      UNKNOWN },
    { "a method of a USB key", "usbdevice.append('x')\n",
      "1:1 error: 'usbdevice' is set by Python, which is not run (set it on a line of its own, to "
      "a literal value)\n",
      UNKNOWN },
    { "a computed value", "a=\"%d\" % (1,)\n",
      "1:3 warning: ignoring 'a': it is computed by Python, which is not run (xl refuses the "
      "file)\n",
      UNKNOWN },
    { "several kinds of expressions",
      "a=f(x=1)[2:]\nb={'a':1}\nc=[x for x in y if not z]\nd=lambda: 0\ne=~-1\n",
      "1:3 warning: ignoring 'a': it is computed by Python, which is not run (xl refuses the "
      "file)\n"
      "2:3 warning: ignoring 'b': it is computed by Python, which is not run (xl refuses the "
      "file)\n"
      "3:4 warning: ignoring 'c': it is computed by Python, which is not run (xl refuses the "
      "file)\n"
      "4:3 warning: ignoring 'd': it is computed by Python, which is not run (xl refuses the "
      "file)\n"
      "5:3 warning: ignoring 'e': it is computed by Python, which is not run (xl refuses the "
      "file)\n",
      UNKNOWN },
    { "a computed USB key", "usb=int('1')\n",
      "1:5 error: the value of 'usb' is computed by Python, which is not run (write the resulting "
      "value instead)\n",
      UNKNOWN },
    { "a computed item", "usbdevice=['tablet', 'host:%s' % x]\n",
      "1:22 error: the value of 'usbdevice' is computed by Python, which is not run (write the "
      "resulting value instead)\n",
      UNKNOWN },
    { "a word without quotes", "usbdevice=[tablet]\nname=x\na=b\n",
      "1:12 error: the value of 'usbdevice' is not quoted (put quotes around 'tablet')\n"
      "2:6 warning: ignoring 'name': its value is not quoted (xl refuses the file)\n"
      "3:3 warning: the value of 'a' is not quoted (xl refuses the file)\n",
      "domain pv\n" },

    { "no value", "usb=\nusbdevice='tablet'\n",
      "1:5 error: expected a value, not the end of the line\n", NULL },
    { "no value at the end of the file",
      "usb=", "1:5 error: expected a value, not the end of the file\n", UNKNOWN },
    { "no equals sign", "usb 1\n", "1:5 error: expected '=', not '1'\n", UNKNOWN },
    { "two assignments on a line", "a=1 usb=1\n",
      "1:5 error: expected the end of the line, not 'usb'\n", UNKNOWN },
    { "a chain of assignments", "a=usb=1\n",
      "1:3 error: 'usb' is set by Python, which is not run (set it on a line of its own, to a "
      "literal value)\n",
      UNKNOWN },
    { "a value without a key", "'x'=1\n5=1\n]\n",
      "1:1 error: expected a key, not ''x''\n2:1 error: expected a key, not '5'\n"
      "3:1 error: expected a key, not ']'\n",
      UNKNOWN },
    { "parsing continues after a comma", "usbdevice=['mouse' 5, 'tablet']\n",
      "1:20 error: expected ',' or ']', not '5'\n", UNKNOWN TABLET },
    { "nothing between commas", "usbdevice=['tablet', ,]\n",
      "1:22 error: expected a value, not ',' (there is one ',' too many)\n", UNKNOWN TABLET },
    { "a leading comma", "usbdevice=[,'tablet']\n",
      "1:12 error: expected a value, not ',' (there is one ',' too many)\n", UNKNOWN TABLET },
    { "an unclosed list", "a=['x',\n  'y'\nusbdevice='tablet'\n",
      "1:3 error: this bracket is never closed (']' is missing) also 3:1 the next statement begins "
      "here\n",
      NULL },
    { "an unclosed list at the end of the file", "usbdevice=['tablet'",
      "1:11 error: this bracket is never closed (']' is missing)\n", UNKNOWN TABLET },
    { "the wrong closing bracket", "usbdevice=['tablet')\n",
      "1:20 error: expected ']', not ')' also 1:11 to close this bracket\n", UNKNOWN TABLET },
    { "an unclosed dict", "a={'x':1\n",
      "1:3 error: this bracket is never closed ('}' is missing)\n"
      "1:3 warning: ignoring 'a': it is computed by Python, which is not run (xl refuses the "
      "file)\n",
      UNKNOWN },
    { "a semicolon inside brackets", "usbdevice=['mouse'; 'tablet']\n",
      "1:19 error: unexpected ';' (the items of a list are separated by ',')\n", UNKNOWN },
    { "an extra quote", "a='x''\nusbdevice='tablet'\n",
      "1:6 error: this string is never closed (one quote too many?)\n", NULL },
    { "an unterminated string", "a='x\nusbdevice='tablet'\n",
      "1:3 error: this string is never closed (a string must end on its line)\n", NULL },
    { "a missing quote does not hide a bracket", "a=['x]\nusbdevice='tablet'\n",
      "1:4 error: this string is never closed (a string must end on its line)\n", NULL },
    { "unterminated triple quotes", "a='''x\nusb=1\n", "1:3 error: this string is never closed\n",
      UNKNOWN },
    { "invalid characters", "usb=1$\nusb=\x01\nusb=\xff\nusb=!2\nusb=?\n",
      "1:6 error: unexpected '$'\n2:5 error: unexpected '\x01'\n3:5 error: unexpected '\xff'\n"
      "4:5 error: unexpected '!'\n5:5 error: unexpected '?'\n",
      UNKNOWN },

    { "an escape that xl and Python share", "usbdevice='ta\\bblet'\n",
      "1:12 error: unknown USB device 'ta\bblet' (did you mean 'tablet'?)\n", NULL },
    { "escapes that only Python has", "name='\\x41\\101\\q\\x4'\n",
      "1:7 warning: '\\x41' is decoded as in Python (xl refuses it or drops it)\n"
      "1:11 warning: '\\101' is decoded as in Python (xl refuses it or drops it)\n"
      "1:15 warning: '\\q' is decoded as in Python (xl refuses it or drops it)\n"
      "1:17 warning: '\\x' is decoded as in Python (xl refuses it or drops it)\n",
      "domain pv name=AA\\q\\x4\n" },
    { "a raw string", "name=r'\\x41'\n", "", "domain pv name=\\x41\n" },
    { "an escaped CRLF line end", "name='a\\\r\nb'\n", "", "domain pv name=ab\n" },
    { "a prefix before an unterminated string", "name=u'x\n",
      "1:7 error: this string is never closed (a string must end on its line)\n", NULL },
    { "an unknown key that resembles a known one", "device_model_user='x'\n", "", UNKNOWN },
    { "an old device model", "device_model='/usr/lib/xen/bin/qemu-dm'\n",
      "1:14 note: xl ignores device_model (it starts the QEMU that device_model_version names)\n",
      UNKNOWN },
    { "ids of a serial device", "usbdevice='serial:vendorid=1:pty'\n",
      "1:19 warning: ignoring the ids: an emulated serial device has fixed ids\n"
      "1:12 note: QEMU no longer accepts this on its command line: xl cannot start the guest "
      "(xenusb attaches it to the running guest)\n",
      "domain unknown\ndevice serial chardev=pty (usb, line 1)\n" },
    { "host devices in QEMU arguments",
      "device_model_args=['-device','usb-host,hostbus=1,hostaddr=0x10','-device',"
      "'usb-host,vendorid=0x46d,productid=5','-device','e1000','-usb','-usb']\n",
      "",
      "domain unknown\n"
      "controller 0 usb: emulated version 1, ports 2, model piix3-uhci, made at creation (usb, "
      "line 1)\n"
      "device hostdev 1.16, made at creation (qemu, line 1)\n"
      "device hostdev 046d:0005, made at creation (qemu, line 1)\n" },
    { "a QEMU argument beside another controller",
      "usbctrl=['type=pv']\ndevice_model_args=['-usb']\ndevice_model_args_hvm=['-usb']\n", "",
      UNKNOWN "controller 0 pv0: pv usbback only version 2, ports 8, model any (usbctrl, line 1)\n"
              "controller 1 usb: emulated version 1, ports 2, model piix3-uhci, made at creation "
              "(usb, line 2)\n" },
    { "an invalid octal number", "usbdev=['hostbus=1,hostaddr=09']\n",
      "1:29 warning: '09' is read as 9; xl would read 0 (octal), libvirt 9 (hex) (write "
      "hostaddr=9)\n",
      NULL },
    { "an escaped line end", "name='a\\\nb'\n", "", "domain pv name=ab\n" },

    { "not a number", "usb='yes'\n",
      "1:5 error: usb must be a number, not 'yes' (valid values: 0 or 1)\n", UNKNOWN },
    { "a number in a string", "usb='0'\nusbversion='1'\n", "", NULL },
    { "a list for a number", "usb=[1]\n", "1:5 error: 'usb' must be a number, not a list\n",
      UNKNOWN },
    { "a list for a name", "name=['x']\n",
      "1:6 warning: ignoring 'name': it must be a string, not a list\n", "domain pv\n" },
    { "a number for a list", "usbctrl=5\n",
      "1:9 error: an item of 'usbctrl' must be a string (put quotes around it)\n", UNKNOWN },
    { "a list inside a list", "usbdev=[['x']]\n",
      "1:9 error: an item of 'usbdev' must be a string (this is a list inside a list)\n", UNKNOWN },
    { "a leading zero", "usbversion=02\n", "", NULL },
    { "XML", "\xef\xbb\xbf \n<domain/>",
      "2:1 error: this is XML, not a domain config (to convert libvirt's XML: xenusb translate "
      "--from libvirt a.cfg)\n",
      UNKNOWN },
    { "SXP", "(vm (name x))",
      "1:1 error: this is SXP, xend's format, not a domain config (to convert it: xenusb "
      "translate --from sxp a.cfg)\n",
      UNKNOWN },
};

static void test_row(void **state)
{
    const struct row *row = *state;
    struct compiled *compiled = compile_file(row->text);
    want_words(compiled, row->words);
    if (row->dump)
        assert_string_equal(compiled_dump(compiled), row->dump);
    compiled_free(compiled);
}

static char *repeated(const char *word, size_t times)
{
    size_t length = strlen(word);
    char *all = malloc(length * times + 1);
    assert_non_null(all);
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * length, word, length);
    all[length * times] = '\0';
    return all;
}

static void test_unclosed_brackets(void **state)
{
    (void)state;
    static const char *const openers[] = { "[", "(", "{", "[(", "f(" };
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++) {
        char *brackets = repeated(openers[i], 300000);
        char *text = NULL;
        assert_true(asprintf(&text, "a=%s\nusb=1\n", brackets) > 0);
        struct compiled *compiled = compile_file(text);
        assert_int_equal(compiled->diags.errors, 1);
        assert_non_null(strstr(compiled->diags.first->message, "nested more than 64 deep"));
        compiled_free(compiled);
        free(text);
        free(brackets);
    }
}

static void test_parsing_continues_after_deep_brackets(void **state)
{
    (void)state;
    char *open = repeated("[", 100), *close = repeated("]", 100);
    char *text = NULL;
    assert_true(asprintf(&text, "a=%s'''['''\"[\"%s\nusb=1\n", open, close) > 0);
    struct compiled *compiled = compile_file(text);
    assert_int_equal(compiled->diags.errors, 1);
    assert_int_equal(compiled->config->controller_count, 1);
    compiled_free(compiled);
    free(text);
    free(open);
    free(close);
}

static void test_values_are_bounded(void **state)
{
    (void)state;
    char *items = repeated("'tablet',", 21000), *text = NULL;
    assert_true(asprintf(&text, "a=[%s]\nusbdevice=[%s]\n", items, items) > 0);
    struct compiled *compiled = compile_file(text);
    want_words(compiled, "2:180012 error: more than 20000 values: ignoring the rest\n");
    assert_int_equal(compiled->config->device_count, 20000);
    compiled_free(compiled);
    free(text);
    free(items);
}

static void test_a_string_is_bounded(void **state)
{
    (void)state;
    char *long_text = repeated("x", 20000), *text = NULL;
    assert_true(asprintf(&text, "usbdevice='%s'\n", long_text) > 0);
    struct compiled *compiled = compile_file(text);
    want_words(compiled, "1:11 error: this string is 20002 bytes long; the limit is 16384\n");
    compiled_free(compiled);
    free(text);
    free(long_text);
}

static void test_nul_bytes(void **state)
{
    (void)state;
    static const char text[] = "usb=1\0\nusbdevice='ta\0blet'\n\0";
    struct compiled *compiled = compile_bytes(text, sizeof text - 1);
    assert_int_equal(compiled->diags.errors, 3);
    compiled_free(compiled);
}

static void test_many_errors_use_bounded_memory(void **state)
{
    (void)state;
    char *text = repeated("a b\n", 100000);
    struct compiled *compiled = compile_file(text);
    assert_int_equal(compiled->diags.errors, 100000);
    assert_true(arena_used(compiled->arena) < 1000000);
    compiled_free(compiled);
    free(text);
}

int main(void)
{
    enum { ROWS = sizeof rows / sizeof *rows };
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        tests[i] = (struct CMUnitTest){ rows[i].name, test_row, NULL, NULL, (void *)&rows[i] };
    const struct CMUnitTest bounds[] = {
        cmocka_unit_test(test_unclosed_brackets),
        cmocka_unit_test(test_parsing_continues_after_deep_brackets),
        cmocka_unit_test(test_values_are_bounded),
        cmocka_unit_test(test_a_string_is_bounded),
        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_many_errors_use_bounded_memory),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + cmocka_run_group_tests(bounds, NULL, NULL);
}
