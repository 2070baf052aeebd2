/** Replaces the S3 client's whole package.json, of which it uses the version in its User-Agent. */
export default { version: 'worker' };
