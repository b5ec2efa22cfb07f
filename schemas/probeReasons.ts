/** The stages of a check, in the order a viewer meets them. */
export const PROBE_STAGES = [
  'dns',
  'tcp',
  'tls',
  'handshake',
  'manifest',
  'first_byte',
  'key_frame',
  'picture',
  'sound',
  'freshness',
  'segments',
  'timeline',
  'codec',
  'renditions',
  'sync',
  'key_frames',
  'bitrate',
  'latency',
  'playhead',
] as const

export type ProbeStage = (typeof PROBE_STAGES)[number]

interface ProbeReasonSpec {
  readonly stage: ProbeStage
  /** `failed`: nobody can play it. `degraded`: it plays, but not right. `notice`: worth knowing, changes no verdict. */
  readonly severity: 'failed' | 'degraded' | 'notice'
  /** What is wrong, in one sentence. */
  readonly help: string
  /** What to look at first, for the runbook. */
  readonly mend: string
}

/**
 * Why a probe's check is not healthy. The order is the order of judgement: of several findings the first one here
 * is the reason, because causes stand before what follows from them.
 */
export const PROBE_REASONS = {
  dns_name_not_found: {
    stage: 'dns',
    severity: 'failed',
    help: 'The host’s name does not exist.',
    mend: 'Look at the zone and at the CDN’s CNAME: expired domain, deleted record, misspelt host.',
  },
  address_not_allowed: {
    stage: 'dns',
    severity: 'failed',
    help: 'A playlist, a segment, a key or a redirect leads into a private network that the probe may not reach.',
    mend: 'If it is your own network, name it in `probe_networks` (or `--allow-network`); else find who wrote the address.',
  },
  dns_no_answer: {
    stage: 'dns',
    severity: 'failed',
    help: 'The resolver gave no answer.',
    mend: 'Try the name servers of the zone from the probe’s region; look for a failing resolver or a lost delegation.',
  },
  connection_refused: {
    stage: 'tcp',
    severity: 'failed',
    help: 'Nothing listens at the address and port.',
    mend: 'See that the server runs, listens on this port and that the address is the one meant.',
  },
  connection_timed_out: {
    stage: 'tcp',
    severity: 'failed',
    help: 'The connection was not answered in time.',
    mend: 'Look for a firewall, a full accept queue or a lost route between the probe’s region and the edge.',
  },
  connection_lost: {
    stage: 'tcp',
    severity: 'failed',
    help: 'The connection was cut or cannot be routed.',
    mend: 'Look at resets in the server’s log and at load balancers on the way.',
  },
  certificate_expired: {
    stage: 'tls',
    severity: 'failed',
    help: 'The certificate’s last day has passed.',
    mend: 'Renew the certificate and see why the renewal did not run; then reload every edge.',
  },
  certificate_not_yet_valid: {
    stage: 'tls',
    severity: 'failed',
    help: 'The certificate’s first day has not come.',
    mend: 'Check the clocks of server and probe; put the former certificate back until then.',
  },
  certificate_wrong_name: {
    stage: 'tls',
    severity: 'failed',
    help: 'The certificate is for other names.',
    mend: 'Put the host on the certificate, or mend the SNI mapping of the edge.',
  },
  certificate_untrusted: {
    stage: 'tls',
    severity: 'failed',
    help: 'No known authority vouches for the certificate.',
    mend: 'Serve the whole chain, intermediate certificates too.',
  },
  tls_failed: {
    stage: 'tls',
    severity: 'failed',
    help: 'The TLS handshake broke off.',
    mend: 'Compare protocol versions and ciphers of the edge with what players speak.',
  },
  rtmp_handshake_failed: {
    stage: 'handshake',
    severity: 'failed',
    help: 'The RTMP handshake (C0, C1, C2) was not completed.',
    mend: 'See that an RTMP server answers on this port and is not out of workers.',
  },
  rtmp_connect_refused: {
    stage: 'handshake',
    severity: 'failed',
    help: 'The server refused `connect`.',
    mend: 'Check the application’s name and the rules for tokens and addresses.',
  },
  rtmp_play_refused: {
    stage: 'handshake',
    severity: 'failed',
    help: 'The server refused `play` or knows no such stream.',
    mend: 'See that the encoder publishes under this name and that play rules (token, referrer) allow it.',
  },
  manifest_forbidden: {
    stage: 'manifest',
    severity: 'failed',
    help: 'The playlist is refused (401 or 403).',
    mend: 'Anti-hotlinking, token or geography: compare Referer, signature and its expiry with the edge’s rules.',
  },
  manifest_not_found: {
    stage: 'manifest',
    severity: 'failed',
    help: 'There is no playlist at the address (404 or 410).',
    mend: 'See that the stream is live, that the packager writes, and that the path is the one published.',
  },
  manifest_server_error: {
    stage: 'manifest',
    severity: 'failed',
    help: 'The server failed to answer with the playlist.',
    mend: 'Look at the origin’s and the edge’s error log; is the origin reachable from the edge?',
  },
  manifest_timed_out: {
    stage: 'manifest',
    severity: 'failed',
    help: 'The playlist did not come in time.',
    mend: 'Measure the origin’s answer time behind the edge; look for a cache that waits on a lock.',
  },
  manifest_unreadable: {
    stage: 'manifest',
    severity: 'failed',
    help: 'What came is no playlist or manifest, or it names no media.',
    mend: 'Fetch it by hand: an error page with status 200, an empty or half-written file are common.',
  },
  too_large: {
    stage: 'manifest',
    severity: 'failed',
    help: 'A playlist, a segment or the whole check brought more bytes than any honest stream.',
    mend: 'Fetch it by hand with a limit: a file without end, a compressed body that unpacks to gigabytes.',
  },
  key_unavailable: {
    stage: 'first_byte',
    severity: 'failed',
    help: 'Segments are encrypted and their key cannot be had: the key server fails, or there is no key at the address.',
    mend: 'Fetch the address of EXT-X-KEY from the probe’s region; look at the key server and at the key’s rotation.',
  },
  segment_forbidden: {
    stage: 'first_byte',
    severity: 'failed',
    help: 'Media is refused (401 or 403) though the playlist is not.',
    mend: 'Anti-hotlinking or token rules differ between playlists and segments, or a signature expired.',
  },
  no_media: {
    stage: 'first_byte',
    severity: 'failed',
    help: 'Connected and answered, but no media byte came in time.',
    mend: 'See whether the encoder still publishes; look at the server’s queue to players.',
  },
  no_key_frame: {
    stage: 'key_frame',
    severity: 'failed',
    help: 'Media came, but no key frame in it: the picture cannot begin.',
    mend: 'Make segments begin with a key frame; let the server keep the last group of pictures for newcomers.',
  },
  browser_failed: {
    stage: 'picture',
    severity: 'failed',
    help: 'The real player gave up or showed no frame.',
    mend: 'Read the player’s error in the detail: CORS, codec not supported, broken media.',
  },
  picture_black: {
    stage: 'picture',
    severity: 'degraded',
    help: 'Frames are shown, but they are black.',
    mend: 'Look at the encoder’s input: camera cap, lost HDMI, wrong scene, failing HDCP.',
  },
  picture_frozen: {
    stage: 'picture',
    severity: 'degraded',
    help: 'Frames are shown, but they do not change.',
    mend: 'Look at the encoder’s source: a stuck capture card, a paused scene, a repeated last frame.',
  },
  logo_missing: {
    stage: 'picture',
    severity: 'degraded',
    help: 'The logo or watermark is not where it should be in the picture.',
    mend: 'Look at the scene and the overlay of the encoder or the transcode: a wrong scene, a template that was not loaded, another scale.',
  },
  sound_silent: {
    stage: 'sound',
    severity: 'degraded',
    help: 'There is an audio track, but it is silent.',
    mend: 'Look at the mixer, the muted channel, the encoder’s audio device.',
  },
  stream_ended: {
    stage: 'freshness',
    severity: 'failed',
    help: 'The playlist says that the stream is over.',
    mend: 'If it should be live, see why the packager wrote the end mark: a publisher that dropped.',
  },
  playlist_stale: {
    stage: 'freshness',
    severity: 'failed',
    help: 'The live edge does not advance.',
    mend: 'Encoder, packager or origin stands still, or the edge caches the playlist too long: compare with the origin’s.',
  },
  media_stopped: {
    stage: 'freshness',
    severity: 'failed',
    help: 'The connection is open, but media stopped coming.',
    mend: 'See whether the encoder still sends to the ingest, and whether the edge lost its origin.',
  },
  segment_missing: {
    stage: 'segments',
    severity: 'degraded',
    help: 'A segment in the playlist cannot be fetched.',
    mend: 'Packager deletes too early or lists too soon; an edge may keep a 404 in its cache.',
  },
  segment_truncated: {
    stage: 'segments',
    severity: 'degraded',
    help: 'A segment ends before it should.',
    mend: 'Look for cut uploads to the origin, a full disk, an edge that caches a broken transfer.',
  },
  segment_unreadable: {
    stage: 'segments',
    severity: 'degraded',
    help: 'A segment holds no media that can be parsed.',
    mend: 'Fetch it by hand; compare its container with the init segment and the playlist.',
  },
  connection_cut: {
    stage: 'segments',
    severity: 'degraded',
    help: 'The running stream’s connection was closed under the viewer.',
    mend: 'See whether the publisher dropped or the server limits or recycles connections.',
  },
  segment_duration_wrong: {
    stage: 'segments',
    severity: 'degraded',
    help: 'A segment’s media is longer or shorter than the playlist says.',
    mend: 'Check the packager’s clock and key-frame alignment; players drift or seek wrongly on it.',
  },
  segment_over_target: {
    stage: 'segments',
    severity: 'degraded',
    help: 'A segment is longer than the target duration.',
    mend: 'Fix the key-frame interval of the encoder, or declare the longer target.',
  },
  timeline_gap: {
    stage: 'timeline',
    severity: 'degraded',
    help: 'Media time is missing between segments without a discontinuity mark.',
    mend: 'Look for dropped frames at the encoder and lost segments at the packager.',
  },
  timeline_overlap: {
    stage: 'timeline',
    severity: 'degraded',
    help: 'Segments overlap, or time runs backwards, without a discontinuity mark.',
    mend: 'A restarted encoder whose packager did not write a discontinuity is the usual cause.',
  },
  discontinuity: {
    stage: 'timeline',
    severity: 'notice',
    help: 'A discontinuity was announced.',
    mend: 'Expected at advertisements and encoder switches; otherwise look at the encoder’s restarts.',
  },
  codec_changed: {
    stage: 'codec',
    severity: 'degraded',
    help: 'The media’s codec is not the declared one, or changed while running.',
    mend: 'Find the encoder or transcoder that was switched; players of other devices may fail.',
  },
  resolution_changed: {
    stage: 'codec',
    severity: 'notice',
    help: 'The picture’s size is not the declared one.',
    mend: 'Correct the declaration or the transcoder’s ladder.',
  },
  variant_unplayable: {
    stage: 'renditions',
    severity: 'degraded',
    help: 'One of the variants cannot be fetched or parsed.',
    mend: 'Look at this rung of the transcoder; take it out of the playlist until it is back.',
  },
  variant_behind: {
    stage: 'renditions',
    severity: 'degraded',
    help: 'One variant’s live edge lags behind the others: switching to it stalls.',
    mend: 'This rung of the transcoder is too slow or stuck; look at its speed and its queue.',
  },
  audio_video_offset: {
    stage: 'sync',
    severity: 'degraded',
    help: 'Sound and picture are apart by more than a viewer takes for lip-synchronous.',
    mend: 'Compare the encoder’s audio and video sources; look for a delay filter or a drifting sample rate.',
  },
  key_frame_interval_long: {
    stage: 'key_frames',
    severity: 'degraded',
    help: 'Key frames are too far apart: starting and switching take longer.',
    mend: 'Set the encoder’s key-frame interval (2 s is usual); turn scene-cut-only key frames off.',
  },
  first_byte_slow: {
    stage: 'first_byte',
    severity: 'degraded',
    help: 'Media answers too slowly.',
    mend: 'Measure edge and origin apart: cold cache, saturated uplink, far-away edge.',
  },
  bitrate_below_declared: {
    stage: 'bitrate',
    severity: 'degraded',
    help: 'Much less is sent than declared.',
    mend: 'Encoder’s congestion control or a wrong rung; a static or black picture also shrinks it.',
  },
  bitrate_above_declared: {
    stage: 'bitrate',
    severity: 'degraded',
    help: 'Much more is sent than declared: players choose a rung their line cannot carry.',
    mend: 'Correct the declared bandwidth or the encoder’s rate control.',
  },
  latency_high: {
    stage: 'latency',
    severity: 'degraded',
    help: 'The live edge is too far behind the moment filmed.',
    mend: 'Add up encoder buffer, segment length and hold-back; look for a growing queue on the link.',
  },
  program_date_time_ahead: {
    stage: 'latency',
    severity: 'degraded',
    help: 'The stream dates its newest segment in the future: latency cannot be measured, and cues come at wrong moments.',
    mend: 'Set the packager’s clock (NTP), and see that it writes UTC and not local time.',
  },
  would_stall: {
    stage: 'playhead',
    severity: 'degraded',
    help: 'A viewer’s buffer would have run empty.',
    mend: 'Media comes later than it is played: look at download speed, encoder speed and segment availability.',
  },
  encrypted_not_inspected: {
    stage: 'segments',
    severity: 'notice',
    help: 'Segments are encrypted and the probe has no key: their pictures and times were not looked into.',
    mend: 'Give the probe the header or cookie that the key server wants, or accept that only delivery is checked.',
  },
  gap_announced: {
    stage: 'timeline',
    severity: 'notice',
    help: 'The playlist says itself that segments are missing (EXT-X-GAP).',
    mend: 'See why the packager lost them: input lost, failover. Players jump over it or take another variant.',
  },
  certificate_expires_soon: {
    stage: 'tls',
    severity: 'notice',
    help: 'The certificate ends within two weeks.',
    mend: 'See that its renewal is scheduled.',
  },
} as const satisfies Readonly<Record<string, ProbeReasonSpec>>

