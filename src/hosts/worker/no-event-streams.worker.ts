/**
 * The Worker's event streams of the S3 client: only S3 Select answers by one, and nobody here asks
 * it for anything. The real ones are 15 KB of the bundle.
 */
export function resolveEventStreamSerdeConfig<Config>(config: Config): Config {
  return config;
}

export function eventStreamSerdeProvider(): never {
  throw new Error('this bundle has no event streams');
}
