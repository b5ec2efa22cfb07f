CREATE DATABASE IF NOT EXISTS firstframe ON CLUSTER 'firstframe';

CREATE TABLE IF NOT EXISTS firstframe.startup_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  viewer String CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  seq UInt32 CODEC(ZSTD(1)),
  event_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  clock_offset_ms Nullable(Float64) CODEC(ZSTD(1)),
  clock_error_ms Nullable(Float32) CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  trust Nullable(UInt8) CODEC(ZSTD(1)),
  collector LowCardinality(String) CODEC(ZSTD(1)),
  custom String CODEC(ZSTD(1)),
  outcome LowCardinality(String) CODEC(ZSTD(1)),
  video_startup_time_ms Nullable(Float32) CODEC(ZSTD(1)),
  dns_ms Nullable(Float32) CODEC(ZSTD(1)),
  tcp_ms Nullable(Float32) CODEC(ZSTD(1)),
  tls_ms Nullable(Float32) CODEC(ZSTD(1)),
  handshake_ms Nullable(Float32) CODEC(ZSTD(1)),
  manifest_ms Nullable(Float32) CODEC(ZSTD(1)),
  first_byte_ms Nullable(Float32) CODEC(ZSTD(1)),
  licence_ms Nullable(Float32) CODEC(ZSTD(1)),
  demux_ms Nullable(Float32) CODEC(ZSTD(1)),
  decode_ms Nullable(Float32) CODEC(ZSTD(1)),
  render_ms Nullable(Float32) CODEC(ZSTD(1)),
  drm_system LowCardinality(String) CODEC(ZSTD(1)),
  container_ms Nullable(Float32) CODEC(ZSTD(1)),
  component_ms Nullable(Float32) CODEC(ZSTD(1)),
  resources UInt16 CODEC(ZSTD(1)),
  resources_cached UInt16 CODEC(ZSTD(1)),
  error_code LowCardinality(String) CODEC(ZSTD(1)),
  error_category LowCardinality(String) CODEC(ZSTD(1)),
  error_message String CODEC(ZSTD(1)),
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX received_range received_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toDate(received_time)
PRIMARY KEY (tenant, stream, toStartOfFiveMinutes(received_time))
ORDER BY (tenant, stream, toStartOfFiveMinutes(received_time), cdn, session, event_time)
TTL toDateTime(received_time) + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.startup ON CLUSTER 'firstframe' AS firstframe.startup_local
ENGINE = Distributed('firstframe', 'firstframe', 'startup_local', cityHash64(session));

CREATE TABLE IF NOT EXISTS firstframe.heartbeat_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  viewer String CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  seq UInt32 CODEC(ZSTD(1)),
  event_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  clock_offset_ms Nullable(Float64) CODEC(ZSTD(1)),
  clock_error_ms Nullable(Float32) CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  trust Nullable(UInt8) CODEC(ZSTD(1)),
  collector LowCardinality(String) CODEC(ZSTD(1)),
  custom String CODEC(ZSTD(1)),
  interval_ms UInt32 CODEC(ZSTD(1)),
  reason LowCardinality(String) CODEC(ZSTD(1)),
  state LowCardinality(String) CODEC(ZSTD(1)),
  played_ms UInt32 CODEC(ZSTD(1)),
  stalled_ms UInt32 CODEC(ZSTD(1)),
  paused_ms UInt32 CODEC(ZSTD(1)),
  seeking_ms UInt32 CODEC(ZSTD(1)),
  stall_count UInt16 CODEC(ZSTD(1)),
  fast_ms UInt32 CODEC(ZSTD(1)),
  slow_ms UInt32 CODEC(ZSTD(1)),
  catch_ups UInt16 CODEC(ZSTD(1)),
  caught_up_ms Nullable(Int32) CODEC(ZSTD(1)),
  playback_rate Nullable(Float32) CODEC(ZSTD(1)),
  bitrate_kbps Nullable(Float32) CODEC(ZSTD(1)),
  bandwidth_kbps Nullable(Float32) CODEC(ZSTD(1)),
  fps_rendered Nullable(Float32) CODEC(ZSTD(1)),
  fps_decoded Nullable(Float32) CODEC(ZSTD(1)),
  frames_rendered UInt32 CODEC(ZSTD(1)),
  frames_dropped UInt32 CODEC(ZSTD(1)),
  buffer_ms Nullable(UInt32) CODEC(T64, ZSTD(1)),
  live_latency_ms Nullable(UInt32) CODEC(T64, ZSTD(1)),
  width Nullable(UInt16) CODEC(ZSTD(1)),
  height Nullable(UInt16) CODEC(ZSTD(1)),
  switches UInt16 CODEC(ZSTD(1)),
  requests UInt32 CODEC(ZSTD(1)),
  requests_failed UInt32 CODEC(ZSTD(1)),
  ttfb_ms Nullable(Float32) CODEC(ZSTD(1)),
  bytes UInt64 CODEC(ZSTD(1)),
  bytes_p2p UInt64 CODEC(ZSTD(1)),
  peers Nullable(UInt16) CODEC(ZSTD(1)),
  bytes_reference UInt64 CODEC(ZSTD(1)),
  error_code LowCardinality(String) CODEC(ZSTD(1)),
  error_category LowCardinality(String) CODEC(ZSTD(1)),
  error_fatal Bool CODEC(ZSTD(1)),
  error_message String CODEC(ZSTD(1)),
  reports_expected UInt32 CODEC(ZSTD(1)),
  reports_received UInt32 CODEC(ZSTD(1)),
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX received_range received_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toDate(received_time)
PRIMARY KEY (tenant, stream, toStartOfFiveMinutes(received_time))
ORDER BY (tenant, stream, toStartOfFiveMinutes(received_time), cdn, session, event_time)
TTL toDateTime(received_time) + INTERVAL 14 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.heartbeat ON CLUSTER 'firstframe' AS firstframe.heartbeat_local
ENGINE = Distributed('firstframe', 'firstframe', 'heartbeat_local', cityHash64(session));

CREATE TABLE IF NOT EXISTS firstframe.interaction_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  viewer String CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  seq UInt32 CODEC(ZSTD(1)),
  event_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  clock_offset_ms Nullable(Float64) CODEC(ZSTD(1)),
  clock_error_ms Nullable(Float32) CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  trust Nullable(UInt8) CODEC(ZSTD(1)),
  collector LowCardinality(String) CODEC(ZSTD(1)),
  custom String CODEC(ZSTD(1)),
  action LowCardinality(String) CODEC(ZSTD(1)),
  outcome LowCardinality(String) CODEC(ZSTD(1)),
  round LowCardinality(String) CODEC(ZSTD(1)),
  channel LowCardinality(String) CODEC(ZSTD(1)),
  topic LowCardinality(String) CODEC(ZSTD(1)),
  prefetch LowCardinality(String) CODEC(ZSTD(1)),
  rtt_ms Nullable(Float32) CODEC(ZSTD(1)),
  messages_expected UInt32 CODEC(ZSTD(1)),
  messages_received UInt32 CODEC(ZSTD(1)),
  messages_duplicated UInt32 CODEC(ZSTD(1)),
  messages_disordered UInt32 CODEC(ZSTD(1)),
  messages_timed UInt32 CODEC(ZSTD(1)),
  message_delay_ms Nullable(Float32) CODEC(ZSTD(1)),
  message_queue_ms Nullable(Float32) CODEC(ZSTD(1)),
  messages_queued UInt32 CODEC(ZSTD(1)),
  error_code LowCardinality(String) CODEC(ZSTD(1)),
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX received_range received_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toDate(received_time)
PRIMARY KEY (tenant, stream, toStartOfFiveMinutes(received_time))
ORDER BY (tenant, stream, toStartOfFiveMinutes(received_time), cdn, session, event_time)
TTL toDateTime(received_time) + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.interaction ON CLUSTER 'firstframe' AS firstframe.interaction_local
ENGINE = Distributed('firstframe', 'firstframe', 'interaction_local', cityHash64(session));

CREATE TABLE IF NOT EXISTS firstframe.cue_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  viewer String CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  seq UInt32 CODEC(ZSTD(1)),
  event_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  clock_offset_ms Nullable(Float64) CODEC(ZSTD(1)),
  clock_error_ms Nullable(Float32) CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  trust Nullable(UInt8) CODEC(ZSTD(1)),
  collector LowCardinality(String) CODEC(ZSTD(1)),
  custom String CODEC(ZSTD(1)),
  round LowCardinality(String) CODEC(ZSTD(1)),
  stage LowCardinality(String) CODEC(ZSTD(1)),
  cue LowCardinality(String) CODEC(ZSTD(1)),
  since_trigger_ms Nullable(Float32) CODEC(ZSTD(1)),
  skew_ms Nullable(Float32) CODEC(ZSTD(1)),
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX received_range received_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toDate(received_time)
PRIMARY KEY (tenant, stream, toStartOfFiveMinutes(received_time))
ORDER BY (tenant, stream, toStartOfFiveMinutes(received_time), cdn, session, event_time)
TTL toDateTime(received_time) + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.cue ON CLUSTER 'firstframe' AS firstframe.cue_local
ENGINE = Distributed('firstframe', 'firstframe', 'cue_local', cityHash64(session));

CREATE TABLE IF NOT EXISTS firstframe.cohost_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  viewer String CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  seq UInt32 CODEC(ZSTD(1)),
  event_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  clock_offset_ms Nullable(Float64) CODEC(ZSTD(1)),
  clock_error_ms Nullable(Float32) CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  trust Nullable(UInt8) CODEC(ZSTD(1)),
  collector LowCardinality(String) CODEC(ZSTD(1)),
  custom String CODEC(ZSTD(1)),
  interval_ms UInt32 CODEC(ZSTD(1)),
  peer LowCardinality(String) CODEC(ZSTD(1)),
  direction LowCardinality(String) CODEC(ZSTD(1)),
  event LowCardinality(String) CODEC(ZSTD(1)),
  rtt_ms Nullable(Float32) CODEC(ZSTD(1)),
  jitter_ms Nullable(Float32) CODEC(ZSTD(1)),
  packets_received UInt32 CODEC(ZSTD(1)),
  packets_lost UInt32 CODEC(ZSTD(1)),
  freeze_count UInt16 CODEC(ZSTD(1)),
  freeze_ms UInt32 CODEC(ZSTD(1)),
  end_to_end_latency_ms Nullable(Float32) CODEC(ZSTD(1)),
  bitrate_kbps Nullable(Float32) CODEC(ZSTD(1)),
  fps Nullable(Float32) CODEC(ZSTD(1)),
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX received_range received_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toDate(received_time)
PRIMARY KEY (tenant, stream, toStartOfFiveMinutes(received_time))
ORDER BY (tenant, stream, toStartOfFiveMinutes(received_time), cdn, session, event_time)
TTL toDateTime(received_time) + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.cohost ON CLUSTER 'firstframe' AS firstframe.cohost_local
ENGINE = Distributed('firstframe', 'firstframe', 'cohost_local', cityHash64(session));

