import { type Metric, metricOf } from './metrics.ts'

/** The hand-written part of a runbook. */
export interface RunbookPart {
  /** What it means for the people who watch. */
  readonly means: string
  /** How to tell what it is, the quickest look first. */
  readonly tell: readonly string[]
  /** What can be done on each level of the contingency plan, and by whom. */
  readonly check: string
  readonly automatic: string
  readonly standby: string
  readonly manual: string
  /** The manual step in Chinese: it stands in pages. */
  readonly manual_zh: string
}

const part = (
  means: string,
  tell: readonly string[],
  [check, automatic, standby, manual, manual_zh]: readonly [string, string, string, string, string],
): RunbookPart => ({ means, tell, check, automatic, standby, manual, manual_zh })

const DELIVERY = [
  'Delivery: every CDN carries a tenth of the traffic an hour before the show.',
  'Scheduler: new sessions of the place go to the other CDNs within 10 s.',
  'Delivery: a third CDN is warm in every region, with the newest playlists.',
  'Delivery on call: move playing sessions by a redirect; call the CDN with the incident’s link.',
  '分发值班：用重定向把正在播放的会话切走；带上事件链接联系 CDN。',
] as const
const STUDIO = [
  'Studio: an hour of the real picture through the real encoder; its processor stays below two thirds.',
  'Ingest: play the slate after 5 s without frames, so that players keep running.',
  'Studio: a second encoder runs on the same feed with another uplink.',
  'Studio engineer: switch to the second encoder, then look at the first.',
  '演播室工程师：先切到备用编码器，再查主编码器。',
] as const
const TRANSCODE = [
  'Media team: the show’s ladder runs for an hour on the machines of the evening.',
  'Media platform: drop the highest rendition first, the sound never.',
  'Media platform: a second transcoder takes the same ingest.',
  'Media on call: switch the origin to it; without one, pass the ingest through as it is.',
  '媒体值班：源站切到备用转码；没有备用就直接透传推流。',
] as const
const ORIGIN = [
  'Media team: the CDNs’ load on the origin was measured with cold caches.',
  'CDNs: serve the last good playlist for ten seconds instead of an error.',
  'Media team: a second origin in another zone gets every segment.',
  'Media on call: point the CDNs to it.',
  '媒体值班：把 CDN 回源指向备用源站。',
] as const
const PLAYER = [
  'Player team: the version was rolled out to a hundredth for a day before the show.',
  'Player: fall back to the lower rendition, then to the other protocol.',
  'Player team: the previous version stays ready behind remote configuration.',
  'Player on call: turn the version or the feature off by remote configuration.',
  '播放器值班：用远程配置关闭该版本或该功能。',
] as const
const LAST_MILE = [
  'Delivery: the operators of the show’s regions and their peering were tried before the show.',
  'Player: fall back to the lower rendition at once, and start there.',
  'Scheduler: these viewers can be sent to the CDN with the better peering.',
  'Network on call: call the operator with the incident’s link; delivery on call: try another CDN for its viewers.',
  '网络值班：带上事件链接联系运营商；分发值班：为其用户切换 CDN。',
] as const
const GAME = [
  'Game team: load test at twice the largest planned round.',
  'Gateway: drop likes before votes, votes before draws; spread submissions at random.',
  'Game team: a second gateway in another zone, a reserve pool for every round.',
  'Game on call: stretch or stop the round; the host is told by the director.',
  '互动值班：拉长或暂停本轮；由导播告知主持人。',
] as const
const SHOW = [
  'Show operations: who announces what and when is written in the running order.',
  'Nothing by itself: people decide.',
  'Show operations: a slate and a host who can talk for a minute.',
  'Director: wait for the slowest app before a draw.',
  '导播：等最慢的端跟上再开奖。',
] as const

