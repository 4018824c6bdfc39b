/**
 * Which version of a name answers, in D1, and the history of it.
 *
 * An activation says what its caller saw in the channel's row. It is written only where the row still
 * says that, by one statement, so of two that saw the same one happens; the other looks again. The line of
 * the history is written under the same conditions in the same transaction: both are there, or neither.
 */
import { and, desc, eq, type SQL, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { Canary } from '../contract/canary.ts';
import {
  type ActivationRow,
  activations,
  type ChannelRow,
  channels,
  outcomes,
  yanks,
} from './schema.ts';

/** What was decided of a name, and on what state of it. */
interface ChannelDecision {
  readonly name: string;
  /** What answers now, whether or not anybody chose it; null if nothing does. */
  readonly from: string | null;
  /** What the channel's row named when it was looked at; null if there was none. */
  readonly seen: string | null;
  readonly reason: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A change of what answers to a name. */
export interface ChannelChange extends ChannelDecision {
  /** What is to answer. */
  readonly digest: string;
}

/** A change of what answers for a part of the descriptions. */
export interface CanaryChange extends ChannelDecision {
  /** What answers already. */
  readonly from: string;
  readonly canary: Canary;
}

export interface ChannelStore {
  channel(name: string): Promise<ChannelRow | undefined>;
  channels(): Promise<readonly ChannelRow[]>;
  /**
   * Makes a digest the active one of a name and remembers the one it replaces, unless the channel names
   * something else than was seen or the digest was yanked; says whether it did. A canary ends with what it
   * was compared with.
   */
  activate(change: ChannelChange): Promise<boolean>;
  /**
   * Lets a digest answer for a part of the descriptions, in place of any other that does; with 0 percent,
   * ends that. The conditions are those of an activation; says whether it did.
   */
  setCanary(change: CanaryChange): Promise<boolean>;
  /** The last changes of what answers to a name, newest first. */
  activations(name: string, limit: number): Promise<readonly ActivationRow[]>;
}

/** The channels of a D1 database. */
export function channelStore(database: D1Database): ChannelStore {
  const db = drizzle(database);

  /** Forgets what came of a canary, if the change of that moment was made: whatever runs now is another. */
  function countAnew(name: string, at: number) {
    const changed = sql`exists (select 1 from ${channels} where ${channels.name} = ${name} and ${channels.updatedAt} = ${at})`;
    return db.delete(outcomes).where(and(eq(outcomes.name, name), changed));
  }

  return {
    async channel(name) {
      return db.select().from(channels).where(eq(channels.name, name)).get();
    },
    async channels() {
      return db.select().from(channels);
    },
    async activate({ name, digest, from, seen, reason, at }) {
      const lawful = sql`${channelNames(name, seen)} and ${mayAnswer(digest)}`;
      // What answered by itself does not become its own predecessor.
      const previous = from === digest ? null : from;
      const [, written] = await db.batch([
        // Activating once more what was chosen is no change, so it has no line.
        db.insert(activations).select(
          sql`select null, ${name}, ${at}, ${from}, ${digest}, 100, ${reason}
            where ${digest} is not ${seen} and ${lawful}`,
        ),
        db
          .insert(channels)
          .select(sql`select ${name}, ${digest}, ${previous}, ${at}, null, null where ${lawful}`)
          .onConflictDoUpdate({
            target: channels.name,
            set: {
              // Nor may it forget what was active before.
              previousDigest: sql`case when ${channels.activeDigest} = ${digest} then ${channels.previousDigest} else ${previous} end`,
              activeDigest: digest,
              updatedAt: at,
              canaryDigest: null,
              canaryPercent: null,
            },
          }),
        countAnew(name, at),
      ]);
      return written.meta.changes > 0;
    },
    async setCanary({ name, canary, from, seen, reason, at }) {
      const { digest, percent } = canary;
      const may =
        percent === 0
          ? sql`exists (select 1 from ${channels} where ${channels.name} = ${name} and ${channels.canaryDigest} = ${digest})`
          : mayAnswer(digest);
      const lawful = sql`${channelNames(name, seen)} and ${may}`;
      // Starting once more what runs so already is no change, so it has no line.
      const runs = sql`exists (select 1 from ${channels} where ${channels.name} = ${name} and ${channels.canaryDigest} = ${digest} and ${channels.canaryPercent} = ${percent})`;
      const set = {
        canaryDigest: percent === 0 ? null : digest,
        canaryPercent: percent === 0 ? null : percent,
        updatedAt: at,
      };
      const [, written] = await db.batch([
        db
          .insert(activations)
          .select(
            sql`select null, ${name}, ${at}, ${from}, ${digest}, ${percent}, ${reason} where ${lawful} and not ${runs}`,
          ),
        // Where nobody chose, what answers by itself is chosen by this: the canary is compared with it.
        db
          .insert(channels)
          .select(
            sql`select ${name}, ${from}, null, ${at}, ${set.canaryDigest}, ${set.canaryPercent} where ${lawful}`,
          )
          .onConflictDoUpdate({ target: channels.name, set }),
        countAnew(name, at),
      ]);
      return written.meta.changes > 0;
    },
    async activations(name, limit) {
      return db
        .select()
        .from(activations)
        .where(eq(activations.name, name))
        .orderBy(desc(activations.id))
        .limit(limit);
    },
  };
}

/** Whether a digest was not yanked. */
function mayAnswer(digest: string): SQL {
  return sql`not exists (select 1 from ${yanks} where ${yanks.digest} = ${digest})`;
}

/** Whether the channel of a name still names a digest; null: there is no such row. */
export function channelNames(name: string, digest: string | null): SQL {
  return sql`(select ${channels.activeDigest} from ${channels} where ${channels.name} = ${name}) is ${digest}`;
}
