// SPDX-License-Identifier: MIT
#include "dialect.h"

#include "base/suggest.h"
struct type_word {
    const char *name;
    enum domain_type type;
};

// The values of `type` in xl, and of `builder` in xl and xm (xl_parse.c, xm/create.py).
static const struct type_word types[] = {
    { "hvm", DOMAIN_HVM }, { "pv", DOMAIN_PV }, { "pvh", DOMAIN_PVH }, { NULL, DOMAIN_UNKNOWN }
};
static const struct type_word builders[] = { { "hvm", DOMAIN_HVM },
                                             { "generic", DOMAIN_PV },
                                             { "linux", DOMAIN_PV },
                                             { NULL, DOMAIN_UNKNOWN } };

// The guest type that a key sets, with its place in *at. DOMAIN_UNKNOWN if it is not set or, after
// reporting an error, not known.
static enum domain_type type_of(struct builder *builder, enum key key,
                                const struct type_word *words, struct span *at)
{
    struct config_text text;
    if (!setting_text(builder, key, &text))
        return DOMAIN_UNKNOWN;
    *at = text.at;
    const char *names[4] = { NULL };
    for (size_t i = 0; words[i].name; i++) {
        if (text_is(text.text, words[i].name)) {
            if (key == KEY_BUILDER && text_is(text.text, "linux"))
                diag_hint(builder->diags,
                          builder_warning(builder, text.at, "only xm has the builder 'linux'"),
                          "xl refuses the file: write type = \"pv\"");
            return words[i].type;
        }
        names[i] = words[i].name;
    }
    struct diag *diag = builder_error(builder, text.at, "unknown %s '%.*s'",
                                      key == KEY_TYPE ? "guest type" : "builder", SHOW(text.text));
    diag_suggest(builder->diags, diag, text.text, names, NULL);
    return DOMAIN_UNKNOWN;
}

// Whether the file configures a whole guest, and is not just a fragment with USB keys.
static bool is_whole_guest(const struct builder *builder)
{
    static const enum key keys[] = { KEY_NAME,   KEY_TYPE,   KEY_BUILDER,
                                     KEY_KERNEL, KEY_MEMORY, KEY_DISK };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (builder_setting(builder, keys[i]))
            return true;
    return false;
}

// Whether a key is set, but not to a list, which xl ignores.
static bool is_unread(const struct builder *builder, enum key key)
{
    const struct setting *setting = builder_setting(builder, key);
    return setting && setting->value.kind != VALUE_LIST;
}

static void read_type(struct builder *builder)
{
    struct config_domain *domain = &builder->config->domain;
    struct span type_at = SPAN_NONE, builder_at = SPAN_NONE;
    enum domain_type type = type_of(builder, KEY_TYPE, types, &type_at);
    enum domain_type built = type_of(builder, KEY_BUILDER, builders, &builder_at);
    if (type && built && type != built) {
        struct diag *diag =
            builder_error(builder, builder_at, "the builder contradicts the guest type");
        diag_also(builder->diags, diag, builder->source, type_at, "the type is set here");
    }
    domain->type = type ? type : built;
    domain->type_at = type ? type_at : builder_at;
    bool unread = is_unread(builder, KEY_TYPE) || is_unread(builder, KEY_BUILDER);
    if (!domain->type && !unread && is_whole_guest(builder))
        domain->type = DOMAIN_PV; // as xl does
}

static void read_version(struct builder *builder, const struct config_text *version)
{
    // What xl accepts.
    static const char *const known[] = { "qemu-xen", "qemu-xen-traditional", NULL };
    if (text_is(version->text, known[1]))
        builder->config->domain.traditional_at = version->at;
    if (text_is(version->text, known[0]) || text_is(version->text, known[1]))
        return;
    builder->config->domain.version_at = version->at;
    diag_suggest(builder->diags,
                 builder_warning(builder, version->at,
                                 "xl refuses the file: unknown device_model_version '%.*s'",
                                 SHOW(version->text)),
                 version->text, known, NULL);
}

static void read_machine(struct builder *builder)
{
    struct config_domain *domain = &builder->config->domain;
    struct config_text version, model;
    struct config_number stubdom = { .value = 0 };
    if (setting_text(builder, KEY_DEVICE_MODEL_VERSION, &version))
        read_version(builder, &version);
    if (setting_number(builder, KEY_STUBDOMAIN, 0, UINT32_MAX, &stubdom) && stubdom.value)
        domain->stubdom_at = stubdom.at;
    bool old = setting_text(builder, KEY_DEVICE_MODEL, &model);
    if (old && model.text.size >= 7 &&
        text_is(text_part(model.text, model.text.size - 7, model.text.size), "qemu-dm"))
        diag_hint(builder->diags, builder_note(builder, model.at, "xl ignores device_model"),
                  "it starts the QEMU that device_model_version names");
}

void domain_read(struct builder *builder)
{
    struct config_domain *domain = &builder->config->domain;
    setting_text(builder, KEY_NAME, &domain->name);
    setting_text(builder, KEY_UUID, &domain->uuid);
    setting_number(builder, KEY_USBVERSION, 1, 3, &builder->usbversion);
    read_type(builder);
    read_machine(builder);
}
