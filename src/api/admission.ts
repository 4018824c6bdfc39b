/**
 * How many adapters one client may have made in a while. Making one takes seconds of CPU and anyone may
 * ask, so an operator can bind a rate limit of the platform; what is known already is never counted.
 *
 *   IPv4   the address
 *   IPv6   its network of 64 bits: that is the least a client gets (RFC 6177), and it may take any address
 *          of it
 */
import { T2lError } from '../contract/errors.ts';

/** The shorter of the two periods that the binding can count over. */
const RETRY_AFTER_SECONDS = 10;

/**
 * Lets a request make an adapter.
 *
 * @param limiter what counts; without one everything is let through
 * @param address of the client; unknown ones share one count
 * @throws T2lError `rate_limited`
 */
export async function admitGeneration(limiter: RateLimit | undefined, address = ''): Promise<void> {
  if (limiter !== undefined && !(await limiter.limit({ key: networkOf(address) })).success) {
    throw new T2lError(
      'rate_limited',
      `Too many adapters were made for this address; retry in ${RETRY_AFTER_SECONDS} seconds.`,
      { extra: { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } } },
    );
  }
}

const GROUPS = 8; // of an IPv6 address, of 16 bits each
const NETWORK_GROUPS = 4;
/** How an IPv6 address begins that stands for one of IPv4 (RFC 4291, 2.5.5.2). */
const MAPPED = '0:0:0:0:0:ffff';

/** What is counted together with an address. */
export function networkOf(address: string): string {
  const url = `http://[${address}]`;
  if (!address.includes(':') || !URL.canParse(url)) {
    return address;
  }
  // As URLs have it, an address has lower-case groups without leading zeros, and one "::" at most.
  const [head = '', tail = ''] = new URL(url).hostname.slice(1, -1).split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const zeros = new Array<string>(GROUPS - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after];
  return groups.join(':').startsWith(`${MAPPED}:`)
    ? groups.join(':')
    : `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
