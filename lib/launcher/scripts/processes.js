const fs = require('node:fs');
const path = require('node:path');

/** All processes of this machine (in a container: of this container), from /proc. */
function processes() {
  const list = [];
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // pid (command) state ppid pgrp …; the command may contain anything.
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      list.push({ pid: Number(name), state, parent: Number(parent), group: Number(group) });
    } catch {
      // Ended meanwhile.
    }
  }
  return list;
}

function isPm2(pid) {
  try {
    const [first, script = ''] = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    // Later it calls itself `PM2 v6.0.8: God Daemon (/root/.pm2)`. The shells above it name it in their arguments only.
    return path.basename(script) === 'pm2-runtime' || /^PM2 v.*God Daemon/.test(first);
  } catch {
    return false;
  }
}

/** The process id of pm2-runtime below `root`. */
function findPm2(root) {
  const all = processes();
  const below = [root];
  for (const parent of below) {
    const found = isPm2(parent) && parent;
    if (found) return found;
    for (const { pid } of all.filter((candidate) => candidate.parent === parent)) below.push(pid);
  }
  return undefined;
}

/** Zombies do not count: without an init process nobody reaps them. */
function groupLives(group) {
  return processes().some((candidate) => candidate.group === group && candidate.state !== 'Z');
}

module.exports = { findPm2, groupLives };
