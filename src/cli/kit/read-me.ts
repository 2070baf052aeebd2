/** What a kit says of itself, in Uzbek and English; test/cli/kit.test.ts walks its steps. */
import type { Manifest } from '../../backup/catalog/manifest.ts';

/** The directory that a kit unpacks to. */
export const KIT = 'kit';

/** @param asOf the moment whose data it has, for people */
export function readMe({ name, objects }: Manifest, asOf: string): string {
  const { encoding, recipients } = objects.database;
  const isSealed = encoding.includes('age');
  const isPassphrase = recipients.includes('passphrase');
  const key = !isSealed ? [] : [isPassphrase ? 'BACKUP_PASSPHRASE=' : 'BACKUP_AGE_IDENTITY=key.txt'];
  const lines = [`BACKUP_DIR=${KIT}`, ...key].map((line) => `    ${line}`).join('\n');
  const steps = `    npm ci
    npm run backup -- verify latest
    npm run backup -- restore latest`;
  const first = `    npm run backup -- full
    npm start`;
  const facts = { name, asOf, isSealed, isPassphrase, lines, steps, first };
  return `${UZ(facts)}\n${'-'.repeat(72)}\n\n${EN(facts)}`;
}

type Page = (facts: {
  readonly name: string;
  readonly asOf: string;
  readonly isSealed: boolean;
  readonly isPassphrase: boolean;
  readonly lines: string;
  readonly steps: string;
  readonly first: string;
}) => string;

const UZ: Page = ({
  name,
  asOf,
  isSealed,
  isPassphrase,
  lines,
  steps,
  first,
}) => `BOTNI YANGI KOMPYUTERDA TIKLASH

Bu papkada ${name} nomli zaxira nusxa bor: butun baza (.db.gz), o‘sha ma’lumotlar o‘qiladigan
ko‘rinishda (.json.gz) va ularni tekshirish uchun fayl (.manifest.json). settings.txt faylida
sozlamalar nomlari bor, qiymatlari yo‘q. Parol, token va kalitlar bu yerda yo‘q: ularni alohida
saqlang. Undagi ma’lumotlar shu vaqtdagi holatda: ${asOf}.
Undan keyin yozilgani bu yerda yo‘q.
${
  isSealed
    ? `Nusxa shifrlangan: ${isPassphrase ? 'parol' : 'maxfiy kalit (AGE-SECRET-KEY-…)'} bo‘lmasa, uni hech kim ocha olmaydi.\n`
    : 'Nusxa shifrlanmagan: uni begonalarga bermang.\n'
}
1. Node.js ni o‘rnating (20 yoki yangirog‘i). Bot dasturining papkasini shu kompyuterga oling va
   unga kiring. Bu papkani (${KIT}) o‘sha yerga qo‘ying.
2. Dastur papkasida .env degan fayl yarating va unga yozing${isSealed ? (isPassphrase ? ' (parolni = dan keyin)' : ' (maxfiy kalit key.txt faylida tursin)') : ''}:

${lines}

3. Buyruqlarni birin-ketin bajaring. Ikkinchisi nusxani tekshiradi, uchinchisi bazani tiklaydi:

${steps}

4. .env faylidagi yuqoridagi qatorlarni o‘chirib, o‘rniga o‘z sozlamalaringizni yozing: BOT_TOKEN,
   ADMIN_IDS va settings.txt dagi boshqa kerakli nomlar. Yangi omborda hali nusxa yo‘q, birinchisini
   oling va botni ishga tushiring:

${first}
`;

const EN: Page = ({
  name,
  asOf,
  isSealed,
  isPassphrase,
  lines,
  steps,
  first,
}) => `STARTING FROM THIS KIT ON A NEW MACHINE

This directory holds backup ${name}: the whole database (.db.gz), the same data as a readable
document (.json.gz), and the file that proves both (.manifest.json). settings.txt has the names of
the settings and none of their values. No password, token or key is in here: keep them elsewhere.
Its data is as of ${asOf}; nothing later is in it.
${
  isSealed
    ? `The backup is encrypted: without ${isPassphrase ? 'its passphrase' : 'the secret key (AGE-SECRET-KEY-…)'} nobody can open it.\n`
    : 'The backup is not encrypted: do not give it to strangers.\n'
}
1. Install Node.js (20 or newer). Get the directory of the bot's program onto this machine and go
   into it. Put this directory (${KIT}) there.
2. Make a file .env in the program's directory with these lines${isSealed ? (isPassphrase ? ' (the passphrase behind the =)' : ' (the secret key is in the file key.txt)') : ''}:

${lines}

3. Give the commands one after another. The second checks the backup, the third restores it:

${steps}

4. Delete these lines from .env and write your own settings there: BOT_TOKEN, ADMIN_IDS, and what
   you need of the other names in settings.txt. The new bucket has no backup yet: make the first
   one, and start the bot:

${first}
`;
