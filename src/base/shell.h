// SPDX-License-Identifier: MIT
// Words as they can be pasted into a POSIX shell.
#ifndef XENUSB_BASE_SHELL_H
#define XENUSB_BASE_SHELL_H

#include "buffer.h"

// Appends a word that sh, dash and bash read back as exactly these bytes, with a blank before it
// unless the buffer is empty. What is appended is valid UTF-8 that text_show() leaves unchanged: a
// word with other bytes becomes "$(printf ...)", of which a shell drops line feeds at the end.
void shell_add_word(struct buffer *line, struct text word);

#endif
