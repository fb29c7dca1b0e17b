-- Rows of the query logs of many schools, for the ClickHouse server of Debian 12 (18.16), which knows no codecs, no TTL and no
-- deduplication tokens. docs/shipping.md says what each column means, and how old rows are removed.
-- Run it with: clickhouse-client --multiquery < debian.sql
-- Sharded: run cluster.sql afterwards.

CREATE DATABASE IF NOT EXISTS belisha;

CREATE TABLE IF NOT EXISTS belisha.rows
(
    time DateTime,
    ns UInt32,
    day Date,
    kind Enum8('row' = 0, 'gap' = 1, 'removed' = 2, 'damaged' = 3),
    number UInt64,
    lost UInt64,
    rtt_us UInt32,
    site String,
    node String,
    segment UInt64,
    group_name String,
    grade String,
    policy_version UInt32,
    person UInt64,
    device UInt64,
    client UInt64,
    person_name String,
    device_name String,
    client_address FixedString(16),
    name String,
    domain String,
    type String,
    rcode String,
    verdict String,
    reason String,
    category String,
    categories Array(String),
    blocked UInt8,
    help UInt8,
    match String,
    matched_name String,
    match_labels UInt8,
    feed String,
    rule UInt32,
    answer FixedString(16),
    answer_count UInt8,
    generation UInt64,
    transport String,
    cache String,
    upstream String
)
ENGINE = ReplacingMergeTree()
PARTITION BY toYYYYMM(day)
ORDER BY (site, node, time, ns, segment, kind, number);
