/**
 * What the tests inside workerd have for a Worker. They import the modules they test; the test pool
 * would send the real Worker with ONNX Runtime module by module, which takes 20 s.
 */
export default {
  fetch(): Response {
    return new Response('not the Worker under test', { status: 501 });
  },
};
