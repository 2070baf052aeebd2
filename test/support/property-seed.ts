/**
 * Property tests that name no seed of their own take this one: the same cases in every run, so that
 * a red run is red again. To look further: `PROPERTY_SEED=$RANDOM npx vitest run --project node`.
 */
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env['PROPERTY_SEED'] ?? 20_261_122) });
