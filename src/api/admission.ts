/**
 * How many adapters one address may have made in a while. Making one takes seconds of CPU and anyone may
 * ask, so an operator can bind a rate limit of the platform; what is known already is never counted.
 */
import { T2lError } from '../contract/errors.ts';

/** The shorter of the two periods that the binding can count over. */
const RETRY_AFTER_SECONDS = 10;

/**
 * Lets a request make an adapter.
 *
 * @param limiter what counts; without one everything is let through
 * @param address whose requests are counted together; an unknown one shares one count
 * @throws T2lError `rate_limited`
 */
export async function admitGeneration(limiter: RateLimit | undefined, address = ''): Promise<void> {
  if (limiter !== undefined && !(await limiter.limit({ key: address })).success) {
    throw new T2lError(
      'rate_limited',
      `Too many adapters were made for this address; retry in ${RETRY_AFTER_SECONDS} seconds.`,
      { extra: { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } } },
    );
  }
}
