# Run below unshare: folders of its own at CUPS's standard places, a queue, and then no print service.
# Usage: own_machine.sh PYTHON ANSWERS; the last line of output is the report of techdoctor.
set -e
ip link set lo up
mount -t tmpfs tmpfs /run
cp -a /etc/cups /run/etc-cups
mount --bind /run/etc-cups /etc/cups
for folder in /var/spool/cups /var/cache/cups /var/log/cups; do
  mkdir -p "$folder"
  mount -t tmpfs tmpfs "$folder"
done
mkdir -p /run/cups /run/home
cupsd
for _ in 1 2 3 4 5 6 7 8 9 10; do
  [ -S /run/cups/cups.sock ] && break
  sleep 0.1
done
lpadmin -p office -E -v file:///dev/null -m raw 2>/dev/null
lpadmin -d office
kill "$(pidof cupsd)"
while pidof cupsd >/dev/null; do sleep 0.05; done
printf '%s\n' "$2" >/run/answers.yaml
unset CUPS_SERVER CUPS_SERVERROOT LPDEST PRINTER
export TECHDOCTOR_OFFLINE=1 HOME=/run/home
"$1" -m techdoctor diagnose "nothing prints" --answers /run/answers.yaml --json || true
