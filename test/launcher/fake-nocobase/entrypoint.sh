#!/bin/sh
# Plays the image's entrypoint: shells above pm2-runtime above the app, as in the real one.
set -e
echo "[fake] entrypoint skip=${SKIP_SAME_VERSION_UPGRADE:-no} processes=${CLUSTER_MODE:-1}"
[ ! -e "$FAKE_DIR/tell-environment" ] || node -e 'console.log(`[fake] environment ${JSON.stringify(process.env)}`)'
if [ -e "$FAKE_DIR/hold-entrypoint" ]; then
  echo '[fake] hold-entrypoint'
  node "$FAKE_HOME/hold.js"
fi
nginx
sh -c 'node "$FAKE_HOME/pm2-runtime" start "$FAKE_HOME/app.js"; exit $?'
