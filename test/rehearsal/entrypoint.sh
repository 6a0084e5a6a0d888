# The steps of the image's own entrypoint, without the nginx beside NocoBase, which no load balancer asks.
set -e
cd "$LAUNCHER_APP_DIR"
yarn nocobase postinstall
yarn nocobase db:auth
yarn nocobase generate-instance-id
yarn nocobase create-nginx-conf
for f in storage/scripts/*.sh; do
  [ -e "$f" ] || continue
  sh "$f"
done
yarn start --quickstart
exec node
