// SPDX-License-Identifier: MIT
// The state of the lexer between tokens: the open brackets, and the extent of a Python statement
// that is being skipped. Each lexer action is one call to these functions.
#ifndef XENUSB_PARSER_SCAN_H
#define XENUSB_PARSER_SCAN_H

#include "build.h"

enum { NESTING_MAX = 64 }; // depth of nested brackets; real files have two

// An open bracket.
struct bracket {
    int closer; // the token that closes it
    struct span at;
};

// Embedded by the caller; scan_init() sets it up.
struct scan {
    struct builder *builder;
    uint32_t offset; // of the byte after the current token
    struct span at;  // the current token
    uint32_t line;   // offset of the current line
    bool fresh;      // only blanks so far on this line
    bool start;      // no token so far in this statement
    bool damaged;    // an error inside the open brackets may have swallowed their closers
    bool closing;    // scan_next_closer() is closing the open brackets
    bool carriage;   // a lone carriage return was reported
    bool ended;      // the end of the file was reached
    unsigned depth;
    struct bracket open[NESTING_MAX];
    unsigned too_deep; // number of open brackets beyond NESTING_MAX

    uint32_t long_from; // where the triple-quoted string begins
    char long_quote;
    int outside; // the lexer's state around it

    struct python {
        struct span word; // the first word of the statement
        bool compound;    // a statement with a block
        bool block;       // the block has begun
        bool colon;       // the last token on the line so far is a colon
        unsigned indent;
        unsigned brackets; // number of open brackets
        unsigned operand;  // the outermost of them that is a call or an index; 0 if none is
        bool reported;     // an error says that it was skipped
        uint32_t end;      // offset after its last token so far
        // Of the current line of the statement:
        struct span targets; // what it assigns to
        bool deletes;
        bool dynamic; // exec() and the like: a string may set a key
        enum {
            PYTHON_BINDS_NOTHING,
            PYTHON_BINDS_WORD,
            PYTHON_BINDS_TO_IN,
            PYTHON_BINDS_LINE
        } binding;
    } python;
};

// Prepares to read builder->source.
void scan_init(struct scan *scan, struct builder *builder);

// Moves to the next token. Called first for every token.
void scan_advance(struct scan *scan, size_t length);
// Returns all but the first `keep` bytes of the current token to the input. Returns `keep`.
int scan_unread(struct scan *scan, uint32_t keep);

// Notes that the line and the statement have a token. Returns `token`.
int scan_token(struct scan *scan, int token);
// The empty span after the current token.
struct span scan_here(const struct scan *scan);

// --- brackets ---

// False if the brackets are nested too deeply, after reporting an error; scan_deep() counts then.
bool scan_open(struct scan *scan, int closer);
// Returns the closer of the innermost open bracket; reports an error if that is not `closer`.
int scan_close(struct scan *scan, int closer);
// Counts a bracket beyond NESTING_MAX (`step` is 1 or -1); true once all of those are closed.
bool scan_deep(struct scan *scan, int step);
// Whether the current name, inside a list, begins the next statement: the list was never closed.
bool scan_is_unclosed(const struct scan *scan);
// Reports the bracket that is still open and starts closing all of them.
void scan_unclosed(struct scan *scan);
// The next missing closer; once none is left, the end of the line.
int scan_next_closer(struct scan *scan);

// --- lines ---

// A line end that does not end the statement.
void scan_line(struct scan *scan);
// A line end. True if it ends the statement.
bool scan_newline(struct scan *scan);
// The token for a semicolon: it ends the statement, but is an error inside brackets.
int scan_semicolon(struct scan *scan);
// The next token at the end of the file: whatever the last statement still needs, then the end.
int scan_end(struct scan *scan);

// --- words and strings ---

// The token for a word: a name, an operator, a constant, or the start of a Python statement.
int scan_word(struct scan *scan);
// Whether the current token, which is not a word, begins a Python statement.
bool scan_begins(const struct scan *scan);
// Reports a string that does not end on its line.
void scan_broken_string(struct scan *scan);
// A triple-quoted string begins; `outside` is the lexer state to return to after it.
void scan_long(struct scan *scan, int outside);
// Whether these three quotes end it; if so, scan->at becomes the whole string.
bool scan_long_ends(struct scan *scan, char quote);
// Reports that it does not end.
void scan_unterminated(struct scan *scan);
// Reports a character that is not allowed outside strings.
void scan_stray(struct scan *scan);

// --- Python statements, which are skipped ---

// Whether a statement that begins with the current token is Python and not an assignment of data.
bool python_starts(const struct scan *scan);
// Whether the word is an operator of Python, as `in` is.
bool python_is_operator(struct text word);
// Whether the current token is followed by `=` or `+=`, but not by `==`.
bool python_assigns(const struct scan *scan);

// What follows a line end: more of the same line, a block, or the next statement.
enum python_line { PYTHON_CONTINUES, PYTHON_BLOCK, PYTHON_ENDS };

// The current token begins a Python statement; one of the functions below must take it.
void python_begin(struct scan *scan);
// A word of the statement; an error if it is a USB key that is set here.
void python_word(struct scan *scan);
// A string; an error if it is run and contains a USB key.
void python_string(struct scan *scan);
// The other tokens of the statement. `step` is 1 for an opening bracket, -1 for a closing one.
void python_bracket(struct scan *scan, int step);
void python_colon(struct scan *scan);
void python_other(struct scan *scan);
// A semicolon; true if it ends the statement.
bool python_semicolon(struct scan *scan);
// A line end.
enum python_line python_newline(struct scan *scan);
// Called at the first token of a line after the statement: whether the line is part of its block.
bool python_continues(struct scan *scan);
// Ends the statement with a warning that it was skipped. Returns the place of its first word.
struct span python_end(struct scan *scan);

#endif
