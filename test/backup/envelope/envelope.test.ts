import { envelopeSuite } from './suite.ts';

envelopeSuite('Node', { runs: 80 });