CREATE TABLE IF NOT EXISTS firstframe.hop_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  viewer String CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  seq UInt32 CODEC(ZSTD(1)),
  event_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  clock_offset_ms Nullable(Float64) CODEC(ZSTD(1)),
  clock_error_ms Nullable(Float32) CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  trust Nullable(UInt8) CODEC(ZSTD(1)),
  collector LowCardinality(String) CODEC(ZSTD(1)),
  custom String CODEC(ZSTD(1)),
  hop LowCardinality(String) CODEC(ZSTD(1)),
  node LowCardinality(String) CODEC(ZSTD(1)),
  interval_ms UInt32 CODEC(ZSTD(1)),
  status LowCardinality(String) CODEC(ZSTD(1)),
  event LowCardinality(String) CODEC(ZSTD(1)),
  reason LowCardinality(String) CODEC(ZSTD(1)),
  lag_ms Nullable(Float32) CODEC(ZSTD(1)),
  renditions_promised UInt32 CODEC(ZSTD(1)),
  renditions_delivered UInt32 CODEC(ZSTD(1)),
  bitrate_in_kbps Nullable(Float32) CODEC(ZSTD(1)),
  bitrate_out_kbps Nullable(Float32) CODEC(ZSTD(1)),
  fps_in Nullable(Float32) CODEC(ZSTD(1)),
  fps_out Nullable(Float32) CODEC(ZSTD(1)),
  key_frame_interval_ms Nullable(Float32) CODEC(ZSTD(1)),
  frames UInt32 CODEC(ZSTD(1)),
  frames_dropped UInt32 CODEC(ZSTD(1)),
  frames_duplicated UInt32 CODEC(ZSTD(1)),
  av_offset_ms Nullable(Float32) CODEC(ZSTD(1)),
  congestion_ratio Nullable(Float32) CODEC(ZSTD(1)),
  packet_loss_ratio Nullable(Float32) CODEC(ZSTD(1)),
  rtt_ms Nullable(Float32) CODEC(ZSTD(1)),
  speed_ratio Nullable(Float32) CODEC(ZSTD(1)),
  render_ms Nullable(Float32) CODEC(ZSTD(1)),
  encode_ms Nullable(Float32) CODEC(ZSTD(1)),
  encoder LowCardinality(String) CODEC(ZSTD(1)),
  clients Nullable(UInt32) CODEC(ZSTD(1)),
  bytes_in UInt64 CODEC(ZSTD(1)),
  bytes_out UInt64 CODEC(ZSTD(1)),
  requests UInt32 CODEC(ZSTD(1)),
  cache_hits UInt32 CODEC(ZSTD(1)),
  requests_refused UInt32 CODEC(ZSTD(1)),
  requests_hotlinked UInt32 CODEC(ZSTD(1)),
  status_2xx UInt32 CODEC(ZSTD(1)),
  status_3xx UInt32 CODEC(ZSTD(1)),
  status_4xx UInt32 CODEC(ZSTD(1)),
  status_5xx UInt32 CODEC(ZSTD(1)),
  ttfb_ms Nullable(Float32) CODEC(ZSTD(1)),
  segment_duration_ms Nullable(Float32) CODEC(ZSTD(1)),
  cpu_ratio Nullable(Float32) CODEC(ZSTD(1)),
  memory_bytes Nullable(UInt64) CODEC(ZSTD(1)),
  width Nullable(UInt16) CODEC(ZSTD(1)),
  height Nullable(UInt16) CODEC(ZSTD(1)),
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX received_range received_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toDate(received_time)
PRIMARY KEY (tenant, stream, toStartOfFiveMinutes(received_time))
ORDER BY (tenant, stream, toStartOfFiveMinutes(received_time), received_time)
TTL toDateTime(received_time) + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.hop ON CLUSTER 'firstframe' AS firstframe.hop_local
ENGINE = Distributed('firstframe', 'firstframe', 'hop_local', cityHash64(stream));

CREATE TABLE IF NOT EXISTS firstframe.probe_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  viewer String CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  seq UInt32 CODEC(ZSTD(1)),
  event_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  clock_offset_ms Nullable(Float64) CODEC(ZSTD(1)),
  clock_error_ms Nullable(Float32) CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  trust Nullable(UInt8) CODEC(ZSTD(1)),
  collector LowCardinality(String) CODEC(ZSTD(1)),
  custom String CODEC(ZSTD(1)),
  target LowCardinality(String) CODEC(ZSTD(1)),
  hop LowCardinality(String) CODEC(ZSTD(1)),
  verdict LowCardinality(String) CODEC(ZSTD(1)),
  stage LowCardinality(String) CODEC(ZSTD(1)),
  reason LowCardinality(String) CODEC(ZSTD(1)),
  detail String CODEC(ZSTD(1)),
  dns_ms Nullable(Float32) CODEC(ZSTD(1)),
  tcp_ms Nullable(Float32) CODEC(ZSTD(1)),
  tls_ms Nullable(Float32) CODEC(ZSTD(1)),
  handshake_ms Nullable(Float32) CODEC(ZSTD(1)),
  manifest_ms Nullable(Float32) CODEC(ZSTD(1)),
  first_byte_ms Nullable(Float32) CODEC(ZSTD(1)),
  first_key_frame_ms Nullable(Float32) CODEC(ZSTD(1)),
  startup_ms Nullable(Float32) CODEC(ZSTD(1)),
  freshness_ms Nullable(Float32) CODEC(ZSTD(1)),
  live_latency_ms Nullable(Float32) CODEC(ZSTD(1)),
  gap_ms Float32 CODEC(ZSTD(1)),
  stalled_ms Float32 CODEC(ZSTD(1)),
  segment_duration_ms Nullable(Float32) CODEC(ZSTD(1)),
  key_frame_interval_ms Nullable(Float32) CODEC(ZSTD(1)),
  av_offset_ms Nullable(Float32) CODEC(ZSTD(1)),
  bitrate_kbps Nullable(Float32) CODEC(ZSTD(1)),
  declared_kbps Nullable(Float32) CODEC(ZSTD(1)),
  discontinuities UInt32 CODEC(ZSTD(1)),
  variants UInt16 CODEC(ZSTD(1)),
  frame String CODEC(ZSTD(1)),
  bytes UInt64 CODEC(ZSTD(1)),
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX received_range received_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toDate(received_time)
PRIMARY KEY (tenant, stream, toStartOfFiveMinutes(received_time))
ORDER BY (tenant, stream, toStartOfFiveMinutes(received_time), received_time)
TTL toDateTime(received_time) + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.probe ON CLUSTER 'firstframe' AS firstframe.probe_local
ENGINE = Distributed('firstframe', 'firstframe', 'probe_local', cityHash64(stream));

CREATE TABLE IF NOT EXISTS firstframe.resource_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  viewer String CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  seq UInt32 CODEC(ZSTD(1)),
  event_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  clock_offset_ms Nullable(Float64) CODEC(ZSTD(1)),
  clock_error_ms Nullable(Float32) CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  trust Nullable(UInt8) CODEC(ZSTD(1)),
  collector LowCardinality(String) CODEC(ZSTD(1)),
  custom String CODEC(ZSTD(1)),
  resource LowCardinality(String) CODEC(ZSTD(1)),
  node LowCardinality(String) CODEC(ZSTD(1)),
  level Float64 CODEC(ZSTD(1)),
  capacity Nullable(Float64) CODEC(ZSTD(1)),
  sense LowCardinality(String) CODEC(ZSTD(1)),
  unit LowCardinality(String) CODEC(ZSTD(1)),
  round LowCardinality(String) CODEC(ZSTD(1)),
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX received_range received_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toDate(received_time)
PRIMARY KEY (tenant, stream, toStartOfFiveMinutes(received_time))
ORDER BY (tenant, stream, toStartOfFiveMinutes(received_time), received_time)
TTL toDateTime(received_time) + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.resource ON CLUSTER 'firstframe' AS firstframe.resource_local
ENGINE = Distributed('firstframe', 'firstframe', 'resource_local', cityHash64(stream));

CREATE TABLE IF NOT EXISTS firstframe.ledger_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  viewer String CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  seq UInt32 CODEC(ZSTD(1)),
  event_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  clock_offset_ms Nullable(Float64) CODEC(ZSTD(1)),
  clock_error_ms Nullable(Float32) CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  trust Nullable(UInt8) CODEC(ZSTD(1)),
  collector LowCardinality(String) CODEC(ZSTD(1)),
  custom String CODEC(ZSTD(1)),
  entry LowCardinality(String) CODEC(ZSTD(1)),
  node LowCardinality(String) CODEC(ZSTD(1)),
  amount Float64 CODEC(ZSTD(1)),
  count UInt32 CODEC(ZSTD(1)),
  pool LowCardinality(String) CODEC(ZSTD(1)),
  tier LowCardinality(String) CODEC(ZSTD(1)),
  round LowCardinality(String) CODEC(ZSTD(1)),
  reference String CODEC(ZSTD(1)),
  ends_ms Nullable(Float64) CODEC(ZSTD(1)),
  currency LowCardinality(String) CODEC(ZSTD(1)),
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX received_range received_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toDate(received_time)
PRIMARY KEY (tenant, stream, toStartOfFiveMinutes(received_time))
ORDER BY (tenant, stream, toStartOfFiveMinutes(received_time), received_time)
TTL toDateTime(received_time) + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.ledger ON CLUSTER 'firstframe' AS firstframe.ledger_local
ENGINE = Distributed('firstframe', 'firstframe', 'ledger_local', cityHash64(stream));

CREATE TABLE IF NOT EXISTS firstframe.change_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  viewer String CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  network LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  weight Float32 CODEC(ZSTD(1)),
  seq UInt32 CODEC(ZSTD(1)),
  event_time DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  clock_offset_ms Nullable(Float64) CODEC(ZSTD(1)),
  clock_error_ms Nullable(Float32) CODEC(ZSTD(1)),
  flags UInt16 CODEC(ZSTD(1)),
  trust Nullable(UInt8) CODEC(ZSTD(1)),
  collector LowCardinality(String) CODEC(ZSTD(1)),
  custom String CODEC(ZSTD(1)),
  changed LowCardinality(String) CODEC(ZSTD(1)),
  version LowCardinality(String) CODEC(ZSTD(1)),
  detail String CODEC(ZSTD(1)),
  by LowCardinality(String) CODEC(ZSTD(1)),
  INDEX session_bloom session TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX received_range received_time TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toDate(received_time)
PRIMARY KEY (tenant, stream, toStartOfFiveMinutes(received_time))
ORDER BY (tenant, stream, toStartOfFiveMinutes(received_time), received_time)
TTL toDateTime(received_time) + INTERVAL 365 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.change ON CLUSTER 'firstframe' AS firstframe.change_local
ENGINE = Distributed('firstframe', 'firstframe', 'change_local', cityHash64(stream));

CREATE TABLE IF NOT EXISTS firstframe.dead_letter_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  received_time DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  stage LowCardinality(String) CODEC(ZSTD(1)),
  code LowCardinality(String) CODEC(ZSTD(1)),
  kind LowCardinality(String) CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  detail String CODEC(ZSTD(1)),
  body String CODEC(ZSTD(1))
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toYYYYMM(received_time)
ORDER BY (tenant, received_time)
TTL toDateTime(received_time) + INTERVAL 7 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.dead_letter ON CLUSTER 'firstframe' AS firstframe.dead_letter_local
ENGINE = Distributed('firstframe', 'firstframe', 'dead_letter_local', cityHash64(tenant));

