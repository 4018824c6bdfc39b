/** `/api/whoami-v2`: nobody. Adapters are public, so every token is as good as none. */
import { T2lError } from '../../contract/errors.ts';
import { type App, addRoute } from '../route.ts';
import { hubHandler, hubProblems } from './errors.ts';

/** Adds the route. */
export function registerWhoamiRoute(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/api/whoami-v2',
      summary: 'Hub protocol: whose token it is; always refused',
      responses: hubProblems(['users_unknown']),
    },
    hubHandler(() => {
      throw new T2lError(
        'users_unknown',
        'This endpoint has no users; public adapters are read with any token or none.',
        {
          extra: {
            headers: {
              'www-authenticate': 'Bearer realm="t2l-edge"',
              // The sentence by which clients tell a bad token from a private repository.
              'x-error-message': 'Invalid credentials in Authorization header',
            },
          },
        },
      );
    }),
  );
}
