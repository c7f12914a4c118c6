'use strict';

// Other loggers' levels as ours.

const NAMES = {
  silly: 'debug',
  trace: 'debug',
  verbose: 'debug',
  debug: 'debug',
  http: 'info',
  notice: 'info',
  info: 'info',
  warning: 'warn',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
  crit: 'error',
  critical: 'error',
  alert: 'error',
  emerg: 'error',
  emergency: 'error',
  panic: 'error',
};

/** pino's numbers (10 trace … 60 fatal) and the names of winston, npm, syslog and others; undefined of anything else. */
function knownLevel(level) {
  if (typeof level === 'number' && level >= 0) return level >= 50 ? 'error' : level >= 40 ? 'warn' : level >= 30 ? 'info' : 'debug';
  const name = typeof level === 'string' ? level.toLowerCase() : '';
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}

module.exports = { knownLevel };
