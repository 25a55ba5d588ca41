#!/bin/sh
# Assembles the root file system of the container image: the program, what it is linked with, and
# the few files that it reads. Nothing else is in the image: no shell, no package manager.
#
#     deploy/rootfs.sh BIN DEST
#
# BIN is the program `wheelhouse`. DEST is made if it is missing and must be empty. Needs root,
# because the image's user owns its home folder. deploy/Dockerfile and tests/deploy use it.
set -eu

ID=9898 # User and group of pypiserver's image: existing volumes keep their owner.
CERTIFICATES=/etc/ssl/certs/ca-certificates.crt

fail() {
    echo "rootfs.sh: $1" >&2
    exit 1
}

# Copies a file, and not a link to it, to the same path below DEST.
copy() {
    install -D "$2" "$DEST$1" -m "$3"
}

[ $# -eq 2 ] || fail "usage: rootfs.sh BIN DEST"
BIN=$1
DEST=${2%/}
[ -x "$BIN" ] || fail "$BIN is not a program"
[ "$(id -u)" -eq 0 ] || fail "needs root, to give files to user $ID"
[ -s "$CERTIFICATES" ] || fail "$CERTIFICATES is missing; install the package ca-certificates"
mkdir -p "$DEST"
[ -z "$(ls -A "$DEST")" ] || fail "$DEST is not empty"

copy /usr/bin/wheelhouse "$BIN" 0755
# Under its other name it takes the command line of pypiserver.
ln -s wheelhouse "$DEST/usr/bin/pypi-server"

# `name => path (address)`, or `path (address)` for the loader; what the kernel provides has no path.
libraries=$(ldd "$BIN" | sed -n 's/^.*[[:space:]]\(\/[^ ]*\) (0x[0-9a-f]*)$/\1/p')
[ -n "$libraries" ] || fail "ldd finds no libraries of $BIN"
for library in $libraries; do
    copy "$library" "$library" 0755
done

# Since glibc 2.34 the C library itself looks names up in files and over DNS: no modules needed.
mkdir -p "$DEST/etc"
echo 'hosts: files dns' >"$DEST/etc/nsswitch.conf"
cat >"$DEST/etc/passwd" <<END
root:x:0:0:root:/root:/usr/sbin/nologin
pypiserver:x:$ID:$ID:pypiserver:/data:/usr/sbin/nologin
END
cat >"$DEST/etc/group" <<END
root:x:0:
pypiserver:x:$ID:
END
chmod 0644 "$DEST"/etc/nsswitch.conf "$DEST"/etc/passwd "$DEST"/etc/group
copy "$CERTIFICATES" "$CERTIFICATES" 0644

install -d -m 0755 -o "$ID" -g "$ID" "$DEST/data" "$DEST/data/packages"
install -d -m 1777 "$DEST/tmp"
# Where container engines mount things: a read-only root must have them.
mkdir -p "$DEST/proc" "$DEST/sys" "$DEST/dev"
