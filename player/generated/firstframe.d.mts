// The types of firstframe.mjs, made by `npm run generate`.

export interface MonitorOptions {
  /** The collector's origin: beacons go to `${url}/v1/beacons`. */
  readonly url: string
  /** The tenant's write key. */
  readonly key: string
  readonly show: string
  readonly stream: string
  /** The player in front of the element (an `Hls`, …); without one the element plays by itself. */
  readonly player?: unknown
  /** The player's adapter, where it cannot be told by looking at the player. */
  readonly adapter?: Adapter
  readonly app?: string
  /** The person or device; the collector hashes it before it is stored. */
  readonly viewer?: string
  /** The CDN, or how to tell it from a media address. */
  readonly cdn?: string | ((url: string) => string | undefined)
  /** Where the page runs. Default `h5`. */
  readonly container?: string
  /** The session's id, where another reporter of this playback must share it; new for each playback. Default: made here. */
  readonly session?: string
  /** Any further dimension. */
  readonly context?: ClientContext
  /** `performance.now()` of the viewer's tap, where that was before the element was asked to play. */
  readonly requested_at?: number
  /** Part of the sessions that report, 0 … 1; each then stands for 1 ÷ sample. Default 1. */
  readonly sample?: number
  /** `false`: nothing is collected or sent until `session.consent(true)`. Default true. */
  readonly consent?: boolean
  /** What the H.264 rendition of a height costs, kb/s, where the manifest offers none: what H.265 and AV1 save is held against it. */
  readonly h264_kbps?: H264Ladder
  /** Default 10 000. */
  readonly heartbeat_ms?: number
}

export type TrackFields = Omit<KindFields<'interaction'>, 'action' | 'outcome'> &
  Pick<ClientContext, 'component' | 'component_version'> & {
    readonly outcome?: KindFields<'interaction'>['outcome']
  }

export interface Session {
  readonly id: string
  /** Reports an interaction: `track('red_packet', { round: 'r7', outcome: 'success', rtt_ms: 84 })`. */
  readonly track: (action: string, fields?: TrackFields) => void
  /** Counts a message of the room: `message({ channel: 'csn', id: 41, sent_ms })`; delivery, repeats, order and delay follow. */
  readonly message: (message: Message) => void
  /** Reports an event of any kind that adapters make: `report('cohost', { … })`. */
  readonly report: Report
  /** Counts a media request that the player does not see: `request({ bytes: 9e5, bytes_p2p: 9e5 })` of a P2P engine. */
  readonly request: Host['request']
  /** Reports an error of the page itself; category `business` (geo-block, sold out) is no failure. */
  readonly error: (error: PlaybackError) => void
  /** Changes dimensions from now on. */
  readonly setContext: (context: ClientContext) => void
  /** `true` begins to collect, `false` ends it and forgets what was not sent. */
  readonly consent: (given: boolean) => void
  readonly end: () => void
  /** Tells of events made, sent, refused, dropped. Returns how to stop. */
  readonly on: (handler: (news: SessionNews) => void) => () => void
  /** Calls `handler` when the frame that carries a round's cue is shown (hls.js, mpegts.js). Returns how to stop. */
  readonly onCue: (handler: CueHandler) => () => void
  /** The page showed a round that it learnt of by another way (a push message): compared with its frame. */
  readonly shown: (round: string, cue?: string, at?: number) => void
  /** The collector's clock minus this one, and its bound of error, ms. */
  readonly clock: () => ClockReading | undefined
  readonly stats: () => SenderStats
}

export type ErrorCategory = NonNullable<KindFields<'startup'>['error_category']>

export interface PlaybackError {
  /** The player's own code. */
  readonly code: string
  readonly category: ErrorCategory
  /** The playback cannot go on. */
  readonly fatal?: boolean
  readonly message?: string
}

/** The rendition being played. */
export interface Rendition {
  /** Its name, or its height with a `p`. */
  readonly name: string
  readonly bitrate_kbps?: number
  /** As RFC 6381 writes it (`avc1.64001f`), or short (`h264`). */
  readonly codec?: string | undefined
}

/** A request that ended; or several, where the player only counts them. */
export interface MediaRequest {
  /** How many requests these are. Default 1. */
  readonly count?: number
  readonly url?: string | undefined
  readonly bytes?: number
  readonly bytes_p2p?: number
  /** What the H.264 rendition of the same height would have cost; without one: `bytes`. */
  readonly bytes_reference?: number
  /** From the request to the first byte of its answer; what cannot be true is left out of the mean. */
  readonly ttfb_ms?: number
  readonly failed?: boolean | number
}

