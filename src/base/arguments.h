// SPDX-License-Identifier: MIT
// The words of a command line in their order, as getopt_long() reads them: options anywhere among
// the others, short ones in one word, long ones shortened as long as they are unique, values behind
// "=" or in the next word, and "--" before words that are no options.
#ifndef XENUSB_BASE_ARGUMENTS_H
#define XENUSB_BASE_ARGUMENTS_H

#include "text.h"

struct argument_option {
    const char *name; // without the dashes
    char letter;      // of the short form; 0: none
    bool value;       // it takes one
};

enum argument_kind {
    ARGUMENT_END,
    ARGUMENT_WORD, // not an option
    ARGUMENT_OPTION,
    ARGUMENT_UNKNOWN,   // there is no such option
    ARGUMENT_AMBIGUOUS, // the beginning of several options
    ARGUMENT_NO_VALUE,  // the option needs one
    ARGUMENT_A_VALUE,   // the option takes none
};

struct argument {
    enum argument_kind kind;
    size_t at;         // which word
    const char *word;  // as typed
    size_t option;     // which of the options
    char letter;       // of an option that was given, or is unknown, by its letter; else 0
    bool shortened;    // only the beginning of a long option was typed
    const char *value; // of an option that takes one
};

// getopt_long() has but one state: only the last that was begun can be read.
struct arguments {
    const struct argument_option *options;
    size_t option_count;
    size_t word_count;
    char **words;        // as main() has them
    const char *letters; // the short options, as getopt() takes them
    void *names;         // the long ones
    bool ended;          // only words follow
};

// Both arrays must outlive the reading.
struct arguments arguments_of(struct arena *arena, const struct argument_option *options,
                              size_t option_count, const char *const *words, size_t word_count);

// The next of them.
struct argument arguments_next(struct arguments *arguments);

#endif
