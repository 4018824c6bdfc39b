/** The options of commands: their names, what they take, and their types. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Scope } from '../contract/scopes.ts';
import type { Output } from './output.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly endpoint?: string;
  readonly data?: string;
  readonly hypernets?: string;
  readonly json?: boolean;
}

/** What a command gets besides its arguments. */
export interface Context {
  readonly options: GlobalOptions;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Options that choose how an adapter is made. */
export interface MakingOptions {
  readonly hypernet?: string;
  readonly dtype?: string;
  readonly precision?: string;
  readonly strength?: number;
}

/** Options that choose what an adapter is made from, and how. */
export interface RecipeOptions extends MakingOptions {
  readonly embedding?: string;
}

/** What is wanted of an adapter besides, which is no part of what it is. */
export interface WantedOptions {
  readonly unlisted?: boolean;
  readonly refuseUnfit?: boolean;
}

/** What a token is to be for. */
export interface TokenOptions {
  readonly scope: readonly Scope[];
  readonly days?: number;
  readonly daily?: number;
}

/** The layouts a folder can have. */
export const LAYOUTS = ['peft', 'workers-ai', 'mlx', 'gguf'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Adds the options that choose what an adapter is made from, and how. */
export function recipeOptions(command: Command): Command {
  return makingOptions(
    command.option(
      '--embedding <file>',
      'from a vector in this file (JSON or .npy) instead of a text',
    ),
  ).addHelpText('after', '\nA description of - is read from stdin.');
}

/** Adds the options that choose how an adapter is made. */
export function makingOptions(command: Command): Command {
  return command
    .option('--hypernet <name>', 'name, name@version or digest')
    .option('--dtype <dtype>', 'float16 (default), bfloat16 or float32')
    .option('--precision <precision>', 'of the computation: float32 or int8')
    .option('--strength <number>', 'factor on the update, in steps of 0.05 (default: 1)', decimal);
}

/** `--layout` */
export function layoutOption(): Option {
  return new Option('--layout <layout>', 'of the files').choices(LAYOUTS).default('peft');
}

/** The number that an option's text is. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new InvalidArgumentError('It must be a whole number.');
  }
  return Number(text);
}

/** The number of things, at least one, that an option's text is. */
export function count(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) {
    throw new InvalidArgumentError('It must be 1 or more.');
  }
  return value;
}

/** The number, whole or not, that an option's text is. */
export function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new InvalidArgumentError('It must be a number.');
  }
  return value;
}
