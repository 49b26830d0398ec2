// SPDX-License-Identifier: MIT
//
// usbls [--watch COUNT]
//     print the devices that libusb sees, one per line; with --watch, then also the next COUNT
//     arrivals and departures that libusb reports
// usbls --hold BUSID
//     detach the device's interfaces from their drivers, claim them, print "held", and keep them
//     until killed
//
//     1-1.3 bus 1 address 6 0781:5581 speed 3 configurations 1 interfaces 1

#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int events_left;

// Write a device's busid, as in sysfs, to name.
static void busid(libusb_device *device, char name[40])
{
    uint8_t ports[7];
    int depth = libusb_get_port_numbers(device, ports, sizeof(ports));
    int used;

    if (depth <= 0) {
        snprintf(name, 40, "usb%d", libusb_get_bus_number(device));
        return;
    }
    used = snprintf(name, 40, "%d-%d", libusb_get_bus_number(device), ports[0]);
    for (int i = 1; i < depth; i++)
        used += snprintf(name + used, 40 - (size_t)used, ".%d", ports[i]);
}

static void print_device(libusb_device *device)
{
    struct libusb_device_descriptor descriptor;
    struct libusb_config_descriptor *config = NULL;
    char name[40];

    busid(device, name);
    libusb_get_device_descriptor(device, &descriptor);
    libusb_get_active_config_descriptor(device, &config);
    printf("%s bus %d address %d %04x:%04x speed %d configurations %d interfaces %d\n", name,
           libusb_get_bus_number(device), libusb_get_device_address(device), descriptor.idVendor,
           descriptor.idProduct, libusb_get_device_speed(device), descriptor.bNumConfigurations,
           config ? config->bNumInterfaces : -1);
    libusb_free_config_descriptor(config);
}

static int on_event(libusb_context *context, libusb_device *device, libusb_hotplug_event event,
                    void *unused)
{
    char name[40];

    (void)context;
    (void)unused;
    busid(device, name);
    printf("%s %s address %d\n", event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED ? "arrived" : "left",
           name, libusb_get_device_address(device));
    fflush(stdout);
    events_left--;
    return 0;
}

// Hold the device with this busid forever. Returns only on failure, with libusb's error.
static int hold(libusb_device **devices, ssize_t count, const char *wanted)
{
    struct libusb_config_descriptor *config;
    libusb_device_handle *handle;
    char name[40] = "";
    ssize_t i;
    int error;

    for (i = 0; i < count && strcmp(name, wanted); i++)
        busid(devices[i], name);
    if (strcmp(name, wanted))
        return LIBUSB_ERROR_NOT_FOUND;
    error = libusb_open(devices[i - 1], &handle);
    if (!error)
        error = libusb_get_active_config_descriptor(devices[i - 1], &config);
    if (error)
        return error;
    libusb_set_auto_detach_kernel_driver(handle, 1);
    for (int k = 0; k < config->bNumInterfaces && !error; k++)
        error = libusb_claim_interface(handle, k);
    if (error)
        return error;
    puts("held");
    fflush(stdout);
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    const int both = LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT;
    libusb_context *context;
    libusb_device **devices;
    ssize_t count;

    if (libusb_init(&context))
        return 1;
    if (argc == 3 && !strcmp(argv[1], "--watch")) {
        events_left = (int)strtol(argv[2], NULL, 10);
        if (libusb_hotplug_register_callback(context, both, 0, LIBUSB_HOTPLUG_MATCH_ANY,
                                             LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
                                             on_event, NULL, NULL))
            return 1;
    }
    count = libusb_get_device_list(context, &devices);
    if (argc == 3 && !strcmp(argv[1], "--hold")) {
        fprintf(stderr, "usbls: %s\n", libusb_strerror(hold(devices, count, argv[2])));
        return 1;
    }
    for (ssize_t i = 0; i < count; i++)
        print_device(devices[i]);
    libusb_free_device_list(devices, 1);
    fflush(stdout);
    while (events_left > 0 && !libusb_handle_events(context))
        continue;
    libusb_exit(context);
    return 0;
}
