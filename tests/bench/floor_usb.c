// SPDX-License-Identifier: MIT
//
// floor_usb - list the USB devices with libusb, and print each one's ids and strings. The strings
// are read from sysfs, as by any program that lists devices without opening them.

#include <fcntl.h>
#include <libusb.h>
#include <stdio.h>
#include <unistd.h>

static void print_string(const char *busid, const char *attribute)
{
    char path[256], bytes[257];
    ssize_t size = 0;
    int fd;

    snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/%s", busid, attribute);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        size = read(fd, bytes, sizeof(bytes) - 1);
        close(fd);
    }
    printf(" %.*s", size > 0 ? (int)size - 1 : 0, bytes);
}

static void print_device(libusb_device *device)
{
    static const char *const strings[] = { "manufacturer", "product", "serial" };
    struct libusb_device_descriptor descriptor;
    char busid[64];
    uint8_t ports[7];
    int depth = libusb_get_port_numbers(device, ports, sizeof(ports)), used;

    if (depth <= 0)
        used = snprintf(busid, sizeof(busid), "usb%d", libusb_get_bus_number(device));
    else
        used = snprintf(busid, sizeof(busid), "%d-%d", libusb_get_bus_number(device), ports[0]);
    for (int i = 1; i < depth; i++)
        used += snprintf(busid + used, sizeof(busid) - (size_t)used, ".%d", ports[i]);
    libusb_get_device_descriptor(device, &descriptor);
    printf("%s %d.%d %04x:%04x", busid, libusb_get_bus_number(device),
           libusb_get_device_address(device), descriptor.idVendor, descriptor.idProduct);
    for (unsigned i = 0; i < 3; i++)
        print_string(busid, strings[i]);
    putchar('\n');
}

int main(void)
{
    libusb_context *context;
    libusb_device **devices;
    ssize_t count;

    if (libusb_init(&context))
        return 1;
    count = libusb_get_device_list(context, &devices);
    for (ssize_t i = 0; i < count; i++)
        print_device(devices[i]);
    libusb_free_device_list(devices, 1);
    libusb_exit(context);
    return count > 0 ? 0 : 1;
}