CREATE TABLE IF NOT EXISTS firstframe.incident_local ON CLUSTER 'firstframe' (
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  id String CODEC(ZSTD(1)),
  version UInt32 CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  state LowCardinality(String) CODEC(ZSTD(1)),
  severity LowCardinality(String) CODEC(ZSTD(1)),
  rule LowCardinality(String) CODEC(ZSTD(1)),
  metric LowCardinality(String) CODEC(ZSTD(1)),
  hop LowCardinality(String) CODEC(ZSTD(1)),
  cause String CODEC(ZSTD(1)),
  summary_en String CODEC(ZSTD(1)),
  summary_zh String CODEC(ZSTD(1)),
  value Nullable(Float64) CODEC(ZSTD(1)),
  baseline Nullable(Float64) CODEC(ZSTD(1)),
  explains Nullable(Float32) CODEC(ZSTD(1)),
  confidence Nullable(Float32) CODEC(ZSTD(1)),
  viewers Nullable(Float64) CODEC(ZSTD(1)),
  streams String CODEC(ZSTD(1)),
  stream_count Nullable(UInt32) CODEC(ZSTD(1)),
  show_count Nullable(UInt32) CODEC(ZSTD(1)),
  lost_minutes Nullable(Float64) CODEC(ZSTD(1)),
  unpaged LowCardinality(String) CODEC(ZSTD(1)),
  reopened Nullable(UInt32) CODEC(ZSTD(1)),
  evidence String CODEC(ZSTD(1)),
  began_time DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  opened_time DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  updated_time DateTime64(3, 'UTC') CODEC(ZSTD(1)),
  resolved_time DateTime64(3, 'UTC') CODEC(ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree(version)
PARTITION BY toYYYYMM(opened_time)
ORDER BY (tenant, id)
TTL toDateTime(opened_time) + INTERVAL 365 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.incident ON CLUSTER 'firstframe' AS firstframe.incident_local
ENGINE = Distributed('firstframe', 'firstframe', 'incident_local', cityHash64(tenant));

CREATE TABLE IF NOT EXISTS firstframe.heartbeat_10s_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  heartbeats_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interval_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  played_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalled_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  watched_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalls_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalled_sessions_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1)),
  fast_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  slow_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  catch_ups_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  caught_up_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bitrate_played_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bitrate_played_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bandwidth_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bandwidth_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_p2p_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  peers_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  peers_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_reference_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_compared_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_rendered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_dropped_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_total_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  fps_rendered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  fps_rendered_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  buffer_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  buffer_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_hist SimpleAggregateFunction(sumMap, Map(Int16, Float64)) CODEC(ZSTD(1)),
  switches_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  media_requests_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  media_requests_failed_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  playback_failures_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reports_expected_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reports_received_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  sessions_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1)),
  viewers_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toDate(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, cdn, isp, region, delivery, synthetic, source)
TTL time + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.heartbeat_10s_view_local ON CLUSTER 'firstframe' TO firstframe.heartbeat_10s_local AS
SELECT
  toDateTime(toStartOfInterval(received_time, INTERVAL 10 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  cdn,
  isp,
  region,
  delivery,
  synthetic,
  source,
  sum(toFloat64(weight)) AS heartbeats_count,
  sum(toFloat64(weight) * (assumeNotNull(interval_ms))) AS interval_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(played_ms))) AS played_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(stalled_ms))) AS stalled_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(played_ms) + assumeNotNull(stalled_ms))) AS watched_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(stall_count))) AS stalls_sum,
  uniqCombined64StateIf(session, weight > 0 AND stalled_ms >= 1) AS stalled_sessions_uniq,
  sum(toFloat64(weight) * (assumeNotNull(fast_ms))) AS fast_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(slow_ms))) AS slow_ms_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(catch_ups)), isNotNull(caught_up_ms)) AS catch_ups_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(caught_up_ms)), isNotNull(caught_up_ms)) AS caught_up_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(bitrate_kbps)) * played_ms, isNotNull(bitrate_kbps)) AS bitrate_played_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(played_ms)), isNotNull(bitrate_kbps)) AS bitrate_played_ms_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(bandwidth_kbps)), isNotNull(bandwidth_kbps)) AS bandwidth_sum,
  sumIf(toFloat64(weight), isNotNull(bandwidth_kbps)) AS bandwidth_count,
  sum(toFloat64(weight) * (assumeNotNull(bytes))) AS bytes_sum,
  sum(toFloat64(weight) * (assumeNotNull(bytes_p2p))) AS bytes_p2p_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(peers)), isNotNull(peers)) AS peers_sum,
  sumIf(toFloat64(weight), isNotNull(peers)) AS peers_count,
  sum(toFloat64(weight) * (assumeNotNull(bytes_reference))) AS bytes_reference_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(bytes)), bytes_reference >= 1) AS bytes_compared_sum,
  sum(toFloat64(weight) * (assumeNotNull(frames_rendered))) AS frames_rendered_sum,
  sum(toFloat64(weight) * (assumeNotNull(frames_dropped))) AS frames_dropped_sum,
  sum(toFloat64(weight) * (assumeNotNull(frames_rendered) + assumeNotNull(frames_dropped))) AS frames_total_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(fps_rendered)), isNotNull(fps_rendered)) AS fps_rendered_sum,
  sumIf(toFloat64(weight), isNotNull(fps_rendered)) AS fps_rendered_count,
  sumIf(toFloat64(weight) * (assumeNotNull(buffer_ms)), isNotNull(buffer_ms)) AS buffer_sum,
  sumIf(toFloat64(weight), isNotNull(buffer_ms)) AS buffer_count,
  sumIf(toFloat64(weight) * (assumeNotNull(live_latency_ms)), isNotNull(live_latency_ms)) AS live_latency_sum,
  sumIf(toFloat64(weight), isNotNull(live_latency_ms)) AS live_latency_count,
  sumMapIf(map(toInt16(if(live_latency_ms > 1, ceil(log(assumeNotNull(live_latency_ms)) / 0.03922071315328133), 0)), toFloat64(weight)), isNotNull(live_latency_ms)) AS live_latency_hist,
  sum(toFloat64(weight) * (assumeNotNull(switches))) AS switches_sum,
  sum(toFloat64(weight) * (assumeNotNull(requests))) AS media_requests_sum,
  sum(toFloat64(weight) * (assumeNotNull(requests_failed))) AS media_requests_failed_sum,
  sumIf(toFloat64(weight), error_fatal AND error_category != 'business') AS playback_failures_count,
  sum(toFloat64(weight) * (assumeNotNull(reports_expected))) AS reports_expected_sum,
  sum(toFloat64(weight) * (assumeNotNull(reports_received))) AS reports_received_sum,
  uniqCombined64StateIf(session, weight > 0) AS sessions_uniq,
  uniqCombined64StateIf(if(viewer = '', session, viewer), weight > 0) AS viewers_uniq
FROM firstframe.heartbeat_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, app, cdn, isp, region, delivery, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.heartbeat_10s ON CLUSTER 'firstframe' AS firstframe.heartbeat_10s_local
ENGINE = Distributed('firstframe', 'firstframe', 'heartbeat_10s_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.heartbeat_1m_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  heartbeats_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interval_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  played_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalled_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  watched_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalls_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalled_sessions_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1)),
  fast_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  slow_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  catch_ups_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  caught_up_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bitrate_played_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bitrate_played_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bandwidth_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bandwidth_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_p2p_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  peers_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  peers_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_reference_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_compared_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_rendered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_dropped_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_total_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  fps_rendered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  fps_rendered_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  buffer_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  buffer_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_hist SimpleAggregateFunction(sumMap, Map(Int16, Float64)) CODEC(ZSTD(1)),
  switches_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  media_requests_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  media_requests_failed_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  playback_failures_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reports_expected_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reports_received_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  sessions_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1)),
  viewers_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toYYYYMM(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, cdn, isp, country, region, device, os, container, component, component_version, player, player_version, protocol, codec, rendition, synthetic, source)
TTL time + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.heartbeat_1m_view_local ON CLUSTER 'firstframe' TO firstframe.heartbeat_1m_local AS
SELECT
  toDateTime(toStartOfInterval(event_time, INTERVAL 60 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  cdn,
  isp,
  country,
  region,
  device,
  os,
  container,
  component,
  component_version,
  player,
  player_version,
  protocol,
  codec,
  rendition,
  synthetic,
  source,
  sum(toFloat64(weight)) AS heartbeats_count,
  sum(toFloat64(weight) * (assumeNotNull(interval_ms))) AS interval_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(played_ms))) AS played_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(stalled_ms))) AS stalled_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(played_ms) + assumeNotNull(stalled_ms))) AS watched_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(stall_count))) AS stalls_sum,
  uniqCombined64StateIf(session, weight > 0 AND stalled_ms >= 1) AS stalled_sessions_uniq,
  sum(toFloat64(weight) * (assumeNotNull(fast_ms))) AS fast_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(slow_ms))) AS slow_ms_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(catch_ups)), isNotNull(caught_up_ms)) AS catch_ups_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(caught_up_ms)), isNotNull(caught_up_ms)) AS caught_up_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(bitrate_kbps)) * played_ms, isNotNull(bitrate_kbps)) AS bitrate_played_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(played_ms)), isNotNull(bitrate_kbps)) AS bitrate_played_ms_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(bandwidth_kbps)), isNotNull(bandwidth_kbps)) AS bandwidth_sum,
  sumIf(toFloat64(weight), isNotNull(bandwidth_kbps)) AS bandwidth_count,
  sum(toFloat64(weight) * (assumeNotNull(bytes))) AS bytes_sum,
  sum(toFloat64(weight) * (assumeNotNull(bytes_p2p))) AS bytes_p2p_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(peers)), isNotNull(peers)) AS peers_sum,
  sumIf(toFloat64(weight), isNotNull(peers)) AS peers_count,
  sum(toFloat64(weight) * (assumeNotNull(bytes_reference))) AS bytes_reference_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(bytes)), bytes_reference >= 1) AS bytes_compared_sum,
  sum(toFloat64(weight) * (assumeNotNull(frames_rendered))) AS frames_rendered_sum,
  sum(toFloat64(weight) * (assumeNotNull(frames_dropped))) AS frames_dropped_sum,
  sum(toFloat64(weight) * (assumeNotNull(frames_rendered) + assumeNotNull(frames_dropped))) AS frames_total_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(fps_rendered)), isNotNull(fps_rendered)) AS fps_rendered_sum,
  sumIf(toFloat64(weight), isNotNull(fps_rendered)) AS fps_rendered_count,
  sumIf(toFloat64(weight) * (assumeNotNull(buffer_ms)), isNotNull(buffer_ms)) AS buffer_sum,
  sumIf(toFloat64(weight), isNotNull(buffer_ms)) AS buffer_count,
  sumIf(toFloat64(weight) * (assumeNotNull(live_latency_ms)), isNotNull(live_latency_ms)) AS live_latency_sum,
  sumIf(toFloat64(weight), isNotNull(live_latency_ms)) AS live_latency_count,
  sumMapIf(map(toInt16(if(live_latency_ms > 1, ceil(log(assumeNotNull(live_latency_ms)) / 0.03922071315328133), 0)), toFloat64(weight)), isNotNull(live_latency_ms)) AS live_latency_hist,
  sum(toFloat64(weight) * (assumeNotNull(switches))) AS switches_sum,
  sum(toFloat64(weight) * (assumeNotNull(requests))) AS media_requests_sum,
  sum(toFloat64(weight) * (assumeNotNull(requests_failed))) AS media_requests_failed_sum,
  sumIf(toFloat64(weight), error_fatal AND error_category != 'business') AS playback_failures_count,
  sum(toFloat64(weight) * (assumeNotNull(reports_expected))) AS reports_expected_sum,
  sum(toFloat64(weight) * (assumeNotNull(reports_received))) AS reports_received_sum,
  uniqCombined64StateIf(session, weight > 0) AS sessions_uniq,
  uniqCombined64StateIf(if(viewer = '', session, viewer), weight > 0) AS viewers_uniq
