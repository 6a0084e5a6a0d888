# NocoBase and its licence kit take the database's CA as the path of a file only.
if [ -n "${LAUNCHER_DATABASE_CA:-}" ] && [ -n "${DB_DIALECT_OPTIONS_SSL_CA:-}" ]; then
  mkdir -p "$(dirname "$DB_DIALECT_OPTIONS_SSL_CA")"
  printf '%s\n' "$LAUNCHER_DATABASE_CA" >"$DB_DIALECT_OPTIONS_SSL_CA"
fi
unset LAUNCHER_DATABASE_CA
exec node "$LAUNCHER_HOME/supervise.js"
