exec node "$LAUNCHER_HOME/supervise.js"
