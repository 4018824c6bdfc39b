/** What an endpoint on this machine is told by variables of the process that starts it. */

/** Variables of this process that the Worker gets, by their names there. */
const BINDINGS = {
  ADMIN_TOKEN: 'T2L_ADMIN_TOKEN',
  TRUSTED_KEYS: 'TRUSTED_KEYS',
  ENCODER_URL: 'ENCODER_URL',
  ENCODER_DIALECT: 'ENCODER_DIALECT',
  ENCODER_TOKEN: 'ENCODER_TOKEN',
  HUB_UPSTREAM: 'HUB_UPSTREAM',
  MODERATION: 'MODERATION',
  MODERATION_URL: 'MODERATION_URL',
  MODERATION_DIALECT: 'MODERATION_DIALECT',
  MODERATION_TOKEN: 'MODERATION_TOKEN',
  MODERATION_MODEL: 'MODERATION_MODEL',
  UNFIT: 'T2L_UNFIT',
  ACCESS: 'T2L_ACCESS',
  LISTS: 'T2L_LISTS',
  LIMITS: 'T2L_LIMITS',
  DAILY_ADDRESS: 'T2L_DAILY_ADDRESS',
  DAILY_ANONYMOUS: 'T2L_DAILY_ANONYMOUS',
  DAILY_TOKEN: 'T2L_DAILY_TOKEN',
} as const;

type Bindings = Partial<Record<keyof typeof BINDINGS, string>>;

/** What holds where only this machine reaches the endpoint, unless the variables say otherwise. */
export const ALONE: Bindings = { LISTS: 'public', LIMITS: 'off' };

/** The bindings that are set; an empty variable is none. */
export function bindingsIn(env: NodeJS.ProcessEnv): Bindings {
  return Object.fromEntries(
    Object.entries(BINDINGS).flatMap(([name, variable]) => {
      const value = env[variable];
      return value ? [[name, value]] : [];
    }),
  );
}
