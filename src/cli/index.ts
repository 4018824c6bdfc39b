#!/usr/bin/env node
/** The `t2l` command. */
import { run } from './program.ts';

// Somebody who read enough, such as `head`, closed the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
await run(process.argv.slice(2));
