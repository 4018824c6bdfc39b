/**
 * The examples at the end of each command's help, as a shell takes them. test/cli/examples.test.ts gives
 * every one of them to a shell and to the parser, and runs those that need nobody else. `ID` and
 * `ACCOUNT` are for the reader to fill in.
 */
import { ANOTHER_EXAMPLE, EXAMPLE } from '../contract/examples.ts';

/** Commands by their names, with the lines that show them. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  generate: [
    `t2l generate "${EXAMPLE}"`,
    `t2l generate "${ANOTHER_EXAMPLE}" --precision float32 --out sorted`,
    `t2l generate "${EXAMPLE}" --layout gguf --out for-llama.cpp`,
    `echo "${ANOTHER_EXAMPLE}" | t2l generate -`,
  ],
  run: [
    `t2l run "${EXAMPLE}" "cat sun map"`,
    `t2l run "${ANOTHER_EXAMPLE}"          # asks for inputs until Ctrl-D`,
    "printf 'cat sun map\\npen tea dog\\n' | t2l run ID --json",
  ],
  batch: [
    't2l batch requests.jsonl --out adapters.jsonl',
    `echo '{"description": "${EXAMPLE}", "strength": 1.25}' | t2l batch -`,
  ],
  get: ['t2l get ID --out adapter', 't2l get ID --layout mlx --out for-mlx'],
  list: ['t2l list', 't2l list --q reverse --limit 5', 't2l list --hypernet t2l-mini --json'],
  show: ['t2l show ID', 't2l show ID --json'],
  id: [`t2l id "${EXAMPLE}"`, `t2l id "${EXAMPLE}" --precision float32`],
  verify: ['t2l verify adapter', 't2l verify adapter ID'],
  rm: [
    't2l rm ID',
    'T2L_TOKEN=token t2l rm ID --endpoint https://t2l.example',
    'T2L_TOKEN=token t2l rm ID --refuse --endpoint https://t2l.example',
  ],
  open: ['t2l open --endpoint http://localhost:8787', 't2l open ID --endpoint https://t2l.example'],
  'publish workers-ai': ['CLOUDFLARE_API_TOKEN=token t2l publish workers-ai ID --account ACCOUNT'],
  serve: ['t2l serve', 'T2L_ADMIN_TOKEN=token t2l serve --port 9000 --data endpoint-data'],
  stats: ['T2L_TOKEN=token t2l stats --days 7 --endpoint https://t2l.example'],
  'token create': [
    't2l token create "the evaluation team" --days 90 --endpoint https://t2l.example',
    't2l token create "a mirror" --scope read --endpoint https://t2l.example',
  ],
  'token list': ['t2l token list --endpoint https://t2l.example'],
  'token revoke': ['t2l token revoke ID --endpoint https://t2l.example'],
  'keys new': ['t2l keys new release.pem'],
  'hypernet list': ['t2l hypernet list', 't2l hypernet list --hypernets bundles'],
  'hypernet show': ['t2l hypernet show t2l-mini', 't2l hypernet show t2l-mini --json'],
};

/** For whoever has just typed `t2l`. */
export const FIRST_EXAMPLES: readonly string[] = [
  `t2l run "${EXAMPLE}" "cat sun map"`,
  `t2l generate "${EXAMPLE}" --out adapter`,
  't2l generate --help',
];

/** The end of a command's help; nothing for a group of commands. */
export function examplesHelp(lines: readonly string[] = []): string {
  const title = lines.length === 1 ? 'Example' : 'Examples';
  return lines.length === 0 ? '' : `\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
