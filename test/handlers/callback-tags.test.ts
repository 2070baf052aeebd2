/**
 * Buttons live as long as their chats: a tag keeps its meaning and its arguments, and is never
 * given to another action. Lines may be added to this list; none may be changed.
 */
import { expect, test } from 'vitest';
import { CALLBACK_SHAPES } from '../../src/bot/callback-data.ts';

test('no two actions share a tag', () => {
  const tags = Object.values(CALLBACK_SHAPES).map(({ tag }) => tag);
  expect(new Set(tags).size).toBe(tags.length);
  for (const tag of tags) expect(tag).toMatch(/^(-|[a-z]{1,3})$/);
});

test('every tag ever sent, with its arguments', () => {
  const lines = Object.entries(CALLBACK_SHAPES).map(([kind, { tag, args }]) =>
    `${tag} ${kind} ${args.join(' ')}`.trim(),
  );
  expect(lines.toSorted().join('\n')).toMatchInlineSnapshot(`
    "- label
    a panel
    aaa adminAdd
    aad admins
    aag adminGrant user
    aar adminRemove user sure
    aau audit page
    ab broadcasts
    aba broadcastNew
    abc backupCheck text
    abd backupLinks text
    abf backupSend text
    abg broadcastGo broadcast
    abi broadcast broadcast
    abk backup text
    abl backups page
    abn backupNow
    abp broadcastPick broadcast
    abs broadcastSteer broadcast to
    abu broadcastTo broadcast audience group
    ac draftCode draft version code
    ad drafts
    ae catalogue page
    aea partsAdd id
    aec editByCode
    aed partDelete part
    aef editField id field
    aei edit id
    aek partDeleteNow id part renumber
    aem partMove part
    aen partMoveTo part to swap
    aeo photoOff id
    aep editParts id page
    aeq editPart part
    aer partReplace part
    aet trashAsk id
    aeu trashNow id
    aev trash page
    aew restore id
    aex export
    aey purgeAsk id
    aez purgeNow id
    afd failuresDrop
    afl failures
    afr failuresRetry
    ag draftGroup draft group on
    aga groupAdd
    agc groupCheck group
    agd groupDelete group sure
    agi group group
    agl groups
    agn groupName group
    agu groupUp group
    ah draftGroupsDone draft version
    aim importNow
    ais importStop
    aix importDrop
    aka channelAdd
    akc channelCheck channel
    akd channelDelete channel sure
    akf chatFound chat as
    aki channel channel
    akl channels
    akn channelName channel
    akr channelRequests channel
    aku channelUp channel
    am draftNumber draft
    ama momentAgo minutes
    aml momentLook at
    amo moment
    ams momentSend at
    amx momentStop
    an draftNew
    ao draftOpen draft
    ap draftPublish draft version
    apc postChoose id group on
    apn postNow id
    apo post id
    aq drop
    ar archive
    ara archiveAdd
    arc archiveCheck
    arm archiveMissing page
    arn moveNews
    aro archiveOff sure
    arp movePosts sure
    aru archivePublic chat
    as draftStep draft version step
    asa analytics metric days
    asp top days
    ast stats
    at draftDone draft version
    ats selfTest
    au draftUndo draft
    aub personBan user on
    auf personFind
    aup person user
    aus people
    ax draftDrop draft sure
    az draftPause draft
    b browse order anchor direction
    c card anime
    d more anime page
    e letters
    f favourite anime on
    g language locale
    h help
    i languages
    k pick anime
    l letter text
    m menu
    o open code part
    p parts anime page
    q search page text
    r random
    s check text
    v play anime part
    w follow anime on
    y list list page
    z watch anime part"
  `);
});
