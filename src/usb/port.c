// SPDX-License-Identifier: MIT
#include "port.h"

#include <stdio.h>

bool port_read(struct text text, struct port *port)
{
    struct port read = PORT_ANY;
    for (size_t from = 0; from <= text.size;) {
        size_t to = text_find(text, '.', from);
        uint64_t number = 0;
        if (read.depth == PORT_DEPTH_MAX ||
            text_number(text_part(text, from, to), 10, 1, UINT8_MAX, &number) != NUMBER_OK)
            return false;
        read.number[read.depth++] = (uint8_t)number;
        from = to + 1;
    }
    *port = read;
    return true;
}

const char *port_write(struct port port, char buf[PORT_TEXT_SIZE])
{
    int used = 0;
    buf[0] = '\0';
    for (unsigned i = 0; i < port.depth; i++)
        used += snprintf(buf + used, (size_t)(PORT_TEXT_SIZE - used), "%s%u", i ? "." : "",
                         port.number[i]);
    return buf;
}

bool port_same(struct port a, struct port b)
{
    return a.depth == b.depth && memcmp(a.number, b.number, a.depth) == 0;
}

bool port_behind(struct port hub, struct port port)
{
    return hub.depth && port.depth > hub.depth && memcmp(hub.number, port.number, hub.depth) == 0;
}
