/** Showing an address in the reader's browser, where there is one; where there is none nothing happens. */
import { spawn } from 'node:child_process';

/**
 * Asks the platform to show an address. It is handed on, not waited for.
 *
 * @param url of http or https
 */
export async function openInBrowser(url: string): Promise<void> {
  const [program, ...args] = opener(process.platform, process.env);
  if (program === undefined) {
    return;
  }
  await new Promise<void>((resolve) => {
    const child = spawn(program, [...args, url], { detached: true, stdio: 'ignore' });
    child.once('error', () => resolve());
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}

/** The command that shows an address; none where there is no screen to show it on. */
export function opener(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): readonly string[] {
  if (platform === 'darwin') {
    return ['open'];
  }
  if (platform === 'win32') {
    // "start" is a word of the shell; its first quoted argument would be a title.
    return ['cmd', '/c', 'start', '""'];
  }
  const screen = env.DISPLAY || env.WAYLAND_DISPLAY || env.BROWSER;
  return screen ? ['xdg-open'] : [];
}
