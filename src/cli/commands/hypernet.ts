/** `t2l hypernet`: the hypernetworks that make adapters here or at the endpoint. */

import { T2lError } from '../../contract/errors.ts';
import type { HypernetDocument } from '../../sdk/index.ts';
import { kindText } from '../kind.ts';
import type { Context } from '../options.ts';
import { columns, pairs, size } from '../output.ts';
import { openService } from '../service.ts';

/** Lists names, the version that answers, what each is for, and why that version answers. */
export async function listHypernets(context: Context): Promise<void> {
  const service = await openService(context.options);
  const all = await service.hypernets({ signal: context.signal });
  context.output.result(all, () =>
    columns(
      all.hypernets.map(({ name, active, canary, versions, activations }) => {
        const answers = versions.find(({ digest }) => digest === active) ?? versions.at(-1);
        const other = versions.find(({ digest }) => digest === canary?.digest);
        const tried = canary === null ? '' : ` (${canary.percent} % ${other?.version})`;
        return [
          name === all.default ? `${name} (default)` : name,
          answers === undefined || active === null ? 'inactive' : answers.version + tried,
          answers?.base_model.id ?? '',
          answers === undefined ? '' : `encoder ${answers.encoder.model}`,
          activations.find(({ percent }) => percent === 100)?.reason ?? '',
        ];
      }),
    ),
  );
}

/** Prints one with its versions, or with the one that `name@version` says. */
export async function showHypernet(reference: string, context: Context): Promise<void> {
  const service = await openService(context.options);
  const [name = '', version] = reference.split('@');
  const all = await service.hypernet(name, { signal: context.signal });
  const found = {
    ...all,
    versions: all.versions.filter((one) => [one.version, undefined].includes(version)),
  };
  if (found.versions.length === 0) {
    const there = all.versions.map((one) => one.version).join(', ');
    throw new T2lError('hypernet_unknown', `${name} has no version ${version}, but ${there}.`);
  }
  context.output.result(found, () => [
    ...found.versions.flatMap((version, at) => [
      ...(at === 0 ? [] : ['']),
      ...pairs([
        ['name', `${found.name} ${version.version}${roleOf(version.digest, all)}`],
        ['digest', version.digest],
        ...(version.yanked === null ? [] : [['yanked', version.yanked.reason] as const]),
        ['base model', `${version.base_model.id}, ${version.base_model.architecture}`],
        [
          'adapters',
          `${kindText(version)}, ${version.target_modules.join(', ')}, ${version.layers} layers`,
        ],
        [
          'encoder',
          `${version.encoder.model}, ${version.encoder.dim} numbers, ${version.encoder.kind}`,
        ],
        [
          'precisions',
          version.precisions
            .map((one) => (one === version.precision ? `${one} (default)` : one))
            .join(', '),
        ],
        ...Object.entries(version.needs.precisions).flatMap(([precision, needs]) =>
          needs === undefined
            ? []
            : [['memory', `${size(needs.memory_bytes)} in ${precision}`] as const],
        ),
        ...(version.fit?.sizes === undefined ? [] : [['sizes', version.fit.sizes] as const]),
      ]),
    ]),
    ...history(all),
  ]);
}

/** ", active" of the version that answers, the percentage of a canary, nothing of any other. */
function roleOf(digest: string, { active, canary }: HypernetDocument): string {
  if (digest === active) {
    return ', active';
  }
  return digest === canary?.digest ? `, canary for ${canary.percent} %` : '';
}

/** What answered when, newest first; nothing where nobody ever chose. */
function history({ activations, versions }: HypernetDocument): string[] {
  const nameOf = (digest: string | null): string =>
    versions.find((one) => one.digest === digest)?.version ?? digest?.slice(0, 12) ?? 'none';
  const lines = activations.map(({ at, from, to, percent, reason }) => [
    at.slice(0, 16).replace('T', ' '),
    percent === 100 ? `${nameOf(from)} -> ${nameOf(to)}` : `${nameOf(to)} for ${percent} %`,
    reason ?? '',
  ]);
  return lines.length === 0 ? [] : ['', 'activated (UTC)', ...columns(lines)];
}
