/** Turns src/store/schema.ts into the SQL of migrations/ (`npm run db:generate`). */
import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  driver: 'd1-http',
  schema: './src/store/schema.ts',
  out: './migrations',
});