/** What no generator can know, by metric. Every metric with a rule has one: a test holds it. */
export const RUNBOOK_PARTS: Partial<Record<Metric, RunbookPart>> = {
  concurrent_plays: part(
    'Many people are gone at once: an app, a login, a network, or the end that nobody announced.',
    [
      'Is it one app? Then its crash reports and its release channel.',
      'Is it everybody? Then look whether the stream ended (encoder, ingest) or reports stopped (completeness).',
      'A round that ended sends people away too, but slowly.',
    ],
    [
      'Every app watched the rehearsal with its release of the evening.',
      'App: reopen where the viewer was.',
      'App team: the previous release behind remote configuration.',
      'App on call: roll back; tell viewers by a push message.',
      '应用值班：回滚版本；用推送通知观众。',
    ],
  ),
  rebuffering_ratio: part(
    'Pictures stand still: people look at a wheel instead of the show, and leave within a minute.',
    [
      'The hop strip: is anything before the player ill? If so, its own runbook counts.',
      'The cause: CDN and region mean delivery; a version means the player; an operator or a network alone means the last mile.',
      'The probe of the same CDN and region: does it see it too?',
    ],
    DELIVERY,
  ),
  rebuffering_frequency: part(
    'Stalls begin: the first sign of every fault on the way of the picture.',
    [
      'Which hop fell ill at most a few seconds earlier?',
      'The cause: CDN and region mean delivery; a version means the player; an operator or a network alone means the last mile.',
      'Everybody at once and all edges well: look upstream.',
    ],
    DELIVERY,
  ),
  video_startup_time: part(
    'People wait longer for the first picture; beyond two seconds one in ten goes.',
    [
      'Which phase grew? DNS and TCP: network; manifest and first byte: edge or origin; decode: player.',
      'Have key frames drifted apart? Then every start waits for one.',
      'Has a new version been rolled out?',
    ],
    DELIVERY,
  ),
  video_start_failure: part(
    'People press play and get an error.',
    [
      'The error codes: 4xx means tokens or paths, 5xx the origin or the edge, decode the rendition.',
      'Try it: firstframe probe with the address of the cause.',
      'Only one app: its release, its token.',
    ],
    DELIVERY,
  ),
  exit_before_video_start: part(
    'People go before the first picture, mostly because it takes too long.',
    ['Did first-screen time grow at the same moment?', 'Only one app: did its page change?'],
    PLAYER,
  ),
  playback_failure: part(
    'The picture ends with an error in the middle of the show.',
    [
      'The error categories: media and decode mean the stream, network the delivery, drm the licence server.',
      'Only one version: the player.',
      'Did an encoder restart with other settings?',
    ],
    PLAYER,
  ),
  live_latency: part(
    'People see it later than they should: comments and draws do not fit the picture.',
    [
      'Did anybody stall? Without stalls nobody can fall behind: then it is the encoder’s clock.',
      'Only one app: its player’s target latency.',
      'Compare the probe’s freshness at the origin and at the edge.',
    ],
    [
      'Studio: encoder and servers keep time by the same NTP.',
      'Player: play at 1.2–1.5× until it has caught up.',
      'Media team: low-latency and normal playlists side by side.',
      'Studio engineer: set the clock right; player on call: set the target latency by remote configuration.',
      '演播室工程师：校准时钟；播放器值班：用远程配置设定目标延迟。',
    ],
  ),
  live_latency_spread: part(
    'Apps see the show at different moments: who sees it first draws first.',
    [
      'Which app is off, and was it always?',
      'Its player, its protocol, its CDN: which differs from the others?',
    ],
    SHOW,
  ),
  bitrate: part(
    'The picture becomes coarse: players step down because less comes through.',
    [
      'Is it one operator or network? The last mile.',
      'Is it one CDN? Delivery: stalls follow in seconds.',
      'Is a rendition missing in the playlist?',
    ],
    DELIVERY,
  ),
  dropped_frames: part(
    'The picture judders on some devices.',
    ['Which device and codec? Hardware decoding may be off.', 'Since which version?'],
    PLAYER,
  ),
  interaction_success: part(
    'Likes, votes and draws fail: people think that they were cheated.',
    [
      'The gateway’s load and the prize pools: is one of them full or empty?',
      'The codes: refusals by rule are not counted here.',
      'One app or one network only?',
    ],
    GAME,
  ),
  interaction_latency: part(
    'The answer to a touch takes long: people touch again, which makes it worse.',
    ['The gateway’s load.', 'Is it one app or one operator?', 'Did a round begin?'],
    GAME,
  ),
  interactions_per_minute: part(
    'One place sends most of the interactions: bots, not people.',
    [
      'Do these sessions watch at all? Interactions without heartbeats are bots.',
      'How many viewers does the operator have otherwise?',
      'What do they take: prizes, votes?',
    ],
    [
      'Security: limits for each viewer and each address were tried before the show.',
      'Gateway: ask for a proof of work from the place.',
      'Security: block lists of data centres are at hand.',
      'Security on call: block the place; game on call: void its draws.',
      '安全值班：封禁来源；互动值班：作废其抽奖。',
    ],
  ),
  message_delivery: part(
    'Messages get lost: comments are missing, rounds appear for some only.',
    ['One channel or all?', 'The message channel’s load.', 'One app only: its connection limits.'],
    GAME,
  ),
  cue_production_latency: part(
    'A round reaches the pages of the apps at different moments.',
    ['Which stage takes long: inserted, emitted or shown?', 'One app only: its latency to the picture.'],
    SHOW,
  ),
  cohost_latency: part(
    'The guests talk into each other.',
    ['Which leg, and which network is it on?', 'Loss and jitter of the leg.'],
    [
      'Studio: every guest was tested on his own network.',
      'Room: lower the resolution of the leg.',
      'Studio: a telephone line for the sound.',
      'Director: take the guest out of the picture.',
      '导播：把该嘉宾切出画面。',
    ],
  ),
  encoder_fps: part(
    'The source itself judders or is gone: everybody sees it.',
    [
      'Silent: is the machine alive, is its uplink alive? The ingest’s last word tells when it was cut.',
      'Slow: processor, capture card, encoder preset.',
      'The picture at the studio: does it judder there already?',
    ],
    STUDIO,
  ),
  encoder_speed: part(
    'The encoder does not keep up: frames will be missing in seconds.',
    ['Processor and temperature.', 'Was a filter, a logo or a rendition added?'],
    STUDIO,
  ),
  ingest_bitrate: part(
    'Less of the stream arrives than leaves the encoder, or nothing.',
    [
      'The encoder’s congestion and round trip: the uplink is full.',
      'Silent on one server only: the server; on all: the uplink.',
      'Does the encoder say that it sends?',
    ],
    [
      'Studio: the uplink carried twice the bitrate for an hour.',
      'Encoder: lower the bitrate by a third.',
      'Studio: a second uplink over another operator.',
      'Studio engineer: switch the uplink; network on call: call the operator.',
      '演播室工程师：切换上行线路；网络值班：联系运营商。',
    ],
  ),
  ingest_fps: part(
    'Frames get lost between encoder and ingest, or were never made.',
    ['Compare with the encoder’s frame rate: equal means the encoder, lower means the uplink.'],
    STUDIO,
  ),
  key_frame_interval: part(
    'Key frames come too seldom: first screens wait, switches between renditions stall.',
    [
      'Who changed the encoder’s settings?',
      'Scene-cut key frames off, a fixed interval of two seconds on.',
      'Encoder and ingest agree? Then it is a setting; otherwise frames get lost.',
    ],
    STUDIO,
  ),
  transcode_speed: part(
    'The transcode falls behind: buffers of everybody run dry in seconds.',
    [
      'Processor and GPU of the machine; who else runs on it?',
      'Is the ingest well? Then it is the transcode.',
    ],
    TRANSCODE,
  ),
  transcode_fps: part(
    'Renditions lose frames.',
    ['Is the ingest’s frame rate well? Then it is the transcode.', 'One rendition or all?'],
    TRANSCODE,
  ),
  origin_errors: part(
    'The origin answers with errors: every CDN hands them on, seconds later everybody stalls.',
    [
      'Which paths: playlists or segments?',
      'Its disk, its memory, its upstream.',
      'Did the CDNs come with cold caches?',
    ],
    ORIGIN,
  ),
  origin_ttfb: part(
    'The origin is slow: live edges arrive late at every CDN.',
    ['Its load; the disk; locks on the playlist.', 'Did requests grow (cache keys, cold caches)?'],
    ORIGIN,
  ),
  edge_errors: part(
    'A CDN answers with errors.',
    [
      'Which CDN and region?',
      'Is the origin well? If not, that is the place.',
      'Ask the probe for the code and the body.',
    ],
    DELIVERY,
  ),
  edge_ttfb: part(
    'A CDN is slow: buffers run dry in a few seconds.',
    [
      'Which CDN and region?',
      'Its cache hits: do they fall? Then it asks the origin for everything.',
      'The probe’s phases: DNS, connection or first byte.',
    ],
    DELIVERY,
  ),
  probe_failure: part(
    'Probes in several places cannot play it; viewers there cannot either, or soon will not.',
    [
      'The reason: docs/data/probe-reasons.md says what to mend.',
      'Run firstframe probe with --browser against the same address.',
      'Do viewers say the same? If not, look at the probe’s own network.',
    ],
    DELIVERY,
  ),
  resource_level: part(
    'A prize pool is nearly empty, or a gateway nearly full, before viewers notice.',
    [
      'How fast, and since when? Compare with the rounds before.',
      'One place takes most of it? Then bots.',
      'Is the round longer or larger than planned?',
    ],
    [
      'Promotion: pools hold twice the largest round.',
      'Draw: halve the odds; gateway: drop likes first.',
      'Promotion: a reserve pool; game team: a second gateway.',
      'Promotion on call: fill the pool or end the round; game on call: spread it over two minutes.',
      '营销值班：补充奖池或结束本轮；互动值班：把本轮拉长到两分钟。',
    ],
  ),
}

