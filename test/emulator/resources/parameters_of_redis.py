"""What a parameter group of Redis OSS or Valkey can hold."""

POLICIES = (
    'allkeys-lfu',
    'allkeys-lru',
    'allkeys-random',
    'noeviction',
    'volatile-lfu',
    'volatile-lru',
    'volatile-random',
    'volatile-ttl',
)

PARAMETERS = set(
    """
    acllog-max-len active-defrag-cycle-max active-defrag-cycle-min active-defrag-ignore-bytes
    active-defrag-max-scan-fields active-defrag-threshold-lower active-defrag-threshold-upper activedefrag
    activerehashing appendfsync appendonly close-on-replica-write cluster-allow-pubsubshard-when-down
    cluster-allow-reads-when-down cluster-enabled cluster-require-full-coverage commandlog-execution-slower-than
    commandlog-large-reply-max-len commandlog-large-request-max-len commandlog-reply-larger-than
    commandlog-request-larger-than commandlog-slow-execution-max-len databases hash-max-listpack-entries
    hash-max-listpack-value hash-max-ziplist-entries hash-max-ziplist-value hll-sparse-max-bytes latency-tracking
    lazyfree-lazy-eviction lazyfree-lazy-expire lazyfree-lazy-server-del lazyfree-lazy-user-del
    lazyfree-lazy-user-flush lfu-decay-time lfu-log-factor list-compress-depth list-max-listpack-size
    list-max-ziplist-size lua-time-limit maxclients maxmemory maxmemory-clients maxmemory-policy maxmemory-samples
    min-replicas-max-lag min-replicas-to-write notify-keyspace-events proto-max-bulk-len rename-commands
    repl-backlog-size repl-backlog-ttl repl-timeout replica-allow-chaining replica-ignore-maxmemory
    replica-lazy-flush replica-serve-stale-data reserved-memory reserved-memory-percent set-max-intset-entries
    set-max-listpack-entries set-max-listpack-value slowlog-log-slower-than slowlog-max-len stream-node-max-bytes
    stream-node-max-entries tcp-keepalive timeout tracking-table-max-keys zset-max-listpack-entries
    zset-max-listpack-value zset-max-ziplist-entries zset-max-ziplist-value
    bf.bloom-capacity bf.bloom-defrag-enabled bf.bloom-expansion bf.bloom-fp-rate bf.bloom-memory-usage-limit
    bf.bloom-tightening-ratio bf.bloom-use-random-seed
    """.split()
) | {
    f'client-output-buffer-limit-{client}-{limit}'
    for client in ('normal', 'pubsub', 'replica')
    for limit in ('hard-limit', 'soft-limit', 'soft-seconds')
}