FROM firstframe.heartbeat_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, app, cdn, isp, country, region, device, os, container, component, component_version, player, player_version, protocol, codec, rendition, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.heartbeat_1m ON CLUSTER 'firstframe' AS firstframe.heartbeat_1m_local
ENGINE = Distributed('firstframe', 'firstframe', 'heartbeat_1m_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.heartbeat_stream_10s_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  heartbeats_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interval_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  played_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalled_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  watched_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalls_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  fast_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  slow_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  catch_ups_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  caught_up_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bitrate_played_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bitrate_played_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bandwidth_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bandwidth_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_p2p_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  peers_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  peers_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_reference_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_compared_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_rendered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_dropped_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_total_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  fps_rendered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  fps_rendered_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  buffer_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  buffer_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_hist SimpleAggregateFunction(sumMap, Map(Int16, Float64)) CODEC(ZSTD(1)),
  switches_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  media_requests_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  media_requests_failed_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  playback_failures_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reports_expected_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reports_received_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toDate(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, cdn, synthetic)
TTL time + INTERVAL 60 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.heartbeat_stream_10s_view_local ON CLUSTER 'firstframe' TO firstframe.heartbeat_stream_10s_local AS
SELECT
  toDateTime(toStartOfInterval(source.time, INTERVAL 10 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  cdn,
  synthetic,
  sum(source.heartbeats_count) AS heartbeats_count,
  sum(source.interval_ms_sum) AS interval_ms_sum,
  sum(source.played_ms_sum) AS played_ms_sum,
  sum(source.stalled_ms_sum) AS stalled_ms_sum,
  sum(source.watched_ms_sum) AS watched_ms_sum,
  sum(source.stalls_sum) AS stalls_sum,
  sum(source.fast_ms_sum) AS fast_ms_sum,
  sum(source.slow_ms_sum) AS slow_ms_sum,
  sum(source.catch_ups_sum) AS catch_ups_sum,
  sum(source.caught_up_sum) AS caught_up_sum,
  sum(source.bitrate_played_sum) AS bitrate_played_sum,
  sum(source.bitrate_played_ms_sum) AS bitrate_played_ms_sum,
  sum(source.bandwidth_sum) AS bandwidth_sum,
  sum(source.bandwidth_count) AS bandwidth_count,
  sum(source.bytes_sum) AS bytes_sum,
  sum(source.bytes_p2p_sum) AS bytes_p2p_sum,
  sum(source.peers_sum) AS peers_sum,
  sum(source.peers_count) AS peers_count,
  sum(source.bytes_reference_sum) AS bytes_reference_sum,
  sum(source.bytes_compared_sum) AS bytes_compared_sum,
  sum(source.frames_rendered_sum) AS frames_rendered_sum,
  sum(source.frames_dropped_sum) AS frames_dropped_sum,
  sum(source.frames_total_sum) AS frames_total_sum,
  sum(source.fps_rendered_sum) AS fps_rendered_sum,
  sum(source.fps_rendered_count) AS fps_rendered_count,
  sum(source.buffer_sum) AS buffer_sum,
  sum(source.buffer_count) AS buffer_count,
  sum(source.live_latency_sum) AS live_latency_sum,
  sum(source.live_latency_count) AS live_latency_count,
  sumMap(source.live_latency_hist) AS live_latency_hist,
  sum(source.switches_sum) AS switches_sum,
  sum(source.media_requests_sum) AS media_requests_sum,
  sum(source.media_requests_failed_sum) AS media_requests_failed_sum,
  sum(source.playback_failures_count) AS playback_failures_count,
  sum(source.reports_expected_sum) AS reports_expected_sum,
  sum(source.reports_received_sum) AS reports_received_sum
FROM firstframe.heartbeat_10s_local
AS source
GROUP BY time, tenant, show, stream, app, cdn, synthetic;

CREATE TABLE IF NOT EXISTS firstframe.heartbeat_stream_10s ON CLUSTER 'firstframe' AS firstframe.heartbeat_stream_10s_local
ENGINE = Distributed('firstframe', 'firstframe', 'heartbeat_stream_10s_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.audience_5m_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  heartbeats_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interval_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  played_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalled_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  watched_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalls_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  stalled_sessions_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1)),
  fast_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  slow_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  catch_ups_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  caught_up_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bitrate_played_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bitrate_played_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bandwidth_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bandwidth_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_p2p_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  peers_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  peers_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_reference_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  bytes_compared_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_rendered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_dropped_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  frames_total_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  fps_rendered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  fps_rendered_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  buffer_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  buffer_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  live_latency_hist SimpleAggregateFunction(sumMap, Map(Int16, Float64)) CODEC(ZSTD(1)),
  switches_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  media_requests_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  media_requests_failed_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  playback_failures_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reports_expected_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reports_received_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  sessions_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1)),
  viewers_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1)),
  participants_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toYYYYMM(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, codec, synthetic)
