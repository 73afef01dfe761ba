#!/bin/sh
# Installs the Debian packages of packages.txt when this is Debian and we are root; elsewhere says so.
folder=$(dirname "$0")
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Laboratory packages are installed only by root on Debian; tests that need a missing one skip."
    exit 0
fi
missing=$(while read -r name; do
    dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || echo "$name"
done < "$folder/packages.txt")
[ -z "$missing" ] && exit 0
echo "Installing for the laboratories:" $missing
# Services must not start by themselves: the laboratories run their own.
if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
