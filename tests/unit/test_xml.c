// SPDX-License-Identifier: MIT
#include "base/arena.h"
#include "base/xml.h"
#include "unit.h"

#include <string.h>

static int begin(void **state)
{
    *state = arena_new(4096);
    return *state ? 0 : -1;
}

static int end(void **state)
{
    arena_free(*state);
    return 0;
}

static const struct xml_element *read_string(struct arena *arena, const char *string)
{
    const char *why = NULL;
    uint32_t where = 0;
    return xml_read(arena, text_of(string), &why, &where);
}

// The bytes from..to of a document are `words`.
static void want_written(const char *document, uint32_t from, uint32_t to, const char *words)
{
    assert_int_equal(to - from, strlen(words));
    assert_memory_equal(document + from, words, to - from);
}

static void test_elements(void **state)
{
    static const char document[] =
        "<?xml version='1.0'?>\n<!-- first -->\n<a\n  x='1 &amp; 2' y=''>\n"
        "<b>one</b><c/>\n<b z='&#65;'>two</b></a>\n";
    const struct xml_element *root = read_string(*state, document);
    assert_non_null(root);
    assert_string_equal(root->name, "a");
    want_written(document, root->from, root->to, "<a\n  x='1 &amp; 2' y=''>");
    assert_null(root->next);
    assert_string_equal(xml_attribute(root, "x"), "1 & 2");
    assert_string_equal(xml_attribute(root, "y"), "");
    assert_null(xml_attribute(root, "z"));
    const struct xml_element *first = xml_child(root, "b");
    assert_string_equal(first->text, "one");
    want_written(document, first->from, first->to, "<b>");
    want_written(document, first->next->from, first->next->to, "<c/>");
    assert_string_equal(first->next->name, "c");
    assert_string_equal(first->next->text, "");
    const struct xml_element *last = first->next->next;
    assert_string_equal(last->text, "two");
    assert_string_equal(xml_attribute(last, "z"), "A");
    want_written(document, last->from, last->to, "<b z='&#65;'>");
    assert_null(last->next);
    assert_null(last->first);
}

static void test_places_of_attributes(void **state)
{
    static const char document[] = "<a\n\tone = 'x>y'\r\n two=\"it's\" xmlns:q='&lt;'/>";
    const struct xml_attribute *one = read_string(*state, document)->attributes;
    want_written(document, one->from, one->to, "one = 'x>y'");
    want_written(document, one->next->from, one->next->to, "two=\"it's\"");
    want_written(document, one->next->next->from, one->next->next->to, "xmlns:q='&lt;'");
    assert_null(one->next->next->next);
}

// In an encoding of two bytes, an attribute's place is that of its element.
static void test_places_in_utf_16(void **state)
{
    static const char document[] = "\xff\xfe<\0a\0 \0b\0=\0'\0c\0'\0/\0>\0";
    const char *why = NULL;
    uint32_t where = 0;
    const struct xml_element *root =
        xml_read(*state, (struct text){ document, sizeof document - 1 }, &why, &where);
    assert_non_null(root);
    assert_string_equal(root->attributes->value, "c");
    assert_int_equal(root->attributes->from, root->from);
    assert_int_equal(root->attributes->to, root->to);
}

static void test_text(void **state)
{
    static const struct {
        const char *document;
        const char *text;
    } rows[] = {
        { "<a>x &lt; y</a>", "x < y" },
        { "<a><![CDATA[<b>]]></a>", "<b>" },
        { "<a>one<!-- two -->three</a>", "onethree" },
        { "<a>before<b>inside</b>after</a>", "before" },
        { "<a><b/></a>", "" },
        { "<a>\xc3\xa4</a>", "\xc3\xa4" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct xml_element *root = read_string(*state, rows[i].document);
        assert_non_null(root);
        assert_string_equal(root->text, rows[i].text);
    }
}

static void test_prefixes_stay(void **state)
{
    const struct xml_element *root =
        read_string(*state, "<a xmlns:q='http://q'><q:b q:c='1'/></a>");
    assert_non_null(root);
    assert_null(xml_child(root, "b"));
    assert_null(xml_attribute(xml_child(root, "q:b"), "c"));
    assert_string_equal(xml_attribute(xml_child(root, "q:b"), "q:c"), "1");
}

static void test_nothing_in_nothing(void **state)
{
    (void)state;
    assert_null(xml_child(NULL, "a"));
    assert_null(xml_attribute(NULL, "a"));
}

static unsigned line_of(const char *document, uint32_t where)
{
    unsigned line = 1;
    for (const char *at = document; at < document + where; at++)
        line += *at == '\n';
    return line;
}

static void test_refusals(void **state)
{
    static const struct {
        const char *document;
        const char *why;
        unsigned line;
    } rows[] = {
        { "", "no element found", 1 },
        { "\n\n<a>\n", "no element found", 4 },
        { "<a>\n</b>", "mismatched tag", 2 },
        { "<a>\n&unknown;</a>", "undefined entity", 2 },
        { "<a>\n<b c='&unknown;'/></a>", "undefined entity", 2 },
        { "<a x='1' x='2'/>", "duplicate attribute", 1 },
        { "<a/>\n<b/>", "junk after document element", 2 },
        { "name = 1", "syntax error", 1 },
        { "<!DOCTYPE a>\n<a/>", "it has a document type declaration", 1 },
        { "\n<!DOCTYPE a SYSTEM '/etc/passwd'><a/>", "it has a document type declaration", 2 },
        { "<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a>&b;</a>", "it has a document type declaration", 1 },
        { "<!DOCTYPE a [<!ENTITY % b SYSTEM '/dev/zero'>%b;]><a/>",
          "it has a document type declaration", 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = NULL;
        uint32_t where = 0;
        assert_null(xml_read(*state, text_of(rows[i].document), &why, &where));
        assert_string_equal(why, rows[i].why);
        assert_int_equal(line_of(rows[i].document, where), rows[i].line);
    }
}

static char *repeat(struct arena *arena, const char *word, size_t times)
{
    size_t length = strlen(word);
    char *all = arena_alloc(arena, length * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * length, word, length);
    return all;
}

static void test_limits(void **state)
{
    struct arena *arena = *state;
    const char *why = NULL;
    uint32_t where = 0;
    for (unsigned over = 0; over < 2; over++) {
        size_t depth = XML_DEPTH_MAX + 1 + over, count = XML_ELEMENTS_MAX - 1 + over;
        char *deep = arena_printf(arena, "%s%s", repeat(arena, "\n<a>", depth),
                                  repeat(arena, "</a>", depth));
        assert_int_equal(!xml_read(arena, text_of(deep), &why, &where), over);
        if (over)
            assert_int_equal(line_of(deep, where), XML_DEPTH_MAX + 3);
        char *wide = arena_printf(arena, "<a>%s</a>", repeat(arena, "<b/>", count));
        assert_int_equal(!read_string(arena, wide), over);
    }
    assert_string_equal(why, "it is nested too deeply");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_elements, begin, end),
        cmocka_unit_test_setup_teardown(test_places_of_attributes, begin, end),
        cmocka_unit_test_setup_teardown(test_places_in_utf_16, begin, end),
        cmocka_unit_test_setup_teardown(test_text, begin, end),
        cmocka_unit_test_setup_teardown(test_prefixes_stay, begin, end),
        cmocka_unit_test(test_nothing_in_nothing),
        cmocka_unit_test_setup_teardown(test_refusals, begin, end),
        cmocka_unit_test_setup_teardown(test_limits, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