TTL time + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.audience_5m_view_local ON CLUSTER 'firstframe' TO firstframe.audience_5m_local AS
SELECT
  toDateTime(toStartOfInterval(source.time, INTERVAL 300 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  codec,
  synthetic,
  sum(source.heartbeats_count) AS heartbeats_count,
  sum(source.interval_ms_sum) AS interval_ms_sum,
  sum(source.played_ms_sum) AS played_ms_sum,
  sum(source.stalled_ms_sum) AS stalled_ms_sum,
  sum(source.watched_ms_sum) AS watched_ms_sum,
  sum(source.stalls_sum) AS stalls_sum,
  uniqCombined64MergeState(source.stalled_sessions_uniq) AS stalled_sessions_uniq,
  sum(source.fast_ms_sum) AS fast_ms_sum,
  sum(source.slow_ms_sum) AS slow_ms_sum,
  sum(source.catch_ups_sum) AS catch_ups_sum,
  sum(source.caught_up_sum) AS caught_up_sum,
  sum(source.bitrate_played_sum) AS bitrate_played_sum,
  sum(source.bitrate_played_ms_sum) AS bitrate_played_ms_sum,
  sum(source.bandwidth_sum) AS bandwidth_sum,
  sum(source.bandwidth_count) AS bandwidth_count,
  sum(source.bytes_sum) AS bytes_sum,
  sum(source.bytes_p2p_sum) AS bytes_p2p_sum,
  sum(source.peers_sum) AS peers_sum,
  sum(source.peers_count) AS peers_count,
  sum(source.bytes_reference_sum) AS bytes_reference_sum,
  sum(source.bytes_compared_sum) AS bytes_compared_sum,
  sum(source.frames_rendered_sum) AS frames_rendered_sum,
  sum(source.frames_dropped_sum) AS frames_dropped_sum,
  sum(source.frames_total_sum) AS frames_total_sum,
  sum(source.fps_rendered_sum) AS fps_rendered_sum,
  sum(source.fps_rendered_count) AS fps_rendered_count,
  sum(source.buffer_sum) AS buffer_sum,
  sum(source.buffer_count) AS buffer_count,
  sum(source.live_latency_sum) AS live_latency_sum,
  sum(source.live_latency_count) AS live_latency_count,
  sumMap(source.live_latency_hist) AS live_latency_hist,
  sum(source.switches_sum) AS switches_sum,
  sum(source.media_requests_sum) AS media_requests_sum,
  sum(source.media_requests_failed_sum) AS media_requests_failed_sum,
  sum(source.playback_failures_count) AS playback_failures_count,
  sum(source.reports_expected_sum) AS reports_expected_sum,
  sum(source.reports_received_sum) AS reports_received_sum,
  uniqCombined64MergeState(source.sessions_uniq) AS sessions_uniq,
  uniqCombined64MergeState(source.viewers_uniq) AS viewers_uniq
FROM firstframe.heartbeat_1m_local
AS source
GROUP BY time, tenant, show, stream, app, codec, synthetic;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.audience_5m_interaction_view_local ON CLUSTER 'firstframe' TO firstframe.audience_5m_local AS
SELECT
  toDateTime(toStartOfInterval(event_time, INTERVAL 300 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  codec,
  synthetic,
  uniqCombined64StateIf(if(viewer = '', session, viewer), weight > 0 AND action != 'message') AS participants_uniq
FROM firstframe.interaction_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, app, codec, synthetic;

CREATE TABLE IF NOT EXISTS firstframe.audience_5m ON CLUSTER 'firstframe' AS firstframe.audience_5m_local
ENGINE = Distributed('firstframe', 'firstframe', 'audience_5m_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.startup_10s_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  delivery LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  attempts_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  starts_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  start_failures_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  abandons_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  first_screen_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  first_screen_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  first_screen_hist SimpleAggregateFunction(sumMap, Map(Int16, Float64)) CODEC(ZSTD(1)),
  dns_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  dns_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  tcp_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  tcp_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  tls_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  tls_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  handshake_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  handshake_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  manifest_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  manifest_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  first_byte_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  first_byte_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  licence_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  licence_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  container_load_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  container_load_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  component_load_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  component_load_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  resources_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  resources_cached_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  drm_failures_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  demux_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  demux_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  decode_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  decode_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  render_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  render_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toDate(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, cdn, isp, region, delivery, synthetic, source)
TTL time + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.startup_10s_view_local ON CLUSTER 'firstframe' TO firstframe.startup_10s_local AS
SELECT
  toDateTime(toStartOfInterval(received_time, INTERVAL 10 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  cdn,
  isp,
  region,
  delivery,
  synthetic,
  source,
  sum(toFloat64(weight)) AS attempts_count,
  sumIf(toFloat64(weight), outcome = 'started') AS starts_count,
  sumIf(toFloat64(weight), outcome = 'failed' AND error_category != 'business') AS start_failures_count,
  sumIf(toFloat64(weight), outcome = 'abandoned') AS abandons_count,
  sumIf(toFloat64(weight) * (assumeNotNull(video_startup_time_ms)), isNotNull(video_startup_time_ms)) AS first_screen_sum,
  sumIf(toFloat64(weight), isNotNull(video_startup_time_ms)) AS first_screen_count,
  sumMapIf(map(toInt16(if(video_startup_time_ms > 1, ceil(log(assumeNotNull(video_startup_time_ms)) / 0.03922071315328133), 0)), toFloat64(weight)), isNotNull(video_startup_time_ms)) AS first_screen_hist,
  sumIf(toFloat64(weight) * (assumeNotNull(dns_ms)), isNotNull(dns_ms)) AS dns_sum,
  sumIf(toFloat64(weight), isNotNull(dns_ms)) AS dns_count,
  sumIf(toFloat64(weight) * (assumeNotNull(tcp_ms)), isNotNull(tcp_ms)) AS tcp_sum,
  sumIf(toFloat64(weight), isNotNull(tcp_ms)) AS tcp_count,
  sumIf(toFloat64(weight) * (assumeNotNull(tls_ms)), isNotNull(tls_ms)) AS tls_sum,
  sumIf(toFloat64(weight), isNotNull(tls_ms)) AS tls_count,
  sumIf(toFloat64(weight) * (assumeNotNull(handshake_ms)), isNotNull(handshake_ms)) AS handshake_sum,
  sumIf(toFloat64(weight), isNotNull(handshake_ms)) AS handshake_count,
  sumIf(toFloat64(weight) * (assumeNotNull(manifest_ms)), isNotNull(manifest_ms)) AS manifest_sum,
  sumIf(toFloat64(weight), isNotNull(manifest_ms)) AS manifest_count,
  sumIf(toFloat64(weight) * (assumeNotNull(first_byte_ms)), isNotNull(first_byte_ms)) AS first_byte_sum,
  sumIf(toFloat64(weight), isNotNull(first_byte_ms)) AS first_byte_count,
  sumIf(toFloat64(weight) * (assumeNotNull(licence_ms)), isNotNull(licence_ms)) AS licence_sum,
  sumIf(toFloat64(weight), isNotNull(licence_ms)) AS licence_count,
  sumIf(toFloat64(weight) * (assumeNotNull(container_ms)), isNotNull(container_ms)) AS container_load_sum,
  sumIf(toFloat64(weight), isNotNull(container_ms)) AS container_load_count,
  sumIf(toFloat64(weight) * (assumeNotNull(component_ms)), isNotNull(component_ms)) AS component_load_sum,
  sumIf(toFloat64(weight), isNotNull(component_ms)) AS component_load_count,
  sum(toFloat64(weight) * (assumeNotNull(resources))) AS resources_sum,
  sum(toFloat64(weight) * (assumeNotNull(resources_cached))) AS resources_cached_sum,
  sumIf(toFloat64(weight), outcome = 'failed' AND error_category = 'drm') AS drm_failures_count,
  sumIf(toFloat64(weight) * (assumeNotNull(demux_ms)), isNotNull(demux_ms)) AS demux_sum,
  sumIf(toFloat64(weight), isNotNull(demux_ms)) AS demux_count,
  sumIf(toFloat64(weight) * (assumeNotNull(decode_ms)), isNotNull(decode_ms)) AS decode_sum,
  sumIf(toFloat64(weight), isNotNull(decode_ms)) AS decode_count,
  sumIf(toFloat64(weight) * (assumeNotNull(render_ms)), isNotNull(render_ms)) AS render_sum,
  sumIf(toFloat64(weight), isNotNull(render_ms)) AS render_count
FROM firstframe.startup_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, app, cdn, isp, region, delivery, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.startup_10s ON CLUSTER 'firstframe' AS firstframe.startup_10s_local
ENGINE = Distributed('firstframe', 'firstframe', 'startup_10s_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.startup_1m_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  os LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  player LowCardinality(String) CODEC(ZSTD(1)),
  player_version LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  codec LowCardinality(String) CODEC(ZSTD(1)),
  rendition LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  attempts_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  starts_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  start_failures_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  abandons_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  first_screen_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  first_screen_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  first_screen_hist SimpleAggregateFunction(sumMap, Map(Int16, Float64)) CODEC(ZSTD(1)),
  dns_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  dns_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  tcp_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  tcp_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  tls_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  tls_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  handshake_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  handshake_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  manifest_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  manifest_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  first_byte_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  first_byte_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  licence_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  licence_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  container_load_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  container_load_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  component_load_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  component_load_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  resources_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  resources_cached_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  drm_failures_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  demux_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  demux_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  decode_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  decode_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  render_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  render_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toYYYYMM(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, cdn, isp, country, region, device, os, container, component, component_version, player, player_version, protocol, codec, rendition, synthetic, source)
TTL time + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.startup_1m_view_local ON CLUSTER 'firstframe' TO firstframe.startup_1m_local AS
SELECT
  toDateTime(toStartOfInterval(event_time, INTERVAL 60 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  cdn,
  isp,
  country,
  region,
  device,
  os,
  container,
  component,
  component_version,
  player,
  player_version,
  protocol,
  codec,
  rendition,
  synthetic,
  source,
  sum(toFloat64(weight)) AS attempts_count,
  sumIf(toFloat64(weight), outcome = 'started') AS starts_count,
  sumIf(toFloat64(weight), outcome = 'failed' AND error_category != 'business') AS start_failures_count,
  sumIf(toFloat64(weight), outcome = 'abandoned') AS abandons_count,
  sumIf(toFloat64(weight) * (assumeNotNull(video_startup_time_ms)), isNotNull(video_startup_time_ms)) AS first_screen_sum,
  sumIf(toFloat64(weight), isNotNull(video_startup_time_ms)) AS first_screen_count,
  sumMapIf(map(toInt16(if(video_startup_time_ms > 1, ceil(log(assumeNotNull(video_startup_time_ms)) / 0.03922071315328133), 0)), toFloat64(weight)), isNotNull(video_startup_time_ms)) AS first_screen_hist,
  sumIf(toFloat64(weight) * (assumeNotNull(dns_ms)), isNotNull(dns_ms)) AS dns_sum,
  sumIf(toFloat64(weight), isNotNull(dns_ms)) AS dns_count,
  sumIf(toFloat64(weight) * (assumeNotNull(tcp_ms)), isNotNull(tcp_ms)) AS tcp_sum,
  sumIf(toFloat64(weight), isNotNull(tcp_ms)) AS tcp_count,
  sumIf(toFloat64(weight) * (assumeNotNull(tls_ms)), isNotNull(tls_ms)) AS tls_sum,
  sumIf(toFloat64(weight), isNotNull(tls_ms)) AS tls_count,
  sumIf(toFloat64(weight) * (assumeNotNull(handshake_ms)), isNotNull(handshake_ms)) AS handshake_sum,
  sumIf(toFloat64(weight), isNotNull(handshake_ms)) AS handshake_count,
  sumIf(toFloat64(weight) * (assumeNotNull(manifest_ms)), isNotNull(manifest_ms)) AS manifest_sum,
  sumIf(toFloat64(weight), isNotNull(manifest_ms)) AS manifest_count,
  sumIf(toFloat64(weight) * (assumeNotNull(first_byte_ms)), isNotNull(first_byte_ms)) AS first_byte_sum,
  sumIf(toFloat64(weight), isNotNull(first_byte_ms)) AS first_byte_count,
  sumIf(toFloat64(weight) * (assumeNotNull(licence_ms)), isNotNull(licence_ms)) AS licence_sum,
  sumIf(toFloat64(weight), isNotNull(licence_ms)) AS licence_count,
  sumIf(toFloat64(weight) * (assumeNotNull(container_ms)), isNotNull(container_ms)) AS container_load_sum,
  sumIf(toFloat64(weight), isNotNull(container_ms)) AS container_load_count,
  sumIf(toFloat64(weight) * (assumeNotNull(component_ms)), isNotNull(component_ms)) AS component_load_sum,
  sumIf(toFloat64(weight), isNotNull(component_ms)) AS component_load_count,
  sum(toFloat64(weight) * (assumeNotNull(resources))) AS resources_sum,
  sum(toFloat64(weight) * (assumeNotNull(resources_cached))) AS resources_cached_sum,
  sumIf(toFloat64(weight), outcome = 'failed' AND error_category = 'drm') AS drm_failures_count,
  sumIf(toFloat64(weight) * (assumeNotNull(demux_ms)), isNotNull(demux_ms)) AS demux_sum,
  sumIf(toFloat64(weight), isNotNull(demux_ms)) AS demux_count,
  sumIf(toFloat64(weight) * (assumeNotNull(decode_ms)), isNotNull(decode_ms)) AS decode_sum,
  sumIf(toFloat64(weight), isNotNull(decode_ms)) AS decode_count,
  sumIf(toFloat64(weight) * (assumeNotNull(render_ms)), isNotNull(render_ms)) AS render_sum,
  sumIf(toFloat64(weight), isNotNull(render_ms)) AS render_count
FROM firstframe.startup_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, app, cdn, isp, country, region, device, os, container, component, component_version, player, player_version, protocol, codec, rendition, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.startup_1m ON CLUSTER 'firstframe' AS firstframe.startup_1m_local
ENGINE = Distributed('firstframe', 'firstframe', 'startup_1m_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.interaction_10s_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  action LowCardinality(String) CODEC(ZSTD(1)),
  round LowCardinality(String) CODEC(ZSTD(1)),
  channel LowCardinality(String) CODEC(ZSTD(1)),
  topic LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  interactions_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interaction_successes_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interaction_failures_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interaction_rtt_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interaction_rtt_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interaction_rtt_hist SimpleAggregateFunction(sumMap, Map(Int16, Float64)) CODEC(ZSTD(1)),
  messages_expected_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  messages_received_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  messages_duplicated_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  messages_disordered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  message_delay_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  messages_timed_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  message_queue_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  messages_queued_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  prefetch_hits_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  prefetches_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  participants_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toDate(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, action, round, channel, topic, container, component, component_version, synthetic, source)
TTL time + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.interaction_10s_view_local ON CLUSTER 'firstframe' TO firstframe.interaction_10s_local AS
SELECT
  toDateTime(toStartOfInterval(received_time, INTERVAL 10 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  action,
  round,
  channel,
  topic,
  container,
  component,
  component_version,
  synthetic,
  source,
  sumIf(toFloat64(weight), outcome IN ('success', 'failed', 'timeout') AND action != 'message') AS interactions_count,
  sumIf(toFloat64(weight), outcome = 'success' AND action != 'message') AS interaction_successes_count,
  sumIf(toFloat64(weight), outcome IN ('failed', 'timeout') AND action != 'message') AS interaction_failures_count,
  sumIf(toFloat64(weight) * (assumeNotNull(rtt_ms)), isNotNull(rtt_ms)) AS interaction_rtt_sum,
  sumIf(toFloat64(weight), isNotNull(rtt_ms)) AS interaction_rtt_count,
  sumMapIf(map(toInt16(if(rtt_ms > 1, ceil(log(assumeNotNull(rtt_ms)) / 0.03922071315328133), 0)), toFloat64(weight)), isNotNull(rtt_ms)) AS interaction_rtt_hist,
  sum(toFloat64(weight) * (assumeNotNull(messages_expected))) AS messages_expected_sum,
  sum(toFloat64(weight) * (assumeNotNull(messages_received))) AS messages_received_sum,
  sum(toFloat64(weight) * (assumeNotNull(messages_duplicated))) AS messages_duplicated_sum,
  sum(toFloat64(weight) * (assumeNotNull(messages_disordered))) AS messages_disordered_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(message_delay_ms)) * messages_timed, isNotNull(message_delay_ms)) AS message_delay_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(messages_timed)), isNotNull(message_delay_ms)) AS messages_timed_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(message_queue_ms)) * messages_queued, isNotNull(message_queue_ms)) AS message_queue_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(messages_queued)), isNotNull(message_queue_ms)) AS messages_queued_sum,
  sumIf(toFloat64(weight), prefetch = 'hit') AS prefetch_hits_count,
  sumIf(toFloat64(weight), prefetch IN ('hit', 'miss')) AS prefetches_count,
  uniqCombined64StateIf(if(viewer = '', session, viewer), weight > 0 AND action != 'message') AS participants_uniq
FROM firstframe.interaction_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, app, action, round, channel, topic, container, component, component_version, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.interaction_10s ON CLUSTER 'firstframe' AS firstframe.interaction_10s_local
ENGINE = Distributed('firstframe', 'firstframe', 'interaction_10s_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.interaction_1m_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  action LowCardinality(String) CODEC(ZSTD(1)),
  round LowCardinality(String) CODEC(ZSTD(1)),
  channel LowCardinality(String) CODEC(ZSTD(1)),
  topic LowCardinality(String) CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  component LowCardinality(String) CODEC(ZSTD(1)),
  component_version LowCardinality(String) CODEC(ZSTD(1)),
  country LowCardinality(String) CODEC(ZSTD(1)),
  isp LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  interactions_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interaction_successes_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interaction_failures_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interaction_rtt_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interaction_rtt_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  interaction_rtt_hist SimpleAggregateFunction(sumMap, Map(Int16, Float64)) CODEC(ZSTD(1)),
  messages_expected_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  messages_received_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  messages_duplicated_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  messages_disordered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  message_delay_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  messages_timed_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  message_queue_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  messages_queued_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  prefetch_hits_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  prefetches_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  participants_uniq AggregateFunction(uniqCombined64, String) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toYYYYMM(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, action, round, channel, topic, container, component, component_version, country, isp, synthetic, source)
TTL time + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.interaction_1m_view_local ON CLUSTER 'firstframe' TO firstframe.interaction_1m_local AS
SELECT
  toDateTime(toStartOfInterval(event_time, INTERVAL 60 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  action,
  round,
  channel,
  topic,
  container,
  component,
  component_version,
  country,
  isp,
  synthetic,
  source,
  sumIf(toFloat64(weight), outcome IN ('success', 'failed', 'timeout') AND action != 'message') AS interactions_count,
  sumIf(toFloat64(weight), outcome = 'success' AND action != 'message') AS interaction_successes_count,
  sumIf(toFloat64(weight), outcome IN ('failed', 'timeout') AND action != 'message') AS interaction_failures_count,
  sumIf(toFloat64(weight) * (assumeNotNull(rtt_ms)), isNotNull(rtt_ms)) AS interaction_rtt_sum,
  sumIf(toFloat64(weight), isNotNull(rtt_ms)) AS interaction_rtt_count,
  sumMapIf(map(toInt16(if(rtt_ms > 1, ceil(log(assumeNotNull(rtt_ms)) / 0.03922071315328133), 0)), toFloat64(weight)), isNotNull(rtt_ms)) AS interaction_rtt_hist,
  sum(toFloat64(weight) * (assumeNotNull(messages_expected))) AS messages_expected_sum,
  sum(toFloat64(weight) * (assumeNotNull(messages_received))) AS messages_received_sum,
  sum(toFloat64(weight) * (assumeNotNull(messages_duplicated))) AS messages_duplicated_sum,
  sum(toFloat64(weight) * (assumeNotNull(messages_disordered))) AS messages_disordered_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(message_delay_ms)) * messages_timed, isNotNull(message_delay_ms)) AS message_delay_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(messages_timed)), isNotNull(message_delay_ms)) AS messages_timed_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(message_queue_ms)) * messages_queued, isNotNull(message_queue_ms)) AS message_queue_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(messages_queued)), isNotNull(message_queue_ms)) AS messages_queued_sum,
  sumIf(toFloat64(weight), prefetch = 'hit') AS prefetch_hits_count,
  sumIf(toFloat64(weight), prefetch IN ('hit', 'miss')) AS prefetches_count,
  uniqCombined64StateIf(if(viewer = '', session, viewer), weight > 0 AND action != 'message') AS participants_uniq
