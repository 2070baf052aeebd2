import type { TroubleCode } from './say.ts';

export const ru: Readonly<Record<TroubleCode, string>> = {
  'no-chat': 'Telegram не нашёл этот чат',
  'not-there': 'бота там нет',
  'no-members': 'бот не видит подписчиков, сделайте его администратором',
  'no-rights': 'боту не хватает прав',
  blocked: 'пользователь заблокировал бота',
  'no-user': 'Telegram не нашёл этого пользователя',
  flood: 'Telegram попросил подождать',
  'wrong-kind': 'файл другого вида',
  'wrong-file': 'файл от другого бота или удалён',
  moved: 'у группы сменился ID',
  'no-copy': 'сообщение удалено или его нельзя копировать',
  trashed: 'аниме в корзине',
  'topic-closed': 'тема в группе закрыта',
  'wrong-token': 'токен бота неверен',
  'token-shared': 'токен бота использует ещё одна программа',
  'webhook-removed': 'другая программа убрала webhook, он установлен снова',
  'webhook-none': 'webhook не установлен',
  'webhook-answer': 'сервер ответил ошибкой',
  'webhook-closed': 'Telegram не смог соединиться с сервером',
  'no-answer': 'Telegram не ответил',
};
