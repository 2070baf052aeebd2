/** Texts about groups, channels and the mandatory subscription. */
import { type Html, html } from '../../../text/html.ts';

interface GroupFacts {
  readonly name: string;
  readonly chatId: number;
  readonly link: string | null;
  readonly isChannel: boolean;
  readonly anime: number;
  readonly problem: Html | null;
}

interface ChannelFacts {
  readonly name: string;
  readonly chat: string;
  readonly link: string | null;
  readonly kind: 'public' | 'private' | 'request';
  readonly problem: Html | null;
}

export const uz = {
  // Buttons.
  addGroup: () => '➕ Guruh yoki kanal qo‘shish',
  addChannel: () => '➕ Majburiy obunaga qo‘shish',
  up: () => '⬆️ Yuqoriga',
  check: () => '🔄 Tekshirib yangilash',
  rename: () => '✏️ Nomi',
  delete: () => '🗑 O‘chirish',
  yesDelete: () => '🗑 Ha, o‘chirilsin',
  byRequest: () => '🙋 So‘rov bilan qo‘shilish',
  toPosting: () => '📣 Joylash ro‘yxatiga',
  toGate: () => '🔒 Majburiy obunaga',
  // Groups.
  groups: (): Html =>
    html`📣 <b>Guruh va kanallar</b>\nAnimelar shu yerlarga joylanadi. O‘zgartirish uchun tanlang.`,
  noGroups: (): Html =>
    html`📣 Hali guruh yoki kanal qo‘shilmagan.\nQo‘shing — animelarni bir bosishda joylaysiz.`,
  group: (facts: GroupFacts): Html =>
    html`${facts.isChannel ? '📢' : '👥'} <b>${facts.name}</b>\n\n🆔 <code>${facts.chatId}</code>\n🔗 ${facts.link ?? '—'}\n🎬 Joylanadigan animelar: ${facts.anime}${facts.problem === null ? '' : html`\n\n⚠️ Oxirgi joylash xatosi: ${facts.problem}`}`,
  askGroup: (): Html =>
    html`➕ Animelar joylanadigan <b>guruh yoki kanal</b>:\n\n1. Botni o‘sha yerga qo‘shing (kanalga — admin qilib).\n2. Bu yerga kanaldan istalgan postni uzating yoki shulardan birini yuboring: <code>@nomi</code>, <code>t.me/nomi</code> havolasi, ID raqami.\n\nBotni qo‘shsangiz, u buni o‘zi ham taklif qiladi.`,
  askChannel: (): Html =>
    html`🔒 <b>Majburiy obuna</b> uchun kanal yoki guruh:\n\n1. Botni o‘sha yerda <b>admin</b> qiling (aks holda kim obuna ekanini ko‘ra olmaydi).\n2. Bu yerga kanaldan istalgan postni uzating yoki shulardan birini yuboring: <code>@nomi</code>, <code>t.me/nomi</code> havolasi, ID raqami.`,
  notNamed: (): Html =>
    html`Bu xabardan guruh yoki kanalni topib bo‘lmadi. Kanaldan bitta postni uzating yoki <code>@nomi</code>, havola, ID yuboring.`,
  refused: {
    'not-found': (name: string): Html =>
      html`❌ Telegram «${name}» chatini topmadi. Nomini tekshiring; yopiq kanal bo‘lsa, avval botni qo‘shing, keyin kanaldan bitta postni uzating.`,
    'not-a-chat': (name: string): Html => html`❌ «${name}» — foydalanuvchi. Guruh yoki kanal yuboring.`,
    'not-there': (name: string): Html =>
      html`❌ Bot «${name}»da yo‘q. Avval botni o‘sha yerga qo‘shing, keyin qaytadan yuboring.`,
    'cannot-post': (name: string): Html =>
      html`❌ Bot «${name}»ga yoza olmaydi. Kanalda uni admin qilib, «Post joylash» huquqini bering (guruhda — yozish huquqini), keyin qaytadan yuboring.`,
    'not-admin': (name: string): Html =>
      html`❌ Bot «${name}»da admin emas, shuning uchun kim obuna ekanini ko‘ra olmaydi. Uni admin qilib, qaytadan yuboring.`,
    'no-link': (name: string): Html =>
      html`❌ «${name}» yopiq va bot taklif havolasini yarata olmadi. Botga «Foydalanuvchilarni taklif qilish» huquqini bering, keyin qaytadan yuboring.`,
    'not-a-channel': (name: string): Html => html`❌ «${name}» — guruh. Arxiv uchun kanal kerak.`,
    'cannot-archive': (name: string): Html =>
      html`❌ Bot «${name}»da arxiv yurita olmaydi. Uni kanalda admin qilib, «Post joylash» va «Xabarlarni o‘chirish» huquqlarini bering, keyin qaytadan yuboring.`,
    'private-link': (_name: string): Html =>
      html`❌ Yopiq taklif havolasi orqali bot kanalni ko‘ra olmaydi. Botni kanalga qo‘shing va kanaldan bitta postni uzating.`,
  },
  groupAdded: (name: string): Html => html`✅ «${name}» ro‘yxatga qo‘shildi.`,
  groupThere: (name: string): Html => html`ℹ️ «${name}» ro‘yxatda allaqachon bor.`,
  updated: (): Html => html`✅ Yangilandi: hammasi joyida.`,
  askName: (name: string): Html =>
    html`✏️ «${name}» tugma va ro‘yxatlarda qanday nom bilan ko‘rinsin? Nomini yuboring.`,
  wantsName: (): Html => html`Nomi 1 dan 60 tagacha belgi bo‘lishi kerak.`,
  renamed: (name: string): Html => html`✅ Endi nomi: «${name}».`,
  askDeleteGroup: (name: string): Html =>
    html`🗑 «${name}» ro‘yxatdan o‘chirilsinmi? Joylangan postlar o‘z joyida qoladi.`,
  deleted: (name: string): Html => html`✅ «${name}» ro‘yxatdan o‘chirildi.`,
  gone: () => 'Bu guruh yoki kanal ro‘yxatda yo‘q.',
  // Mandatory channels.
  channels: (): Html =>
    html`🔒 <b>Majburiy obuna</b>\nTomoshabin shu kanallarga obuna bo‘lgach, botdan foydalanadi. O‘zgartirish uchun tanlang.`,
  noChannels: (): Html =>
    html`🔒 Majburiy obuna o‘chiq: birorta ham kanal yo‘q, botdan hamma foydalana oladi.`,
  channel: (facts: ChannelFacts): Html =>
    html`🔒 <b>${facts.name}</b>\n\n🆔 <code>${facts.chat}</code>\n🔗 ${facts.link ?? '—'}\n🚪 ${facts.kind === 'public' ? 'ochiq' : facts.kind === 'request' ? 'yopiq, so‘rov bilan (so‘rov yuborish kifoya)' : 'yopiq, havola bilan'}${facts.problem === null ? '' : html`\n\n⚠️ Bot obunani tekshira olmayapti: ${facts.problem}\nTuzatilguncha bu kanal hech kimni to‘xtatmaydi.`}`,
  channelAdded: (name: string): Html =>
    html`✅ «${name}» majburiy obunaga qo‘shildi. Endi tomoshabinlardan unga obuna so‘raladi.`,
  channelThere: (name: string): Html => html`ℹ️ «${name}» majburiy obunada allaqachon bor.`,
  askDeleteChannel: (name: string): Html =>
    html`🗑 «${name}» majburiy obunadan olib tashlansinmi? Tomoshabinlardan unga obuna so‘ralmaydi.`,
  // The bot was added somewhere.
  botAdded: (name: string): Html => html`👋 Bot «${name}»ga qo‘shildi. Bu yerda bot nima qilsin?`,
  trouble: (name: string, reason: Html): Html =>
    html`⚠️ Bot «${name}»da ishlay olmayapti.\nSababi: ${reason}\nHuquqlarini tekshiring, so‘ng /groups da «Tekshirib yangilash»ni bosing.`,
};