/** What the H.264 rendition of a height costs, kb/s: `{ 1080: 4000, 720: 2200 }`. */
export type H264Ladder = Readonly<Record<number, number>>

/** What an adapter tells the session. Every function may be called at any time and never throws. */
export interface Host {
  readonly video: HTMLVideoElement
  readonly h264_kbps?: H264Ladder | undefined
  /** A moment of the start, ms of `performance.now()`; the first time counts. Default: now. */
  readonly mark: (name: Exclude<keyof StartupMarks, 'requested' | 'handshake_ms'>, at?: number) => void
  /** The first manifest's and the first media segment's address, to be looked up in Resource Timing. */
  readonly source: (what: 'manifest' | 'media', url: string) => void
  readonly request: (request: MediaRequest) => void
  readonly rendition: (rendition: Rendition) => void
  readonly error: (error: PlaybackError) => void
  /** An SEI message (user data unregistered): its UUID, what follows it, and the media time of its frame, s. */
  readonly sei: (uuid: string, data: Uint8Array, time_s: number) => void
}

/** What an adapter is asked when a heartbeat is made. */
export interface AdapterSample {
  readonly bandwidth_kbps?: number | undefined
  readonly bitrate_kbps?: number | undefined
  /** When the frame at the playhead was filmed, ms since the epoch by the encoder's clock. */
  readonly filmed_ms?: number | undefined
  /** Live latency as the player itself reckons it, ms; used when there is no `filmed_ms`. */
  readonly live_latency_ms?: number | undefined
  readonly buffer_ms?: number | undefined
  readonly frames_decoded?: number | undefined
  readonly frames_dropped?: number | undefined
}

export interface Attached {
  readonly sample?: () => AdapterSample
  readonly detach: () => void
}

/** What makes a player's public events into facts. Native `<video>` runs beneath every adapter. */
export interface Adapter {
  /** The dimension `player`. */
  readonly name: string
  /** The dimension `protocol`, where the player speaks only one. */
  readonly protocol?: string
  /** Whether this object is such a player. */
  readonly match: (player: unknown) => boolean
  readonly version?: (player: never) => string | undefined
  /** Major versions it was tried with. */
  readonly known?: readonly string[]
  readonly attach: (player: never, host: Host) => Attached
}

/** Moments of a start, ms on the session's monotonic clock; what was not seen is missing. */
export interface StartupMarks {
  /** The request to play. */
  requested: number
  /** The first playlist or manifest was asked for. */
  manifest?: number
  /** The first media segment was asked for. */
  media?: number
  /** The first byte of media came. */
  byte?: number
  /** The decoder had its first frame. */
  demuxed?: number
  /** The first frame was decoded. */
  decoded?: number
  /** The element had enough data to play (`canplaythrough`): an autoplay that is allowed begins now. */
  ready?: number
  /** The first frame was on the screen. */
  frame?: number
  /** Handshake of the protocol, ms. */
  handshake_ms?: number
}

/** A round's cue at the frame that carries it. */
export interface Cue extends CueMessage {
  /** When its frame is on the screen, ms of `performance.now()`. */
  readonly frame_at: number
  /** Media time of its frame, s. */
  readonly time_s: number
}

/** Shows the round. Until it returns (or its promise resolves) the page has not shown it. */
export type CueHandler = (cue: Cue) => unknown

export interface CueMessage {
  readonly round: string
  /** Number or name within the round; empty for a round with one cue. */
  readonly cue: string
  /** When the operator triggered it, µs since the epoch. */
  readonly issued_us: number
  /** From the trigger until it was put into the frame, µs. */
  readonly inserted_after_us?: number
  /** For the page's handler, as the operator gave it. */
  readonly data: string
}

/** A message of the room as the page received it. */
export interface Message {
  /** How it travelled. `csn`: a channel that is numbered consecutively. */
  readonly channel: 'push' | 'poll' | 'csn'
  /** Its number or name within the channel. Consecutive numbers also tell what did not come. */
  readonly id: number | string
  /** When it was sent, ms since the epoch, by the server’s clock. */
  readonly sent_ms?: number
  /** What it is about: chat, bullet, gift, ppt_page, moderation. Default: none. */
  readonly topic?: string
  /** How long the platform held it in a queue (moderation, fan-out) before it was sent on, ms. */
  readonly queued_ms?: number | undefined
}

