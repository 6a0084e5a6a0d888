#!/bin/sh
# Plays the image's entrypoint: shells above pm2-runtime above the app, as in the real one.
set -e
node "$FAKE_HOME/report.js"
[ ! -e "$FAKE_DIR/hold-entrypoint" ] || node "$FAKE_HOME/report.js" hold-entrypoint
sh -c 'node "$FAKE_HOME/${FAKE_MAIN:-pm2-runtime}" start "$FAKE_HOME/app.js"; exit $?'
