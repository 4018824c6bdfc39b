#!/usr/bin/env node
/** The `t2l` command. */
import { setFlagsFromString } from 'node:v8';
import { run } from './program.ts';
import { WASM_TIERING } from './wasm-tiering.ts';

setFlagsFromString(WASM_TIERING);

// Somebody who read enough, such as `head`, closed the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
await run(process.argv.slice(2));
