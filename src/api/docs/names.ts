/**
 * The invented names of the examples. They belong to no bundle, so that no example goes stale when
 * one is trained anew.
 */

/** Digest of the manifest of the examples' hypernetwork. */
export const DIGEST = '6f1c0a9e5b7d42381d94e0f7a2c86b35e917fd04c8ab2361705e4f9d8c3ba216';
/** Id of the examples' adapter. */
export const ADAPTER_ID = 'b7e21f9a0c4d8365f08a1d3e9c2b7645a1f0e8d7c6b5a493827160f5e4d3c2b1';
/** sha256 of its files. */
export const WEIGHTS_SHA256 = '0d9f3c5a7e1b8264c3d5f7091a2b4c6e8d0f1325476980badcfe112233445566';
export const CONFIG_SHA256 = '91c7e35f0a2d4b689c8e7f6051423d2c1b0a9f8e7d6c5b4a3928170615243342';
