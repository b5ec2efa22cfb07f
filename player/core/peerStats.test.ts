import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cohostInterval, type PeerStat, statsTotals } from './peerStats.ts'

const AT = 1_795_000_000_000

/** A report as Chromium gives it, `k` intervals in. */
const report = (k: number, more: Record<string, unknown> = {}): PeerStat[] => [
  {
    ...{ type: 'inbound-rtp', id: 'I', kind: 'video', remoteId: 'R', timestamp: AT + k * 5_000 },
    ...{
      packetsReceived: 1_000 * k,
      packetsLost: 10 * k,
      bytesReceived: 625_000 * k,
      framesDecoded: 125 * k,
    },
    ...{ freezeCount: k, totalFreezesDuration: 0.4 * k, jitter: 0.012 },
    ...{ jitterBufferDelay: 12.5 * k, jitterBufferEmittedCount: 125 * k, ...more },
  },
  { type: 'transport', id: 'T', selectedCandidatePairId: 'P' },
  { type: 'candidate-pair', id: 'Q', nominated: true, currentRoundTripTime: 9 },
  { type: 'candidate-pair', id: 'P', currentRoundTripTime: 0.06 },
  { type: 'outbound-rtp', id: 'O', packetsSent: 500 * k, bytesSent: 312_500 * k, framesEncoded: 125 * k },
  { type: 'remote-inbound-rtp', id: 'S', packetsLost: 5 * k, jitter: 0.02, roundTripTime: 0.08 },
  { type: 'remote-outbound-rtp', id: 'R', remoteTimestamp: AT + 30_000, timestamp: AT + 30 },
]

test('what was received between two reports', () => {
  const fields = cohostInterval(statsTotals(report(1)), statsTotals(report(2)), 'in')
  assert.deepEqual(fields, {
    ...{
      interval_ms: 5_000,
      direction: 'in',
      rtt_ms: 60,
      jitter_ms: 12,
      packets_received: 1_000,
      packets_lost: 10,
    },
    ...{ freeze_count: 1, freeze_ms: 400, bitrate_kbps: 1_000, fps: 25 },
    // Half the round trip and 100 ms of jitter buffer.
    end_to_end_latency_ms: 130,
  })
})

test('what was sent, as the other side tells it', () => {
  const fields = cohostInterval(statsTotals(report(1)), statsTotals(report(2)), 'out')
  assert.deepEqual(
    [fields?.rtt_ms, fields?.packets_received, fields?.packets_lost, fields?.bitrate_kbps, fields?.fps],
    [80, 495, 5, 500, 25],
  )
})

test('with the sender’s clock known, the latency is from its camera to this screen', () => {
  // The sender's clock is 30 s ahead; the frame on the screen was captured 180 ms before.
  const shown = { estimatedPlayoutTimestamp: AT + 10_000 + 30_000 - 180 + 2_208_988_800_000 }
  const fields = cohostInterval(statsTotals(report(1)), statsTotals(report(2, shown)), 'in')
  assert.equal(fields?.end_to_end_latency_ms, 180)
})

test('a way that carries nothing is not told', () => {
  const only = [report(1)[0]!]
  assert.equal(cohostInterval(statsTotals(only), statsTotals(report(2).slice(0, 4)), 'out'), undefined)
})
