/** Where the graphs run, from what the page asks for and the browser has. */
import { T2lError } from '../contract/errors.ts';
import type { Device } from '../ort/device.ts';
import type { HypernetOptions } from './options.ts';

/** The part of WebGPU that is asked for here; ONNX Runtime asks for the rest. */
interface Gpu {
  requestAdapter(): Promise<unknown>;
}

/**
 * The device to use.
 *
 * `auto` is WASM, whatever the browser has. It gives the endpoint's bytes, and so the adapter an id; the
 * hypernetworks that fit into a page take it a fraction of a second; and whether a GPU is faster cannot be
 * told beforehand: the weights are used once an adapter, and a GPU may be a CPU in disguise.
 *
 * @throws T2lError `webgpu_unavailable` if WebGPU was asked for by name and is not there
 */
export async function chooseDevice(wanted: HypernetOptions['device'] = 'auto'): Promise<Device> {
  if (wanted === 'auto' || wanted === 'wasm') {
    return 'wasm';
  }
  if (wanted !== 'webgpu') {
    throw new T2lError('device_unknown', 'device must be one of auto, wasm, webgpu.');
  }
  const { gpu } = navigator as { gpu?: Gpu };
  // Either may fail in its own way: a browser without it, a driver that is blocked.
  if (!(await gpu?.requestAdapter().catch(() => null))) {
    throw new T2lError(
      'webgpu_unavailable',
      `This browser ${gpu === undefined ? 'has no WebGPU' : 'has WebGPU but no GPU for it'} on this ` +
        'page; device must be "wasm" or "auto" here.',
    );
  }
  return 'webgpu';
}