FROM firstframe.interaction_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, app, action, round, channel, topic, container, component, component_version, country, isp, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.interaction_1m ON CLUSTER 'firstframe' AS firstframe.interaction_1m_local
ENGINE = Distributed('firstframe', 'firstframe', 'interaction_1m_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.hop_10s_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  hop LowCardinality(String) CODEC(ZSTD(1)),
  node LowCardinality(String) CODEC(ZSTD(1)),
  cdn LowCardinality(String) CODEC(ZSTD(1)),
  edge LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  hop_reports_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_bitrate_in_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_bitrate_in_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_bitrate_out_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_bitrate_out_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_fps_in_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_fps_in_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_fps_out_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_fps_out_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_key_frame_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_key_frame_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_speed_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_speed_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_av_offset_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_av_offset_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_congestion_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_congestion_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_frames_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_frames_dropped_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_requests_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_cache_hits_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_errors_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_refused_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_hotlinked_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_bytes_out_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_ttfb_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_ttfb_requests_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_segment_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_segment_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_render_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_render_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_lag_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_lag_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_rtt_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_rtt_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_promised_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  hop_delivered_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  publish_expired_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  publish_forged_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  recordings_lost_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toDate(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, hop, node, cdn, edge, synthetic, source)
TTL time + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.hop_10s_view_local ON CLUSTER 'firstframe' TO firstframe.hop_10s_local AS
SELECT
  toDateTime(toStartOfInterval(received_time, INTERVAL 10 SECOND)) AS time,
  tenant,
  show,
  stream,
  hop,
  node,
  cdn,
  edge,
  synthetic,
  source,
  sum(toFloat64(weight)) AS hop_reports_count,
  sumIf(toFloat64(weight) * (assumeNotNull(bitrate_in_kbps)), isNotNull(bitrate_in_kbps)) AS hop_bitrate_in_sum,
  sumIf(toFloat64(weight), isNotNull(bitrate_in_kbps)) AS hop_bitrate_in_count,
  sumIf(toFloat64(weight) * (assumeNotNull(bitrate_out_kbps)), isNotNull(bitrate_out_kbps)) AS hop_bitrate_out_sum,
  sumIf(toFloat64(weight), isNotNull(bitrate_out_kbps)) AS hop_bitrate_out_count,
  sumIf(toFloat64(weight) * (assumeNotNull(fps_in)), isNotNull(fps_in)) AS hop_fps_in_sum,
  sumIf(toFloat64(weight), isNotNull(fps_in)) AS hop_fps_in_count,
  sumIf(toFloat64(weight) * (assumeNotNull(fps_out)), isNotNull(fps_out)) AS hop_fps_out_sum,
  sumIf(toFloat64(weight), isNotNull(fps_out)) AS hop_fps_out_count,
  sumIf(toFloat64(weight) * (assumeNotNull(key_frame_interval_ms)), isNotNull(key_frame_interval_ms)) AS hop_key_frame_sum,
  sumIf(toFloat64(weight), isNotNull(key_frame_interval_ms)) AS hop_key_frame_count,
  sumIf(toFloat64(weight) * (assumeNotNull(speed_ratio)), isNotNull(speed_ratio)) AS hop_speed_sum,
  sumIf(toFloat64(weight), isNotNull(speed_ratio)) AS hop_speed_count,
  sumIf(toFloat64(weight) * (assumeNotNull(av_offset_ms)), isNotNull(av_offset_ms)) AS hop_av_offset_sum,
  sumIf(toFloat64(weight), isNotNull(av_offset_ms)) AS hop_av_offset_count,
  sumIf(toFloat64(weight) * (assumeNotNull(congestion_ratio)), isNotNull(congestion_ratio)) AS hop_congestion_sum,
  sumIf(toFloat64(weight), isNotNull(congestion_ratio)) AS hop_congestion_count,
  sum(toFloat64(weight) * (assumeNotNull(frames))) AS hop_frames_sum,
  sum(toFloat64(weight) * (assumeNotNull(frames_dropped))) AS hop_frames_dropped_sum,
  sum(toFloat64(weight) * (assumeNotNull(requests))) AS hop_requests_sum,
  sum(toFloat64(weight) * (assumeNotNull(cache_hits))) AS hop_cache_hits_sum,
  sum(toFloat64(weight) * (assumeNotNull(status_5xx))) AS hop_errors_sum,
  sum(toFloat64(weight) * (assumeNotNull(requests_refused))) AS hop_refused_sum,
  sum(toFloat64(weight) * (assumeNotNull(requests_hotlinked))) AS hop_hotlinked_sum,
  sum(toFloat64(weight) * (assumeNotNull(bytes_out))) AS hop_bytes_out_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(ttfb_ms)) * requests, isNotNull(ttfb_ms)) AS hop_ttfb_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(requests)), isNotNull(ttfb_ms)) AS hop_ttfb_requests_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(segment_duration_ms)), isNotNull(segment_duration_ms)) AS hop_segment_sum,
  sumIf(toFloat64(weight), isNotNull(segment_duration_ms)) AS hop_segment_count,
  sumIf(toFloat64(weight) * (assumeNotNull(render_ms)), isNotNull(render_ms)) AS hop_render_sum,
  sumIf(toFloat64(weight), isNotNull(render_ms)) AS hop_render_count,
  sumIf(toFloat64(weight) * (assumeNotNull(lag_ms)), isNotNull(lag_ms)) AS hop_lag_sum,
  sumIf(toFloat64(weight), isNotNull(lag_ms)) AS hop_lag_count,
  sumIf(toFloat64(weight) * (assumeNotNull(rtt_ms)), isNotNull(rtt_ms)) AS hop_rtt_sum,
  sumIf(toFloat64(weight), isNotNull(rtt_ms)) AS hop_rtt_count,
  sum(toFloat64(weight) * (assumeNotNull(renditions_promised))) AS hop_promised_sum,
  sum(toFloat64(weight) * (assumeNotNull(renditions_delivered))) AS hop_delivered_sum,
  sumIf(toFloat64(weight), hop = 'publish' AND event = 'refused' AND reason = 'expired') AS publish_expired_count,
  sumIf(toFloat64(weight), hop = 'publish' AND event = 'refused' AND reason IN ('unsigned', 'bad_signature')) AS publish_forged_count,
  sumIf(toFloat64(weight), hop = 'record' AND event = 'lost') AS recordings_lost_count
