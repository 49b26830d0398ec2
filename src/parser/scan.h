// SPDX-License-Identifier: MIT
// What the lexer of the file keeps between its tokens: which brackets are open, and how far a
// statement of Python reaches that is skipped. Each lexer action is one call of these.
#ifndef XENUSB_PARSER_SCAN_H
#define XENUSB_PARSER_SCAN_H

#include "build.h"

enum { NESTING_MAX = 64 }; // brackets inside brackets; real files have two

struct bracket {
    int closer; // its token
    struct span at;
};

struct scan {
    struct builder *builder;
    uint32_t offset; // of the byte behind the current token
    struct span at;  // the current token
    uint32_t line;   // where the current line begins
    bool fresh;      // nothing but blanks stood on this line yet
    bool start;      // nothing stood in this statement yet
    bool damaged;    // inside the brackets stands what may have swallowed their closers
    bool closing;    // the brackets that are open are being closed for lack of closers
    bool ended;      // the end of the file was seen
    unsigned depth;
    struct bracket open[NESTING_MAX];
    unsigned too_deep; // brackets that are open beyond NESTING_MAX

    uint32_t long_from; // where the string between triple quotes begins
    char long_quote;
    int outside; // the lexer's state around it

    struct python {
        struct span word; // that begins the statement
        bool compound;    // it is one that has a block
        bool block;       // the block began
        bool colon;       // the line ends in a colon, so far
        unsigned indent;
        unsigned brackets; // that are open
        bool blamed;       // its first word was complained of
        uint32_t end;      // behind its last word so far
    } python;
};

void scan_init(struct scan *scan, struct builder *builder);

// Every token passes here first: its place.
void scan_advance(struct scan *scan, size_t length);
// Gives all but `keep` bytes of the current token back. Returns `keep`.
int scan_give_back(struct scan *scan, uint32_t keep);

// Marks that a word was read and returns it.
int scan_token(struct scan *scan, int token);
// The place between the current token and the next.
struct span scan_here(const struct scan *scan);

// --- brackets ---

// False if it nests too deep; then a complaint was made, and scan_deep() counts.
bool scan_open(struct scan *scan, int closer);
// The token to go on with: what is open decides which closer it is.
int scan_close(struct scan *scan, int closer);
// Counts a bracket beyond NESTING_MAX; true when all of those are closed again.
bool scan_deep(struct scan *scan, int step);
// Whether a name on a new line inside a list begins the next statement: the list was not closed.
bool scan_is_unclosed(const struct scan *scan);
// Complains of the bracket that is still open, and has all of them closed.
void scan_unclosed(struct scan *scan);
// The next closer that is missing; when there is none left, the end of the line.
int scan_next_closer(struct scan *scan);

// --- lines ---

// A line end inside a statement.
void scan_line(struct scan *scan);
// A line end. True if it ends the statement.
bool scan_newline(struct scan *scan);
// The token for a semicolon, which ends a statement, but not inside brackets.
int scan_semicolon(struct scan *scan);
// The token for the end of the file: first whatever is missing to end the last statement.
int scan_end(struct scan *scan);

// --- words and strings ---

// The token for a word: a name, an operator, a constant, or the begin of a statement of Python.
int scan_word(struct scan *scan);
// A string that its line does not close.
void scan_broken_string(struct scan *scan);
// A string between triple quotes begins; `outside` is the lexer's state to go back to.
void scan_long(struct scan *scan, int outside);
// True if these three quotes end it; then `scan->at` is all of it.
bool scan_long_ends(struct scan *scan, char quote);
// It does not end.
void scan_endless(struct scan *scan);
// Something that cannot stand outside of a string.
void scan_stray(struct scan *scan);

// --- statements of Python that are skipped ---

enum python_line { PYTHON_GOES_ON, PYTHON_BLOCK, PYTHON_ENDS };

void python_begin(struct scan *scan);
// Any name: a USB key that is set here is complained of.
void python_word(struct scan *scan);
void python_bracket(struct scan *scan, int step);
void python_colon(struct scan *scan);
void python_other(struct scan *scan);
// True if the statement ends with this semicolon.
bool python_semicolon(struct scan *scan);
// What comes behind this line end.
enum python_line python_newline(struct scan *scan);
// Before the first word on a line behind the statement: whether the line belongs to its block.
bool python_continues(struct scan *scan);
// Complains that the statement was skipped. Returns its place.
struct span python_end(struct scan *scan);

#endif
