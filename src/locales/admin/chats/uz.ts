/** Texts about groups, channels and the mandatory subscription. */
export const uz = {
  addGroup: () => '➕ Guruh yoki kanal qo‘shish',
};
