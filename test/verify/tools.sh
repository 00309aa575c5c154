#!/usr/bin/env bash
# Installs the programs that the tests in this folder ask: one line per judge. What Go can build, the
# tests build themselves (given.Tool).
set -euo pipefail

packages=()
need() { PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null || packages+=("$2"); }

need rclone rclone # reads what we store
need chromium chromium # shows /docs
need mariadbd mariadb-server # with the next two, the cluster
need rsync rsync
[ -e /usr/lib/galera/libgalera_smm.so ] || [ -e /usr/lib64/galera-4/libgalera_smm.so ] || packages+=(galera-4)
need prometheus prometheus # scrapes us; promtool comes with it
need npm npm # judges of the description of the API
need qpdf qpdf # opens the reports, and does not
need pdftotext poppler-utils # reads them
need soffice libreoffice-calc-nogui # opens the CSV files
need exim4 exim4-daemon-light # takes our mail
need openssl openssl # certificates of servers in tests
need setpriv util-linux # runs servers as those who should

[ "${#packages[@]}" -gt 0 ] || exit 0
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
# The lock keeps two of us from installing at once.
exec 9>"${TMPDIR:-/tmp}/surgicase-apt.lock"
flock 9
as_root apt-get update -q
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}" </dev/null
