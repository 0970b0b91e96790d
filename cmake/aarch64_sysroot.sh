#!/usr/bin/env bash
# A folder with Debian's ARM64 headers and libraries, for cmake/aarch64.cmake: aarch64_sysroot.sh FOLDER
#
# Unpacked there rather than installed: some -dev packages exist once a machine only (libyaml-cpp-dev:arm64 would remove
# the native one). apt runs on lists of its own, so neither root nor `dpkg --add-architecture` is needed and nothing
# of the system changes. Does nothing when FOLDER was made by this script before.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

sysroot=$(realpath -m "${1:?usage: aarch64_sysroot.sh FOLDER}")
made_from="$sysroot/.packages"
[ "$(cat "$made_from" 2>/dev/null)" = "$SAMEBITS_AARCH64_LIBRARIES" ] && exit 0

rm -rf "$sysroot"
mkdir -p "$sysroot/.apt/lists/partial" "$sysroot/.apt/cache/archives/partial"
touch "$sysroot/.apt/status"  # nothing is installed: dependencies come along
own_apt() {
  apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User= \
    -o Dir::State="$sysroot/.apt" -o Dir::State::status="$sysroot/.apt/status" -o Dir::Cache="$sysroot/.apt/cache" "$@"
}
own_apt update
own_apt install -y --download-only --no-install-recommends $SAMEBITS_AARCH64_LIBRARIES >/dev/null
for package in "$sysroot"/.apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
# Absolute links would leave the folder.
find "$sysroot" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
  ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$sysroot$(readlink "$link")")" "$link"
done
rm -rf "$sysroot/.apt"
echo "$SAMEBITS_AARCH64_LIBRARIES" >"$made_from"
