/**
 * The commands of the pages that the test does not run as they stand, each with its reason and with what
 * is run in its place, if anything is. Everything else in the pages is run. An entry that no page has any
 * more fails the test.
 */

/** A command that is not run, or not so. */
export interface StandIn {
  /** What of the command, with all its lines, is enough to know it by. */
  readonly command: RegExp;
  readonly reason: string;
  /** Shell code in its place; `$WELCOME` is a file with what `npm start` printed. */
  readonly instead?: string;
}

/** All of them, by reason. */
export const STAND_INS: readonly StandIn[] = [
  // The test's own ground.
  {
    command: /^git clone https:\/\/github\.com\/SakanaAI|^training\/\.venv\/bin\/hf auth login/,
    reason: 'the network, and an account; training/tests/tasks reads the same files',
  },
  {
    command: /^git clone /,
    reason: "the address is the reader's; the test has laid this checkout there",
    instead: 'cd t2l-edge',
  },
  {
    command: /npm ci && npm start$/,
    reason:
      'npm ci needs the network and is how CI begins (.ci/run); npm start runs beside the test',
    instead: 'cat "$WELCOME"',
  },
  {
    command: /^T2L_ADMIN_TOKEN=\S+ npm start$/,
    reason: 'npm start runs beside the test already, with this token',
  },
  { command: /^npm test$/, reason: 'it runs this test' },
  {
    command: /^npm (run check|run test:training|pack)|^npx vitest /,
    reason: 'a part of npm test, or what a part of it does (test/package)',
  },
  {
    command: /^npm install \S*t2l-edge-/,
    reason: 'an empty folder is needed: test/package/tarball.test.ts has one',
  },
  // The network, or an account.
  {
    command: /^npx wrangler (d1|r2|secret|deploy)|--remote$/,
    reason: 'a Cloudflare account; test/scripts/release.test.ts releases to a local endpoint',
  },
  { command: /t2l publish workers-ai/, reason: 'a Cloudflare account; test/publish has a server' },
  {
    command: /^docker |\/hf download |m t2l target Qwen/,
    reason: 'the network; test/imported and training/tests do the same on local files',
  },
  {
    command: /^npm start -- --encoder-url/,
    reason: 'an embedding service; test/scripts/start.test.ts reads its options',
  },
  {
    command: /trained_t2l|bundles\/t2l-(llama|mini-minilm)|t2l-llama-3\.1-8b/,
    reason: 'a checkpoint of 230 million weights and its encoder; test/imported has small ones',
  },
  {
    command: /^npm run base-model -- smollm2/,
    reason: 'the network; test/scripts/base-model.test.ts has a tiny model',
  },
  { command: /^export T2L_FROM_TOKEN/, reason: 'an account at Workers AI' },
  // Hours, or the machine for itself.
  {
    command: /^training\/run\.sh|^PROCESSES=/,
    reason: 'hours; every stage runs at toy size in training/tests/commands/test_pipeline.py',
  },
  {
    command: /^npm run (bench|demo|screenshots|test:serving|test:imported)/,
    reason: 'minutes; tests of the same name run them on less',
  },
  {
    command: /setup-harness\.sh|m t2l harness/,
    reason: 'minutes; training/tests/harness runs it on less (npm run test:harness)',
  },
  {
    command: /m t2l rows /,
    reason: 'the network; training/tests/tasks/test_hub_rows.py has data sets in folders',
  },
  { command: /m t2l bench/, reason: 'minutes; training/tests/commands/bench runs it on less' },
  {
    command: /^npm run release -- /,
    reason:
      "it wants npm start's state for itself; test/scripts/release.test.ts releases and rolls back",
  },
  {
    command: /^git show ae57009|runs\/base-1\.0\.0/,
    reason: 'a shallow checkout lacks that commit',
  },
];

/** The entry for a command. */
export function standInOf(command: string): StandIn | undefined {
  return STAND_INS.find((one) => one.command.test(command.trim()));
}
