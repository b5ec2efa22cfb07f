import type { Store } from '../../store/client.ts'

/** Rows of the table the other languages' clients read. */
export const TYPED_ROWS = 100_000

/** A table with every type that we write or that a dashboard computes, and an empty one to write to. */
export async function createTypedTable(store: Store): Promise<void> {
  await store.exec(`CREATE TABLE typed (
    n UInt64, cdn LowCardinality(String), note Nullable(String), dim LowCardinality(Nullable(String)),
    took Float64, small Int8, wide UInt16, half Float32, at DateTime64(3, 'UTC'), second DateTime('UTC'), day Date,
    tags Array(String), labels Array(LowCardinality(String)), attrs Map(LowCardinality(String), String),
    pair Tuple(a UInt8, b String), id UUID, address IPv6, kind Enum8('vod' = 1, 'live' = 2), price Decimal(18, 3),
    yes Bool, fixed FixedString(4), nested Array(Array(UInt32)), total SimpleAggregateFunction(sum, UInt64)
  ) ENGINE = MergeTree ORDER BY n`)
  await store.exec(`INSERT INTO typed SELECT number, concat('cdn', toString(number % 300)), if(number % 3 = 0, NULL, 'x'),
    if(number % 2 = 0, NULL, 'dim'), number / 4, -7, 300, 0.5, toDateTime64('2026-11-20 12:00:00.123', 3, 'UTC'),
    toDateTime('2026-11-20 12:00:00', 'UTC'), toDate('2026-11-20'), ['a', 'bc'], ['p', 'p', 'q'], map('k', 'v'),
    (7, 'seven'), toUUID('00112233-4455-6677-8899-aabbccddeeff'), toIPv6('2001:db8::1'), 'live', 12.345, true, 'abcd',
    [[1, 2], [], [3]], 42 FROM numbers(${TYPED_ROWS})`)
  await store.exec(
    'CREATE TABLE written (n UInt64, cdn LowCardinality(String)) ENGINE = MergeTree ORDER BY n',
  )
}