export interface SenderStats {
  readonly queued: number
  readonly sent: number
  readonly refused: number
  readonly dropped: number
}

export interface ClockReading {
  /** Collector's clock minus this one, ms. */
  readonly offset_ms: number
  /** Bound of its error: half the round trip, ms. */
  readonly error_ms: number
}

export type SessionNews =
  | { readonly type: 'event'; readonly event: BeaconEvent }
  | {
      readonly type: 'sent' | 'refused' | 'dropped'
      readonly count: number
      readonly codes?: readonly string[] | undefined
    }

/** One event of a beacon: kind, sequence number, time (ms since 1970), the kind’s fields, and the context values that differ from the beacon’s. */
export type BeaconEvent<K extends Kind = Kind> = {
  [Each in K]: { readonly kind: Each; readonly seq?: number; readonly time_ms?: number } & KindFields<Each> &
    ClientContext
}[K]

/** Dimensions a page may set. */
export interface ClientContext {
  /** The app a show is seen in; a show runs in many at once. */
  readonly app?: string
  /** The event as the audience knows it. */
  readonly show?: string
  /** One encode of a show; CMCD calls it the content id (cid). */
  readonly stream?: string
  /** One playback by one player. */
  readonly session?: string
  /** The person or device, hashed with the tenant’s salt before it is stored. */
  readonly viewer?: string
  /** The content delivery network that served it. */
  readonly cdn?: string
  /** The edge server or point of presence. */
  readonly edge?: string
  /** The viewer’s network operator, from the address or a trusted header. */
  readonly isp?: string
  /** ISO 3166-1 code of the viewer’s country, from the address or a trusted header. */
  readonly country?: string
  /** Province or state; of a probe: where it looks from. */
  readonly region?: string
  /** Kind of access: wifi, ethernet, 5g, 4g, 3g, 2g. */
  readonly network?: string
  /** Kind or model of device. */
  readonly device?: string
  /** Operating system. */
  readonly os?: string
  /** Where the page runs: app, h5, weex, mini-program. */
  readonly container?: string
  /** The part of the room it concerns: room, red-packet, vote, … A session names the room’s own, an interaction its own. */
  readonly component?: string
  /** Version of that component; a release is compared by it (`firstframe canary`). */
  readonly component_version?: string
  /** The player: hls.js, dash.js, shaka, … */
  readonly player?: string
  /** Version of the player or of the app around it. */
  readonly player_version?: string
  /** How the media travels: hls, ll-hls, dash, http-flv, rtmp, webrtc. */
  readonly protocol?: string
  /** Video codec of the rendition: h264, h265, av1, … */
  readonly codec?: string
  /** The variant being played, by its name or its height. */
  readonly rendition?: string
  /** Where the bytes came from: cdn or p2p. */
  readonly delivery?: string
  /** What reported it: sdk, cmcd, probe, k6, ffmpeg, nginx-rtmp, srs, cdn-log, … */
  readonly source?: string
  /** Made by a probe or a virtual viewer; left out of what viewers feel. */
  readonly synthetic?: boolean
  /** How many sessions this one stands for under sampling; 1 without. */
  readonly weight?: number
  /** Further keys the source sent, as a JSON object. */
  readonly custom?: string
}

