#!/usr/bin/env bash
# A private Tryton 6.0 on a private PostgreSQL, loopback only, for tests and demos. Debian 12.
#   setup.sh build DIR PG_PORT             packages, cluster, modules, demo company; leaves it stopped
#   setup.sh start DIR PG_PORT HTTP_PORT   starts both; env WATCH=pid stops them when that process ends,
#                                          REMOVE=1 also deletes DIR then, FSYNC=off for tests only
#   setup.sh years DIR PG_PORT             adds the fiscal years of today (PostgreSQL must be up)
#   setup.sh stop DIR | kill DIR           by recorded process ids; kill is as rude as a power cut
set -euo pipefail
COMMAND=${1:?build, start, years, stop or kill}; DIR=${2:?directory}; PG_PORT=${3:-0}; HTTP_PORT=${4:-0}
DB=tryton; PGDATA=$DIR/pg; SOCK=$DIR/sock; CONF=$DIR/trytond.conf; PIDF=$DIR/trytond.pid
ADMIN_PW=${TRYTON_ADMIN_PASSWORD:-Adm1n-9tryton}; BOT_PW=${TRYTON_BOT_PASSWORD:-b0t-Pass.word7}
YEAR=$(date +%Y); YEARS="$((YEAR-1)) $YEAR $((YEAR+1))"
HERE=$(cd "$(dirname "$0")" && pwd)
log() { printf '%s\n' "$*" >&2; }
# asu USER COMMAND…: as the package's own user when we are root, else as ourselves.
asu() { local user=$1; shift; if [ "$(id -u)" = 0 ]; then runuser -u "$user" -- "$@"; else "$@"; fi; }
pgbin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1; }
own() { local user=$1 mode=$2; shift 2
  if [ "$(id -u)" = 0 ]; then install -d -o "$user" -g "$user" -m "$mode" "$@"; else install -d -m "$mode" "$@"; fi; }
psql_() { "$(pgbin)/psql" -h "$SOCK" -p "$PG_PORT" -U postgres -XAtq "$@"; }

install_packages() {
  local need=(tryton-server tryton-modules-account tryton-modules-account-invoice tryton-proteus python3-psycopg2)
  local missing=() package
  [ -n "$(pgbin)" ] || need+=(postgresql) # any PostgreSQL server will do
  for package in "${need[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" = 0 ] || { log "missing packages, install them first: apt-get install ${missing[*]}"; exit 3; }
  log "installing through apt: ${missing[*]}"
  # Keep postgresql-common from making and starting a cluster of its own.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

start_postgres() {
  own postgres 755 "$SOCK"
  asu postgres "$(pgbin)/pg_ctl" -D "$PGDATA" -l "$PGDATA/server.log" -w -t 60 \
    -o "-p $PG_PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories=$SOCK -c fsync=${FSYNC:-on} -c shared_buffers=32MB" \
    start >/dev/null
}

configure() {
  cat > "$CONF" <<CFG
[web]
listen = 127.0.0.1:$HTTP_PORT
root = $DIR/www
[database]
uri = postgresql://tryton:tryton@127.0.0.1:$PG_PORT/
path = $DIR/attachments
list = False
# Kept open, as a server in earnest keeps them. Of more than that Tryton opens and closes one for every request, which
# with its default of 1 costs a third of a search as soon as two people ask at once.
minconn = 8
[session]
timeout = ${SESSION_TIMEOUT:-3600}
CFG
  chmod 644 "$CONF"; own tryton 755 "$DIR/www" "$DIR/attachments"
  touch "$DIR/trytond.log"; [ "$(id -u)" != 0 ] || chown tryton "$DIR/trytond.log"
}

bootstrap() {
  asu tryton /usr/bin/python3 "$HERE/bootstrap.py" "$CONF" "$DB" "$YEARS" "$BOT_PW" >>"$DIR/admin.log" 2>&1 ||
    { tail -5 "$DIR/admin.log" >&2; exit 4; }
}

build() {
  install_packages
  install -d -m 755 "$DIR"; own postgres 700 "$PGDATA"; own postgres 755 "$SOCK"
  log "making a PostgreSQL cluster"
  asu postgres "$(pgbin)/initdb" -D "$PGDATA" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >"$DIR/initdb.log"
  FSYNC=off start_postgres
  psql_ -d postgres -c "create role tryton login createdb password 'tryton'" -c "create database $DB owner tryton"
  configure
  log "initialising Tryton (about a minute and a half)"
  (umask 077; printf '%s\n' "$ADMIN_PW" > "$DIR/adminpw"); [ "$(id -u)" != 0 ] || chown tryton "$DIR/adminpw"
  local admin=(asu tryton env TRYTONPASSFILE="$DIR/adminpw" /usr/bin/trytond-admin -c "$CONF" -d "$DB" --email admin@example.invalid)
  "${admin[@]}" -u ir res >>"$DIR/admin.log" 2>&1
  "${admin[@]}" --update-modules-list -u company currency party account account_invoice --activate-dependencies >>"$DIR/admin.log" 2>&1
  log "making the demo company"
  bootstrap
  # trytond keeps its database open, and an open one cannot be cloned: so keep a second.
  psql_ -d postgres -c "create database ${DB}_pristine template $DB owner tryton"
  asu postgres "$(pgbin)/pg_ctl" -D "$PGDATA" -m fast -w stop >/dev/null
}

start() {
  configure; start_postgres
  asu tryton sh -c 'exec setsid /usr/bin/trytond -c "$1" -d "$2" >>"$3" 2>&1 & echo $!' sh "$CONF" "$DB" "$DIR/trytond.log" > "$PIDF"
  [ -z "${WATCH:-}" ] || setsid bash "$0" watch "$DIR" >/dev/null 2>&1 </dev/null &
}

# watch waits for the end of the process $WATCH, and ends what it started, unless that was ended already.
watch() {
  local pid; pid=$(cat "$PIDF")
  while kill -0 "$WATCH" 2>/dev/null; do
    [ "$(cat "$PIDF" 2>/dev/null)" = "$pid" ] || exit 0
    sleep 1
  done
  [ "$(cat "$PIDF" 2>/dev/null)" = "$pid" ] || exit 0
  stop TERM fast
  [ -z "${REMOVE:-}" ] || rm -rf -- "$DIR"
}

stop() {
  local signal=$1 mode=$2 pid
  if [ -s "$PIDF" ]; then
    pid=$(cat "$PIDF"); kill "-$signal" "$pid" 2>/dev/null || true
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep .1; done
    kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$PIDF"
  [ ! -s "$PGDATA/postmaster.pid" ] || asu postgres "$(pgbin)/pg_ctl" -D "$PGDATA" -m "$mode" -w stop >/dev/null || true
}

case $COMMAND in
  build) build;;
  start) start;;
  watch) watch;;
  years) bootstrap;;
  stop) stop TERM fast;;
  kill) stop KILL immediate;;
  *) sed -n 2,8p "$0" >&2; exit 2;;
esac
