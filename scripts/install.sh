#!/usr/bin/env bash
# Installs what `make run` (run) and `make test` (test) need and says what it does.
# Debian and Ubuntu through apt; elsewhere it says exactly what to install.
set -euo pipefail
what=${1:-run}

need=()
pg=$(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin 2>/dev/null | head -1 || true)
if [ -z "${COUNTERSIGN_PG_BIN:-}" ] && [ -z "$pg" ] && ! command -v initdb >/dev/null; then need+=(postgresql); fi
if [ "$what" = test ]; then
  browser=chromium
  for b in chromium-headless-shell chromium chromium-browser google-chrome; do
    if command -v $b >/dev/null; then browser=; fi
  done
  [ -z "$browser" ] || need+=("$browser")
  fc-list 2>/dev/null | grep -qi -e cjk -e droid -e wenquanyi -e notosanssc || need+=(fonts-droid-fallback fontconfig)
  for p in tryton-server tryton-modules-account tryton-modules-account-invoice tryton-proteus python3-psycopg2; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || need+=("$p")
  done
  command -v hledger >/dev/null || need+=(hledger)
  command -v bean-check >/dev/null || need+=(beancount)
  command -v node >/dev/null || need+=(nodejs)
  command -v npm >/dev/null || need+=(npm)
fi
# from_npm installs by their lock files what the tests take from npm: the OpenID
# provider that they sign in at, and the engine that looks for barriers in pages.
from_npm() {
  [ "$what" = test ] || return 0
  local tests; tests=$(cd "$(dirname "$0")/../tests" && pwd)
  for package in idp/node_modules/oidc-provider axe/node_modules/axe-core; do
    [ -e "$tests/$package/package.json" ] && continue
    echo "installing through npm: $(basename "$package"), for the tests"
    npm ci --prefix "$tests/${package%%/*}" --no-audit --no-fund --ignore-scripts --silent
  done
}
if ! command -v go >/dev/null; then
  echo "Go 1.26.8 or later is needed: https://go.dev/dl/" >&2; exit 1
fi
[ ${#need[@]} -gt 0 ] || { from_npm; exit 0; }

if ! command -v apt-get >/dev/null; then
  echo "Please install these first (this is not Debian or Ubuntu, so they are not installed for you): ${need[*]}" >&2
  echo "  macOS:  brew install postgresql@15 node hledger beancount" >&2
  echo "  Fedora: dnf install postgresql-server chromium trytond trytond-account trytond-account-invoice proteus hledger beancount nodejs npm" >&2
  exit 1
fi
sudo=()
if [ "$(id -u)" -ne 0 ]; then
  if sudo -n true 2>/dev/null; then sudo=(sudo); else
    echo "Please run: sudo apt-get install --no-install-recommends ${need[*]}" >&2; exit 1
  fi
fi
echo "installing through apt: ${need[*]}"
# The packaging must not create or start a system-wide cluster: ours are private.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  "${sudo[@]}" mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' | "${sudo[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
"${sudo[@]}" apt-get update -qq
# The browser without its windows takes less than half the CPU time of the whole one.
if apt-cache show chromium-headless-shell >/dev/null 2>&1; then
  for n in "${!need[@]}"; do if [ "${need[$n]}" = chromium ]; then need[n]=chromium-headless-shell; fi; done
fi
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
echo "installed: ${need[*]}"
from_npm