/** One attempt to start playing. */
export interface StartupFields {
  /** Playing began, a fatal error came first, or the viewer left first (exit before video start). */
  readonly outcome: 'started' | 'failed' | 'abandoned'
  /** First-screen time: from the request to play until the first frame is on the screen. In ms. */
  readonly video_startup_time_ms?: number
  /** Name look-up of the first media host. In ms. */
  readonly dns_ms?: number
  /** TCP (or QUIC) connection. In ms. */
  readonly tcp_ms?: number
  /** TLS handshake. In ms. */
  readonly tls_ms?: number
  /** Protocol handshake (RTMP, WebRTC signalling). In ms. */
  readonly handshake_ms?: number
  /** Playlists or manifest fetched and parsed. In ms. */
  readonly manifest_ms?: number
  /** From the first media request until its first byte. In ms. */
  readonly first_byte_ms?: number
  /** Of a protected stream: from the licence request until its key was usable (`watchDrm`). In ms. */
  readonly licence_ms?: number
  /** Media received and parsed until the decoder has its first frame. In ms. */
  readonly demux_ms?: number
  /** First frame decoded. In ms. */
  readonly decode_ms?: number
  /** First frame put on the screen. In ms. */
  readonly render_ms?: number
  /** Key system of a protected stream: widevine, fairplay, playready, clearkey. */
  readonly drm_system?: string
  /** Before the request to play: from the viewer’s tap until the container ran the page’s first code. In ms. */
  readonly container_ms?: number
  /** Before the request to play: until the room’s component had loaded. In ms. */
  readonly component_ms?: number
  /** Files of the page and its components that were needed by the start. */
  readonly resources?: number
  /** Of these, the ones that were there before: prefetched or cached. */
  readonly resources_cached?: number
  /** The player’s own error code. */
  readonly error_code?: string
  /** Kind of error. */
  readonly error_category?: '' | 'network' | 'manifest' | 'media' | 'decode' | 'drm' | 'player' | 'business' | 'other'
  /** What the player said. */
  readonly error_message?: string
}

/** One interval of play. */
export interface HeartbeatFields {
  /** Length of the interval: since the session’s previous heartbeat, or its start. In ms. */
  readonly interval_ms: number
  /** Why it was sent now. */
  readonly reason?: 'interval' | 'start' | 'stall_start' | 'stall_end' | 'error' | 'switch' | 'pause' | 'resume' | 'hide' | 'end'
  /** What the player was doing when the interval ended. */
  readonly state?: 'starting' | 'playing' | 'stalled' | 'paused' | 'seeking' | 'ended' | 'failed'
  /** Time the picture moved. In ms. */
  readonly played_ms?: number
  /** Time it stood still for lack of data: no pause, no seek, not the start. In ms. */
  readonly stalled_ms?: number
  /** Time the viewer had paused it. In ms. */
  readonly paused_ms?: number
  /** Time spent in seeks the viewer asked for. In ms. */
  readonly seeking_ms?: number
  /** Stalls that began in the interval. */
  readonly stall_count?: number
  /** Time played faster than 1× to drain the buffer. In ms. */
  readonly fast_ms?: number
  /** Time played slower than 1× to avoid a stall. In ms. */
  readonly slow_ms?: number
  /** Times the player ended playing faster than 1× to catch up. */
  readonly catch_ups?: number
  /** Live latency before these catch-ups minus after them. In ms. */
  readonly caught_up_ms?: number
  /** Playback rate at the end of the interval. */
  readonly playback_rate?: number
  /** Bitrate of the rendition being played. In kbps. */
  readonly bitrate_kbps?: number
  /** Throughput the player measured. In kbps. */
  readonly bandwidth_kbps?: number
  /** Frames shown a second while playing. In fps. */
  readonly fps_rendered?: number
  /** Frames decoded a second while playing. In fps. */
  readonly fps_decoded?: number
  /** Frames shown. */
  readonly frames_rendered?: number
  /** Frames decoded too late to be shown. */
  readonly frames_dropped?: number
  /** Media ahead of the playhead. In ms. */
  readonly buffer_ms?: number
  /** From the moment filmed until it was on the screen; the artificial delay that the show declares is taken off by the collector. In ms. */
  readonly live_latency_ms?: number
  /** Width of the picture, pixels. */
  readonly width?: number
  /** Height of the picture, pixels. */
  readonly height?: number
  /** Changes of rendition. */
  readonly switches?: number
  /** Media requests ended. */
  readonly requests?: number
  /** Media requests that failed. */
  readonly requests_failed?: number
  /** Mean time to the first byte of the media requests. In ms. */
  readonly ttfb_ms?: number
  /** Media bytes received. In bytes. */
  readonly bytes?: number
  /** Of these, from peers. In bytes. */
  readonly bytes_p2p?: number
  /** Peers connected at the end of the interval; missing where no P2P engine is watched (`watchP2p`). */
  readonly peers?: number
  /** What the H.264 rendition of the same height would have cost. In bytes. */
  readonly bytes_reference?: number
  /** The player’s own error code. */
  readonly error_code?: string
  /** Kind of error. */
  readonly error_category?: '' | 'network' | 'manifest' | 'media' | 'decode' | 'drm' | 'player' | 'business' | 'other'
  /** The playback could not go on. */
  readonly error_fatal?: boolean
  /** What the player said. */
  readonly error_message?: string
  /** Reports the source counted since the last one (CMCD sn). */
  readonly reports_expected?: number
  /** Of these, the ones that came. */
  readonly reports_received?: number
}

