/** What writes backups, by name and version: recorded in every manifest. */
import manifest from '../../../package.json' with { type: 'json' };

/** Dependencies are pinned exactly in package.json, so it tells what runs. */
export function libraryVersions(): Record<string, string> {
  const { dependencies } = manifest;
  return {
    runtime: navigator.userAgent,
    '@libsql/client': dependencies['@libsql/client'],
    '@aws-sdk/client-s3': dependencies['@aws-sdk/client-s3'],
    'age-encryption': dependencies['age-encryption'],
  };
}
