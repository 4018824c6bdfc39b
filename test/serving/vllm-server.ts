/** vLLM's own server, as a process that knows no hub but the given one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port.ts';

const PYTHON = join(import.meta.dirname, '.venv-vllm/bin/python');

/** A running vLLM. */
export interface VllmServer {
  /** POSTs a JSON value; gives the status and the answer as text. */
  post(path: string, value: unknown): Promise<{ status: number; text: string }>;
  close(): Promise<void>;
}

/**
 * Starts vLLM with a base model from a folder, in float32, open for adapters at run time.
 * @param hub what it takes for the Hugging Face Hub
 * @param home a folder for its cache
 * @throws if it ends before it answers
 */
export async function startVllm(base: string, hub: string, home: string): Promise<VllmServer> {
  const port = await freePort();
  const args = [
    ...['--model', base, '--served-model-name', 'base', '--dtype', 'float32'],
    ...['--enable-lora', '--max-lora-rank', '8', '--max-model-len', '256', '--enforce-eager'],
    ...['--max-num-seqs', '4', '--max-logprobs', '-1', '--port', `${port}`],
  ];
  const child = spawn(PYTHON, ['-m', 'vllm.entrypoints.openai.api_server', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: home,
      HF_HOME: home,
      HF_ENDPOINT: hub,
      VLLM_ALLOW_RUNTIME_LORA_UPDATING: 'True',
      VLLM_CPU_KVCACHE_SPACE: '1',
      VLLM_CPU_OMP_THREADS_BIND: 'nobind',
      VLLM_NO_USAGE_STATS: '1',
      OMP_NUM_THREADS: '1',
    },
  });
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => log.push(text));
  }
  const ended = once(child, 'close');
  const origin = `http://127.0.0.1:${port}`;
  while (!(await answers(`${origin}/health`))) {
    if (child.exitCode !== null) {
      throw new Error(`vLLM ended with ${child.exitCode}:\n${log.join('')}`);
    }
    await sleep(500);
  }
  return {
    async post(path, value) {
      const response = await fetch(`${origin}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(value),
      });
      return { status: response.status, text: await response.text() };
    },
    async close() {
      child.kill('SIGINT');
      await ended;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