FROM firstframe.hop_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, hop, node, cdn, edge, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.hop_10s ON CLUSTER 'firstframe' AS firstframe.hop_10s_local
ENGINE = Distributed('firstframe', 'firstframe', 'hop_10s_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.cohost_10s_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  peer LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  cohost_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cohost_freeze_ms_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cohost_rtt_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cohost_rtt_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cohost_latency_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cohost_latency_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cohost_packets_lost_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cohost_packets_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toDate(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, peer, synthetic, source)
TTL time + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.cohost_10s_view_local ON CLUSTER 'firstframe' TO firstframe.cohost_10s_local AS
SELECT
  toDateTime(toStartOfInterval(received_time, INTERVAL 10 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  peer,
  synthetic,
  source,
  sum(toFloat64(weight) * (assumeNotNull(interval_ms))) AS cohost_ms_sum,
  sum(toFloat64(weight) * (assumeNotNull(freeze_ms))) AS cohost_freeze_ms_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(rtt_ms)), isNotNull(rtt_ms)) AS cohost_rtt_sum,
  sumIf(toFloat64(weight), isNotNull(rtt_ms)) AS cohost_rtt_count,
  sumIf(toFloat64(weight) * (assumeNotNull(end_to_end_latency_ms)), isNotNull(end_to_end_latency_ms)) AS cohost_latency_sum,
  sumIf(toFloat64(weight), isNotNull(end_to_end_latency_ms)) AS cohost_latency_count,
  sum(toFloat64(weight) * (assumeNotNull(packets_lost))) AS cohost_packets_lost_sum,
  sum(toFloat64(weight) * (assumeNotNull(packets_lost) + assumeNotNull(packets_received))) AS cohost_packets_sum
FROM firstframe.cohost_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, app, peer, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.cohost_10s ON CLUSTER 'firstframe' AS firstframe.cohost_10s_local
ENGINE = Distributed('firstframe', 'firstframe', 'cohost_10s_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.cue_10s_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  round LowCardinality(String) CODEC(ZSTD(1)),
  stage LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  cues_shown_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cue_production_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cue_production_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cue_skew_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  cue_skew_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toDate(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, round, stage, synthetic, source)
TTL time + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.cue_10s_view_local ON CLUSTER 'firstframe' TO firstframe.cue_10s_local AS
SELECT
  toDateTime(toStartOfInterval(received_time, INTERVAL 10 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  round,
  stage,
  synthetic,
  source,
  sumIf(toFloat64(weight), stage = 'shown') AS cues_shown_count,
  sumIf(toFloat64(weight) * (assumeNotNull(since_trigger_ms)), stage = 'shown' AND isNotNull(since_trigger_ms)) AS cue_production_sum,
  sumIf(toFloat64(weight), stage = 'shown' AND isNotNull(since_trigger_ms)) AS cue_production_count,
  sumIf(toFloat64(weight) * (assumeNotNull(skew_ms)), isNotNull(skew_ms)) AS cue_skew_sum,
  sumIf(toFloat64(weight), isNotNull(skew_ms)) AS cue_skew_count
FROM firstframe.cue_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, app, round, stage, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.cue_10s ON CLUSTER 'firstframe' AS firstframe.cue_10s_local
ENGINE = Distributed('firstframe', 'firstframe', 'cue_10s_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.probe_10s_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  target LowCardinality(String) CODEC(ZSTD(1)),
  region LowCardinality(String) CODEC(ZSTD(1)),
  verdict LowCardinality(String) CODEC(ZSTD(1)),
  stage LowCardinality(String) CODEC(ZSTD(1)),
  reason LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  probes_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  probes_failed_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  probes_healthy_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  probe_startup_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  probe_startup_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  probe_freshness_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  probe_freshness_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toDate(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, target, region, verdict, stage, reason, synthetic, source)
TTL time + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.probe_10s_view_local ON CLUSTER 'firstframe' TO firstframe.probe_10s_local AS
SELECT
  toDateTime(toStartOfInterval(received_time, INTERVAL 10 SECOND)) AS time,
  tenant,
  show,
  stream,
  target,
  region,
  verdict,
  stage,
  reason,
  synthetic,
  source,
  sum(toFloat64(weight)) AS probes_count,
  sumIf(toFloat64(weight), verdict IN ('failed')) AS probes_failed_count,
  sumIf(toFloat64(weight), verdict = 'healthy') AS probes_healthy_count,
  sumIf(toFloat64(weight) * (assumeNotNull(startup_ms)), isNotNull(startup_ms)) AS probe_startup_sum,
  sumIf(toFloat64(weight), isNotNull(startup_ms)) AS probe_startup_count,
  sumIf(toFloat64(weight) * (assumeNotNull(freshness_ms)), isNotNull(freshness_ms)) AS probe_freshness_sum,
  sumIf(toFloat64(weight), isNotNull(freshness_ms)) AS probe_freshness_count
FROM firstframe.probe_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, target, region, verdict, stage, reason, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.probe_10s ON CLUSTER 'firstframe' AS firstframe.probe_10s_local
ENGINE = Distributed('firstframe', 'firstframe', 'probe_10s_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.resource_10s_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  resource LowCardinality(String) CODEC(ZSTD(1)),
  node LowCardinality(String) CODEC(ZSTD(1)),
  round LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  resource_level_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  resource_capacity_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  resource_reports_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toDate(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, resource, node, round, synthetic, source)
TTL time + INTERVAL 30 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.resource_10s_view_local ON CLUSTER 'firstframe' TO firstframe.resource_10s_local AS
SELECT
  toDateTime(toStartOfInterval(received_time, INTERVAL 10 SECOND)) AS time,
  tenant,
  show,
  stream,
  resource,
  node,
  round,
  synthetic,
  source,
  sum(toFloat64(weight) * (assumeNotNull(level))) AS resource_level_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(capacity)), isNotNull(capacity)) AS resource_capacity_sum,
  sum(toFloat64(weight)) AS resource_reports_count
FROM firstframe.resource_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, resource, node, round, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.resource_10s ON CLUSTER 'firstframe' AS firstframe.resource_10s_local
ENGINE = Distributed('firstframe', 'firstframe', 'resource_10s_local', rand());

CREATE TABLE IF NOT EXISTS firstframe.ledger_10s_local ON CLUSTER 'firstframe' (
  time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
  tenant LowCardinality(String) CODEC(ZSTD(1)),
  show LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  app LowCardinality(String) CODEC(ZSTD(1)),
  round LowCardinality(String) CODEC(ZSTD(1)),
  pool LowCardinality(String) CODEC(ZSTD(1)),
  tier LowCardinality(String) CODEC(ZSTD(1)),
  currency LowCardinality(String) CODEC(ZSTD(1)),
  synthetic Bool CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  reward_budget_amount_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reward_issued_amount_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reward_claimed_amount_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reward_expired_amount_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reward_returned_amount_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reward_ends_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  reward_ends_count SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  orders_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
  sales_sum SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree()
PARTITION BY toDate(time)
PRIMARY KEY (tenant, show, stream, time)
ORDER BY (tenant, show, stream, time, app, round, pool, tier, currency, synthetic, source)
TTL time + INTERVAL 400 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS firstframe.ledger_10s_view_local ON CLUSTER 'firstframe' TO firstframe.ledger_10s_local AS
SELECT
  toDateTime(toStartOfInterval(event_time, INTERVAL 10 SECOND)) AS time,
  tenant,
  show,
  stream,
  app,
  round,
  pool,
  tier,
  currency,
  synthetic,
  source,
  sumIf(toFloat64(weight) * (assumeNotNull(amount)), entry = 'budget') AS reward_budget_amount_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(amount)), entry = 'issued') AS reward_issued_amount_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(amount)), entry = 'claimed') AS reward_claimed_amount_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(amount)), entry = 'expired') AS reward_expired_amount_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(amount)), entry = 'returned') AS reward_returned_amount_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(ends_ms)), isNotNull(ends_ms)) AS reward_ends_sum,
  sumIf(toFloat64(weight), isNotNull(ends_ms)) AS reward_ends_count,
  sumIf(toFloat64(weight) * (assumeNotNull(count)), entry = 'order') AS orders_sum,
  sumIf(toFloat64(weight) * (assumeNotNull(amount)), entry = 'order') AS sales_sum
FROM firstframe.ledger_local
WHERE weight > 0
GROUP BY time, tenant, show, stream, app, round, pool, tier, currency, synthetic, source;

CREATE TABLE IF NOT EXISTS firstframe.ledger_10s ON CLUSTER 'firstframe' AS firstframe.ledger_10s_local
ENGINE = Distributed('firstframe', 'firstframe', 'ledger_10s_local', rand());