export type ProbeReason = keyof typeof PROBE_REASONS
export const PROBE_REASON_CODES = Object.keys(PROBE_REASONS) as ProbeReason[]

/** Where right ends and wrong begins, unless the target says otherwise. Times in ms. */
export const PROBE_LIMITS = {
  first_byte_ms: 1_500,
  key_frame_interval_ms: 4_500,
  av_offset_ms: 250,
  /** Of the declared bitrate. */
  bitrate_min_ratio: 0.6,
  bitrate_max_ratio: 1.6,
  /** Of the declared duration of a segment, and never less than `segment_duration_ms`. */
  segment_duration_ratio: 0.25,
  segment_duration_ms: 300,
  /** A hole or an overlap between segments. */
  timeline_ms: 250,
  /** Target durations without a new segment, plus `stale_grace_ms`. */
  stale_targets: 2,
  stale_grace_ms: 1_500,
  /** Target durations a variant may be behind, plus `stale_grace_ms`. */
  variant_targets: 2,
  stalled_ms: 300,
  live_latency_ms: 45_000,
  /** How far a stream may date itself ahead of the probe’s clock. */
  clock_ahead_ms: 2_000,
  certificate_days: 14,
  /** Share of pixels that are black; and how long nothing may change. */
  black_ratio: 0.98,
  frozen_ms: 2_500,
  silent_dbfs: -60,
  /** Correlation of the logo's place with its reference, 1 is the same. */
  logo_alike: 0.5,
} as const

export type ProbeLimits = { readonly [K in keyof typeof PROBE_LIMITS]: number }

/**
 * A probe that runs says so by an event of this target, so that a region without findings is known from a region
 * without a probe. Which number of regions must agree stands in the catalogue: the quorum rule of `probe_failure`.
 */
export const PROBE_HEARTBEAT = { target: '~probe', every_ms: 10_000 } as const
