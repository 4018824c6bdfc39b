/** What the page and its second worker say to each other: how well a description suits a hypernetwork. */
import type { Fit } from '../../sdk/index.ts';

/** A description as it stands in the box, and what it would be made with. */
export interface Draft {
  /** Of the hypernetwork. */
  readonly hypernet: string;
  readonly description: string;
  readonly strength: number;
}

/** What the worker offers. */
export interface FitWorker {
  /**
   * The fit of the adapter that the endpoint would make of it; the first one fetches the hypernetwork.
   * undefined: another one was asked for meanwhile, or there is no telling.
   */
  judge(draft: Draft): Promise<Fit | undefined>;
  /** Ends what is under way. */
  stop(): Promise<void>;
}