CREATE VIEW IF NOT EXISTS firstframe.experience_1m ON CLUSTER 'firstframe' AS
SELECT time, tenant, show, stream, app, cdn, isp, country, region, device, os, container, component, component_version, player, player_version, protocol, codec, rendition, synthetic, source, toFloat64(heartbeats_count) AS heartbeats_count, toFloat64(interval_ms_sum) AS interval_ms_sum, toFloat64(played_ms_sum) AS played_ms_sum, toFloat64(stalled_ms_sum) AS stalled_ms_sum, toFloat64(watched_ms_sum) AS watched_ms_sum, toFloat64(stalls_sum) AS stalls_sum, toFloat64(fast_ms_sum) AS fast_ms_sum, toFloat64(slow_ms_sum) AS slow_ms_sum, toFloat64(catch_ups_sum) AS catch_ups_sum, toFloat64(caught_up_sum) AS caught_up_sum, toFloat64(bitrate_played_sum) AS bitrate_played_sum, toFloat64(bitrate_played_ms_sum) AS bitrate_played_ms_sum, toFloat64(bandwidth_sum) AS bandwidth_sum, toFloat64(bandwidth_count) AS bandwidth_count, toFloat64(bytes_sum) AS bytes_sum, toFloat64(bytes_p2p_sum) AS bytes_p2p_sum, toFloat64(peers_sum) AS peers_sum, toFloat64(peers_count) AS peers_count, toFloat64(bytes_reference_sum) AS bytes_reference_sum, toFloat64(bytes_compared_sum) AS bytes_compared_sum, toFloat64(frames_rendered_sum) AS frames_rendered_sum, toFloat64(frames_dropped_sum) AS frames_dropped_sum, toFloat64(frames_total_sum) AS frames_total_sum, toFloat64(fps_rendered_sum) AS fps_rendered_sum, toFloat64(fps_rendered_count) AS fps_rendered_count, toFloat64(buffer_sum) AS buffer_sum, toFloat64(buffer_count) AS buffer_count, toFloat64(live_latency_sum) AS live_latency_sum, toFloat64(live_latency_count) AS live_latency_count, toFloat64(switches_sum) AS switches_sum, toFloat64(media_requests_sum) AS media_requests_sum, toFloat64(media_requests_failed_sum) AS media_requests_failed_sum, toFloat64(playback_failures_count) AS playback_failures_count, toFloat64(reports_expected_sum) AS reports_expected_sum, toFloat64(reports_received_sum) AS reports_received_sum, toFloat64(0) AS attempts_count, toFloat64(0) AS starts_count, toFloat64(0) AS start_failures_count, toFloat64(0) AS abandons_count, toFloat64(0) AS first_screen_sum, toFloat64(0) AS first_screen_count, toFloat64(0) AS dns_sum, toFloat64(0) AS dns_count, toFloat64(0) AS tcp_sum, toFloat64(0) AS tcp_count, toFloat64(0) AS tls_sum, toFloat64(0) AS tls_count, toFloat64(0) AS handshake_sum, toFloat64(0) AS handshake_count, toFloat64(0) AS manifest_sum, toFloat64(0) AS manifest_count, toFloat64(0) AS first_byte_sum, toFloat64(0) AS first_byte_count, toFloat64(0) AS licence_sum, toFloat64(0) AS licence_count, toFloat64(0) AS container_load_sum, toFloat64(0) AS container_load_count, toFloat64(0) AS component_load_sum, toFloat64(0) AS component_load_count, toFloat64(0) AS resources_sum, toFloat64(0) AS resources_cached_sum, toFloat64(0) AS drm_failures_count, toFloat64(0) AS demux_sum, toFloat64(0) AS demux_count, toFloat64(0) AS decode_sum, toFloat64(0) AS decode_count, toFloat64(0) AS render_sum, toFloat64(0) AS render_count, toFloat64(0) AS interactions_count, toFloat64(0) AS interaction_successes_count, toFloat64(0) AS interaction_failures_count, toFloat64(0) AS interaction_rtt_sum, toFloat64(0) AS interaction_rtt_count, toFloat64(0) AS messages_expected_sum, toFloat64(0) AS messages_received_sum, toFloat64(0) AS messages_duplicated_sum, toFloat64(0) AS messages_disordered_sum, toFloat64(0) AS message_delay_sum, toFloat64(0) AS messages_timed_sum, toFloat64(0) AS message_queue_sum, toFloat64(0) AS messages_queued_sum, toFloat64(0) AS prefetch_hits_count, toFloat64(0) AS prefetches_count FROM firstframe.heartbeat_1m
UNION ALL
SELECT time, tenant, show, stream, app, cdn, isp, country, region, device, os, container, component, component_version, player, player_version, protocol, codec, rendition, synthetic, source, toFloat64(0) AS heartbeats_count, toFloat64(0) AS interval_ms_sum, toFloat64(0) AS played_ms_sum, toFloat64(0) AS stalled_ms_sum, toFloat64(0) AS watched_ms_sum, toFloat64(0) AS stalls_sum, toFloat64(0) AS fast_ms_sum, toFloat64(0) AS slow_ms_sum, toFloat64(0) AS catch_ups_sum, toFloat64(0) AS caught_up_sum, toFloat64(0) AS bitrate_played_sum, toFloat64(0) AS bitrate_played_ms_sum, toFloat64(0) AS bandwidth_sum, toFloat64(0) AS bandwidth_count, toFloat64(0) AS bytes_sum, toFloat64(0) AS bytes_p2p_sum, toFloat64(0) AS peers_sum, toFloat64(0) AS peers_count, toFloat64(0) AS bytes_reference_sum, toFloat64(0) AS bytes_compared_sum, toFloat64(0) AS frames_rendered_sum, toFloat64(0) AS frames_dropped_sum, toFloat64(0) AS frames_total_sum, toFloat64(0) AS fps_rendered_sum, toFloat64(0) AS fps_rendered_count, toFloat64(0) AS buffer_sum, toFloat64(0) AS buffer_count, toFloat64(0) AS live_latency_sum, toFloat64(0) AS live_latency_count, toFloat64(0) AS switches_sum, toFloat64(0) AS media_requests_sum, toFloat64(0) AS media_requests_failed_sum, toFloat64(0) AS playback_failures_count, toFloat64(0) AS reports_expected_sum, toFloat64(0) AS reports_received_sum, toFloat64(attempts_count) AS attempts_count, toFloat64(starts_count) AS starts_count, toFloat64(start_failures_count) AS start_failures_count, toFloat64(abandons_count) AS abandons_count, toFloat64(first_screen_sum) AS first_screen_sum, toFloat64(first_screen_count) AS first_screen_count, toFloat64(dns_sum) AS dns_sum, toFloat64(dns_count) AS dns_count, toFloat64(tcp_sum) AS tcp_sum, toFloat64(tcp_count) AS tcp_count, toFloat64(tls_sum) AS tls_sum, toFloat64(tls_count) AS tls_count, toFloat64(handshake_sum) AS handshake_sum, toFloat64(handshake_count) AS handshake_count, toFloat64(manifest_sum) AS manifest_sum, toFloat64(manifest_count) AS manifest_count, toFloat64(first_byte_sum) AS first_byte_sum, toFloat64(first_byte_count) AS first_byte_count, toFloat64(licence_sum) AS licence_sum, toFloat64(licence_count) AS licence_count, toFloat64(container_load_sum) AS container_load_sum, toFloat64(container_load_count) AS container_load_count, toFloat64(component_load_sum) AS component_load_sum, toFloat64(component_load_count) AS component_load_count, toFloat64(resources_sum) AS resources_sum, toFloat64(resources_cached_sum) AS resources_cached_sum, toFloat64(drm_failures_count) AS drm_failures_count, toFloat64(demux_sum) AS demux_sum, toFloat64(demux_count) AS demux_count, toFloat64(decode_sum) AS decode_sum, toFloat64(decode_count) AS decode_count, toFloat64(render_sum) AS render_sum, toFloat64(render_count) AS render_count, toFloat64(0) AS interactions_count, toFloat64(0) AS interaction_successes_count, toFloat64(0) AS interaction_failures_count, toFloat64(0) AS interaction_rtt_sum, toFloat64(0) AS interaction_rtt_count, toFloat64(0) AS messages_expected_sum, toFloat64(0) AS messages_received_sum, toFloat64(0) AS messages_duplicated_sum, toFloat64(0) AS messages_disordered_sum, toFloat64(0) AS message_delay_sum, toFloat64(0) AS messages_timed_sum, toFloat64(0) AS message_queue_sum, toFloat64(0) AS messages_queued_sum, toFloat64(0) AS prefetch_hits_count, toFloat64(0) AS prefetches_count FROM firstframe.startup_1m
UNION ALL
SELECT time, tenant, show, stream, app, '' AS cdn, isp, country, '' AS region, '' AS device, '' AS os, container, component, component_version, '' AS player, '' AS player_version, '' AS protocol, '' AS codec, '' AS rendition, synthetic, source, toFloat64(0) AS heartbeats_count, toFloat64(0) AS interval_ms_sum, toFloat64(0) AS played_ms_sum, toFloat64(0) AS stalled_ms_sum, toFloat64(0) AS watched_ms_sum, toFloat64(0) AS stalls_sum, toFloat64(0) AS fast_ms_sum, toFloat64(0) AS slow_ms_sum, toFloat64(0) AS catch_ups_sum, toFloat64(0) AS caught_up_sum, toFloat64(0) AS bitrate_played_sum, toFloat64(0) AS bitrate_played_ms_sum, toFloat64(0) AS bandwidth_sum, toFloat64(0) AS bandwidth_count, toFloat64(0) AS bytes_sum, toFloat64(0) AS bytes_p2p_sum, toFloat64(0) AS peers_sum, toFloat64(0) AS peers_count, toFloat64(0) AS bytes_reference_sum, toFloat64(0) AS bytes_compared_sum, toFloat64(0) AS frames_rendered_sum, toFloat64(0) AS frames_dropped_sum, toFloat64(0) AS frames_total_sum, toFloat64(0) AS fps_rendered_sum, toFloat64(0) AS fps_rendered_count, toFloat64(0) AS buffer_sum, toFloat64(0) AS buffer_count, toFloat64(0) AS live_latency_sum, toFloat64(0) AS live_latency_count, toFloat64(0) AS switches_sum, toFloat64(0) AS media_requests_sum, toFloat64(0) AS media_requests_failed_sum, toFloat64(0) AS playback_failures_count, toFloat64(0) AS reports_expected_sum, toFloat64(0) AS reports_received_sum, toFloat64(0) AS attempts_count, toFloat64(0) AS starts_count, toFloat64(0) AS start_failures_count, toFloat64(0) AS abandons_count, toFloat64(0) AS first_screen_sum, toFloat64(0) AS first_screen_count, toFloat64(0) AS dns_sum, toFloat64(0) AS dns_count, toFloat64(0) AS tcp_sum, toFloat64(0) AS tcp_count, toFloat64(0) AS tls_sum, toFloat64(0) AS tls_count, toFloat64(0) AS handshake_sum, toFloat64(0) AS handshake_count, toFloat64(0) AS manifest_sum, toFloat64(0) AS manifest_count, toFloat64(0) AS first_byte_sum, toFloat64(0) AS first_byte_count, toFloat64(0) AS licence_sum, toFloat64(0) AS licence_count, toFloat64(0) AS container_load_sum, toFloat64(0) AS container_load_count, toFloat64(0) AS component_load_sum, toFloat64(0) AS component_load_count, toFloat64(0) AS resources_sum, toFloat64(0) AS resources_cached_sum, toFloat64(0) AS drm_failures_count, toFloat64(0) AS demux_sum, toFloat64(0) AS demux_count, toFloat64(0) AS decode_sum, toFloat64(0) AS decode_count, toFloat64(0) AS render_sum, toFloat64(0) AS render_count, toFloat64(interactions_count) AS interactions_count, toFloat64(interaction_successes_count) AS interaction_successes_count, toFloat64(interaction_failures_count) AS interaction_failures_count, toFloat64(interaction_rtt_sum) AS interaction_rtt_sum, toFloat64(interaction_rtt_count) AS interaction_rtt_count, toFloat64(messages_expected_sum) AS messages_expected_sum, toFloat64(messages_received_sum) AS messages_received_sum, toFloat64(messages_duplicated_sum) AS messages_duplicated_sum, toFloat64(messages_disordered_sum) AS messages_disordered_sum, toFloat64(message_delay_sum) AS message_delay_sum, toFloat64(messages_timed_sum) AS messages_timed_sum, toFloat64(message_queue_sum) AS message_queue_sum, toFloat64(messages_queued_sum) AS messages_queued_sum, toFloat64(prefetch_hits_count) AS prefetch_hits_count, toFloat64(prefetches_count) AS prefetches_count FROM firstframe.interaction_1m;

CREATE TABLE IF NOT EXISTS firstframe.audit_local ON CLUSTER 'firstframe' (
  time DateTime64(3, 'UTC'),
  who String,
  how LowCardinality(String),
  action LowCardinality(String),
  detail String CODEC(ZSTD(1)),
  tenant LowCardinality(String),
  address String,
  status UInt16
)
ENGINE = ReplicatedMergeTree()
PARTITION BY toYYYYMM(time)
ORDER BY time
TTL toDateTime(time) + INTERVAL 365 DAY
SETTINGS replicated_deduplication_window = 60000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS firstframe.audit ON CLUSTER 'firstframe' AS firstframe.audit_local
ENGINE = Distributed('firstframe', 'firstframe', 'audit_local', rand());