/** One interaction of a viewer. */
export interface InteractionFields {
  /** What was done: like, comment, red_packet, coupon, card, vote, draw, message, … */
  readonly action: string
  /** How it ended; `refused` is a rule of the game (already drawn, sold out) and not a failure. */
  readonly outcome: 'success' | 'failed' | 'timeout' | 'refused'
  /** The operator’s round it belongs to. */
  readonly round?: string
  /** How the message travelled: pushed, polled, over a channel that is numbered consecutively, or by a call. */
  readonly channel?: '' | 'push' | 'poll' | 'csn' | 'api'
  /** What messages are about: chat, bullet, gift, ppt_page, moderation, … */
  readonly topic?: string
  /** Whether the answer had been fetched before it was needed, e.g. the query of a final prize. */
  readonly prefetch?: '' | 'hit' | 'miss'
  /** From the viewer’s touch until the answer was on the screen. In ms. */
  readonly rtt_ms?: number
  /** Messages the channel’s numbering says were sent. */
  readonly messages_expected?: number
  /** Of these, the ones that came; each counts once. */
  readonly messages_received?: number
  /** Messages that came again. */
  readonly messages_duplicated?: number
  /** Messages that came after a later one. */
  readonly messages_disordered?: number
  /** Messages received that say when they were sent. */
  readonly messages_timed?: number
  /** Mean time from sent until received of the messages that say when they were sent, clocks corrected. In ms. */
  readonly message_delay_ms?: number
  /** Mean time that these messages had waited in a queue of the platform (moderation, fan-out) before they were sent on. In ms. */
  readonly message_queue_ms?: number
  /** Messages received that say how long they waited. */
  readonly messages_queued?: number
  /** The platform’s own code. */
  readonly error_code?: string
}

/** Where an operator’s round has got to. */
export interface CueFields {
  /** The operator’s round. */
  readonly round: string
  /** The operator pressed, the encoder put it into a frame, the origin or edge gave it out, the page showed it. */
  readonly stage: 'triggered' | 'inserted' | 'emitted' | 'shown'
  /** Number of the cue within the round. */
  readonly cue?: string
  /** Since the operator’s trigger, clocks corrected. In ms. */
  readonly since_trigger_ms?: number
  /** Page shown minus frame shown. In ms. */
  readonly skew_ms?: number
}

/** One interval of a co-hosting leg. */
export interface CohostFields {
  /** Length of the interval. In ms. */
  readonly interval_ms: number
  /** The other side. */
  readonly peer?: string
  /** Received or sent. */
  readonly direction?: '' | 'in' | 'out'
  /** What the room reported: joined, left, published, … */
  readonly event?: string
  /** Round trip. In ms. */
  readonly rtt_ms?: number
  /** Jitter (RFC 3550). In ms. */
  readonly jitter_ms?: number
  /** Packets received. */
  readonly packets_received?: number
  /** Packets lost. */
  readonly packets_lost?: number
  /** Freezes: gaps of at least max(3δ, δ + 150 ms), δ the mean frame time. */
  readonly freeze_count?: number
  /** Time frozen. In ms. */
  readonly freeze_ms?: number
  /** From the other’s camera to this screen. In ms. */
  readonly end_to_end_latency_ms?: number
  /** Bitrate. In kbps. */
  readonly bitrate_kbps?: number
  /** Frames a second. In fps. */
  readonly fps?: number
}

