#!/bin/busybox sh
# The first program of a guest: devices, virtio, then a shell. Options come from the kernel's command line as variables:
# shell=DEVICE picks the terminal (default: hvc0 if the machine has one, else the console).

/bin/busybox --install -s /bin
export PATH=/bin HOME=/root PS1='linux# '
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
# Device events are waited for below, so messages about them would only land in the middle of a prompt.
echo 4 >/proc/sys/kernel/printk

while read -r module; do
    insmod "/lib/modules/$module.ko" || echo "init: cannot load $module"
done </lib/modules/order

# A named virtio port is a device vportNpM with its name in sysfs; give it the path that programs expect.
link_ports() {
    mkdir -p /dev/virtio-ports
    for port in /sys/class/virtio-ports/*; do
        name=$(cat "$port/name" 2>/dev/null)
        [ -n "$name" ] && ln -sf "../${port##*/}" "/dev/virtio-ports/$name"
    done
}

# The device announces its ports in messages of its own, so they appear a little later than the driver.
if [ -e /sys/bus/virtio/drivers/virtio_console ] && ls /sys/bus/virtio/drivers/virtio_console/virtio* >/dev/null 2>&1; then
    tries=30
    while [ $tries -gt 0 ]; do
        link_ports
        ls /dev/virtio-ports | grep -q . && break
        tries=$((tries - 1))
        usleep 100000
    done
fi

if [ -z "$shell" ]; then
    # /dev/console cannot be a controlling terminal; the device behind it can.
    shell=$(cat /sys/class/tty/console/active)
    shell=${shell##* }
    [ -e /dev/hvc0 ] && shell=hvc0
fi
echo "init: $(uname -srm), shell on $shell"
cd /root || cd /
while :; do
    setsid -c sh -i <"/dev/$shell" >"/dev/$shell" 2>&1
done
