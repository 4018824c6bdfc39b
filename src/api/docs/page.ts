/**
 * `/docs`: Swagger UI over `/openapi.json`. The page is this text; its scripts and styles are static
 * assets, so that they cost the Worker nothing: scripts/reference-page.ts copies Swagger UI from
 * node_modules to src/assets/docs, where the few lines that start it lie already. The policy lets
 * nothing in that this endpoint does not serve itself.
 */

/** What a browser may load and ask for on behalf of the page. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // Swagger UI draws its arrows and ticks with images in its style sheet.
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>t2l-edge: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<script src="/docs/swagger-ui-bundle.js" defer></script>
<script src="/docs/reference.js" defer></script>
</head>
<body>
<div id="reference"></div>
<noscript>This page needs JavaScript; <a href="/openapi.json">/openapi.json</a> does not.</noscript>
</body>
</html>
`;