/** One interval of a node before the player. */
export interface HopFields {
  /** Which hop of the link, or what hangs on it beside the picture’s path. */
  readonly hop: 'encoder' | 'ingest' | 'transcode' | 'origin' | 'edge' | 'interaction' | 'publish' | 'record' | 'push' | 'standby' | 'screen' | 'ladder'
  /** Which server or encoder. */
  readonly node?: string
  /** Length of the interval. In ms. */
  readonly interval_ms?: number
  /** Whether the stream goes through this node. */
  readonly status?: '' | 'up' | 'down' | 'reconnecting'
  /** What happened, where a hook tells: publish, unpublish, segment, request, … */
  readonly event?: string
  /** Why, where something was refused or lost: expired, unsigned, bad_signature, missing, empty, … */
  readonly reason?: string
  /** Behind the source it takes its picture from. In ms. */
  readonly lag_ms?: number
  /** Renditions that the show promises. */
  readonly renditions_promised?: number
  /** Of these, delivered: listed and fresh. */
  readonly renditions_delivered?: number
  /** What comes in. In kbps. */
  readonly bitrate_in_kbps?: number
  /** What goes out. In kbps. */
  readonly bitrate_out_kbps?: number
  /** Frames a second that come in. In fps. */
  readonly fps_in?: number
  /** Frames a second that go out. In fps. */
  readonly fps_out?: number
  /** From one key frame to the next. In ms. */
  readonly key_frame_interval_ms?: number
  /** Frames handled. */
  readonly frames?: number
  /** Frames dropped. */
  readonly frames_dropped?: number
  /** Frames put twice to keep the rate. */
  readonly frames_duplicated?: number
  /** Sound ahead of the picture (negative: behind). In ms. */
  readonly av_offset_ms?: number
  /** How full the way out is: 0 free, 1 stuck. In ratio. */
  readonly congestion_ratio?: number
  /** Packets lost on the way in. In ratio. */
  readonly packet_loss_ratio?: number
  /** Round trip to the next node. In ms. */
  readonly rtt_ms?: number
  /** Encoding speed against real time; below 1 it falls behind. In ratio. */
  readonly speed_ratio?: number
  /** Of the host’s own machine or phone: time to capture, filter and compose one frame, mean. In ms. */
  readonly render_ms?: number
  /** Time to encode one frame, mean. In ms. */
  readonly encode_ms?: number
  /** What encodes: a chip, or the processor. */
  readonly encoder?: '' | 'hardware' | 'software'
  /** Players or nodes connected. */
  readonly clients?: number
  /** Bytes received. In bytes. */
  readonly bytes_in?: number
  /** Bytes sent. In bytes. */
  readonly bytes_out?: number
  /** Requests answered. */
  readonly requests?: number
  /** Of these, from the cache. */
  readonly cache_hits?: number
  /** Of these, viewers kept out: 401, 403 or 410. */
  readonly requests_refused?: number
  /** Of these, kept out since another site’s page asked. */
  readonly requests_hotlinked?: number
  /** Answers 200–299. */
  readonly status_2xx?: number
  /** Answers 300–399. */
  readonly status_3xx?: number
  /** Answers 400–499. */
  readonly status_4xx?: number
  /** Answers 500–599. */
  readonly status_5xx?: number
  /** Time to the first byte, mean over the requests. In ms. */
  readonly ttfb_ms?: number
  /** Duration of the newest segment. In ms. */
  readonly segment_duration_ms?: number
  /** Processor use, 1 = one core. In ratio. */
  readonly cpu_ratio?: number
  /** Memory in use. In bytes. */
  readonly memory_bytes?: number
  /** Width of the picture, pixels. */
  readonly width?: number
  /** Height of the picture, pixels. */
  readonly height?: number
}

/** One synthetic playback check. */
export interface ProbeFields {
  /** What was checked, by the name the operator gave it. */
  readonly target: string
  /** Which hop the address belongs to. */
  readonly hop?: '' | 'ingest' | 'origin' | 'edge'
  /** What the check found. */
  readonly verdict: 'healthy' | 'degraded' | 'failed'
  /** The first stage that was not right. */
  readonly stage?: string
  /** Why: a code of the probe’s reasons. */
  readonly reason?: string
  /** The evidence in words. */
  readonly detail?: string
  /** Name look-up. In ms. */
  readonly dns_ms?: number
  /** Connection. In ms. */
  readonly tcp_ms?: number
  /** TLS handshake. In ms. */
  readonly tls_ms?: number
  /** Protocol handshake. In ms. */
  readonly handshake_ms?: number
  /** Playlist or manifest. In ms. */
  readonly manifest_ms?: number
  /** Until the first media byte. In ms. */
  readonly first_byte_ms?: number
  /** Until the first key frame was parsed. In ms. */
  readonly first_key_frame_ms?: number
  /** All of it: what a viewer would have waited. In ms. */
  readonly startup_ms?: number
  /** Age of the live edge. In ms. */
  readonly freshness_ms?: number
  /** From the moment filmed, by the program date time; without the artificial delay of the show. In ms. */
  readonly live_latency_ms?: number
  /** Media time missing between segments. In ms. */
  readonly gap_ms?: number
  /** How long a viewer’s buffer would have been empty. In ms. */
  readonly stalled_ms?: number
  /** Mean duration of the segments. In ms. */
  readonly segment_duration_ms?: number
  /** From one key frame to the next. In ms. */
  readonly key_frame_interval_ms?: number
  /** Sound ahead of the picture. In ms. */
  readonly av_offset_ms?: number
  /** Bitrate measured. In kbps. */
  readonly bitrate_kbps?: number
  /** Bitrate declared. In kbps. */
  readonly declared_kbps?: number
  /** Discontinuities seen. */
  readonly discontinuities?: number
  /** Variants checked. */
  readonly variants?: number
  /** What a browser probe saw at the end of its check: a JPEG, 320 pixels wide, in base64. */
  readonly frame?: string
  /** Bytes fetched. In bytes. */
  readonly bytes?: number
}

