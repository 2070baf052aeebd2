import { envelopeSuite } from '../backup/envelope/suite.ts';

envelopeSuite('workerd', { runs: 25 });
