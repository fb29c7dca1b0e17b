-- Rows of the query logs of many schools, for a ClickHouse server of today (23.3 and later).
-- docs/shipping.md says what each column means. Run it with: clickhouse-client --multiquery < current.sql
--
-- Replicated: replace ENGINE by
--     ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/belisha/rows', '{replica}')
-- and the setting by replicated_deduplication_window = 10000. Sharded: run cluster.sql afterwards.

CREATE DATABASE IF NOT EXISTS belisha;

CREATE TABLE IF NOT EXISTS belisha.rows
(
    time DateTime('UTC') CODEC(DoubleDelta, ZSTD(1)),
    ns UInt32 CODEC(ZSTD(1)),
    day Date CODEC(ZSTD(1)),
    kind Enum8('row' = 0, 'gap' = 1, 'removed' = 2, 'damaged' = 3) CODEC(ZSTD(1)),
    number UInt64 CODEC(DoubleDelta, ZSTD(1)),
    lost UInt64 CODEC(ZSTD(1)),
    rtt_us UInt32 CODEC(T64, ZSTD(1)),
    site LowCardinality(String),
    node LowCardinality(String),
    segment UInt64 CODEC(DoubleDelta, ZSTD(1)),
    group_name LowCardinality(String),
    grade LowCardinality(String),
    policy_version UInt32 CODEC(ZSTD(1)),
    -- Who asked goes sooner than the rest: see "How long" in docs/shipping.md.
    person UInt64 CODEC(ZSTD(1)) TTL day + INTERVAL 90 DAY,
    device UInt64 CODEC(ZSTD(1)) TTL day + INTERVAL 90 DAY,
    client UInt64 CODEC(ZSTD(1)) TTL day + INTERVAL 90 DAY,
    person_name String CODEC(ZSTD(1)) TTL day + INTERVAL 90 DAY,
    device_name String CODEC(ZSTD(1)) TTL day + INTERVAL 90 DAY,
    client_address IPv6 CODEC(ZSTD(1)) TTL day + INTERVAL 90 DAY,
    name String CODEC(ZSTD(3)),
    domain String CODEC(ZSTD(3)),
    type LowCardinality(String),
    rcode LowCardinality(String),
    verdict LowCardinality(String),
    reason LowCardinality(String),
    category LowCardinality(String),
    categories Array(LowCardinality(String)),
    blocked UInt8 CODEC(ZSTD(1)),
    help UInt8 CODEC(ZSTD(1)),
    match LowCardinality(String),
    matched_name String CODEC(ZSTD(1)),
    match_labels UInt8 CODEC(ZSTD(1)),
    feed LowCardinality(String),
    rule UInt32 CODEC(ZSTD(1)),
    answer IPv6 CODEC(ZSTD(1)),
    answer_count UInt8 CODEC(ZSTD(1)),
    generation UInt64 CODEC(DoubleDelta, ZSTD(1)),
    transport LowCardinality(String),
    cache LowCardinality(String),
    upstream LowCardinality(String),
    at DateTime64(9, 'UTC') ALIAS fromUnixTimestamp64Nano(toInt64(toUnixTimestamp(time)) * 1000000000 + ns, 'UTC')
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (site, node, time, ns, segment, kind, number)
TTL day + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 10000;
