#!/bin/sh
# Unpack packages of Debian, of any release and architecture, with all that they depend on, into a
# folder: the C library and the headers that a compiler is to build for. It needs apt-get and dpkg,
# but not to be root, and installs nothing on this machine.
#
#     tools/debian_root.sh FOLDER RELEASE ARCHITECTURE PACKAGE...
set -eu
root=$1 release=$2 architecture=$3
shift 3
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
mkdir -p "$root/apt/lists/partial" "$root/apt/archives/partial"
apt=$(cd "$root/apt" && pwd)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" \
    > "$apt/sources.list"
# An empty status: whatever this machine has, all packages come.
get() {
    apt-get -qq -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
        -o APT::Install-Recommends=false -o Debug::NoLocking=1 -o APT::Sandbox::User= \
        -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$apt/lists" -o Dir::State::Status=/dev/null -o Dir::Cache="$apt" "$@"
}
get update
get --yes --download-only install "$@"
for package in "$apt"/archives/*.deb; do
    dpkg-deb --extract "$package" "$root"
done
# Links such as /lib/... are meant for the folder.
find "$root" -type l -lname '/*' | while read -r link; do
    ln -sfr "$root$(readlink "$link")" "$link"
done
rm -r "$apt"