/**
 * The part that tells what to do about an incident: what was seen at the hop that breaks counts first, since it is that hop's people
 * who can mend it; else the metric that names it.
 */
export function partOf({
  hop,
  metric,
  cause,
  symptoms,
}: {
  readonly hop: string
  readonly metric: Metric
  readonly cause: Readonly<Record<string, string>>
  readonly symptoms: readonly { readonly hop: string; readonly metric: Metric }[]
}): RunbookPart | undefined {
  const own = partOfHop({ hop, metric, symptoms })
  // Where only players are ill, delivery is well: the version's people or the last mile's can mend it.
  if (hop !== 'player' || own?.manual !== DELIVERY[3]) return own
  const [check, automatic, standby, manual, manual_zh] =
    'isp' in cause || 'network' in cause ? LAST_MILE : PLAYER
  return { ...own, check, automatic, standby, manual, manual_zh }
}

function partOfHop({
  hop,
  metric,
  symptoms,
}: Omit<Parameters<typeof partOf>[0], 'cause'>): RunbookPart | undefined {
  const there = symptoms.filter((one) => one.hop === hop && metricOf(one.metric)?.hop === hop)
  return [...there.map((one) => one.metric), metric]
    .map((name) => RUNBOOK_PARTS[name])
    .find((part) => part !== undefined)
}
