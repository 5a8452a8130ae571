#!/bin/sh
# Installs the Debian packages that are missing on this machine. Does nothing, and needs no root, when all are there.
#
# PyPI supplies the compiler (LLVM), the linker and the C cross compiler; from Debian come the emulator and what builds
# the one PyPI package that is distributed as source (pylibfdt). Arguments: the Python to use, then further commands that
# are named like their package.
set -eu

python=$1
shift
missing=""

have() { command -v "$1" >/dev/null 2>&1; }
need() { missing="$missing $1"; }

have qemu-system-aarch64 || need qemu-system-arm
have gcc || { need gcc; need libc6-dev; }
have dpkg-deb || need dpkg
if have "$python"; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null || need python3-venv
    header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include") + "/Python.h")')
    [ -e "$header" ] || need python3-dev
else
    need python3
    need python3-venv
    need python3-dev
fi
for extra in "$@"; do
    have "$extra" || need "$extra"
done
[ -n "$missing" ] || exit 0

have apt-get || {
    echo "keelback: missing:$missing (no apt-get here: install the equivalents by hand)" >&2
    exit 1
}
as_root=""
if [ "$(id -u)" != 0 ]; then
    have sudo || {
        echo "keelback: run as root, or install by hand: apt-get install$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "keelback: installing Debian packages:$missing"
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