/** A level and its capacity. */
export interface ResourceFields {
  /** What it is: prize_pool, gateway, message_channel, … */
  readonly resource: string
  /** Which one. */
  readonly node?: string
  /** How much is left, or how much is in use. */
  readonly level: number
  /** How much it was filled with, or how much it can take. */
  readonly capacity?: number
  /** `stock`: a level that must not reach 0; `load`: one that must not reach its capacity. Default: stock. */
  readonly sense?: '' | 'stock' | 'load'
  /** What the level counts. */
  readonly unit?: string
  /** The round it serves. */
  readonly round?: string
}

/** One entry that the reward platform or the shop booked. */
export interface LedgerFields {
  /** What was booked: a pool’s `budget`; a reward `issued`, then `claimed`, `expired` or `returned` to the pool; an `order` or its `refund`. */
  readonly entry: 'budget' | 'issued' | 'claimed' | 'expired' | 'returned' | 'order' | 'refund'
  /** Which platform booked it; it numbers its entries by `seq`. */
  readonly node?: string
  /** Its money, or units of the pool. */
  readonly amount: number
  /** How many rewards or orders it stands for; 1 with a `reference`. Of a budget: how many rewards it holds. */
  readonly count: number
  /** The prize pool or treasure box; of an order the shelf or product group. */
  readonly pool?: string
  /** High-value pools (phones, cars) and low-value ones (coupons, coins) are looked at apart. */
  readonly tier?: '' | 'high' | 'low'
  /** The operator’s round it belongs to. */
  readonly round?: string
  /** Id of the grant or order at its platform: one that is issued twice is a double grant. */
  readonly reference?: string
  /** Of a budget: when its round ends, ms since the epoch. A pool that will not be given out by then is said while something can be done. In ms. */
  readonly ends_ms?: number
  /** What the amount counts: cny, coins, … */
  readonly currency?: string
}

/** A release, a configuration or a template that was changed: a possible cause of what follows it. */
export interface ChangeFields {
  /** What was changed: player, template, config, encoder, cdn, gateway, … */
  readonly changed: string
  /** What it is now: a version, a commit, a value. */
  readonly version?: string
  /** What is different, for whoever looks for a cause. */
  readonly detail?: string
  /** Who changed it: a person, or the pipeline’s job. */
  readonly by?: string
}

export interface KindFieldsOf {
  readonly startup: StartupFields
  readonly heartbeat: HeartbeatFields
  readonly interaction: InteractionFields
  readonly cue: CueFields
  readonly cohost: CohostFields
  readonly hop: HopFields
  readonly probe: ProbeFields
  readonly resource: ResourceFields
  readonly ledger: LedgerFields
  readonly change: ChangeFields
}

export type Kind = keyof KindFieldsOf

export type KindFields<K extends Kind> = KindFieldsOf[K]

export type Report = <K extends Kind>(kind: K, fields: KindFields<K> & ClientContext, urgent?: boolean) => void

/** Watches one playback; the adapters of this bundle are native `<video>` and hls.js. */
export declare function monitor(video: HTMLVideoElement, options: MonitorOptions): Session

/** A `monitor` for a set of adapters of your own choice. */
export declare function createMonitor(adapters: readonly Adapter[]): typeof monitor

export declare const hls: Adapter
export declare const native: Adapter
/** Asked in turn whose player it is. */
export declare const adapters: Adapter[]
