// Starts Swagger UI, which swagger-ui-bundle.js defines. No validator badge: it lies elsewhere.
window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  validatorUrl: null,
  queryConfigEnabled: false,
});
