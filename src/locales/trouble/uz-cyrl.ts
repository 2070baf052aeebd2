import type { TroubleCode } from './say.ts';

export const uzCyrl: Readonly<Record<TroubleCode, string>> = {
  'no-chat': 'Telegram бу чатни топмади',
  'not-there': 'бот у ерда йўқ',
  'no-members': 'бот обуначиларни кўра олмайди, уни админ қилинг',
  'no-rights': 'ботнинг ҳуқуқи етмайди',
  blocked: 'фойдаланувчи ботни блоклаган',
  'no-user': 'Telegram бу фойдаланувчини топмади',
  flood: 'Telegram бироз кутишни сўради',
  'wrong-kind': 'файлнинг тури бошқа',
  'wrong-file': 'файл бошқа ботники ёки ўчирилган',
  moved: 'гуруҳнинг ID рақами ўзгарган',
  'no-copy': 'хабар ўчирилган ёки нусха олиш тақиқланган',
  trashed: 'аниме саватда',
  'topic-closed': 'гуруҳдаги мавзу ёпилган',
  'wrong-token': 'бот токени нотўғри',
  'token-shared': 'бот токенидан бошқа дастур ҳам фойдаланяпти',
  'webhook-removed': 'бошқа дастур webhookни олиб ташлаган, у қайта ўрнатилди',
  'webhook-none': 'webhook ўрнатилмаган',
  'webhook-answer': 'сервер хато жавоб берди',
  'webhook-closed': 'Telegram серверга улана олмади',
  'no-answer': 'Telegram жавоб бермади',
};
