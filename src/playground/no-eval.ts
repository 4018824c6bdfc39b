/**
 * Tells zod not to write code of its own: the page's policy would refuse that, and the browser's developer
 * tools report the attempt. To be imported before whatever makes a schema.
 */
import { config } from 'zod';

config({ jitless: true });
